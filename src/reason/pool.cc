#include "reason/pool.h"

#include <algorithm>
#include <thread>

#include "base/guarded.h"

namespace nightjar::reason {
namespace {

struct State {
  std::size_t next = 0;
  std::size_t limit = 0;  // candidates from here on are not wanted any more
  PoolResult result;
};

// The window behind the cheapest candidate that satisfies everything so far.
std::size_t limit_behind(const std::vector<Candidate>& candidates, std::size_t found,
                         std::size_t limit) {
  std::size_t end = found + 1;
  while (end < limit && end <= found + kWindowCandidates &&
         candidates[end].cost <= candidates[found].cost + kWindowCost) {
    ++end;
  }
  return end;
}

void note(const PoolInput& input, std::size_t index, const CandidateOutcome& outcome, State& state) {
  if (outcome.overfitted) ++state.result.overfitted;
  if (outcome.hit_limit && !outcome.stopped) state.result.hit_limit.push_back(index);
  if (outcome.satisfies && !outcome.overfitted) {
    state.result.satisfying.push_back(index);
    const std::size_t first =
        *std::min_element(state.result.satisfying.begin(), state.result.satisfying.end());
    state.limit = limit_behind(*input.candidates, first, state.limit);
    return;
  }
  if (outcome.fixed == 0 || outcome.broke || outcome.stopped || outcome.satisfies) return;
  std::optional<Partial>& best = state.result.partial;
  const bool better = !best || outcome.fixed > best->fixed ||
                      (outcome.fixed == best->fixed && index < best->index);
  if (better) best = Partial{index, outcome.fixed};
}

void work(const PoolInput& input, CandidateExecutor& executor, Guarded<State>& shared) {
  Budget& budget = *input.task->budget;
  while (!budget.spent()) {
    std::optional<std::size_t> index;
    shared.with([&](State& state) {
      if (state.next < state.limit && state.result.errors.empty()) index = state.next++;
    });
    if (!index) return;
    const Candidate& candidate = (*input.candidates)[*index];
    if (input.skipped && input.skipped(candidate)) continue;
    if (!budget.take_candidate()) return;
    const Result<CandidateOutcome> outcome = executor.try_candidate(candidate);
    shared.with([&](State& state) {
      if (!outcome) {
        state.result.errors.push_back(outcome.error());
        return;
      }
      note(input, *index, *outcome, state);
      if (input.on_progress) input.on_progress(*index);
    });
  }
}

}  // namespace

PoolResult run_pool(const PoolInput& input,
                    const std::vector<std::unique_ptr<CandidateExecutor>>& executors) {
  State start;
  start.next = input.first;
  start.limit = input.candidates->size();
  Guarded<State> shared(std::move(start));
  {
    std::vector<std::jthread> threads;
    for (const auto& executor : executors) {
      threads.emplace_back([&input, &shared, worker = executor.get()] { work(input, *worker, shared); });
    }
  }
  PoolResult result;
  shared.with([&](State& state) {
    result = std::move(state.result);
    result.next = std::max(state.limit, input.first);
    std::erase_if(result.satisfying, [&](std::size_t index) { return index >= state.limit; });
  });
  std::sort(result.hit_limit.begin(), result.hit_limit.end());
  const Task& task = *input.task;
  std::sort(result.satisfying.begin(), result.satisfying.end(), [&](std::size_t left, std::size_t right) {
    const auto tokens = [&](std::size_t index) {
      const Candidate& candidate = (*input.candidates)[index];
      return changed_tokens(task.files[candidate.file].tree.text(), candidate.edit);
    };
    return std::make_tuple(tokens(left), left) < std::make_tuple(tokens(right), right);
  });
  return result;
}

}  // namespace nightjar::reason
