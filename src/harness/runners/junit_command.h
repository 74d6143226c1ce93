// A command that leaves JUnit's XML, run and judged: for "junit" and for the tools that write it.
//
// Threads and errors: as run_suite().
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "harness/suite.h"

namespace nightjar::harness {

struct JunitCommand {
  std::string command;               // for the shell, in the suite's root
  std::vector<std::string> reports;  // globs, relative to the project; old files are deleted first
  std::string tool{};                // what is missing when the shell says so; see kAbsent
};
/// The command says this and exits with 127 when its tool is not there.
inline constexpr const char* kAbsent = "nightjar: no such tool";

/// Of what SuiteRequest::only names, the rest is run and not told.
Result<SuiteRun> run_for_junit(const Workshop& workshop, const SuiteRequest& request,
                               const JunitCommand& what, std::stop_token stop);

}  // namespace nightjar::harness
