#include "reason/budget.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace nightjar::reason {

using std::chrono::milliseconds;

Budget::Budget(const SearchLimits& limits, std::stop_token stop)
    : limits_(limits), stop_(std::move(stop)) {}

milliseconds Budget::wall_left() const {
  return limits_.wall_max - std::chrono::duration_cast<milliseconds>(Clock::now() - start_);
}

milliseconds Budget::cpu_left() const { return limits_.cpu_max - milliseconds(cpu_ms_.load()); }

std::int64_t Budget::wall_ms() const {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start_).count();
}

double Budget::wall_share_used() const {
  return static_cast<double>(wall_ms()) / static_cast<double>(limits_.wall_max.count());
}

bool Budget::spent() const { return !why().empty(); }

std::string Budget::why() const {
  if (stop_.stop_requested()) return "it was asked to stop";
  if (wall_left().count() <= 0) {
    return "the time limit of " + human_duration_ms(limits_.wall_max.count()) + " was reached";
  }
  if (cpu_left().count() <= 0) {
    return "the CPU limit of " + human_duration_ms(limits_.cpu_max.count()) + " was reached";
  }
  if (candidates_ > limits_.candidates_max) {
    return "the limit of " + std::to_string(limits_.candidates_max) + " candidates was reached";
  }
  return {};
}

bool Budget::take_candidate() { return ++candidates_ <= limits_.candidates_max; }

int Budget::candidates() const { return std::min(candidates_.load(), limits_.candidates_max); }

harness::CommandLimits Budget::cut(harness::CommandLimits limits) const {
  limits.wall_max = std::max(milliseconds(1), std::min(limits.wall_max, wall_left()));
  limits.cpu_max = std::max(milliseconds(1), std::min(limits.cpu_max, cpu_left()));
  return limits;
}

scenario::StepLimits Budget::cut(scenario::StepLimits limits) const {
  limits.wall_max = std::max(milliseconds(1), std::min(limits.wall_max, wall_left()));
  limits.cpu_max = std::max(milliseconds(1), std::min(limits.cpu_max, cpu_left()));
  return limits;
}

}  // namespace nightjar::reason
