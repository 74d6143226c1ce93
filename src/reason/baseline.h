// How the scenarios fare before any edit: satisfied, failing or flaky, and how long they take.
//
// Threads: one for each executor, joined. Errors are failures of the sandbox.
#pragma once

#include <vector>

#include "reason/executor.h"

namespace nightjar::reason {

/// In the order of task.checks. Incomplete when the budget ended.
Result<std::vector<scenario::ScenarioResult>> baseline_of(
    const Task& task, const std::vector<WarmExecutor*>& executors);

/// The slowest step used up most of what it was given: it most likely never ends.
bool is_near_limit(const scenario::Trial& trial, const scenario::StepLimits& limits);

}  // namespace nightjar::reason
