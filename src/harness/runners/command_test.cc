// "command", "junit" and "make-check": what any project has.
#include <gmock/gmock.h>

#include "harness/testing/suite_project.h"

namespace nightjar::harness {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::outcomes;
using testing::SuiteProject;
using testing::Walls;

TEST(CommandRunner, IsOneTestThatTheExitStatusDecides) {
  SuiteProject project(Walls::none, {{"sub/here", "x"}});

  EXPECT_THAT(outcomes(project.run({.runner = "command", .root = "sub", .command = "ls here"})),
              ElementsAre("ls here passed"));
  const SuiteRun failed = project.run({.runner = "command", .command = "echo 99 passed; exit 3"});
  EXPECT_THAT(outcomes(failed), ElementsAre("echo 99 passed; exit 3 failed"));
  EXPECT_EQ(failed.tests[0].message, "exit status 3");
  EXPECT_EQ(failed.output_tail, "99 passed\n");
  EXPECT_THAT(outcomes(project.run({.runner = "command", .command = "kill -ABRT $$"})),
              ElementsAre("kill -ABRT $$ error"));
  EXPECT_FALSE(project.run({.runner = "command"}).complete);
}

TEST(CommandRunner, IsStoppedAtItsLimit) {
  SuiteProject project(Walls::none, {{"a", "x"}});

  const SuiteRun run = project.run({.suite = {.runner = "command", .command = "sleep 60"},
                                    .limits = {.wall_max = std::chrono::milliseconds(100),
                                               .cpu_max = std::chrono::seconds(5),
                                               .output_bytes_max = 1000}});

  EXPECT_THAT(outcomes(run), ElementsAre("sleep 60 timed_out"));
}

constexpr const char* kReport =
    "<testsuite name=\"s\" tests=\"2\" failures=\"1\"><testcase classname=\"a\" name=\"x\"/>"
    "<testcase classname=\"a\" name=\"y\"><failure message=\"no\"/></testcase></testsuite>";

TEST(JunitRunner, ReadsTheFilesThatTheCommandLeaves) {
  SuiteProject project(Walls::none, {{"report.xml", kReport}, {"out/old.xml", "<testsuite/>"}});

  const SuiteRun run = project.run({.runner = "junit",
                                    .command = "cp report.xml out/a.xml; exit 1",
                                    .options = {{"report", "out/*.xml"}}});

  EXPECT_THAT(outcomes(run), ElementsAre("a::x passed", "a::y failed"));
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(run.judged_by, ElementsAre("report", "exit status"));
}

TEST(JunitRunner, DoesNotReadFilesThatWereThereBefore) {
  SuiteProject project(Walls::none, {{"out/-rf old.xml", kReport}});

  const SuiteRun run =
      project.run({.runner = "junit", .command = "true", .options = {{"report", "out/*.xml"}}});

  EXPECT_THAT(run.tests, IsEmpty());
  EXPECT_FALSE(run.complete);
  EXPECT_THAT(run.problem, HasSubstr("no result file was written"));
}

TEST(JunitRunner, HoldsTheReportAgainstTheExitStatus) {
  SuiteProject project(Walls::none,
                       {{"bad.xml", kReport},
                        {"good.xml", "<testsuite tests=\"3\"><testcase name=\"x\"/></testsuite>"},
                        {"cut.xml", "<testsuite><testcase na"}});
  const auto run_with = [&](const std::string& command) {
    return project.run(
        {.runner = "junit", .command = command, .options = {{"report", "out.xml **/r.xml"}}});
  };

  const SuiteRun hidden = run_with("cp bad.xml out.xml");
  EXPECT_THAT(hidden.doubts, ElementsAre("exit status 0 although 1 test failed"));
  EXPECT_TRUE(hidden.complete);

  const SuiteRun lying = run_with("cp good.xml out.xml; exit 1");
  EXPECT_FALSE(lying.complete);
  EXPECT_EQ(lying.problem, "exit status 1 although no test failed");
  EXPECT_THAT(lying.doubts, Contains(HasSubstr("claims another number of tests")));

  const SuiteRun cut = run_with("mkdir -p d/e; cp cut.xml d/e/r.xml");
  EXPECT_FALSE(cut.complete);
  EXPECT_THAT(cut.problem, HasSubstr("d/e/r.xml: the JUnit report cannot be read"));

  const SuiteRun linked = run_with("ln -s good.xml out.xml");
  EXPECT_FALSE(linked.complete);
}

TEST(MakeRunner, RunsTheTargetAsOneTest) {
  SuiteProject project(Walls::none, {{"Makefile", "check:\n\techo checked\ntest:\n\tfalse\n"}});

  EXPECT_THAT(outcomes(project.run({.runner = "make-check"})), ElementsAre("make check passed"));
  EXPECT_THAT(outcomes(project.run({.runner = "make-check", .options = {{"target", "test"}}})),
              ElementsAre("make test failed"));
}

TEST(MakeRunner, ReadsWhatAutomakesDriverLeaves) {
  SuiteProject project(
      Walls::none,
      {{"tests/old.trs", ":test-result: PASS\n"},
       {"tests/b.log", "1 is not 2\n"},
       {"Makefile",
        "check:\n\tprintf ':test-result: PASS\\n:recheck: no\\n' > tests/a.sh.trs\n"
        "\tprintf ':test-result: FAIL\\n' > tests/b.trs\n"
        "\tprintf ':test-result: PASS 1 - x\\n:test-result: XFAIL 2 - y\\n' > tests/c.trs\n"
        "\ttouch tests/d.trs\n"}});

  const SuiteRun run = project.run({.runner = "make-check"});

  EXPECT_THAT(outcomes(run),
              ElementsAre("make check passed", "tests/a.sh passed", "tests/b failed",
                          "tests/c: 1 - x passed", "tests/c: 2 - y xfailed", "tests/d unknown"));
  EXPECT_EQ(run.find("tests/b")->message, "1 is not 2");
  EXPECT_THAT(run.doubts, ElementsAre("exit status 0 although a test failed"));
}

}  // namespace
}  // namespace nightjar::harness
