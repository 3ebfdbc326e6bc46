// program: what every example program does around its work: options, one-line errors, exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>

/// Parses the command line and runs `body`, which returns the exit code. Help goes to standard output and ends with 0;
/// a malformed command line or any exception is one line on standard error and ends with 2 or 1.
inline int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& e) {
    std::string line = e.what();
    // An option that nobody knows is the likelier mistake, and CLI11 tells of a missing argument first.
    for (int i = 1; i < argc && e.get_name() == "RequiredError"; ++i) {
      const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (word.size() > 1 && word[0] == '-' && app.get_option_no_throw(word) == nullptr)
        line = "The following argument was not expected: " + word;
    }
    for (char& c : line) c = c == '\n' ? ' ' : c;
    std::fprintf(stderr, "%s: %s (--help tells more)\n", app.get_name().c_str(), line.c_str());
    return 2;
  }
  try {
    return body();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), e.what());
    return 1;
  }
}

/// The weights that ship with the project, found from the working directory upwards.
inline std::string default_weights() {
  const std::filesystem::path relative = "examples/weights/compact.safetensors";
  std::error_code ignored;
  for (std::filesystem::path at = std::filesystem::current_path(ignored);; at = at.parent_path()) {
    if (std::filesystem::exists(at / relative, ignored)) return (at / relative).string();
    if (at == at.parent_path()) return relative.string();
  }
}

/// The last part of a path, whether or not it ends in a slash.
inline std::string last_part(const std::string& path) {
  const std::filesystem::path p(path);
  return (p.has_filename() ? p : p.parent_path()).filename().string();
}
