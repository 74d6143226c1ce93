// The workers of a search: candidates in cost order, tried side by side, with a result that does
// not depend on which worker was faster (unless a limit ends the search).
//
// Threads: run_pool starts one thread an executor and joins them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "reason/executor.h"

namespace nightjar::reason {

/// After the first candidate that satisfies everything, so many more are tried for a smaller one…
inline constexpr std::size_t kWindowCandidates = 24;
/// …that costs at most this much more.
inline constexpr double kWindowCost = 0.1;

struct Partial {
  std::size_t index = 0;
  int fixed = 0;
};

struct PoolInput {
  const Task* task = nullptr;
  const std::vector<Candidate>* candidates = nullptr;  // in cost order
  std::size_t first = 0;
  std::size_t batch_max = 1;  // handed to an executor at a time
  /// True for a candidate that is not worth a try: it does not parse, or was rejected before.
  std::function<bool(const Candidate&)> skipped;
  std::function<void(std::size_t index)> on_progress;  // any worker's thread, at most one at a time
};

struct PoolResult {
  std::vector<std::size_t> satisfying;  // the best first
  std::size_t next = 0;                 // where to go on
  std::optional<Partial> partial;       // fixes most without breaking any
  std::vector<std::size_t> hit_limit;   // worth another try with wider limits; sorted
  int overfitted = 0;
  std::vector<Error> errors;  // of executors; at most one each
};

PoolResult run_pool(const PoolInput& input,
                    const std::vector<std::unique_ptr<CandidateExecutor>>& executors);

}  // namespace nightjar::reason
