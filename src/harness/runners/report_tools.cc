// "maven", "gradle", "phpunit": build tools and runners that write JUnit's XML by themselves. The
// files are the tested program's to write as well; they are compared with the exit status and with
// their own counts.
//
// Options of the suite: args (more words of the command line).
#include <array>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/runners/junit_command.h"
#include "harness/runners/runners.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

struct Tool {
  const char* name;
  const char* found_by;  // for the shell: succeeds when the tool is there
  const char* command;
  const char* report;
  /// Words of the output that say: a package is not on this machine.
  std::array<const char*, 3> missing;
};
constexpr auto kTools = std::to_array<Tool>({
    {"maven",
     "command -v mvn >/dev/null",
     "mvn -o -B -fae test -DtrimStackTrace=true -Dsurefire.rerunFailingTestsCount=0 "
     "-DfailIfNoTests=false",
     "**/target/surefire-reports/TEST-*.xml",
     {"in offline mode", "has not been downloaded from it before", "Could not resolve"}},
    {"gradle",
     "[ -f gradlew ] || command -v gradle >/dev/null",
     "if [ -f gradlew ]; then set -- sh ./gradlew; else set -- gradle; fi; "
     "\"$@\" --offline --no-daemon --continue cleanTest test",
     "**/build/test-results/**/TEST-*.xml",
     {"No cached version", "offline mode", "Could not resolve"}},
    {"phpunit",
     "PATH=\"$PWD/vendor/bin:$PATH\"; command -v phpunit >/dev/null",
     "phpunit --log-junit .nightjar/phpunit.xml --do-not-cache-result",
     ".nightjar/phpunit.xml",
     {"", "", ""}},
});

Result<SuiteRun> run_tool(const Tool& tool, const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  const auto args = request.suite.options.find("args");
  const JunitCommand what{
      .command = std::string(tool.found_by) + " || { echo '" + kAbsent +
                 "' >&2; exit 127; }; mkdir -p .nightjar; " + tool.command +
                 (args == request.suite.options.end() ? "" : " " + args->second),
      .reports = {in_root(request.suite, tool.report)},
      .tool = tool.name};
  TRY_INTO(SuiteRun run, run_for_junit(workshop, request, what, stop));
  if (!run.tests.empty() || run.complete) return run;
  for (const char* words : tool.missing) {
    const std::size_t at = words[0] == '\0' ? std::string::npos : run.output_tail.find(words);
    if (at == std::string::npos) continue;
    std::size_t begin = run.output_tail.rfind('\n', at);
    begin = begin == std::string::npos ? 0 : begin + 1;
    const std::string line = run.output_tail.substr(begin, run.output_tail.find('\n', at) - begin);
    return lacks("packages are not on this machine: " + printable(line, 400));
  }
  return run;
}

}  // namespace

Result<SuiteRun> run_maven(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  return run_tool(kTools[0], workshop, request, stop);
}
Result<SuiteRun> run_gradle(const Workshop& workshop, const SuiteRequest& request,
                            std::stop_token stop) {
  return run_tool(kTools[1], workshop, request, stop);
}
Result<SuiteRun> run_phpunit(const Workshop& workshop, const SuiteRequest& request,
                             std::stop_token stop) {
  return run_tool(kTools[2], workshop, request, stop);
}

}  // namespace nightjar::harness
