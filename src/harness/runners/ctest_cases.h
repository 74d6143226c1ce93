// A test of ctest that is a whole program of GoogleTest, Catch2 or doctest: its cases, each a test
// beside the program, "all > Suite.Case" beside "all".
//
// The program lists its cases, runs them in one process as ctest would, and is judged by its XML on
// the report channel, its listing and its exit status. A case of which nothing was told, because
// the process ended, is run again: in the end by itself. What is no such program, or lists no
// cases, is left to the caller as one test. Threads: any, one a sandbox. Errors: failures of the
// sandbox, cancelled.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/commands.h"
#include "harness/runners/case_reports.h"
#include "harness/runners/ctest_plan.h"
#include "harness/suite.h"

namespace nightjar::harness {

inline constexpr const char* kCaseMark = " > ";  // between the test's name and the case's

/// Frameworks of the tests' programs, by path. Programs are recognised by text in their files, none
/// is started; one with the text of two frameworks is none.
Result<std::map<std::string, Framework>> frameworks_in(sandbox::Sandbox& sandbox,
                                                       const Workshop& workshop,
                                                       const CommandLimits& limits,
                                                       const std::vector<CtestTest>& tests,
                                                       std::stop_token stop);

/// Starts a command as the test's own, with its folder, variables and limits.
enum class ReadsReport { no, yes };
using RunCtestCommand = std::function<Result<sandbox::Outcome>(const std::vector<std::string>& argv,
                                                               ReadsReport report)>;

struct CasesRequest {
  const CtestTest& test;
  Framework framework;
  bool all = true;               // every case is wanted
  bool program = true;           // and the program itself
  std::set<std::string> only{};  // else the cases with these ids
  bool reversed = false;
};

/// nullopt: it lists no cases.
Result<std::optional<SuiteRun>> run_cases(const CasesRequest& request, const TimeLeft& time,
                                          const RunCtestCommand& start);

}  // namespace nightjar::harness
