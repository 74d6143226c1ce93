// "jest": jest with a reporter of ours (reporters/nightjar_jest.cjs) in its own process; tests run
// in its workers (from jest 29 on always), so a test that ends its process is not the end of the
// run.
//
// Jest does not list tests before it runs them: each file has to have a result. A snapshot that is
// missing fails (--ci). Options of the suite: args (as after `jest`).
#include <array>
#include <utility>

#include "harness/reported.h"
#include "harness/runners/measured.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"

namespace nightjar::harness {
namespace {

constexpr auto kDropped = std::to_array<std::string_view>({"--coverage",
                                                           "--collectCoverage",
                                                           "--bail",
                                                           "-b",
                                                           "--watch",
                                                           "--watchAll",
                                                           "--onlyChanged",
                                                           "-o",
                                                           "--lastCommit",
                                                           "--verbose",
                                                           "--json",
                                                           "--runInBand",
                                                           "-i",
                                                           "--silent",
                                                           "--color",
                                                           "--colors",
                                                           "--updateSnapshot",
                                                           "-u",
                                                           "--notify",
                                                           "--passWithNoTests",
                                                           "--cache",
                                                           "--ci",
                                                           "--detectOpenHandles",
                                                           "--randomize",
                                                           "--logHeapUsage"});
constexpr auto kDroppedWithValue = std::to_array<std::string_view>(
    {"--reporters", "--maxWorkers", "-w", "--coverageReporters", "--coverageDirectory",
     "--coverageThreshold", "--collectCoverageFrom", "--testSequencer", "--outputFile",
     "--changedSince", "--shard", "--seed"});

ReportedSession session_of(const SuiteRequest& request) {
  ReportedSession out;
  out.argv = {"node", reporter_path("nightjar_jest.cjs")};
  for (std::string& word : kept_arguments(request.suite, kDropped, kDroppedWithValue)) {
    out.argv.push_back(std::move(word));
  }
  out.orders = orders_of(request);
  out.env["NODE_ENV"] = "test";
  out.env["CI"] = "true";
  return out;
}

}  // namespace

Result<SuiteRun> run_jest(const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  SuiteRequest one = request;
  one.parallel = 1;  // It has workers of its own.
  return run_measured(
      workshop, one,
      [&](sandbox::Sandbox& sandbox, const SuiteRequest& now, const SessionPart& part,
          std::stop_token token) {
        return run_reported(sandbox, workshop, now.suite, part, session_of(now), token);
      },
      stop);
}

}  // namespace nightjar::harness
