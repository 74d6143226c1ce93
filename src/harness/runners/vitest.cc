// "vitest": vitest with a reporter of ours (reporters/nightjar_vitest.mjs) in its own process;
// tests run in its workers.
//
// Vitest's listing is what it collected before it ran: a test without a result is told as not run.
// Lines are measured only where one of its coverage providers is installed. Options of the suite:
// args (as after `vitest`).
#include <array>
#include <utility>

#include "harness/reported.h"
#include "harness/runners/measured.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"

namespace nightjar::harness {
namespace {

constexpr auto kDropped =
    std::to_array<std::string_view>({"--coverage", "--bail", "--watch", "-w", "--ui", "--changed",
                                     "--silent", "--update", "-u", "--color"});
constexpr auto kDroppedWithValue =
    std::to_array<std::string_view>({"--reporter", "--outputFile", "--shard"});

ReportedSession session_of(const SuiteRequest& request) {
  ReportedSession out;
  out.argv = {"node", reporter_path("nightjar_vitest.mjs")};
  for (std::string& word : kept_arguments(request.suite, kDropped, kDroppedWithValue)) {
    out.argv.push_back(std::move(word));
  }
  out.orders = orders_of(request);
  out.env["NODE_ENV"] = "test";
  out.env["CI"] = "true";
  return out;
}

}  // namespace

Result<SuiteRun> run_vitest(const Workshop& workshop, const SuiteRequest& request,
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
