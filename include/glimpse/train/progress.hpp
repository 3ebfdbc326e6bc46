// progress: a line that is updated in place on a terminal; separate lines in a log file or pipe.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace glimpse::inline v0 {

/// Seconds as "1:02:03" or "4:05".
inline std::string clock_text(double seconds) {
  const long s = seconds > 0 ? static_cast<long>(seconds + 0.5) : 0;
  char text[32];
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  return text;
}

class ProgressLine {
 public:
  /// plain_every: seconds between lines if the output is not a terminal.
  explicit ProgressLine(double plain_every = 30)
      : terminal_(isatty(fileno(stderr)) != 0), every_(plain_every) {}
  ~ProgressLine() { finish(); }

  /// Shows the current state; may be called often.
  void show(const std::string& text) {
    const double now = seconds();
    if (now - last_ < (terminal_ ? 0.2 : every_)) return;
    last_ = now;
    if (terminal_)
      std::fprintf(stderr, "\r\033[K%s", text.c_str());
    else
      std::fprintf(stderr, "%s\n", text.c_str());
    std::fflush(stderr);
    open_ = terminal_;
  }
  /// Prints a permanent line.
  void say(const std::string& text) {
    if (open_) std::fprintf(stderr, "\r\033[K");
    std::fprintf(stderr, "%s\n", text.c_str());
    std::fflush(stderr);
    open_ = false;
  }
  /// Makes the last state permanent.
  void finish() {
    if (open_) std::fprintf(stderr, "\n");
    open_ = false;
  }

 private:
  static double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  bool terminal_, open_ = false;
  double every_, last_ = -1e9;
};

}  // namespace glimpse::inline v0
