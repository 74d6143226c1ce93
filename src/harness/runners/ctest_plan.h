// The tests that ctest knows, and what their properties make of how a program ended.
// Format: `ctest --show-only=json-v1` (https://cmake.org/cmake/help/latest/manual/ctest.1.html),
// properties: https://cmake.org/cmake/help/latest/manual/cmake-properties.7.html
//
// Pure; any thread. Errors: invalid_input (no such JSON).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/suite.h"

namespace nightjar::harness {

struct CtestTest {
  std::string name;
  std::vector<std::string> command;  // empty: it was not built
  std::string working_directory;     // absolute, inside
  std::vector<std::string> environment;
  std::vector<std::string> depends;  // names, fixtures among them
  std::vector<std::string> pass_patterns, fail_patterns, skip_patterns;
  int skip_code = -1;
  bool will_fail = false;
  bool disabled = false;
  bool fixtures = false;                 // sets one up, takes it down, or needs one
  std::chrono::milliseconds timeout{0};  // 0: none
};

/// In an order in which each comes after what it depends on.
Result<std::vector<CtestTest>> parse_ctest_plan(std::string_view json);

/// What ctest would call it, but for two tricks: a program that skips itself by its output and
/// fails has failed, and one that a regular expression passes must have ended by itself.
TestResult judge_ctest(const CtestTest& test, const sandbox::Outcome& outcome);

/// A test by itself: its command in its folder, which says by kLeftEarly that a GoogleTest program
/// was left before its end (TEST_PREMATURE_EXIT_FILE).
std::vector<std::string> ctest_argv(const CtestTest& test);
/// The same with another command.
std::vector<std::string> ctest_argv(const CtestTest& test, const std::vector<std::string>& command);
inline constexpr int kLeftEarly = 117;

}  // namespace nightjar::harness
