// Two proofs of one change, test by test.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "audit/bundle.h"

namespace nightjar::audit {
namespace {

constexpr std::size_t kDifferencesMax = 100;  // of a suite; the rest is counted

using Suite = std::pair<std::string, std::string>;  // tree, suite
using Outcomes = std::map<std::string, std::string>;

Outcomes outcomes_of(const TestResult& result) {
  Outcomes outcomes;
  for (const std::string& test : result.passed) outcomes[test] = "passed";
  for (const std::string& test : result.skipped) outcomes[test] = "skipped";
  for (const std::string& test : result.failed) outcomes[test] = "failed";
  for (const std::string& test : result.warned) outcomes[test] = "flaky";
  return outcomes;
}

std::map<Suite, const TestResult*> by_suite(const Evidence& evidence) {
  std::map<Suite, const TestResult*> suites;
  for (const TestResult& result : evidence.results) suites[{result.tree, result.suite}] = &result;
  return suites;
}

std::string suite_name(const Suite& suite) {
  return "suite \"" + suite.second + "\" on " + suite.first;
}

std::string outcome_in(const Outcomes& outcomes, const std::string& test) {
  const auto found = outcomes.find(test);
  return found == outcomes.end() ? "absent" : found->second;
}

void compare_tests(const Suite& suite, const TestResult& recorded, const TestResult& again,
                   Comparison& out) {
  const Outcomes before = outcomes_of(recorded);
  const Outcomes after = outcomes_of(again);
  std::set<std::string> names;
  for (const auto& [name, outcome] : before) names.insert(name);
  for (const auto& [name, outcome] : after) names.insert(name);
  std::size_t found = 0;
  for (const std::string& name : names) {
    ++out.tests_compared;
    const std::string then = outcome_in(before, name);
    const std::string now = outcome_in(after, name);
    if (then == now) continue;
    std::string sentence =
        suite_name(suite) + ": " + name + " was " + then + " and is " + now + " now";
    if (then == "flaky" || now == "flaky") {
      out.notes.push_back(std::move(sentence));
    } else if (++found <= kDifferencesMax) {
      out.differences.push_back(std::move(sentence));
    }
  }
  if (found > kDifferencesMax) {
    out.differences.push_back(suite_name(suite) + ": " + std::to_string(found - kDifferencesMax) +
                              " more tests differ");
  }
  if (recorded.complete != again.complete) {
    out.differences.push_back(
        suite_name(suite) +
        (again.complete ? " did not end before and does" : " ended before and does not") +
        " now: " + (again.complete ? recorded : again).problem);
  }
}

void compare_subjects(const Evidence& recorded, const Evidence& again, Comparison& out) {
  const std::vector<Subject> others = all_subjects(again);
  for (const Subject& subject : all_subjects(recorded)) {
    const auto other = std::find_if(others.begin(), others.end(), [&](const Subject& candidate) {
      return candidate.name == subject.name;
    });
    if (other == others.end() || !(*other == subject)) {
      out.differences.push_back("\"" + subject.name + "\" is another tree now");
    }
  }
}

}  // namespace

Comparison compare_evidence(const Evidence& recorded, const Evidence& again) {
  Comparison out;
  compare_subjects(recorded, again, out);
  if (recorded.summary.verdict != again.summary.verdict) {
    out.differences.push_back("the verdict was " + recorded.summary.verdict + " and is " +
                              again.summary.verdict + " now");
  }
  const auto before = by_suite(recorded);
  const auto after = by_suite(again);
  for (const auto& [suite, result] : before) {
    const auto other = after.find(suite);
    if (other == after.end()) {
      out.differences.push_back(suite_name(suite) + " was not run again");
    } else {
      compare_tests(suite, *result, *other->second, out);
    }
  }
  for (const auto& [suite, result] : after) {
    if (before.count(suite) == 0) out.differences.push_back(suite_name(suite) + " is new");
  }
  if (recorded.summary.toolchains != again.summary.toolchains) {
    out.notes.emplace_back("the toolchains are other ones");
  }
  if (recorded.summary.environment_digest != again.summary.environment_digest) {
    out.notes.emplace_back("the environment is another one");
  }
  return out;
}

}  // namespace nightjar::audit
