// "phpunit": PHPUnit, results from the JUnit file it writes at its end.
//
// The project's own PHPUnit (vendor/bin/phpunit) is taken before this machine's. Options of the
// suite: args (more arguments).
#include <utility>

#include "harness/runners/junit.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr const char* kReport = ".nightjar-phpunit.xml";
constexpr const char* kScript =
    "if [ ! -d vendor ] && grep -qs vendor/autoload.php phpunit.xml* phpunit.dist.xml; then "
    "echo 'nightjar: vendor/ is absent' >&2; exit 120; fi; "
    "if [ -f vendor/bin/phpunit ]; then exec php vendor/bin/phpunit \"$@\"; fi; "
    "if command -v phpunit >/dev/null; then exec phpunit \"$@\"; fi; exit 121";

}  // namespace

Result<SuiteRun> run_phpunit(const Workshop& workshop, const SuiteRequest& request,
                             std::stop_token stop) {
  std::vector<std::string> argv = {
      "/bin/sh",     "-c",    kScript,          "phpunit",
      "--log-junit", kReport, "--colors=never", "--do-not-cache-result"};
  if (request.order == SuiteRequest::Order::reversed) argv.emplace_back("--order-by=reverse");
  for (std::string& word : words_of(request.suite, "args")) argv.push_back(std::move(word));
  TRY_INTO(SuiteRun run,
           run_for_junit(workshop, request, argv, {}, {in_root(request.suite, kReport)}, stop));
  const bool dropped = run.tests.empty();
  if (dropped && run.problem.find("exit status 120") != std::string::npos) {
    return lacks(
        "vendor/ is not there, and phpunit's configuration needs it: restore it in the "
        "project's [environment] setup (composer install needs a filled cache)");
  }
  if (dropped && run.problem.find("exit status 121") != std::string::npos) {
    return lacks("neither vendor/bin/phpunit nor phpunit on the PATH of the sandbox is there");
  }
  keep_wanted(run, request);
  return run;
}

}  // namespace nightjar::harness
