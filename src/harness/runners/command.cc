// "command": any command at all is one test, and its exit status the result.
#include <utility>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/runners/gcov.h"
#include "harness/runners/runners.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

/// ": " and the first line of standard error, which mostly says what is wrong.
std::string first_complaint(const sandbox::Outcome& outcome) {
  constexpr std::size_t kLineBytesMax = 300;
  const std::string_view text = trim(outcome.stderr_bytes);
  if (text.empty()) return {};
  return ": " + printable(text.substr(0, text.find('\n')), kLineBytesMax);
}

}  // namespace

Result<SuiteRun> run_one_command(const Workshop& workshop, const SuiteRequest& request,
                                 std::stop_token stop) {
  const Suite& suite = request.suite;
  if (trim(suite.command).empty()) return could_not_run("the suite names no command");
  Session session;
  SuiteRun run;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        TRY_INTO(session.outcome, run_command(sandbox,
                                              command_in(workshop, suite, request.limits,
                                                         {"/bin/sh", "-c", suite.command}),
                                              token));
        TRY_INTO(run.coverage, gcov_lines(sandbox, workshop, request, token));
        return ok;
      },
      stop));
  const sandbox::Outcome& outcome = session.outcome;
  TestResult test;
  test.id = bounded_id(suite.command);
  test.wall_ms = outcome.wall_ms;
  if (outcome.succeeded()) {
    test.outcome = TestOutcome::passed;
  } else {
    const bool limit =
        outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit;
    test.outcome = limit                                     ? TestOutcome::timed_out
                   : outcome.ended == sandbox::Ended::exited ? TestOutcome::failed
                                                             : TestOutcome::error;
    test.message = ending_of(outcome) + first_complaint(outcome);
  }
  run.tests.push_back(std::move(test));
  run.complete = true;
  run.judged_by = {"exit status"};
  run.output_tail = output_tail(outcome);
  run.wall_ms = outcome.wall_ms;
  run.cpu_ms = outcome.cpu_ms;
  conclude(run);
  return run;
}

}  // namespace nightjar::harness
