// Which statements each scenario executes, and where failing ones end.
//
// The project is built once more from sources that mark what they execute (C) or run under a tracer
// (Python), in a sandbox of its own that is dropped. A project that cannot be measured so gives an
// empty Coverage with the reason; the search then treats all lines alike.
// Threads: the caller's. Errors are failures of the sandbox.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "harness/build.h"
#include "reason/edits.h"
#include "reason/rank.h"
#include "scenario/trial.h"

namespace nightjar::reason {

struct MeasuredScenario {
  const scenario::Scenario* scenario = nullptr;
  bool failed = false;
  int step_failed = 0;  // from 1; 0: run all
};

struct CoverageInput {
  sandbox::Spec spec;  // lower_dirs: the sources
  std::string build_command;
  harness::CommandLimits build_limits;
  scenario::StepLimits step_limits;
  const std::vector<SourceFile>* files = nullptr;
  std::vector<MeasuredScenario> scenarios;
};

struct Coverage {
  bool measured = false;
  std::string why_not;
  std::vector<Spectrum> spectra;           // as the scenarios of the input
  std::vector<std::vector<Place>> stacks;  // of failing scenarios; the innermost place first
  std::int64_t cpu_ms = 0;
};

Result<Coverage> measure_coverage(sandbox::Launcher& launcher, const CoverageInput& input,
                                  std::stop_token stop);

/// The project's frames of a Python traceback, the innermost first.
std::vector<Place> traceback_places(const std::string& text, const std::vector<SourceFile>& files);

}  // namespace nightjar::reason
