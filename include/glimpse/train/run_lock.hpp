// run lock: allows one training run at a time in a folder.
//
// The kernel holds the lock (flock on the file "lock"), so the lock ends with the process in every
// case. Does not lock on file systems without locks.
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
  /// Throws IoError if another run holds the folder, or if the folder is not writable.
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
