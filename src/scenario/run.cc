#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "base/bytes.h"
#include "base/guarded.h"
#include "scenario/trial.h"

namespace nightjar::scenario {
namespace {

void add(ScenarioResult& result, Trial trial) {
  const bool first_failure = !trial.satisfied && result.trials_satisfied == result.trials;
  ++result.trials;
  result.cpu_ms_total += trial.cpu_ms;
  if (trial.satisfied) {
    ++result.trials_satisfied;
    result.step_wall_ms_max = std::max(result.step_wall_ms_max, trial.step_wall_ms_max);
    result.step_cpu_ms_max = std::max(result.step_cpu_ms_max, trial.step_cpu_ms_max);
  }
  const bool all_satisfied = result.trials_satisfied == result.trials;
  if (first_failure || all_satisfied) result.worst = std::move(trial);
  result.flaky = result.trials_satisfied > 0 && !all_satisfied;
}

/// What all trials may use together.
class Budget {
 public:
  explicit Budget(std::chrono::milliseconds cpu_total_max) : max_ms_(cpu_total_max.count()) {}

  void spend(std::int64_t cpu_ms) { spent_ms_ += cpu_ms; }
  Result<> check() const {
    if (max_ms_ == 0 || spent_ms_ < max_ms_) return ok;
    return {ErrorCode::exhausted, "the processor time of all trials together (" +
                                      human_duration_ms(max_ms_) + ") is spent"};
  }

 private:
  std::int64_t max_ms_;
  std::atomic<std::int64_t> spent_ms_{0};
};

Result<ScenarioResult> run_scenario(sandbox::Sandbox& sandbox, const Scenario& scenario,
                                    const RunOptions& options, Budget& budget,
                                    std::stop_token stop) {
  ScenarioResult result;
  result.name = scenario.name;
  result.requirements = scenario.requirements;
  int wanted = scenario.trials;
  for (int i = 0; i < wanted; ++i) {
    TRY(budget.check());
    TRY_INTO(Trial trial, run_trial(sandbox, scenario, options.limits, stop));
    budget.spend(trial.cpu_ms);
    if (!trial.satisfied) wanted = std::max(wanted, options.flake_trials);
    add(result, std::move(trial));
  }
  return result;
}

/// Hands out the scenarios in order and takes the results; the first failure stops the others.
class Work {
 public:
  explicit Work(std::size_t count) : results_(Slots(count)) {}

  std::size_t take() { return next_.fetch_add(1); }
  std::stop_token stopped() const { return failed_.get_token(); }
  void stop() { failed_.request_stop(); }

  void finish(std::size_t at, ScenarioResult result) {
    results_.with([&](Slots& slots) { slots[at] = std::move(result); });
  }
  void fail(Error error) {
    first_error_.with([&](std::optional<Error>& first) {
      // A worker that was stopped because of another's failure reports only that.
      if (!first || first->code == ErrorCode::cancelled) first = std::move(error);
    });
    stop();
  }

  Result<std::vector<ScenarioResult>> collect() {
    if (auto error = first_error_.with([](auto& first) { return first; })) return *error;
    std::vector<ScenarioResult> out;
    for (auto& slot : results_.with([](Slots& slots) { return std::move(slots); })) {
      CHECK(slot.has_value());
      out.push_back(*std::move(slot));
    }
    return out;
  }

 private:
  using Slots = std::vector<std::optional<ScenarioResult>>;
  std::atomic<std::size_t> next_{0};
  std::stop_source failed_;
  Guarded<Slots> results_;
  Guarded<std::optional<Error>> first_error_;
};

Result<> run_worker(sandbox::Launcher& launcher, const sandbox::Spec& built,
                    const std::vector<Scenario>& scenarios, const RunOptions& options,
                    Budget& budget, Work& work) {
  std::unique_ptr<sandbox::Sandbox> sandbox;  // Opened for the first scenario only.
  const std::stop_token stop = work.stopped();
  for (std::size_t at = work.take(); at < scenarios.size(); at = work.take()) {
    if (stop.stop_requested()) return Error{ErrorCode::cancelled, "the trials were stopped"};
    if (sandbox == nullptr) {
      TRY_INTO(sandbox, launcher.open(built));
    }
    TRY_INTO(ScenarioResult result, run_scenario(*sandbox, scenarios[at], options, budget, stop));
    work.finish(at, std::move(result));
  }
  return ok;
}

std::chrono::milliseconds ten_times(std::int64_t slowest_ms, std::chrono::milliseconds ceiling) {
  using std::chrono::milliseconds;
  const milliseconds adapted = std::max(milliseconds(1000), milliseconds(slowest_ms) * 10);
  return std::min(adapted, ceiling);
}

}  // namespace

Result<std::vector<ScenarioResult>> run_scenarios(sandbox::Launcher& launcher,
                                                  const sandbox::Spec& built,
                                                  const std::vector<Scenario>& scenarios,
                                                  const RunOptions& options, std::stop_token stop) {
  Work work(scenarios.size());
  Budget budget(options.cpu_total_max);
  const std::stop_callback on_stop(stop, [&work] { work.stop(); });
  const auto wanted = static_cast<std::size_t>(std::clamp(options.parallel, 1, kParallelMax));
  {
    std::vector<std::jthread> threads;  // Joined at the end of this block.
    for (std::size_t i = 0; i < std::min(wanted, scenarios.size()); ++i) {
      threads.emplace_back([&] {
        Result<> ran = run_worker(launcher, built, scenarios, options, budget, work);
        if (!ran) work.fail(std::move(ran).error());
      });
    }
  }
  return work.collect();
}

Count count_of(const std::vector<ScenarioResult>& results) {
  const auto satisfied = std::ranges::count_if(results, &ScenarioResult::satisfied);
  return {.total = static_cast<int>(results.size()), .satisfied = static_cast<int>(satisfied)};
}

StepLimits adapt_limits(const std::vector<ScenarioResult>& baseline, const StepLimits& ceiling) {
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;
  bool any = false;
  for (const ScenarioResult& result : baseline) {
    if (result.trials_satisfied == 0) continue;
    any = true;
    wall_ms = std::max(wall_ms, result.step_wall_ms_max);
    cpu_ms = std::max(cpu_ms, result.step_cpu_ms_max);
  }
  if (!any) return ceiling;
  StepLimits limits = ceiling;
  limits.wall_max = ten_times(wall_ms, ceiling.wall_max);
  limits.cpu_max = ten_times(cpu_ms, ceiling.cpu_max);
  return limits;
}

}  // namespace nightjar::scenario
