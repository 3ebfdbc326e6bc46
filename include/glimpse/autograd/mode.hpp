// mode: per-thread settings of the tape: recording on or off, search for NaN on or off.
#pragma once

#include <string_view>

namespace glimpse::inline v0 {

namespace detail {
inline bool& grad_flag() {
  thread_local bool enabled = true;
  return enabled;
}
inline bool& anomaly_flag() {
  thread_local bool enabled = false;
  return enabled;
}
/// Gets a call for every operation on this thread: when it is recorded, and before (reached) and
/// after (left) its backward closure.
struct TapeListener {
  virtual ~TapeListener() = default;
  virtual void recorded(std::string_view op) = 0;
  virtual void reached(std::string_view op) = 0;
  virtual void left(std::string_view op) = 0;
};
inline TapeListener*& tape_listener() {
  thread_local TapeListener* listener = nullptr;
  return listener;
}
/// Sets a flag until the end of its scope.
class FlagScope {
 public:
  FlagScope(bool& flag, bool value) : flag_(flag), before_(flag) { flag = value; }
  ~FlagScope() { flag_ = before_; }
  FlagScope(const FlagScope&) = delete;
  FlagScope& operator=(const FlagScope&) = delete;

 private:
  bool& flag_;
  bool before_;
};
}  // namespace detail

/// True if operations record their backward closures.
inline bool grad_enabled() { return detail::grad_flag(); }
/// True if every output and gradient is searched for NaN and infinity.
inline bool anomaly_mode() { return detail::anomaly_flag(); }

/// Turns recording off until the end of its scope: `const NoGrad no_grad;`
struct NoGrad : detail::FlagScope {
  NoGrad() : FlagScope(detail::grad_flag(), false) {}
};

/// Until the end of its scope, the first operation that produces NaN or infinity throws Error with
/// the names of the operation and module.
struct AnomalyMode : detail::FlagScope {
  AnomalyMode() : FlagScope(detail::anomaly_flag(), true) {}
};

}  // namespace glimpse::inline v0
