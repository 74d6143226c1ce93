#include "harness/runners/libtest.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

struct Seen {
  std::vector<TestOutcome> results;
  std::string message;
};

TestOutcome outcome_of(const std::string& word) {
  if (word == "ok") return TestOutcome::passed;
  if (word.starts_with("FAILED")) return TestOutcome::failed;
  return word.starts_with("ignored") ? TestOutcome::skipped : TestOutcome::unknown;
}

std::map<std::string, Seen> results_in(std::string_view text) {
  // A test's own line may be interrupted by what it prints itself; then it has no result here.
  static const RE2 kResult(
      R"(^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)(?:, .*)?$)");
  static const RE2 kHead(R"(^---- (.+) stdout ----$)");
  std::map<std::string, Seen> seen;
  std::string about;
  for (const std::string& line : split_lines(text)) {
    std::string name, word;
    if (RE2::FullMatch(line, kResult, &name, &word)) {
      seen[name].results.push_back(outcome_of(word));
      about.clear();
    } else if (RE2::FullMatch(line, kHead, &name)) {
      about = name;
    } else if (line == "failures:" || line.starts_with("test result: ")) {
      about.clear();
    } else if (!about.empty() && seen[about].message.size() < kMessageBytesMax) {
      seen[about].message += line + "\n";
    }
  }
  return seen;
}

void judge_summary(std::string_view text, const SuiteRun& run, std::vector<std::string>& doubts) {
  static const RE2 kSummary(R"(test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored; )"
                            R"(\d+ measured; \d+ filtered out)");
  re2::StringPiece rest(text.data(), text.size());
  std::int64_t passed = 0, failed = 0, ignored = 0, p = 0, f = 0, i = 0;
  while (RE2::FindAndConsume(&rest, kSummary, &p, &f, &i)) {
    passed += p;
    failed += f;
    ignored += i;
  }
  const auto count = [&](TestOutcome outcome) {
    return std::ranges::count(run.tests, outcome, &TestResult::outcome);
  };
  if (passed != count(TestOutcome::passed) || failed != count(TestOutcome::failed) ||
      ignored != count(TestOutcome::skipped)) {
    add_once(doubts, "libtest counts other results than it tells");
  }
}

}  // namespace

std::optional<std::vector<std::string>> parse_libtest_list(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string& line : split_lines(text)) {
    if (line.empty()) continue;
    const std::string_view view = line;
    if (view.ends_with(": benchmark")) continue;
    if (!view.ends_with(": test")) return std::nullopt;
    if (names.size() < kTestsMax) names.emplace_back(view.substr(0, view.size() - 6));
  }
  return names;
}

LibtestRun judge_libtest(const std::vector<std::string>& listed, const sandbox::Outcome& outcome,
                         const std::string& prefix) {
  LibtestRun out;
  const std::map<std::string, Seen> seen = results_in(outcome.stdout_bytes);
  const bool limit =
      outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit;
  bool bad = false;
  for (const std::string& name : listed) {
    TestResult test;
    test.id = bounded_id(prefix + name);
    const auto found = seen.find(name);
    if (found == seen.end() || found->second.results.empty()) {
      out.undecided.push_back(name);
      test.outcome = limit ? TestOutcome::timed_out : TestOutcome::error;
      test.message = "no result of it was told: " + ending_of(outcome);
    } else if (found->second.results.size() > 1) {
      test.outcome = TestOutcome::unknown;
      test.message = "more than one result of it was told";
      add_once(out.run.doubts, test.message + ": " + printable(name, 200));
    } else {
      test.outcome = found->second.results.front();
      if (test.outcome != TestOutcome::passed) {
        test.message = bounded_message(found->second.message);
      }
    }
    bad = bad || is_bad(test.outcome);
    out.run.tests.push_back(std::move(test));
  }
  const std::set<std::string> known(listed.begin(), listed.end());
  for (const auto& [name, result] : seen) {
    if (!result.results.empty() && !known.contains(name)) {
      add_once(out.run.doubts, "a result of a test that was not listed: " + printable(name, 200));
    }
  }
  if (out.undecided.empty()) judge_summary(outcome.stdout_bytes, out.run, out.run.doubts);
  if (outcome.succeeded() && bad) {
    add_once(out.run.doubts, "exit status 0 although a test did not pass");
  }
  out.run.complete = outcome.succeeded() || bad;
  if (!out.run.complete) out.run.problem = ending_of(outcome) + " although no test failed";
  out.run.judged_by = {"listing", "results of libtest", "its count", "exit status"};
  out.run.cpu_ms = outcome.cpu_ms;
  return out;
}

std::vector<std::string> doc_test_names(const std::vector<std::string>& names) {
  static const RE2 kLine(R"( \(line \d+\)| \(lines? \d+-?\d*\))");
  std::map<std::string, int> counts;
  std::vector<std::string> out;
  for (std::string name : names) {
    RE2::GlobalReplace(&name, kLine, "");
    const int count = ++counts[name];
    out.push_back(count > 1 ? name + " #" + std::to_string(count) : name);
  }
  return out;
}

}  // namespace nightjar::harness
