// A temporary folder for one test case, and the message of an exception.
#pragma once

#include <filesystem>
#include <string>

#include <glimpse/core/error.hpp>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

struct Folder {
  std::filesystem::path path;
  explicit Folder(const std::string& name) {
#if __has_include(<unistd.h>)
    const std::string process = std::to_string(::getpid());
#else
    const std::string process = "0";
#endif
    path = std::filesystem::temp_directory_path() / ("glimpse_" + name + "_" + process);
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& file) const { return (path / file).string(); }
};

/// The message of the E that `f` throws; "(nothing)" if it throws nothing. Other exceptions pass.
template <class E = glimpse::IoError, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "(nothing)";
}

inline bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}
