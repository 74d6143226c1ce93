// Trials: running scenarios against a built project, each in a fresh copy of it.
//
// Threads: run_scenarios uses at most `parallel` threads of its own and joins them; run_trial uses
// the caller's. Errors are failures of the sandbox (and cancelled); what a program does wrong is a
// Trial.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"
#include "scenario/scenario.h"

namespace nightjar::scenario {

inline constexpr int kParallelMax = 64;

/// Limits of one step; `within` of the scenario may only be shorter.
struct StepLimits {
  std::chrono::milliseconds wall_max{0};
  std::chrono::milliseconds cpu_max{0};
  std::uint64_t output_bytes_max = 0;
};

struct Trial {
  bool satisfied = false;
  std::string failure;  // one line: "step 2: stdout is \"3\", expected \"2\""; empty when satisfied
  std::string fingerprint;   // equal for equal failures: no times, pids or addresses in it
  int step_failed = 0;       // from 1
  bool crashed = false;      // the step ended by a signal
  std::string output_tail;   // of the failing step, for people; at most 2 KiB
  std::string stderr_bytes;  // of the failing step, at most output_bytes_max (tracebacks)
  std::int64_t wall_ms = 0;  // of all steps together
  std::int64_t cpu_ms = 0;
  std::int64_t step_wall_ms_max = 0;  // of the slowest step
  std::int64_t step_cpu_ms_max = 0;
};

/// Runs the steps in a layer of its own on the open sandbox, and drops the layer.
Result<Trial> run_trial(sandbox::Sandbox& sandbox, const Scenario& scenario,
                        const StepLimits& limits, std::stop_token stop);

struct ScenarioResult {
  std::string name;
  std::vector<std::string> requirements;
  int trials = 0;
  int trials_satisfied = 0;
  bool flaky = false;                 // satisfied sometimes
  Trial worst;                        // the first trial that did not satisfy, else the last one
  std::int64_t step_wall_ms_max = 0;  // of the slowest step in the trials that satisfied
  std::int64_t cpu_ms_total = 0;      // of all its trials
  std::int64_t step_cpu_ms_max = 0;

  bool satisfied() const { return trials > 0 && trials_satisfied == trials; }
};

struct RunOptions {
  StepLimits limits;
  int parallel = 1;  // at most kParallelMax
  /// Runs a scenario that fails again, to this many trials in all, to tell flaky from broken. 0:
  /// off.
  int flake_trials = 0;
  /// Processor time of all trials together; 0: no total. Spent: exhausted.
  std::chrono::milliseconds cpu_total_max{0};
};

/// In the order of `scenarios`. `built` names the built project as the workspace of each sandbox.
Result<std::vector<ScenarioResult>> run_scenarios(sandbox::Launcher& launcher,
                                                  const sandbox::Spec& built,
                                                  const std::vector<Scenario>& scenarios,
                                                  const RunOptions& options, std::stop_token stop);

struct Count {
  int total = 0;
  int satisfied = 0;
  friend bool operator==(const Count&, const Count&) = default;
};
Count count_of(const std::vector<ScenarioResult>& results);

/// Limits for later trials from how long the baseline took: ten times the slowest satisfied step,
/// between 1 s and `ceiling`. Without a satisfied trial: `ceiling`.
StepLimits adapt_limits(const std::vector<ScenarioResult>& baseline, const StepLimits& ceiling);

}  // namespace nightjar::scenario
