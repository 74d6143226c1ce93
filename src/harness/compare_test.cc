#include "harness/compare.h"

#include <gmock/gmock.h>

namespace nightjar::harness {
namespace {

using testing::ElementsAre;

SuiteRun run_of(std::vector<TestResult> tests) {
  SuiteRun run;
  run.tests = std::move(tests);
  run.complete = true;
  return run;
}

Transition transition(TestOutcome before, TestOutcome after) {
  const auto changes = compare("s", run_of({{.id = "t", .outcome = before}}),
                               run_of({{.id = "t", .outcome = after}}));
  EXPECT_EQ(changes.size(), 1U);
  return changes.empty() ? Transition::flaky : changes[0].transition;
}

TEST(Compare, TellsWhatBecameOfATest) {
  using O = TestOutcome;
  EXPECT_EQ(transition(O::failed, O::passed), Transition::fixed);
  EXPECT_EQ(transition(O::timed_out, O::xfailed), Transition::fixed);
  EXPECT_EQ(transition(O::passed, O::passed), Transition::kept);
  EXPECT_EQ(transition(O::passed, O::error), Transition::broken);
  EXPECT_EQ(transition(O::passed, O::not_run), Transition::broken);
  EXPECT_EQ(transition(O::passed, O::unknown), Transition::broken);
  EXPECT_EQ(transition(O::xfailed, O::xpassed), Transition::broken);
  EXPECT_EQ(transition(O::failed, O::error), Transition::still_bad);
  EXPECT_EQ(transition(O::passed, O::skipped), Transition::newly_skipped);
  EXPECT_EQ(transition(O::failed, O::skipped), Transition::newly_skipped);
  EXPECT_EQ(transition(O::skipped, O::passed), Transition::unskipped);
  EXPECT_EQ(transition(O::skipped, O::failed), Transition::unskipped);
  EXPECT_EQ(transition(O::skipped, O::skipped), Transition::still_skipped);
}

TEST(Compare, NamesTestsThatAreOnOneSideAlone) {
  const auto changes = compare("pytest:sub",
                               run_of({{.id = "b", .outcome = TestOutcome::passed},
                                       {.id = "d", .outcome = TestOutcome::passed}}),
                               run_of({{.id = "a", .outcome = TestOutcome::passed},
                                       {.id = "c", .outcome = TestOutcome::failed},
                                       {.id = "d", .outcome = TestOutcome::passed},
                                       {.id = "e", .outcome = TestOutcome::skipped}}));

  std::vector<std::string> seen;
  for (const TestChange& change : changes) {
    seen.push_back(change.test + " " + std::string(name_of(change.transition)));
    EXPECT_EQ(change.suite, "pytest:sub");
  }
  EXPECT_THAT(seen,
              ElementsAre("a added_good", "b gone", "c added_bad", "d kept", "e still_skipped"));
}

TEST(Compare, CountsTestsOfAFileThatCouldNotBeLoadedAsBad) {
  const SuiteRun broken = run_of({{.id = "t/a.py", .outcome = TestOutcome::error, .message = "no"},
                                  {.id = "t/c.py", .outcome = TestOutcome::error}});
  const SuiteRun whole = run_of({{.id = "t/a.py::x", .outcome = TestOutcome::passed},
                                 {.id = "t/a.pyx", .outcome = TestOutcome::passed},
                                 {.id = "t/b.py::y", .outcome = TestOutcome::passed}});

  std::vector<std::string> seen;
  for (const TestChange& change : compare("s", broken, whole)) {
    seen.push_back(change.test + " " + std::string(name_of(change.transition)));
  }
  EXPECT_THAT(seen, ElementsAre("t/a.py::x fixed", "t/a.pyx added_good", "t/b.py::y added_good",
                                "t/c.py gone"));

  const auto worse = compare("s", whole, broken);
  EXPECT_EQ(worse[0].test, "t/a.py::x");
  EXPECT_EQ(worse[0].transition, Transition::broken);
  EXPECT_EQ(worse[0].after, TestOutcome::error);
  EXPECT_EQ(worse[0].message, "no");
}

TEST(Compare, CountsAFlakyTestForNothing) {
  const TestResult flaky = {.id = "t", .outcome = TestOutcome::failed, .flaky = true};
  const TestResult steady = {.id = "t", .outcome = TestOutcome::passed};

  EXPECT_EQ(compare("s", run_of({flaky}), run_of({steady}))[0].transition, Transition::flaky);
  EXPECT_EQ(compare("s", run_of({steady}), run_of({flaky}))[0].transition, Transition::flaky);
  EXPECT_EQ(compare("s", run_of({flaky}), run_of({}))[0].transition, Transition::gone);
}

TEST(Compare, QuotesTheBadSideAndItsPlace) {
  const auto changes = compare(
      "s", run_of({{.id = "t", .outcome = TestOutcome::passed, .file = "old.py", .line = 3}}),
      run_of({{.id = "t",
               .outcome = TestOutcome::failed,
               .message = "1 != 2",
               .file = "new.py",
               .line = 5}}));

  EXPECT_EQ(changes[0].message, "1 != 2");
  EXPECT_EQ(changes[0].file, "new.py");
  EXPECT_EQ(changes[0].line, 5);
}

TEST(Compare, ComesBackFromItsJson) {
  const TestChange change = {.suite = "s",
                             .test = "t",
                             .transition = Transition::broken,
                             .before = TestOutcome::passed,
                             .after = TestOutcome::timed_out,
                             .message = "m",
                             .file = "f",
                             .line = 7};

  const auto back = test_change_from(to_json(change));

  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(change));
  EXPECT_FALSE(test_change_from(*parse_json(R"({"suite":"s","test":"t"})")));
  EXPECT_FALSE(test_change_from(*parse_json(
      R"({"suite":"s","test":"t","transition":"better","before":"passed","after":"passed"})")));
}

}  // namespace
}  // namespace nightjar::harness
