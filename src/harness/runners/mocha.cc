// "mocha": mocha with a reporter of ours (reporters/nightjar_mocha.cjs), in one process.
//
// The project's configuration and arguments hold, but for the reporter, --bail and --parallel.
// `.only` does not hide the tests beside it: they were listed, and are told as not run.
// Options of the suite: args (as after `mocha`).
#include <array>
#include <utility>

#include "harness/reported.h"
#include "harness/runners/measured.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"

namespace nightjar::harness {
namespace {

constexpr auto kDropped = std::to_array<std::string_view>(
    {"--bail", "-b", "--parallel", "-p", "--watch", "-w", "--forbid-only", "--forbid-pending",
     "--dry-run", "--inspect", "--no-diff", "--color", "--colors", "-c"});
constexpr auto kDroppedWithValue =
    std::to_array<std::string_view>({"--reporter", "-R", "--jobs", "-j", "--reporter-option",
                                     "--reporter-options", "-O", "--retries"});

ReportedSession session_of(const SuiteRequest& request) {
  ReportedSession out;
  out.argv = {"node", reporter_path("nightjar_mocha.cjs")};
  for (std::string& word : kept_arguments(request.suite, kDropped, kDroppedWithValue)) {
    out.argv.push_back(std::move(word));
  }
  out.orders = orders_of(request);
  out.env["NODE_ENV"] = "test";
  if (!request.coverage_files.empty()) out.env["NODE_V8_COVERAGE"] = kV8Folder;
  return out;
}

}  // namespace

Result<SuiteRun> run_mocha(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  SuiteRequest one = request;
  one.parallel = 1;
  return run_measured(
      workshop, one,
      [&](sandbox::Sandbox& sandbox, const SuiteRequest& now, const SessionPart& part,
          std::stop_token token) -> Result<SessionOutcome> {
        TRY_INTO(SessionOutcome outcome,
                 run_reported(sandbox, workshop, now.suite, part, session_of(now), token));
        if (now.coverage_files.empty() || outcome.judgement.run.environment) return outcome;
        TRY(read_v8_lines(sandbox, workshop, now, outcome.judgement.run, token));
        return outcome;
      },
      stop);
}

}  // namespace nightjar::harness
