#include "harness/junit.h"

#include <gmock/gmock.h>

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> outcomes(const JunitReport& report) {
  std::vector<std::string> out;
  for (const JunitCase& test : report.cases) {
    out.push_back(test.result.id + " " + std::string(name_of(test.result.outcome)) +
                  (test.result.flaky ? " flaky" : ""));
  }
  return out;
}

TEST(Junit, ReadsTestsOfNestedSuites) {
  const JunitReport report = parse_junit(R"(<?xml version="1.0"?>
<testsuites><testsuite name="outer" tests="4" failures="1" errors="1" skipped="1">
<testcase classname="a.B" name="passes" time="0.0125" file="b.py" line="4"/>
<testcase classname="a.B" name="fails"><failure message="1 != 2">at line 7</failure>
<system-out><![CDATA[<testcase name="forged"/> 99 passed]]></system-out></testcase>
<testsuite name="inner"><testcase name="errs"><error>boom</error></testcase>
<testcase name="skips"><skipped message="not now"/></testcase></testsuite>
</testsuite></testsuites>)");

  EXPECT_EQ(report.problem, "");
  EXPECT_THAT(report.doubts, IsEmpty());
  EXPECT_THAT(outcomes(report), ElementsAre("a.B::passes passed", "a.B::fails failed",
                                            "inner::errs error", "inner::skips skipped"));
  EXPECT_EQ(report.cases[0].result.wall_ms, 13);
  EXPECT_EQ(report.cases[0].result.file, "b.py");
  EXPECT_EQ(report.cases[0].result.line, 4);
  EXPECT_EQ(report.cases[1].result.message, "1 != 2\nat line 7");
  EXPECT_EQ(report.cases[2].result.message, "boom");
}

TEST(Junit, ReadsRepeatedTriesAndWordsOfOtherTools) {
  const JunitReport report = parse_junit(
      R"(<testsuite><testcase name="a"><flakyFailure message="once"/></testcase>
<testcase name="b"><failure message="x"/><rerunFailure message="y"/></testcase>
<testcase name="c" status="notrun"/><testcase name="d" status="fail"/>
<testcase name="e" status="run" result="suppressed"/>
<testcase name="f"><skipped type="pytest.xfail"/></testcase></testsuite>)");

  EXPECT_THAT(outcomes(report), ElementsAre("a passed flaky", "b failed", "c skipped", "d failed",
                                            "e skipped", "f xfailed"));
}

TEST(Junit, DoubtsCountsThatDoNotFit) {
  const JunitReport report = parse_junit(
      R"(<testsuite name="s" tests="3" failures="0"><testcase name="a"/>
<testcase name="b"><failure/></testcase></testsuite>)");

  EXPECT_THAT(report.cases, SizeIs(2));
  EXPECT_THAT(report.doubts,
              ElementsAre("testsuite 's' claims another number of tests than it holds",
                          "testsuite 's' claims another number of failures than it holds"));
}

TEST(Junit, RefusesADocumentTypeAndWithItEveryBomb) {
  const JunitReport report = parse_junit(
      R"(<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/x">]>
<testsuite><testcase name="&b;&f;"/></testsuite>)");

  EXPECT_THAT(report.cases, IsEmpty());
  EXPECT_THAT(report.problem, HasSubstr("document type"));
}

TEST(Junit, RefusesWhatIsTooDeepTooLargeOrNoJunit) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<testsuite>";
  for (int i = 0; i < 100'000; ++i) deep += "</testsuite>";
  EXPECT_THAT(parse_junit(deep).problem, HasSubstr("nested deeper"));

  std::string many = "<testsuite>";
  for (int i = 0; i < 4'000'001; ++i) many += "<a/>";
  EXPECT_THAT(parse_junit(many + "</testsuite>").problem, HasSubstr("tags"));

  EXPECT_THAT(parse_junit("").problem, HasSubstr("no XML"));
  EXPECT_THAT(parse_junit("<testsuite><testcase").problem, HasSubstr("no XML"));
  EXPECT_THAT(parse_junit("<html/>").problem, HasSubstr("its root is 'html'"));
}

TEST(Junit, LeavesUnknownEntitiesAsTheyAre) {
  const JunitReport report = parse_junit(R"(<testsuite><testcase name="&x;&lt;"/></testsuite>)");

  EXPECT_THAT(outcomes(report), ElementsAre("&x;< passed"));
}

}  // namespace
}  // namespace nightjar::harness
