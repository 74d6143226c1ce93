// "maven" and "gradle": the test goal without the network, results from the XML files that Surefire
// and Gradle write for each class.
//
// The files are the tested program's to write as well (a hook at its end can): they are compared
// with the exit status, and a doubt tells where they disagree. Extensions of JUnit that turn
// themselves on are off. Options of the suite: args (more arguments).
#include <utility>

#include "base/bytes.h"
#include "harness/runners/junit.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

/// Something that had to be fetched is not in the local repository.
void judge_offline(SuiteRun& run, const char* tool) {
  if (!run.tests.empty()) return;
  for (const char* sign : {"in offline mode", "available for offline mode", "m2.conf", "JAVA_HOME",
                           "Unable to locate a Java Runtime"}) {
    const std::size_t at = run.output_tail.find(sign);
    if (at == std::string::npos) continue;
    const std::size_t begin = run.output_tail.rfind('\n', at) + 1;
    const std::string line = run.output_tail.substr(begin, run.output_tail.find('\n', at) - begin);
    run.environment = true;
    run.problem = std::string(tool) + " needs something that is not on this machine (" +
                  bounded_message(line) +
                  "): install it, or fill the tool's local repository with one run while online";
    return;
  }
}

/// "package.Class::method" as surefire's -Dtest wants them: Class#method, by commas.
std::string selection_of(const std::vector<std::string>& ids) {
  std::vector<std::string> out;
  for (const std::string& id : ids) {
    const std::size_t at = id.find("::");
    if (at == std::string::npos) continue;
    const std::string name = id.substr(at + 2);
    out.push_back(id.substr(0, at) + "#" + name.substr(0, name.find_first_of("([{ #")) + "*");
  }
  return join(out, ",");
}

}  // namespace

Result<SuiteRun> run_maven(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  std::vector<std::string> argv = {"mvn",
                                   "-o",
                                   "-B",
                                   "-ntp",
                                   "-Dstyle.color=never",
                                   "-DskipTests=false",
                                   "-Dmaven.test.skip=false",
                                   "-Dmaven.test.failure.ignore=false",
                                   "-DfailIfNoTests=false",
                                   "-Dsurefire.failIfNoSpecifiedTests=false",
                                   "-Dsurefire.rerunFailingTestsCount=0",
                                   "-Djunit.jupiter.extensions.autodetection.enabled=false",
                                   "--fail-at-end"};
  const bool reversed = request.order == SuiteRequest::Order::reversed;
  argv.emplace_back(reversed ? "-Dsurefire.runOrder=reversealphabetical"
                             : "-Dsurefire.runOrder=alphabetical");
  if (!request.only.empty()) argv.push_back("-Dtest=" + selection_of(request.only));
  for (std::string& word : words_of(request.suite, "args")) argv.push_back(std::move(word));
  argv.emplace_back("test");
  TRY_INTO(SuiteRun run,
           run_for_junit(workshop, request, argv, {},
                         {in_root(request.suite, "**/target/surefire-reports/TEST-*.xml")}, stop));
  judge_offline(run, "Maven");
  keep_wanted(run, request);
  return run;
}

Result<SuiteRun> run_gradle(const Workshop& workshop, const SuiteRequest& request,
                            std::stop_token stop) {
  std::vector<std::string> argv = {"gradle",          "--offline",  "--no-daemon",
                                   "--console=plain", "--continue", "--rerun-tasks"};
  for (std::string& word : words_of(request.suite, "args")) argv.push_back(std::move(word));
  argv.emplace_back("test");
  TRY_INTO(SuiteRun run,
           run_for_junit(workshop, request, argv, {},
                         {in_root(request.suite, "**/build/test-results/**/*.xml")}, stop));
  judge_offline(run, "Gradle");
  keep_wanted(run, request);
  return run;
}

}  // namespace nightjar::harness
