// "unittest": Python's unittest with a reporter of ours (reporters/nightjar_unittest.py).
//
// Options of the suite: python (default "python3"), start (folder where discovery starts; default:
// the suite's folder, and tests/ or test/ where that holds none), top (its top-level folder),
// pattern (default "test*.py").
#include "harness/reported.h"
#include "harness/runners/measured.h"
#include "harness/runners/runners.h"

namespace nightjar::harness {
namespace {

std::string option(const Suite& suite, const char* name, const char* fallback) {
  const auto at = suite.options.find(name);
  return at == suite.options.end() ? fallback : at->second;
}

ReportedSession session_of(const SuiteRequest& request) {
  const Suite& suite = request.suite;
  ReportedSession out;
  out.argv = {option(suite, "python", "python3"),
              std::string(kReportersPath) + "/nightjar_unittest.py", option(suite, "start", ""),
              option(suite, "top", ""), option(suite, "pattern", "test*.py")};
  out.orders = orders_of(request);
  out.env["PYTHONHASHSEED"] = out.orders.reversed ? "1" : "0";
  return out;
}

}  // namespace

Result<SuiteRun> run_unittest(const Workshop& workshop, const SuiteRequest& request,
                              std::stop_token stop) {
  return run_measured(
      workshop, request,
      [&](sandbox::Sandbox& sandbox, const SuiteRequest& now, const SessionPart& part,
          std::stop_token token) {
        return run_reported(sandbox, workshop, now.suite, part, session_of(now), token);
      },
      stop);
}

}  // namespace nightjar::harness
