// One program that speaks TAP: its points, and the program itself as a test that holds them.
// Pure; any thread.
#pragma once

#include <string>

#include "harness/suite.h"
#include "harness/tap.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

/// `name` is the program's own id ("t/basic.t"); its points are "NAME: description". The program is
/// passed when its plan held, no point failed and it exited with 0; what it did not come to shows
/// in it as an error.
SuiteRun judge_tap(const TapReport& report, const sandbox::Outcome& outcome,
                   const std::string& name);

/// Prefix of the points of a program.
std::string tap_prefix(const std::string& name);

}  // namespace nightjar::harness
