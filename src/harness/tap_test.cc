#include "harness/tap.h"

#include <gmock/gmock.h>

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> outcomes(const TapReport& report) {
  std::vector<std::string> out;
  for (const TestResult& test : report.tests) {
    out.push_back(test.id + " " + std::string(name_of(test.outcome)));
  }
  return out;
}

TEST(Tap, ReadsPointsWithTheirDirectives) {
  const TapReport report = parse_tap(
      "TAP version 14\n1..7\nok 1 - adds\nnot ok 2 - subtracts\n# 1 != 2\n"
      "ok 3 - here # SKIP no network\nnot ok 4 later # Todo some day\nok 5 early # todo done\n"
      "ok 6 - a \\# SKIP b\nok\n",
      "t/a.t: ");

  EXPECT_EQ(report.problem, "");
  EXPECT_THAT(outcomes(report),
              ElementsAre("t/a.t: adds passed", "t/a.t: subtracts failed", "t/a.t: here skipped",
                          "t/a.t: later xfailed", "t/a.t: early passed",
                          "t/a.t: a \\# SKIP b passed", "t/a.t: #7 passed"));
  EXPECT_EQ(report.tests[1].message, "1 != 2");
  EXPECT_EQ(report.tests[2].message, "no network");
}

TEST(Tap, HasAProblemWithoutThePromisedPoints) {
  EXPECT_THAT(parse_tap("1..3\nok 1\n", "").problem, HasSubstr("plan says 3 points, and 1 came"));
  EXPECT_THAT(parse_tap("ok 1\n", "").problem, HasSubstr("no plan"));
  EXPECT_THAT(parse_tap("", "").problem, HasSubstr("no plan"));
  EXPECT_THAT(parse_tap("1..2\nok 1\nBail out! disk full\nok 2\n", "").problem,
              HasSubstr("bailed out: disk full"));
  EXPECT_EQ(parse_tap("ok 1\nok 2\n1..2\n", "").problem, "");
}

TEST(Tap, ReadsSubtestsAsPartOfThePointThatClosesThem) {
  const TapReport report = parse_tap(
      "    # Subtest: inner\n    ok 1 - a\n    not ok 2 - b\n    1..2\nnot ok 1 - inner\n1..1\n",
      "");

  EXPECT_THAT(outcomes(report), ElementsAre("inner failed"));
  EXPECT_THAT(report.tests[0].message, HasSubstr("not ok 2 - b"));
  EXPECT_THAT(report.doubts, IsEmpty());

  const TapReport lying = parse_tap("    not ok 1 - b\n    1..1\nok 1 - inner\n1..1\n", "");
  EXPECT_THAT(lying.doubts, ElementsAre("a point says ok although its subtest failed"));
}

TEST(Tap, TakesYamlAsTheMessage) {
  const TapReport report =
      parse_tap("1..2\nnot ok 1 - a\n  ---\n  got: 1\n  ok 2 - forged\n  ...\nok 2 - b\n", "");

  EXPECT_THAT(outcomes(report), ElementsAre("a failed", "b passed"));
  EXPECT_THAT(report.tests[0].message, HasSubstr("got: 1"));
}

TEST(Tap, KnowsAProgramThatSkipsItself) {
  const TapReport report = parse_tap("1..0 # SKIP needs root\n", "");

  EXPECT_EQ(report.problem, "");
  EXPECT_THAT(report.tests, IsEmpty());
  EXPECT_EQ(report.skip_all, "needs root");
}

TEST(Tap, DoubtsNumbersOutOfOrderAndTwoPlans) {
  const TapReport report = parse_tap("1..2\nok 2 - a\nok 1 - b\n1..2\n", "");

  EXPECT_THAT(report.doubts, ElementsAre("points are not numbered in order", "two plans"));
}

}  // namespace
}  // namespace nightjar::harness
