// The cases of a C++ test program: which framework it was made with, how it is asked for its cases,
// and what its own XML says of them.
// Formats: GoogleTest (https://google.github.io/googletest/advanced.html#generating-an-xml-report),
// Catch2 (https://github.com/catchorg/Catch2/blob/devel/docs/reporters.md, `-r xml`), doctest
// (https://github.com/doctest/doctest/blob/master/doc/markdown/reporters.md, `-r=xml`).
//
// The listing and the report go to the report channel, which the program opens as /dev/fd/3.
// Pure; any thread; never fails: what is wrong is in the answer. Hostile bytes: see xml.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/runners/ctest_plan.h"
#include "harness/suite.h"

namespace nightjar::harness {

enum class Framework { gtest, catch2, doctest };

/// Text that a program of the framework holds and hardly another one does; any of them.
std::vector<std::string_view> marks_of(Framework framework);

/// Whether the test may be told case by case: its properties and arguments mean the same then. Not
/// one with an expected failure, regular expressions, fixtures, or one that is asked for one case.
bool may_have_cases(const CtestTest& test);
bool may_have_cases(const CtestTest& test, Framework framework);

struct TestCase {
  std::string id;      // "Suite.Case"; unique in its program: a second one of that name is "…#2"
  std::string key;     // as the report names it; the cases of one name share it
  std::string filter;  // what selects it, and others of the same name
  std::string file{};  // relative to the project, "" where it is not told so
  int line = 0;
};

/// The program's command, asked for its cases. Catch2 changed how: older ones answer to the second
/// `way` only. nullopt: there is no such way.
std::optional<std::vector<std::string>> list_command(const CtestTest& test, Framework framework,
                                                     int way);
/// nullopt: that is no listing.
std::optional<std::vector<TestCase>> parse_case_list(Framework framework, int way,
                                                     const sandbox::Outcome& outcome);

struct CaseSelection {
  std::vector<TestCase> cases{};  // empty: all
  bool reversed = false;
};
std::vector<std::string> run_command_of(const CtestTest& test, Framework framework,
                                        const CaseSelection& selection);

struct CaseResult {
  std::string key;
  TestResult result;  // without an id
};
struct CaseReport {
  std::vector<CaseResult> results{};      // in order of the document
  std::vector<std::string> unfinished{};  // keys of cases that started, and no more is said
  std::vector<CaseResult> troubles{};     // what went wrong outside of the cases, by suite
  std::vector<std::string> doubts{};      // counts that disagree
  bool whole = false;                     // the document came to its end
};
CaseReport parse_case_report(Framework framework, std::string_view xml);

}  // namespace nightjar::harness
