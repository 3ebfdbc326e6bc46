// mode: what is recorded on this thread, and how suspicious the tape is.
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
/// Notified of every operation on this thread: recorded, and before and after its closure runs.
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
/// Sets a flag for as long as the object lives.
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

/// True where ops record how to go back.
inline bool grad_enabled() { return detail::grad_flag(); }
/// True where every output and gradient is searched for NaN and infinity.
inline bool anomaly_mode() { return detail::anomaly_flag(); }

/// Nothing is recorded while one of these lives: `const NoGrad no_grad;`
struct NoGrad : detail::FlagScope {
  NoGrad() : FlagScope(detail::grad_flag(), false) {}
};

/// While one of these lives, the first op that makes a NaN or infinity throws an Error with its
/// name and module.
struct AnomalyMode : detail::FlagScope {
  AnomalyMode() : FlagScope(detail::anomaly_flag(), true) {}
};

}  // namespace glimpse::inline v0
