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

void note(const PoolInput& input, std::size_t index, const CandidateOutcome& outcome,
          State& state) {
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
  const bool better =
      !best || outcome.fixed > best->fixed || (outcome.fixed == best->fixed && index < best->index);
  if (better) best = Partial{index, outcome.fixed};
}

// The likeliest candidates are not kept waiting for a large build.
constexpr std::size_t kSmallBatchesUntil = 32;
constexpr std::size_t kSmallBatch = 8;

// The next candidates that are worth a try, at most a batch. Empty: nothing is left.
std::vector<std::size_t> take_batch(const PoolInput& input, Guarded<State>& shared) {
  Budget& budget = *input.task->budget;
  std::vector<std::size_t> batch;
  std::size_t room = input.batch_max;
  while (batch.size() < room && !budget.spent()) {
    std::optional<std::size_t> index;
    shared.with([&](State& state) {
      if (state.next < state.limit && state.result.errors.empty()) index = state.next++;
    });
    if (!index) break;
    if (*index - input.first < kSmallBatchesUntil) room = std::min(room, kSmallBatch);
    if (input.skipped && input.skipped((*input.candidates)[*index])) continue;
    if (!budget.take_candidate()) break;
    batch.push_back(*index);
  }
  return batch;
}

void work(const PoolInput& input, CandidateExecutor& executor, Guarded<State>& shared) {
  while (!input.task->budget->spent()) {
    const std::vector<std::size_t> batch = take_batch(input, shared);
    if (batch.empty()) return;
    std::vector<const Candidate*> candidates;
    for (const std::size_t index : batch) candidates.push_back(&(*input.candidates)[index]);
    const auto outcomes = executor.try_candidates(candidates);
    shared.with([&](State& state) {
      if (!outcomes) {
        state.result.errors.push_back(outcomes.error());
        return;
      }
      CHECK(outcomes->size() == batch.size());
      for (std::size_t at = 0; at < batch.size(); ++at)
        note(input, batch[at], (*outcomes)[at], state);
      if (input.on_progress) input.on_progress(batch.back());
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
      threads.emplace_back(
          [&input, &shared, worker = executor.get()] { work(input, *worker, shared); });
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
  std::sort(result.satisfying.begin(), result.satisfying.end(),
            [&](std::size_t left, std::size_t right) {
              const auto tokens = [&](std::size_t index) {
                const Candidate& candidate = (*input.candidates)[index];
                return changed_tokens(task.files[candidate.file].tree.text(), candidate.edit);
              };
              return std::make_tuple(tokens(left), left) < std::make_tuple(tokens(right), right);
            });
  return result;
}

}  // namespace nightjar::reason
