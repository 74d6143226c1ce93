#include "harness/reported.h"

#include <utility>

#include "base/bytes.h"

namespace nightjar::harness {
namespace {

std::vector<std::string> listing_of(const ReportEvents& report) {
  std::vector<std::string> out;
  for (const SessionEvent& event : report.events) {
    if (event.kind == SessionEvent::Kind::listed) out.push_back(event.id);
  }
  return out;
}

/// Results were turned around, so nothing that looks good is believed.
void distrust(SuiteRun& run, const std::string& why) {
  for (TestResult& test : run.tests) {
    if (!is_good(test.outcome) && test.outcome != TestOutcome::skipped) continue;
    test.outcome = TestOutcome::unknown;
    test.message = why;
  }
  add_once(run.doubts, why);
  run.problem = why;
  run.complete = false;
}

void judge_status(const ReportEvents& report, const sandbox::Outcome& outcome, SuiteRun& run) {
  if (!report.status || outcome.ended != sandbox::Ended::exited) return;
  add_once(run.judged_by, "exit status");
  if (outcome.code == *report.status) return;
  add_once(run.doubts, "exit status " + std::to_string(outcome.code) + ", where " +
                           std::to_string(*report.status) + " had to come");
}

SessionOutcome judged(ReportEvents report, sandbox::Outcome outcome) {
  SessionOutcome out;
  out.listing = listing_of(report);
  out.missing = std::move(report.missing);
  Session session;
  session.events = std::move(report.events);
  session.counted = report.counted;
  session.doubts = std::move(report.notes);
  session.report_problem = report.problem;
  session.exit_tells = !report.status;
  session.outcome = std::move(outcome);
  out.judgement = judge(session);
  SuiteRun& run = out.judgement.run;
  judge_status(report, session.outcome, run);
  run.coverage = std::move(report.coverage);
  for (const std::string* text : {&report.fatal, &report.lacks}) {
    if (text->empty()) continue;
    run.problem = *text;
    run.environment = text == &report.lacks;
    run.complete = false;
    out.judgement.cut_short = false;
  }
  if (!report.forged.empty()) {
    distrust(run, report.forged);
    out.judgement.cut_short = false;
  }
  run.output_tail = output_tail(session.outcome);
  return out;
}

}  // namespace

Result<SessionOutcome> run_reported(sandbox::Sandbox& sandbox, const Workshop& workshop,
                                    const Suite& suite, const SessionPart& part,
                                    ReportedSession session, std::stop_token stop) {
  sandbox::Command command = command_in(workshop, suite, part.limits, std::move(session.argv));
  for (auto& [name, value] : session.env) command.env[name] = value;
  command.report = sandbox::Command::Report::socket;
  command.report_bytes_max = kReportBytesMax;
  session.orders.nonce = new_nonce();
  session.orders.only = part.only;
  session.orders.shard = part.shard;
  session.orders.shards = part.shards;
  command.stdin_bytes = orders_json(session.orders);
  TRY_INTO(sandbox::Outcome outcome, run_command(sandbox, command, stop));
  if (is_absent(outcome)) {
    SessionOutcome out;
    out.judgement.run = lacks(command.argv.front() +
                              " is not on the PATH of the sandbox: install "
                              "it, or name its folder in the user's [toolchains]");
    return out;
  }
  const std::string bytes = std::move(outcome.report_bytes);
  return judged(parse_events(bytes, session.orders.nonce), std::move(outcome));
}

Orders orders_of(const SuiteRequest& request) {
  Orders out;
  out.reversed = request.order == SuiteRequest::Order::reversed;
  out.test_wall_max = request.test_wall_max;
  out.coverage_files = request.coverage_files;
  out.root = request.suite.root;
  return out;
}

}  // namespace nightjar::harness
