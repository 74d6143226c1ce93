#include "reason/baseline.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "base/guarded.h"

namespace nightjar::reason {
namespace {

using std::chrono::milliseconds;

constexpr int kFlakeTrials = 3;
// Programs that never end are common among faulty ones, so everything gets a short limit first.
// What hits it runs again with the full one, until this share of the time is gone.
constexpr milliseconds kShortWall{3000};
constexpr milliseconds kShortCpu{1500};
constexpr double kWallShareMax = 0.25;

struct State {
  std::size_t next = 0;
  std::vector<scenario::ScenarioResult> results;
  std::optional<Error> error;
};

class Baseline {
 public:
  Baseline(const Task& task, const std::vector<WarmExecutor*>& executors)
      : task_(task), executors_(executors) {}

  Result<std::vector<scenario::ScenarioResult>> run() {
    scenario::StepLimits limits = task_.step_limits;
    limits.wall_max = std::min(limits.wall_max, kShortWall);
    limits.cpu_max = std::min(limits.cpu_max, kShortCpu);
    std::vector<std::size_t> all(task_.checks.size());
    for (std::size_t at = 0; at < all.size(); ++at) all[at] = at;
    state_.with([&](State& state) { state.results.resize(all.size()); });
    TRY(run_round(all, limits, 1.0));

    const std::vector<scenario::ScenarioResult> results = current();
    std::vector<std::size_t> unfinished;
    for (const std::size_t at : all) {
      const scenario::ScenarioResult& result = results[at];
      if (!result.satisfied() && is_near_limit(result.worst, limits)) unfinished.push_back(at);
    }
    const bool shortened =
        limits.wall_max < task_.step_limits.wall_max || limits.cpu_max < task_.step_limits.cpu_max;
    if (shortened) TRY(run_round(unfinished, task_.step_limits, kWallShareMax));
    return current();
  }

 private:
  std::vector<scenario::ScenarioResult> current() {
    return state_.with([](State& state) { return state.results; });
  }

  Result<> run_round(const std::vector<std::size_t>& checks, const scenario::StepLimits& limits,
                     double wall_share_max) {
    state_.with([](State& state) { state.next = 0; });
    {
      std::vector<std::jthread> threads;
      for (WarmExecutor* executor : executors_) {
        threads.emplace_back([this, &checks, &limits, wall_share_max, executor] {
          work(*executor, checks, limits, wall_share_max);
        });
      }
    }
    const auto error = state_.with([](State& state) { return state.error; });
    if (error) return *error;
    return ok;
  }

  void work(WarmExecutor& executor, const std::vector<std::size_t>& checks,
            const scenario::StepLimits& limits, double wall_share_max) {
    while (!task_.budget->spent() && task_.budget->wall_share_used() < wall_share_max) {
      const std::size_t turn = state_.with([](State& state) { return state.next++; });
      if (turn >= checks.size()) return;
      Result<scenario::ScenarioResult> result =
          trials_of(executor, task_.checks[checks[turn]], limits);
      if (task_.budget->spent()) return;
      state_.with([&](State& state) {
        if (result) {
          state.results[checks[turn]] = *std::move(result);
        } else {
          state.error = result.error();
        }
      });
      if (!result) return;
    }
  }

  // What fails runs again: to repair for a scenario that changes its mind is to chase a ghost.
  Result<scenario::ScenarioResult> trials_of(WarmExecutor& executor, const Check& check,
                                             const scenario::StepLimits& limits) {
    scenario::ScenarioResult result;
    result.name = check.scenario.name;
    for (int trial = 0; trial < kFlakeTrials && !task_.budget->spent(); ++trial) {
      TRY_INTO(scenario::Trial outcome, executor.run_check(check, limits));
      ++result.trials;
      if (outcome.satisfied) ++result.trials_satisfied;
      result.step_wall_ms_max = std::max(result.step_wall_ms_max, outcome.step_wall_ms_max);
      result.step_cpu_ms_max = std::max(result.step_cpu_ms_max, outcome.step_cpu_ms_max);
      if (!outcome.satisfied || trial == 0) result.worst = std::move(outcome);
      const bool all_satisfied = result.trials_satisfied == result.trials;
      if (all_satisfied || is_near_limit(result.worst, limits)) break;
    }
    result.flaky = result.trials_satisfied > 0 && result.trials_satisfied < result.trials;
    return result;
  }

  const Task& task_;
  const std::vector<WarmExecutor*>& executors_;
  Guarded<State> state_;
};

}  // namespace

bool is_near_limit(const scenario::Trial& trial, const scenario::StepLimits& limits) {
  return trial.step_wall_ms_max * 10 >= limits.wall_max.count() * 8 ||
         trial.step_cpu_ms_max * 10 >= limits.cpu_max.count() * 8;
}

Result<std::vector<scenario::ScenarioResult>> baseline_of(
    const Task& task, const std::vector<WarmExecutor*>& executors) {
  return Baseline(task, executors).run();
}

}  // namespace nightjar::reason
