#include "harness/runners/measured.h"

#include <utility>

namespace nightjar::harness {
namespace {

constexpr std::size_t kAgainMax = 500;  // so many failures are not of the measuring

std::vector<std::string> failures_of(const SuiteRun& run) {
  std::vector<std::string> out;
  for (const TestResult& test : run.tests) {
    if (test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error ||
        test.outcome == TestOutcome::timed_out) {
      out.push_back(test.id);
    }
  }
  return out;
}

/// The second word holds where it is a better one.
void take_better(SuiteRun& run, SuiteRun again) {
  bool any = false;
  for (TestResult& test : run.tests) {
    const TestResult* second = again.find(test.id);
    if (second == nullptr || !is_good(second->outcome) || is_good(test.outcome)) continue;
    test = *second;
    any = true;
  }
  if (any) add_once(run.doubts, "tests fail while lines are measured, and not without");
  run.wall_ms += again.wall_ms;
  run.cpu_ms += again.cpu_ms;
}

Result<SuiteRun> run_once(const Workshop& workshop, const SuiteRequest& request,
                          const RunMeasuredSession& run_session, std::stop_token stop) {
  return run_sessions(
      workshop, request,
      [&](sandbox::Sandbox& sandbox, const SessionPart& part, std::stop_token token) {
        return run_session(sandbox, request, part, token);
      },
      stop);
}

/// Measuring took half of the time: the rest is for the results, which matter more.
Result<SuiteRun> without_lines(const Workshop& workshop, const SuiteRequest& plain,
                               const RunMeasuredSession& run_session, const SuiteRun& measured,
                               std::stop_token stop) {
  TRY_INTO(SuiteRun run, run_once(workshop, plain, run_session, stop));
  add_once(run.doubts, "the lines that run could not be measured in half of the suite's time");
  run.wall_ms += measured.wall_ms;
  run.cpu_ms += measured.cpu_ms;
  return run;
}

}  // namespace

Result<SuiteRun> run_measured(const Workshop& workshop, const SuiteRequest& request,
                              const RunMeasuredSession& run_session, std::stop_token stop) {
  if (request.coverage_files.empty()) return run_once(workshop, request, run_session, stop);
  SuiteRequest measuring = request;
  measuring.limits.wall_max /= 2;
  TRY_INTO(SuiteRun run, run_once(workshop, measuring, run_session, stop));
  SuiteRequest plain = request;
  plain.coverage_files.clear();
  plain.limits.wall_max -= std::chrono::milliseconds(run.wall_ms);
  if (run.wall_ms >= measuring.limits.wall_max.count() && plain.limits.wall_max.count() > 0) {
    return without_lines(workshop, plain, run_session, run, stop);
  }
  plain.only = failures_of(run);
  if (!run.complete || plain.only.empty() || plain.only.size() > kAgainMax) return run;
  TRY_INTO(SuiteRun again, run_once(workshop, plain, run_session, stop));
  take_better(run, std::move(again));
  return run;
}

}  // namespace nightjar::harness
