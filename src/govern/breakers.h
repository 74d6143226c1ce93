// Circuit breakers of a run: they stop what goes in circles. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

namespace nightjar::govern {

inline constexpr int kSameFailureMax = 3;  // the same failure fingerprint of one node: no progress

struct BreakerLimits {
  int attempts_max = 0;          // of one node
  std::int64_t wall_ms_max = 0;  // of the run, sum of time in which it was worked on
};

class Breakers {
 public:
  explicit Breakers(const BreakerLimits& limits) : limits_(limits) {}

  void node_started(const std::string& node);
  /// `fingerprint` is empty for a success, which forgets the node's row of equal failures.
  void node_finished(const std::string& node, const std::string& fingerprint);

  /// Before an effect: exhausted (names the breaker, the node and the limit) when one is open.
  Result<> check(const std::string& node, std::int64_t worked_ms) const;

 private:
  struct Row {
    int attempts = 0;
    std::string fingerprint;
    int same_failures = 0;
  };
  BreakerLimits limits_;
  std::map<std::string, Row> rows_;
};

}  // namespace nightjar::govern
