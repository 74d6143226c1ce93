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
// Debian turns PHP's extensions on by files below /etc, which sandboxes do not have.
constexpr const char* kScript = R"(
if [ ! -d vendor ] && grep -qs vendor/autoload.php phpunit.xml* phpunit.dist.xml; then exit 120; fi
program=vendor/bin/phpunit
[ -f "$program" ] || program=$(command -v phpunit) || exit 121
folder=$(php -r 'echo ini_get("extension_dir");') || exit 122
loaded=$(php -m)
options=
for name in ctype iconv mbstring tokenizer xml dom xmlwriter xmlreader simplexml fileinfo posix \
    phar intl curl; do
  [ -f "$folder/$name.so" ] || continue
  printf '%s\n' "$loaded" | grep -qix "$name" || options="$options -d extension=$name"
done
exec php $options "$program" "$@"
)";

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
  if (dropped && run.problem.find("exit status 122") != std::string::npos) {
    return lacks(
        "php is not on the PATH of the sandbox: install it, or name its folder in the "
        "user's [toolchains]");
  }
  if (dropped && run.output_tail.find("PHPUnit requires the ") != std::string::npos) {
    return lacks("extensions of PHP are not installed here: " + bounded_message(run.output_tail));
  }
  keep_wanted(run, request);
  return run;
}

}  // namespace nightjar::harness
