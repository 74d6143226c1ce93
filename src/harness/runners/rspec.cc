// "rspec": RSpec with a formatter of ours (reporters/nightjar_rspec.rb), in one process; gems are
// those of this machine, Bundler is not asked.
//
// Options of the suite: args (more arguments). An id is the file and the example's
// words, or RSpec's own number ("spec/a_spec.rb[1:2]") where it has none.
#include <utility>

#include "harness/reported.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"

namespace nightjar::harness {

Result<SuiteRun> run_rspec(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  SuiteRequest one = request;
  one.parallel = 1;
  const std::vector<std::string> words = words_of(request.suite, "args");
  return run_sessions(
      workshop, one,
      [&](sandbox::Sandbox& sandbox, const SessionPart& part, std::stop_token token) {
        ReportedSession session;
        session.argv = {"ruby", "-Ilib", "-Ispec", reporter_path("nightjar_rspec.rb")};
        session.argv.insert(session.argv.end(), words.begin(), words.end());
        session.orders = orders_of(one);
        return run_reported(sandbox, workshop, one.suite, part, std::move(session), token);
      },
      stop);
}

}  // namespace nightjar::harness
