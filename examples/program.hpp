// program: what every example program does around its work: options, one-line errors, exit codes.
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

/// Writes out what was printed. Throws where standard output takes no more, on a full disk or a closed stream; what
/// runs for long calls this line by line, so as not to work on for nobody.
inline void flush_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return;
  throw std::runtime_error(std::string("standard output: cannot be written") +
                           (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
}

/// The first files that a program opens would take the place of standard streams that are closed, and receive what is
/// printed. Opens the null device there instead; false where standard output was closed.
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

/// Parses the command line and runs `body`, which returns the exit code. Help goes to standard output and ends with 0;
/// a malformed command line is one line on standard error and ends with 2; any exception, and standard output that
/// takes no more, is one line and ends with 1.
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
    // An option that nobody knows is the likelier mistake, and CLI11 reports a missing argument
    // first.
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
    return stop("wants more memory than there is");
  } catch (const std::exception& e) {
    return stop(e.what());
  }
}

/// The weights that ship with the project: beside the program, in the prefix that it was installed into, in a checkout
/// around the program, in one around the working directory. Where none is found, the path in a checkout.
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

/// A text for a column of a line: backslashes, tabs and line breaks as in C.
inline std::string escaped(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c == '\\') line += "\\\\";
    else if (c == '\t') line += "\\t";
    else if (c == '\n') line += "\\n";
    else if (c == '\r') line += "\\r";
    else line += c;
  }
  return line;
}

/// The last part of a path, whether or not it ends in a slash.
inline std::string base_name(const std::string& path) {
  const std::filesystem::path p(path);
  return (p.has_filename() ? p : p.parent_path()).filename().string();
}
