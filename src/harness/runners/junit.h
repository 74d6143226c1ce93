// A command that leaves JUnit's XML in the workspace, for the runners whose tools write it.
//
// Threads: any. Errors: as run_suite().
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/suite.h"

namespace nightjar::harness {

/// Files that `globs` (relative to the project) find are deleted before, and read when no process
/// is left; then compared with the exit status and their own counts. A program that is absent is
/// something this machine lacks.
Result<SuiteRun> run_for_junit(const Workshop& workshop, const SuiteRequest& request,
                               const std::vector<std::string>& argv,
                               const std::map<std::string, std::string>& env,
                               const std::vector<std::string>& globs, std::stop_token stop);

/// Keeps the tests that are asked for, where the tool cannot be told so.
void keep_wanted(SuiteRun& run, const SuiteRequest& request);

}  // namespace nightjar::harness
