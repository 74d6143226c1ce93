// "pytest": pytest with a reporter of ours inside (reporters/nightjar_pytest.py), started from the
// reporter, so that nothing in the project's folder can stand in for either.
//
// The project's configuration holds, but for options that hide, repeat, reorder or spread tests.
// Plugins that are installed are loaded, for projects need theirs (pytest-asyncio, pytest-mock);
// those that shuffle are told not to. Set and dictionary order is fixed, so that ids made from them
// are the same on both trees; a reversed run uses another one.
// Options of the suite: python (default "python3"), args (more arguments, split at white space).
#include <sstream>
#include <utility>

#include "harness/reported.h"
#include "harness/runners/measured.h"
#include "harness/runners/runners.h"

namespace nightjar::harness {
namespace {

ReportedSession session_of(const SuiteRequest& request) {
  ReportedSession out;
  const auto& options = request.suite.options;
  const auto python = options.find("python");
  out.argv = {python == options.end() ? "python3" : python->second,
              std::string(kReportersPath) + "/nightjar_pytest.py",
              "-q",
              "--tb=short",
              "--color=no",
              "--continue-on-collection-errors",
              "-p",
              "no:randomly",
              "-p",
              "no:random_order"};
  if (const auto more = options.find("args"); more != options.end()) {
    std::istringstream words(more->second);
    for (std::string word; words >> word;) out.argv.push_back(word);
  }
  out.orders = orders_of(request);
  out.env["PYTHONHASHSEED"] = out.orders.reversed ? "1" : "0";
  out.env["PYTEST_ADDOPTS"] = "";
  return out;
}

/// pytest did not come to collecting: an option or a plugin that is not known here.
void judge_usage(SuiteRun& run) {
  if (run.complete || run.environment || !run.tests.empty()) return;
  for (const char* sign :
       {"unrecognized arguments:", "Missing required plugins:", "Error importing plugin"}) {
    const std::size_t at = run.output_tail.find(sign);
    if (at == std::string::npos) continue;
    const std::string line = run.output_tail.substr(at, run.output_tail.find('\n', at) - at);
    run.environment = true;
    run.problem = "pytest did not start (" + bounded_message(line) +
                  "): a plugin that the project's configuration needs is not installed here";
    return;
  }
}

}  // namespace

Result<SuiteRun> run_pytest(const Workshop& workshop, const SuiteRequest& request,
                            std::stop_token stop) {
  TRY_INTO(SuiteRun run, run_measured(
                             workshop, request,
                             [&](sandbox::Sandbox& sandbox, const SuiteRequest& now,
                                 const SessionPart& part, std::stop_token token) {
                               return run_reported(sandbox, workshop, now.suite, part,
                                                   session_of(now), token);
                             },
                             stop));
  judge_usage(run);
  return run;
}

}  // namespace nightjar::harness
