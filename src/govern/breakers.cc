#include "govern/breakers.h"

#include "base/bytes.h"

namespace nightjar::govern {

void Breakers::node_started(const std::string& node) { ++rows_[node].attempts; }

void Breakers::node_finished(const std::string& node, const std::string& fingerprint) {
  Row& row = rows_[node];
  if (fingerprint.empty()) {
    row.same_failures = 0;
  } else {
    row.same_failures = fingerprint == row.fingerprint ? row.same_failures + 1 : 1;
  }
  row.fingerprint = fingerprint;
}

Result<> Breakers::check(const std::string& node, std::int64_t worked_ms) const {
  if (worked_ms >= limits_.wall_ms_max) {
    return {ErrorCode::exhausted, "breaker wall clock: the run was worked on for " +
                                      human_duration_ms(worked_ms) + ", its limit is " +
                                      human_duration_ms(limits_.wall_ms_max) + " (at node " + node +
                                      ")"};
  }
  const auto found = rows_.find(node);
  if (found == rows_.end()) return ok;
  const Row& row = found->second;
  if (row.attempts > limits_.attempts_max) {
    return {ErrorCode::exhausted, "breaker attempts: node " + node + " was started " +
                                      std::to_string(row.attempts) + " times, its limit is " +
                                      std::to_string(limits_.attempts_max)};
  }
  if (row.same_failures >= kSameFailureMax) {
    return {ErrorCode::exhausted,
            "breaker no progress: node " + node + " failed " + std::to_string(row.same_failures) +
                " times in a row in the same way, the limit is " + std::to_string(kSameFailureMax)};
  }
  return ok;
}

}  // namespace nightjar::govern
