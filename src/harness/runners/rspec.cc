// "rspec": Ruby's rspec with a formatter of ours (reporters/nightjar_rspec.rb), in the process of
// the tests.
//
// Options of the suite: args (more words of the command line). rspec knows no reversed order; it is
// a random one with a fixed seed.
#include "harness/reported.h"
#include "harness/runners/runners.h"

namespace nightjar::harness {

Result<SuiteRun> run_rspec(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  SuiteRequest one = request;
  one.parallel = 1;
  const auto args = request.suite.options.find("args");
  const bool reversed = request.order == SuiteRequest::Order::reversed;
  const std::string script =
      "if [ -f Gemfile ] && command -v bundle >/dev/null && bundle exec rspec --version "
      ">/dev/null 2>&1 </dev/null; then set -- bundle exec rspec; else set -- rspec; fi; "
      "exec \"$@\" --require " +
      std::string(kReportersPath) +
      "/nightjar_rspec.rb --format NightjarRspec --no-fail-fast --order " +
      (reversed ? "rand:2025" : "defined") +
      (args == request.suite.options.end() ? "" : " " + args->second);
  return run_sessions(
      workshop, one,
      [&](sandbox::Sandbox& sandbox, const SessionPart& part, std::stop_token token) {
        ReportedSession session;
        session.argv = {"/bin/sh", "-c", script};
        session.orders = orders_of(one);
        return run_reported(sandbox, workshop, one.suite, part, std::move(session), token);
      },
      stop);
}

}  // namespace nightjar::harness
