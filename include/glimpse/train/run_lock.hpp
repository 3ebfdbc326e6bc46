// run lock: one run at a time in a folder.
//
// The lock is the kernel's (flock on the file "lock"), so it ends with the process, however that
// ends. Where the file system knows no locks there is none.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <glimpse/core/error.hpp>

namespace glimpse::inline v0 {

class RunLock {
 public:
  /// Throws IoError where another run holds the folder, or where nothing can be written there.
  explicit RunLock(const std::string& folder) {
    const std::string path = folder + "/lock";
    handle_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (handle_ < 0) fail<IoError>("train", "cannot write ", path, ": ", std::strerror(errno));
    if (::flock(handle_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(handle_);
      fail<IoError>("train", "expected a folder of its own for the run, got ", folder,
                    ", where another run is at work; name another");
    }
  }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock() { ::close(handle_); }

 private:
  int handle_;
};

}  // namespace glimpse::inline v0
