// What is left of a search: wall clock, CPU, candidates, and whether somebody asked to stop.
// Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>

#include "harness/build.h"
#include "reason/search.h"

namespace nightjar::reason {

class Budget {
 public:
  Budget(const SearchLimits& limits, std::stop_token stop);

  bool spent() const;
  /// Which limit it was, for a person; empty while there is something left.
  std::string why() const;

  void charge_cpu(std::int64_t cpu_ms) { cpu_ms_ += cpu_ms; }
  std::int64_t cpu_ms() const { return cpu_ms_; }
  std::int64_t wall_ms() const;
  /// Of the wall-clock limit, 0..1 and above.
  double wall_share_used() const;
  /// False when all candidates are used up.
  bool take_candidate();
  int candidates() const;

  /// The same limits, cut to what is left; never zero.
  harness::CommandLimits cut(harness::CommandLimits limits) const;
  scenario::StepLimits cut(scenario::StepLimits limits) const;
  const std::stop_token& stop() const { return stop_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::chrono::milliseconds wall_left() const;
  std::chrono::milliseconds cpu_left() const;

  const SearchLimits limits_;
  const std::stop_token stop_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<std::int64_t> cpu_ms_ = 0;
  std::atomic<int> candidates_ = 0;
};

}  // namespace nightjar::reason
