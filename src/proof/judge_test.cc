#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "proof/verdict.h"

namespace nightjar::proof {
namespace {

using harness::TestChange;
using harness::TestOutcome;
using harness::Transition;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TestChange change_of(const std::string& test, Transition transition,
                     TestOutcome before = TestOutcome::passed,
                     TestOutcome after = TestOutcome::failed) {
  return {.suite = "pytest",
          .test = test,
          .transition = transition,
          .before = before,
          .after = after,
          .message = "assert 1 == 2",
          .file = "tests/test_a.py",
          .line = 3};
}

/// A fix with its test: the new test fails on base and passes on the change.
Facts good_fix() {
  Facts facts;
  facts.suites.push_back({.id = "pytest",
                          .runner = "pytest",
                          .why = "pytest.ini",
                          .ran_base = true,
                          .ran_change = true,
                          .complete_base = true,
                          .complete_change = true,
                          .tests_base = 10,
                          .tests_change = 11,
                          .changes = {change_of("tests/test_a.py::test_new", Transition::added_good,
                                                TestOutcome::not_run, TestOutcome::passed)},
                          .demonstrated = {"tests/test_a.py::test_new"},
                          .kept = 10});
  facts.inspection.touches_source = true;
  facts.inspection.touches_tests = true;
  facts.inspection.judge_files = {"tests/test_a.py"};
  facts.lines = {.total = 4, .executed = 4, .measured = true};
  return facts;
}

/// The same without anything that tells the change from the base.
Facts nothing_shown() {
  Facts facts = good_fix();
  facts.suites[0].changes.clear();
  facts.suites[0].demonstrated.clear();
  facts.suites[0].tests_change = 10;
  facts.inspection.touches_tests = false;
  facts.inspection.judge_files.clear();
  return facts;
}

Finding serious(const std::string& rule, const std::string& file = "tests/test_a.py") {
  return {
      .rule = rule, .severity = Finding::Severity::serious, .file = file, .line = 7, .what = "x"};
}

struct Row {
  std::string name;
  Facts facts;
  Verdict verdict;
  std::string first;  // code of the first reason
};

Row row(const std::string& name, Facts facts, Verdict verdict, const std::string& first,
        const std::function<void(Facts&)>& edit = {}) {
  if (edit) edit(facts);
  return {name, std::move(facts), verdict, first};
}

std::vector<Row> rows_of_builds() {
  return {
      row("stopped before", {}, Verdict::undecided, "cannot-judge",
          [](Facts& f) { f.problem = "the change is empty"; }),
      row("change does not build", good_fix(), Verdict::not_proven, "build-broken",
          [](Facts& f) { f.built_change = false; }),
      row("nothing builds", good_fix(), Verdict::undecided, "base-broken",
          [](Facts& f) { f.built_change = f.built_base = false; }),
      row("build is mended", nothing_shown(), Verdict::proven, "build-fixed",
          [](Facts& f) { f.built_base = false; }),
      row("nothing to judge by", {}, Verdict::undecided, "no-suite"),
  };
}

std::vector<Row> rows_of_scenarios() {
  const auto with = [](ScenarioEvidence seen) { return [seen](Facts& f) { f.scenarios = seen; }; };
  return {
      row("sealed one broken", good_fix(), Verdict::not_proven, "holdout-broken",
          with({.holdout_total = 3, .holdout_before = 3, .holdout_after = 2})),
      row("sealed one fails as before", good_fix(), Verdict::not_proven, "holdout-fails",
          with({.holdout_total = 3, .holdout_before = 2, .holdout_after = 2})),
      row("visible one broken", good_fix(), Verdict::not_proven, "scenario-broken",
          with({.visible_total = 1, .visible_before = 1, .broken = {"a"}, .failing = {"a"}})),
      row("visible one fails as before", good_fix(), Verdict::not_proven, "scenario-fails",
          with({.visible_total = 1, .failing = {"a"}})),
      row("a scenario holds now", nothing_shown(), Verdict::proven, "scenario-demonstrates",
          with({.visible_total = 1, .visible_after = 1})),
      row("a sealed scenario holds now", nothing_shown(), Verdict::proven, "scenario-demonstrates",
          with({.holdout_total = 1, .holdout_after = 1})),
  };
}

std::vector<Row> rows_of_suites() {
  return {
      row("all tests are red", nothing_shown(), Verdict::undecided, "no-test-passes",
          [](Facts& f) {
            f.suites[0].kept = 0;
            f.suites[0].changes = {change_of("red", Transition::still_bad, TestOutcome::failed)};
          }),
      row("cannot run on the change", good_fix(), Verdict::not_proven, "suite-broken",
          [](Facts& f) {
            f.suites[0].ran_change = f.suites[0].complete_change = false;
            f.suites[0].changes.clear();
            f.suites[0].demonstrated.clear();
          }),
      row("a tool is missing", nothing_shown(), Verdict::undecided, "environment",
          [](Facts& f) {
            f.suites[0].ran_base = f.suites[0].ran_change = false;
            f.suites[0].environment = true;
          }),
      row("runs nowhere", nothing_shown(), Verdict::undecided, "suite-incomplete",
          [](Facts& f) { f.suites[0].ran_base = f.suites[0].ran_change = false; }),
      row("another suite decides", good_fix(), Verdict::proven, "demonstrated",
          [](Facts& f) { f.suites.push_back({.id = "jest", .runner = "jest", .why = "x"}); }),
      row("ends early on the change", good_fix(), Verdict::undecided, "suite-incomplete",
          [](Facts& f) { f.suites[0].complete_change = false; }),
      row("is doubtful on the change", good_fix(), Verdict::undecided, "suite-doubtful",
          [](Facts& f) { f.suites[0].doubts = {"exit status 0 although 2 tests failed"}; }),
  };
}

std::vector<Row> rows_of_tests() {
  const auto add = [](TestChange change) {
    return [change](Facts& f) { f.suites[0].changes.push_back(change); };
  };
  return {
      row("fix with its test", good_fix(), Verdict::proven, "demonstrated"),
      row("red test turns green", nothing_shown(), Verdict::proven, "demonstrated",
          add(change_of("t", Transition::fixed, TestOutcome::failed, TestOutcome::passed))),
      row("test of a reverted fix", nothing_shown(), Verdict::not_proven, "added-test-fails",
          [](Facts& f) {
            f.suites[0].changes = {
                change_of("t", Transition::added_bad, TestOutcome::not_run, TestOutcome::failed)};
          }),
      row("fix without its test", nothing_shown(), Verdict::undecided, "nothing-demonstrates"),
      row("breaks a test", good_fix(), Verdict::not_proven, "test-broken",
          add(change_of("t", Transition::broken))),
      row("cannot tell of a test", good_fix(), Verdict::undecided, "test-unknown",
          add(change_of("t", Transition::broken, TestOutcome::passed, TestOutcome::unknown))),
      row("known red", good_fix(), Verdict::proven, "demonstrated",
          add(change_of("t", Transition::still_bad, TestOutcome::failed))),
      row("flaky", good_fix(), Verdict::proven, "demonstrated",
          add(change_of("t", Transition::flaky))),
      row("skips a test that passed", good_fix(), Verdict::undecided, "test-skipped",
          add(change_of("t", Transition::newly_skipped, TestOutcome::passed,
                        TestOutcome::skipped))),
      row("skips a test that was red", good_fix(), Verdict::proven, "demonstrated",
          add(change_of("t", Transition::newly_skipped, TestOutcome::failed,
                        TestOutcome::skipped))),
      row("fewer tests, unexplained", good_fix(), Verdict::undecided, "fewer-tests",
          [](Facts& f) {
            f.suites[0].changes.push_back(
                change_of("a", Transition::gone, TestOutcome::passed, TestOutcome::not_run));
            f.suites[0].changes.push_back(
                change_of("b", Transition::gone, TestOutcome::passed, TestOutcome::not_run));
            f.suites[0].tests_change = 9;
          }),
      row("a renamed test", good_fix(), Verdict::proven, "demonstrated",
          [](Facts& f) {
            f.suites[0].changes.push_back(
                change_of("a", Transition::gone, TestOutcome::passed, TestOutcome::not_run));
          }),
      row("shown by a flaky test only", nothing_shown(), Verdict::undecided, "nothing-demonstrates",
          [](Facts& f) {
            f.suites[0].changes = {change_of("t", Transition::flaky)};
            f.suites[0].demonstrated = {"t"};
          }),
  };
}

/// What the run with the base's tests adds.
std::vector<Row> rows_of_restored_tests() {
  const auto restored = [](TestChange change, std::vector<TestChange> now = {}) {
    return [change, now](Facts& f) {
      f.suites[0].restored = {change};
      f.suites[0].changes.insert(f.suites[0].changes.end(), now.begin(), now.end());
    };
  };
  const TestChange fails = change_of("tests/test_a.py::test_old", Transition::broken);
  TestChange misfit = fails;
  misfit.message = "TypeError: f() takes 2 positional arguments";
  const auto became = [&](Transition transition, TestOutcome after) {
    return std::vector{
        change_of("tests/test_a.py::test_old", transition, TestOutcome::passed, after)};
  };
  return {
      row("renamed test expects something else", good_fix(), Verdict::proven, "demonstrated",
          [&](Facts& f) {
            restored(fails, became(Transition::gone, TestOutcome::not_run))(f);
            f.inspection.renamed_tests = {"A.test_old"};
          }),
      row("deleted test fails", good_fix(), Verdict::not_proven, "deleted-test-fails",
          restored(fails, became(Transition::gone, TestOutcome::not_run))),
      row("skipped test fails", good_fix(), Verdict::not_proven, "skipped-test-fails",
          restored(fails, became(Transition::newly_skipped, TestOutcome::skipped))),
      row("weakened test hides", good_fix(), Verdict::not_proven, "edited-test-hides",
          [&](Facts& f) {
            restored(fails)(f);
            f.inspection.findings = {serious("assertion-weakened")};
          }),
      row("base's test fails though no test is touched", good_fix(), Verdict::not_proven,
          "base-test-fails",
          [&](Facts& f) {
            restored(fails)(f);
            f.inspection.judge_files.clear();
          }),
      row("expectation moves, shown by itself alone", nothing_shown(), Verdict::undecided,
          "expectation-moved",
          [&](Facts& f) {
            restored(fails)(f);
            f.suites[0].demonstrated = {"tests/test_a.py::test_old"};
            f.inspection.judge_files = {"tests/test_a.py"};
          }),
      row("expectation moves beside a new test", good_fix(), Verdict::proven, "demonstrated",
          restored(fails)),
      row("test adapted to an interface", good_fix(), Verdict::proven, "demonstrated",
          restored(misfit)),
      row("red test edited to pass", nothing_shown(), Verdict::not_proven, "edited-to-pass",
          [&](Facts& f) {
            f.inspection.judge_files = {"tests/test_a.py"};
            f.suites[0].changes = {change_of("tests/test_a.py::test_old", Transition::fixed,
                                             TestOutcome::failed, TestOutcome::passed)};
            f.suites[0].restored = {
                change_of("tests/test_a.py::test_old", Transition::still_bad, TestOutcome::failed)};
          }),
      row("red and edited test that still demonstrates", nothing_shown(), Verdict::proven,
          "demonstrated",
          [&](Facts& f) {
            f.inspection.judge_files = {"tests/test_a.py"};
            f.suites[0].changes = {change_of("tests/test_a.py::test_old", Transition::fixed,
                                             TestOutcome::failed, TestOutcome::passed)};
            f.suites[0].restored = {
                change_of("tests/test_a.py::test_old", Transition::still_bad, TestOutcome::failed)};
            f.suites[0].demonstrated = {"tests/test_a.py::test_old"};
          }),
      row("base's test cannot be judged", good_fix(), Verdict::undecided, "test-unknown",
          restored(change_of("t", Transition::broken, TestOutcome::passed, TestOutcome::unknown))),
  };
}

std::vector<Row> rows_of_the_change() {
  return {
      row("the file with the new test cannot be loaded", nothing_shown(), Verdict::undecided,
          "test-not-loaded",
          [](Facts& f) {
            f.inspection.judge_files = {"tests/test_a.py"};
            f.suites[0].changes = {change_of("tests/test_a.py", Transition::still_bad,
                                             TestOutcome::error, TestOutcome::error)};
          }),
      row("goalposts moved", good_fix(), Verdict::undecided, "tampering",
          [](Facts& f) {
            f.inspection.findings = {serious("ci-touched", ".github/workflows/a.yml")};
          }),
      row("a warning stops nothing", good_fix(), Verdict::proven, "demonstrated",
          [](Facts& f) {
            f.inspection.findings = {serious("new-network-use", "a.py")};
            f.inspection.findings[0].severity = Finding::Severity::warning;
          }),
      row("only words", nothing_shown(), Verdict::proven, "no-behaviour-touched",
          [](Facts& f) {
            f.inspection.only_words = true;
            f.inspection.touches_source = false;
          }),
      row("only words, and no suite", {}, Verdict::proven, "no-behaviour-touched",
          [](Facts& f) { f.inspection.only_words = true; }),
      row("only tests", nothing_shown(), Verdict::proven, "tests-only",
          [](Facts& f) {
            f.inspection.only_tests = true;
            f.inspection.touches_source = false;
            f.suites[0].changes = {
                change_of("t", Transition::added_good, TestOutcome::not_run, TestOutcome::passed)};
          }),
      row("claims to alter nothing", nothing_shown(), Verdict::proven, "same-behaviour",
          [](Facts& f) { f.same_behaviour = true; }),
      row("changed lines never run", nothing_shown(), Verdict::undecided, "lines-not-executed",
          [](Facts& f) {
            f.same_behaviour = true;
            f.lines.executed = 0;
          }),
      // What a test demonstrates it executes; the measuring missed it (another process).
      row("changed lines run where nobody measures", good_fix(), Verdict::proven, "demonstrated",
          [](Facts& f) { f.lines.executed = 0; }),
      row("some changed lines run", good_fix(), Verdict::proven, "demonstrated",
          [](Facts& f) { f.lines = {.total = 4, .executed = 1, .measured = true}; }),
      row("lines cannot be measured", good_fix(), Verdict::proven, "demonstrated",
          [](Facts& f) { f.lines = {}; }),
      row("what failed outweighs what is undecided", good_fix(), Verdict::not_proven, "test-broken",
          [](Facts& f) {
            f.suites[0].changes.push_back(change_of("t", Transition::broken));
            f.suites[0].complete_change = false;
            f.inspection.findings = {serious("test-deleted")};
          }),
  };
}

TEST(Judge, WeighsFactsByItsTable) {
  std::set<std::string> seen;
  for (const auto& rows : {rows_of_builds(), rows_of_scenarios(), rows_of_suites(), rows_of_tests(),
                           rows_of_restored_tests(), rows_of_the_change()}) {
    for (const Row& row : rows) {
      const Judgement judgement = judge(row.facts);

      EXPECT_EQ(name_of(judgement.verdict), name_of(row.verdict)) << row.name;
      ASSERT_THAT(judgement.reasons, testing::Not(IsEmpty())) << row.name;
      EXPECT_EQ(judgement.reasons[0].code, row.first) << row.name;
      EXPECT_EQ(judgement.reasons[0].towards, row.verdict) << row.name;
      for (const Reason& reason : judgement.reasons) seen.insert(reason.code);
    }
  }
  for (const ReasonCode& code : reason_codes()) {
    EXPECT_THAT(seen, Contains(std::string(code.code)));
  }
}

TEST(Judge, BelievesNoSuiteThatIsRedAsAWhole) {
  Facts facts = nothing_shown();
  facts.inspection.only_tests = true;
  facts.suites[0].kept = 0;
  facts.suites[0].changes = {change_of("red", Transition::still_bad, TestOutcome::failed)};
  facts.suites[0].changes[0].message = "exit status 1: no minitest";

  const Judgement judgement = judge(facts);

  EXPECT_EQ(judgement.verdict, Verdict::undecided);
  EXPECT_EQ(judgement.reasons[0].code, "no-test-passes");
  EXPECT_THAT(judgement.reasons[0].what, HasSubstr("no minitest"));
}

TEST(Judge, NamesKnownRedAndFlakyTestsAsNotes) {
  Facts facts = good_fix();
  facts.suites[0].changes.push_back(change_of("red", Transition::still_bad, TestOutcome::failed));
  facts.suites[0].changes.push_back(change_of("moody", Transition::flaky));

  const Judgement judgement = judge(facts);

  EXPECT_EQ(judgement.verdict, Verdict::proven);
  EXPECT_THAT(judgement.reasons,
              Contains(testing::AllOf(testing::Field(&Reason::code, "known-red"),
                                      testing::Field(&Reason::what, HasSubstr("red")))));
  EXPECT_THAT(judgement.reasons,
              Contains(testing::AllOf(testing::Field(&Reason::code, "flaky"),
                                      testing::Field(&Reason::what, HasSubstr("moody")))));
}

TEST(Judge, CountsWhatItDoesNotList) {
  Facts facts = good_fix();
  for (int i = 0; i < 500; ++i) {
    facts.suites[0].changes.push_back(change_of("t" + std::to_string(i), Transition::broken));
  }

  const Judgement judgement = judge(facts);

  const auto broken = std::count_if(judgement.reasons.begin(), judgement.reasons.end(),
                                    [](const Reason& r) { return r.code == "test-broken"; });
  EXPECT_EQ(broken, static_cast<std::ptrdiff_t>(kReasonsOfOneCodeMax) + 1);
  EXPECT_THAT(judgement.reasons, Contains(testing::Field(&Reason::what, HasSubstr("480 more"))));
}

TEST(Judge, PutsTheWeightiestReasonFirst) {
  Facts facts = good_fix();
  facts.suites[0].changes.push_back(change_of("t", Transition::broken));
  facts.scenarios = {.holdout_total = 1, .holdout_before = 1};

  const Judgement judgement = judge(facts);

  ASSERT_GE(judgement.reasons.size(), 2U);
  EXPECT_EQ(judgement.reasons[0].code, "holdout-broken");
  EXPECT_EQ(judgement.reasons[1].code, "test-broken");
}

TEST(MatchLines, CountsOnlyWhatACoverageNames) {
  const std::map<std::string, std::set<int>> changed = {{"a.py", {1, 2, 3, 4, 9}}, {"b.rb", {1}}};
  harness::Coverage coverage;
  coverage.files["a.py"] = {.executable = {1, 2, 3, 9, 10}, .executed = {1}};

  const ChangedLines lines = match_lines(changed, {coverage});

  EXPECT_TRUE(lines.measured);
  EXPECT_EQ(lines.total, 4);
  EXPECT_EQ(lines.executed, 1);
  EXPECT_EQ(lines.missed, (std::vector<std::string>{"a.py:2-9"}));
}

TEST(MatchLines, JoinsTheSuites) {
  harness::Coverage one;
  one.files["a.py"] = {.executable = {1, 2}, .executed = {1}};
  harness::Coverage two;
  two.files["a.py"] = {.executable = {1, 2}, .executed = {2}};

  const ChangedLines lines = match_lines({{"a.py", {1, 2}}}, {one, two});

  EXPECT_EQ(lines.executed, 2);
  EXPECT_THAT(lines.missed, IsEmpty());
}

TEST(MatchLines, MeasuresNothingWithoutCoverage) {
  const ChangedLines lines = match_lines({{"a.py", {1}}}, {});

  EXPECT_FALSE(lines.measured);
  EXPECT_EQ(lines.total, 0);
}

TEST(SuiteEvidence, ComesBackFromItsJson) {
  Facts facts = good_fix();
  facts.suites[0].restored = {change_of("x", Transition::broken)};
  facts.suites[0].doubts = {"d"};
  facts.suites[0].judged_by = {"listing"};

  const auto back = suite_evidence_from(to_json(facts.suites[0]));

  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(facts.suites[0]));
  EXPECT_FALSE(suite_evidence_from(Json::object()));
  EXPECT_FALSE(suite_evidence_from(Json(3)));
}

TEST(Reason, ComesBackFromItsJson) {
  const Reason reason = {
      .code = "flaky", .towards = Verdict::proven, .what = "w", .file = "f", .line = 3};

  const auto back = reason_from(to_json(reason));

  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(reason));
  EXPECT_FALSE(reason_from(Json::object({{"code", "x"}, {"towards", "MAYBE"}, {"what", ""}})));
}

}  // namespace
}  // namespace nightjar::proof
