// program: code that all example programs share: options, one-line errors, exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#if __has_include(<fcntl.h>) && __has_include(<unistd.h>)
#include <fcntl.h>
#include <unistd.h>
#define GLIMPSE_POSIX_STREAMS 1
#endif

/// A message without line breaks.
inline std::string one_line(std::string text) {
  for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
  return text;
}

/// Flushes standard output. Throws if the disk is full or the stream is closed. Long-running programs call this after
/// each line, so that they stop if nothing can read their output.
inline void flush_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return;
  throw std::runtime_error(std::string("standard output: cannot be written") +
                           (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
}

/// If a standard stream is closed, the next file that a program opens takes its number and receives the output.
/// Opens the null device in place of closed streams. Returns false if standard output was closed.
inline bool fill_standard_streams() {
  bool open = true;
#ifdef GLIMPSE_POSIX_STREAMS
  for (int stream = 0; stream <= 2; ++stream) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    if (stream == 1) open = false;
    static_cast<void>(::open("/dev/null", stream == 0 ? O_RDONLY : O_WRONLY));  // takes the lowest number
  }
#endif
  return open;
}

/// Parses the command line and runs `body`, which returns the exit code. --help prints to standard output; the exit
/// code is 0. A wrong command line gives one line on standard error and exit code 2. An exception, or a write error on
/// standard output, gives one line on standard error and exit code 1.
inline int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
  const auto stop = [&](const std::string& reason) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), one_line(reason).c_str());
    return 1;
  };
  if (!fill_standard_streams()) return stop("standard output: is closed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    try {
      flush_output();
    } catch (const std::exception& e) {
      return stop(e.what());
    }
    return 0;
  } catch (const CLI::ParseError& e) {
    std::string line = e.what();
    // CLI11 reports a missing argument first, but an unknown option is the more likely mistake.
    for (int i = 1; i < argc && e.get_name() == "RequiredError"; ++i) {
      const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (word.size() > 1 && word[0] == '-' && app.get_option_no_throw(word) == nullptr)
        line = "The following argument was not expected: " + word;
    }
    std::fprintf(stderr, "%s: %s (--help shows more)\n", app.get_name().c_str(),
                 one_line(line).c_str());
    return 2;
  }
  try {
    const int status = body();
    flush_output();
    return status;
  } catch (const std::bad_alloc&) {
    return stop("out of memory");
  } catch (const std::exception& e) {
    return stop(e.what());
  }
}

/// The default weights of the project. Searches the folder of the program, its install prefix, a checkout that contains
/// the program, and a checkout that contains the working directory. If there are none, returns the path in a checkout.
inline std::string default_weights() {
  namespace fs = std::filesystem;
  const fs::path file = "compact.safetensors", checkout = fs::path("examples/weights") / file;
  std::error_code ignored;
  std::vector<fs::path> positions;
  const auto upwards = [&](const fs::path& from) {
    for (fs::path at = from; !at.empty(); at = at.parent_path()) {
      positions.push_back(at / checkout);
      if (at == at.parent_path()) break;
    }
  };
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  if (!program.empty()) {
    positions.push_back(program / file);
    positions.push_back(program / "weights" / file);
    positions.push_back(program.parent_path() / "share/glimpse/weights" / file);
    upwards(program);
  }
  upwards(fs::current_path(ignored));
  for (const fs::path& place : positions)
    if (fs::is_regular_file(place, ignored)) return place.string();
  return checkout.string();
}

/// The last part of a path, whether or not it ends in a slash.
inline std::string base_name(const std::string& path) {
  const std::filesystem::path p(path);
  return (p.has_filename() ? p : p.parent_path()).filename().string();
}
