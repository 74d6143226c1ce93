// "make-check": `make check`, or another target, as one test; and where automake's test driver
// leaves its *.trs files, each test in them.
// Those files: GNU Automake's manual, "Log files generation and test results recording".
//
// Options of the suite: target (default "check").
#include <array>
#include <utility>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/runners/fresh_files.h"
#include "harness/runners/gcov.h"
#include "harness/runners/runners.h"
#include "harness/session.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr std::uint64_t kLogBytesMax = std::uint64_t{4} << 20U;

struct Word {
  std::string_view word;
  TestOutcome outcome;
};
constexpr std::array kWords = {
    Word{"PASS", TestOutcome::passed},   Word{"FAIL", TestOutcome::failed},
    Word{"SKIP", TestOutcome::skipped},  Word{"XFAIL", TestOutcome::xfailed},
    Word{"XPASS", TestOutcome::xpassed}, Word{"ERROR", TestOutcome::error},
};

TestOutcome outcome_of(std::string_view word) {
  for (const Word& row : kWords) {
    if (row.word == word) return row.outcome;
  }
  return TestOutcome::unknown;
}

/// ":test-result: PASS", or with a name behind the word where a test has several parts.
std::vector<TestResult> tests_of(const std::string& path, std::string_view content) {
  constexpr std::string_view kField = ":test-result:";
  const std::string name = path.substr(0, path.size() - std::string_view(".trs").size());
  std::vector<TestResult> out;
  for (const std::string& line : split_lines(content)) {
    if (!std::string_view(line).starts_with(kField)) continue;
    const std::string_view rest = trim(std::string_view(line).substr(kField.size()));
    const std::size_t space = std::min(rest.find(' '), rest.size());
    const std::string_view part = trim(rest.substr(space));
    TestResult test;
    test.id = bounded_id(part.empty() ? name : name + ": " + std::string(part));
    test.outcome = outcome_of(rest.substr(0, space));
    out.push_back(std::move(test));
    if (out.size() == kTestsMax) break;
  }
  if (out.empty()) {
    out.push_back({.id = bounded_id(name), .message = "its .trs file holds no result"});
  }
  return out;
}

void add_log(const sandbox::Sandbox& sandbox, const std::string& path, TestResult& test) {
  if (!is_bad(test.outcome) || !test.message.empty()) return;
  const std::string log = path.substr(0, path.size() - std::string_view("trs").size()) + "log";
  const Result<std::string> content =
      sandbox::read_file_at(sandbox.workspace_fd(), log, kLogBytesMax);
  if (!content) return;
  const std::size_t begin =
      content->size() > kMessageBytesMax ? content->size() - kMessageBytesMax : 0;
  test.message = bounded_message(printable_block(content->substr(begin), kMessageBytesMax - 8));
}

TestResult whole_of(const std::string& target, const sandbox::Outcome& outcome) {
  TestResult test;
  test.id = "make " + target;
  test.wall_ms = outcome.wall_ms;
  if (outcome.succeeded()) {
    test.outcome = TestOutcome::passed;
    return test;
  }
  const bool limit =
      outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit;
  test.outcome = limit ? TestOutcome::timed_out : TestOutcome::failed;
  test.message = ending_of(outcome);
  return test;
}

void judge_status(const sandbox::Outcome& outcome, SuiteRun& run) {
  bool bad = false;
  for (const TestResult& test : run.tests) bad = bad || is_bad(test.outcome);
  if (outcome.succeeded() && bad) {
    add_once(run.doubts, "exit status 0 although a test failed");
  }
}

}  // namespace

Result<SuiteRun> run_make_check(const Workshop& workshop, const SuiteRequest& request,
                                std::stop_token stop) {
  const Suite& suite = request.suite;
  const auto option = suite.options.find("target");
  const std::string target = option == suite.options.end() ? "check" : option->second;
  SuiteRun run;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        const sandbox::Command command =
            command_in(workshop, suite, request.limits, {"make", "-k", target});
        TRY_INTO(FreshFiles files,
                 run_for_files(sandbox, command, {in_root(suite, "**/*.trs")}, token));
        const sandbox::Outcome& outcome = files.outcome;
        if (is_absent(outcome)) {
          run = lacks("make is not in the sandbox: install it (Debian: make)");
          return ok;
        }
        run.complete = files.problem.empty();
        run.problem = files.problem;
        run.judged_by = {"exit status"};
        for (const auto& [path, content] : files.contents) {
          for (TestResult& test : tests_of(path, content)) {
            add_log(sandbox, path, test);
            run.tests.push_back(std::move(test));
          }
        }
        if (!run.tests.empty()) run.judged_by.emplace_back("automake's .trs files");
        judge_status(outcome, run);
        run.tests.push_back(whole_of(target, outcome));
        TRY_INTO(run.coverage, gcov_lines(sandbox, workshop, request, token));
        run.output_tail = output_tail(outcome);
        run.wall_ms = outcome.wall_ms;
        run.cpu_ms = outcome.cpu_ms;
        return ok;
      },
      stop));
  conclude(run);
  return run;
}

}  // namespace nightjar::harness
