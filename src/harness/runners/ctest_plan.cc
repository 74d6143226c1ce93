#include "harness/runners/ctest_plan.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kPatternBytesMax = 2'000;

std::vector<std::string> strings_of(const Json& value) {
  std::vector<std::string> out;
  if (value.is_string()) out.push_back(value.as_string());
  if (!value.is_array()) return out;
  for (const Json& one : value.as_array()) {
    if (one.is_string()) out.push_back(one.as_string());
  }
  return out;
}

void set_property(CtestTest& test, const std::string& name, const Json& value) {
  const std::vector<std::string> texts = strings_of(value);
  const bool on = value.is_bool() && value.as_bool();
  if (name == "WORKING_DIRECTORY" && !texts.empty()) test.working_directory = texts.front();
  if (name == "ENVIRONMENT") test.environment = texts;
  if (name == "DEPENDS") test.depends = texts;
  if (name == "PASS_REGULAR_EXPRESSION") test.pass_patterns = texts;
  if (name == "FAIL_REGULAR_EXPRESSION") test.fail_patterns = texts;
  if (name == "SKIP_REGULAR_EXPRESSION") test.skip_patterns = texts;
  if (name.starts_with("FIXTURES_")) test.fixtures = test.fixtures || !texts.empty();
  if (name == "WILL_FAIL") test.will_fail = on;
  if (name == "DISABLED") test.disabled = on;
  if (name == "SKIP_RETURN_CODE" && value.is_int()) {
    test.skip_code = static_cast<int>(value.as_int());
  }
  if (name == "TIMEOUT" && value.is_number() && value.as_double() > 0 && value.as_double() < 1e6) {
    test.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(value.as_double() * 1000));
  }
}

Result<CtestTest> test_from(const Json& json) {
  CtestTest test;
  TRY_INTO(test.name, json.get_string("name"));
  if (const Json* command = json.find("command")) test.command = strings_of(*command);
  const Json* properties = json.find("properties");
  if (properties == nullptr || !properties->is_array()) return test;
  for (const Json& property : properties->as_array()) {
    const Json* value = property.find("value");
    if (value != nullptr) set_property(test, property.string_or("name", ""), *value);
  }
  return test;
}

/// CMake's expressions are nearly RE2's; one that is not matches nothing.
bool any_matches(const std::vector<std::string>& patterns, const std::string& text) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    if (pattern.size() > kPatternBytesMax) return false;
    const RE2 expression(pattern, RE2::Quiet);
    return expression.ok() && RE2::PartialMatch(text, expression);
  });
}

void sort_by_dependency(std::vector<CtestTest>& tests) {
  std::map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < tests.size(); ++i) at.emplace(tests[i].name, i);
  std::vector<CtestTest> sorted;
  std::vector<int> state(tests.size(), 0);  // 1: being visited, 2: taken
  // An explicit stack: depth is the project's choice. A cycle is broken where it is met.
  for (std::size_t first = 0; first < tests.size(); ++first) {
    std::vector<std::size_t> stack = {first};
    while (!stack.empty()) {
      const std::size_t top = stack.back();
      if (state[top] == 2) {
        stack.pop_back();
        continue;
      }
      const bool again = state[top] == 1;
      state[top] = 1;
      bool waits = false;
      for (const std::string& name : tests[top].depends) {
        const auto found = at.find(name);
        if (again || found == at.end() || state[found->second] != 0) continue;
        stack.push_back(found->second);
        waits = true;
      }
      if (waits) continue;
      state[top] = 2;
      sorted.push_back(tests[top]);
      stack.pop_back();
    }
  }
  tests = std::move(sorted);
}

}  // namespace

Result<std::vector<CtestTest>> parse_ctest_plan(std::string_view json) {
  TRY_INTO(const Json plan, parse_json(json));
  const Json* rows = plan.find("tests");
  if (plan.string_or("kind", "") != "ctestInfo" || rows == nullptr || !rows->is_array()) {
    return {ErrorCode::invalid_input, "ctest --show-only=json-v1 did not list tests"};
  }
  std::vector<CtestTest> tests;
  for (const Json& row : rows->as_array()) {
    if (tests.size() >= kTestsMax) break;
    TRY_INTO(CtestTest test, test_from(row));
    tests.push_back(std::move(test));
  }
  sort_by_dependency(tests);
  return tests;
}

TestResult judge_ctest(const CtestTest& test, const sandbox::Outcome& outcome) {
  using sandbox::Ended;
  TestResult out;
  out.id = bounded_id(test.name);
  out.wall_ms = outcome.wall_ms;
  const std::string text = outcome.stdout_bytes + outcome.stderr_bytes;
  const bool by_itself = outcome.ended == Ended::exited;
  const bool zero = by_itself && outcome.code == 0;
  bool good = zero != test.will_fail && by_itself;
  if (!test.pass_patterns.empty()) {
    good = by_itself && any_matches(test.pass_patterns, text);
  }
  const bool refused = any_matches(test.fail_patterns, text);
  const bool skipped = by_itself && (outcome.code == test.skip_code ||
                                     (zero && any_matches(test.skip_patterns, text)));
  if (outcome.ended == Ended::wall_limit || outcome.ended == Ended::cpu_limit) {
    out.outcome = TestOutcome::timed_out;
  } else if (by_itself && outcome.code == kLeftEarly) {
    out.outcome = TestOutcome::error;
  } else if (skipped) {
    out.outcome = TestOutcome::skipped;
  } else if (good && !refused) {
    out.outcome = TestOutcome::passed;
  } else {
    // The shell in front tells of a signal by its number.
    const bool crashed = !by_itself || outcome.code > 128;
    out.outcome = crashed && test.pass_patterns.empty() ? TestOutcome::error : TestOutcome::failed;
  }
  if (out.outcome == TestOutcome::passed) return out;
  out.message = ending_of(outcome);
  if (by_itself && outcome.code == kLeftEarly) out.message = "the program ended before its tests";
  const std::size_t from =
      text.size() > kMessageBytesMax / 2 ? text.size() - kMessageBytesMax / 2 : 0;
  out.message = bounded_message(out.message + "\n" + text.substr(from));
  return out;
}

std::vector<std::string> ctest_argv(const CtestTest& test) {
  return ctest_argv(test, test.command);
}

std::vector<std::string> ctest_argv(const CtestTest& test,
                                    const std::vector<std::string>& command) {
  std::vector<std::string> argv = {
      "/bin/sh", "-c",
      // A GoogleTest program deletes the file at its end; the name is new for each test.
      "cd \"$1\" || exit 126; shift; left=$(mktemp -u); export TEST_PREMATURE_EXIT_FILE=\"$left\"; "
      "\"$@\"; code=$?; [ $code = 0 ] && [ -e \"$left\" ] && exit " +
          std::to_string(kLeftEarly) + "; exit $code",
      "ctest", test.working_directory.empty() ? "." : test.working_directory};
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

}  // namespace nightjar::harness
