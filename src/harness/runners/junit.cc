// "junit": any command that leaves JUnit's XML.
//
// Options of the suite: report (globs of its files, relative to the suite's root; words). The files
// are the tested program's to write as well: they are compared with the exit status and with their
// own counts.
#include "harness/runners/junit.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/junit.h"
#include "harness/runners/fresh_files.h"
#include "harness/runners/runners.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

std::vector<std::string> reports_of(const Suite& suite) {
  std::vector<std::string> out;
  const auto at = suite.options.find("report");
  if (at == suite.options.end()) return out;
  std::istringstream words(at->second);
  for (std::string word; words >> word;) out.push_back(in_root(suite, word));
  return out;
}

SessionEvent event_of(JunitCase test) {
  TestResult& result = test.result;
  return {.kind = SessionEvent::Kind::finished,
          .id = std::move(result.id),
          .outcome = result.outcome,
          .message = std::move(result.message),
          .file = std::move(result.file),
          .line = result.line,
          .wall_ms = result.wall_ms,
          .flaky = result.flaky};
}

Session session_of(FreshFiles files) {
  Session session;
  session.tells_starts = false;
  session.tells_end = false;
  session.report_problem = std::move(files.problem);
  for (const auto& [path, content] : files.contents) {
    JunitReport report = parse_junit(content);
    if (!report.problem.empty() && session.report_problem.empty()) {
      session.report_problem = printable(path, 200) + ": " + report.problem;
    }
    for (const std::string& doubt : report.doubts) {
      add_once(session.doubts, printable(path, 200) + ": " + doubt);
    }
    for (JunitCase& test : report.cases) session.events.push_back(event_of(std::move(test)));
  }
  session.outcome = std::move(files.outcome);
  return session;
}

}  // namespace

Result<SuiteRun> run_for_junit(const Workshop& workshop, const SuiteRequest& request,
                               const std::vector<std::string>& argv,
                               const std::map<std::string, std::string>& env,
                               const std::vector<std::string>& globs, std::stop_token stop) {
  FreshFiles files;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        sandbox::Command command = command_in(workshop, request.suite, request.limits, argv);
        for (const auto& [name, value] : env) command.env[name] = value;
        TRY_INTO(files, run_for_files(sandbox, command, globs, token));
        return ok;
      },
      stop));
  if (is_absent(files.outcome)) {
    return lacks(argv.front() +
                 " is not on the PATH of the sandbox: install it, or name its "
                 "folder in the user's [toolchains]");
  }
  const bool none = files.paths.empty();
  Session session = session_of(std::move(files));
  SuiteRun run = judge(session).run;
  if (none) {
    run.complete = false;
    run.problem = "no result file was written: looked for " + join(globs, ", ") + " (" +
                  ending_of(session.outcome) + ")";
  }
  run.output_tail = output_tail(session.outcome);
  conclude(run);
  return run;
}

void keep_wanted(SuiteRun& run, const SuiteRequest& request) {
  if (request.only.empty()) return;
  std::erase_if(run.tests, [&](const TestResult& test) {
    return std::ranges::find(request.only, test.id) == request.only.end();
  });
  conclude(run);
}

Result<SuiteRun> run_junit(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  const Suite& suite = request.suite;
  const std::vector<std::string> globs = reports_of(suite);
  if (trim(suite.command).empty()) return could_not_run("the suite names no command");
  if (globs.empty()) return could_not_run("the suite names no report: the files of its results");
  return run_for_junit(workshop, request, {"/bin/sh", "-c", suite.command}, {}, globs, stop);
}

}  // namespace nightjar::harness
