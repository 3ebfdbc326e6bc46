// profile: time and memory of each operation in a training step.
//
//   Profile profile;
//   model.loss(...).backward();
//   std::fputs(profile.table().c_str(), stdout);
//
//   forward   time from the end of the previous operation to the end of this one; includes
//             everything between the two
//   backward  time of the closure of the operation only
//   kept      growth of the memory in live tensors while the operation ran
//
// Measures only operations of this thread. Without a Profile an operation pays one test of a
// pointer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <glimpse/autograd/mode.hpp>
#include <glimpse/core/shape.hpp>
#include <glimpse/core/storage.hpp>

namespace glimpse::inline v0 {

/// Measures every operation on this thread until the end of its scope. Of nested profiles only the
/// innermost measures.
class Profile : private detail::TapeListener {
 public:
  /// Totals of one operation: number of calls, milliseconds forward and backward, megabytes kept.
  struct Row {
    std::string op;
    Index calls = 0;
    double forward = 0, backward = 0, kept = 0;
  };

  Profile() : before_(detail::tape_listener()) {
    detail::tape_listener() = this;
    start();
  }
  ~Profile() override { detail::tape_listener() = before_; }
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// Starts the clock of the next operation here; excludes the time since the last operation.
  void start() {
    mark_ = now();
    in_use_ = MemoryCache::instance().in_use();
  }

  /// All rows, the most expensive operation first.
  std::vector<Row> rows() const {
    std::vector<Row> sorted = rows_;
    std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) {
      return a.forward + a.backward > b.forward + b.backward;
    });
    return sorted;
  }

  /// The rows as a text table, with a row of totals.
  std::string table() const {
    char line[160];
    std::string text =
        "operation                    calls    forward   backward     kept\n"
        "                                           ms         ms       MB\n";
    const auto add = [&](const Row& r) {
      std::snprintf(line, sizeof(line), "%-26s %7lld %10.3f %10.3f %8.1f\n", r.op.c_str(),
                    static_cast<long long>(r.calls), r.forward, r.backward, r.kept);
      text += line;
    };
    Row total{"all", 0, 0, 0, 0};
    for (const Row& r : rows()) {
      add(r);
      total.calls += r.calls, total.forward += r.forward;
      total.backward += r.backward, total.kept += r.kept;
    }
    add(total);
    return text;
  }

 private:
  void recorded(std::string_view op) override {
    Row& r = row(op);
    const double t = now();
    const std::size_t bytes = MemoryCache::instance().in_use();
    ++r.calls;
    r.forward += t - mark_;
    r.kept += 1e-6 * (static_cast<double>(bytes) - static_cast<double>(in_use_));
    mark_ = t, in_use_ = bytes;
  }
  void reached(std::string_view) override { mark_ = now(); }
  void left(std::string_view op) override {
    row(op).backward += now() - mark_;
    start();
  }

  static double now() {
    const auto t = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(t).count();
  }
  Row& row(std::string_view op) {
    for (Row& r : rows_)
      if (r.op == op) return r;
    rows_.push_back({std::string(op), 0, 0, 0, 0});
    return rows_.back();
  }

  detail::TapeListener* before_;
  std::vector<Row> rows_;
  double mark_ = 0;
  std::size_t in_use_ = 0;
};

}  // namespace glimpse::inline v0
