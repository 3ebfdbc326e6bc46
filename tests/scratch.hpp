// scratch: a path for files of only this test process, because tests run in parallel; removed when
// the process ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace detail_scratch {
struct Root {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("glimpse_test_" + std::to_string(getpid()));
  Root() { std::filesystem::create_directories(path); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};
}  // namespace detail_scratch

inline std::filesystem::path scratch_path(const std::string& name) {
  static const detail_scratch::Root root;
  return root.path / name;
}
