// "junit": any command that leaves JUnit's XML.
//
// Options of the suite: report (globs of its files, relative to the suite's root; words). The files
// are the tested program's to write as well: they are compared with the exit status and with their
// own counts.
#include "harness/runners/junit_command.h"

#include <set>
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
                               const JunitCommand& what, std::stop_token stop) {
  FreshFiles files;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        sandbox::Command command =
            command_in(workshop, request.suite, request.limits, {"/bin/sh", "-c", what.command});
        TRY_INTO(files, run_for_files(sandbox, command, what.reports, token));
        return ok;
      },
      stop));
  if (!what.tool.empty() && is_absent(files.outcome)) {
    return lacks(what.tool +
                 " is not in the sandbox: install it, or name its folder in the "
                 "user's [toolchains]");
  }
  const bool none = files.paths.empty();
  Session session = session_of(std::move(files));
  const std::set<std::string> only(request.only.begin(), request.only.end());
  if (!only.empty()) {
    std::erase_if(session.events,
                  [&](const SessionEvent& event) { return !only.contains(bounded_id(event.id)); });
    session.exit_tells = false;  // It speaks of the others, too.
  }
  SuiteRun run = judge(session).run;
  if (none) {
    run.complete = false;
    run.problem = "no result file was written: looked for " + join(what.reports, ", ") + " (" +
                  ending_of(session.outcome) + ")";
  }
  run.output_tail = output_tail(session.outcome);
  conclude(run);
  return run;
}

Result<SuiteRun> run_junit(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  const Suite& suite = request.suite;
  const JunitCommand what{.command = suite.command, .reports = reports_of(suite)};
  if (trim(suite.command).empty()) return could_not_run("the suite names no command");
  if (what.reports.empty()) {
    return could_not_run("the suite names no report: the files of its results");
  }
  return run_for_junit(workshop, request, what, stop);
}

}  // namespace nightjar::harness
