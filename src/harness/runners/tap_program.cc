#include "harness/runners/tap_program.h"

#include <algorithm>
#include <utility>

#include "harness/commands.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

bool hit_a_limit(const sandbox::Outcome& outcome) {
  return outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit;
}

void decide(const TapReport& report, const sandbox::Outcome& outcome, TestResult& program) {
  const auto bad = std::count_if(report.tests.begin(), report.tests.end(),
                                 [](const TestResult& test) { return is_bad(test.outcome); });
  program.outcome = TestOutcome::error;
  if (hit_a_limit(outcome)) {
    program.outcome = TestOutcome::timed_out;
    program.message = ending_of(outcome);
  } else if (outcome.ended != sandbox::Ended::exited) {
    program.message = ending_of(outcome);
  } else if (outcome.stdout_cut) {
    program.message = "its output was larger than the limit and was cut";
  } else if (!report.problem.empty()) {
    program.message = report.problem + " (" + ending_of(outcome) + ")";
  } else if (bad > 0) {
    program.outcome = TestOutcome::failed;
    program.message =
        std::to_string(bad) + " of " + std::to_string(report.tests.size()) + " points failed";
  } else if (outcome.code != 0) {
    program.message = ending_of(outcome) + " although no point failed";
  } else if (report.tests.empty()) {
    program.outcome = TestOutcome::skipped;
    program.message = report.skip_all;
  } else {
    program.outcome = TestOutcome::passed;
  }
}

}  // namespace

std::string tap_prefix(const std::string& name) { return name + ": "; }

SuiteRun judge_tap(const TapReport& report, const sandbox::Outcome& outcome,
                   const std::string& name) {
  SuiteRun run;
  run.complete = true;
  run.judged_by = {"TAP of each program", "plan", "exit status"};
  run.tests = report.tests;
  TestResult program;
  program.id = bounded_id(name);
  program.wall_ms = outcome.wall_ms;
  decide(report, outcome, program);
  run.tests.push_back(std::move(program));
  for (TestResult& test : run.tests) test.file = bounded_id(name);
  for (const std::string& doubt : report.doubts) add_once(run.doubts, tap_prefix(name) + doubt);
  if (!outcome.succeeded()) run.output_tail = output_tail(outcome);
  run.wall_ms = outcome.wall_ms;
  run.cpu_ms = outcome.cpu_ms;
  return run;
}

}  // namespace nightjar::harness
