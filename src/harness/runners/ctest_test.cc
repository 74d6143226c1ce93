// What ctest lists and how its tests are judged; tests/e2e/prove_test.cc runs a CMake project.
#include <gmock/gmock.h>

#include "harness/runners/ctest_plan.h"
#include "harness/runners/gcov.h"

namespace nightjar::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

sandbox::Outcome exited(int code, const std::string& out = "") {
  return {.ended = sandbox::Ended::exited, .code = code, .stdout_bytes = out};
}

TEST(CtestPlan, ReadsCommandsAndProperties) {
  const auto plan = parse_ctest_plan(R"({"kind": "ctestInfo", "tests": [
    {"name": "late", "command": ["/b/t", "1"], "properties": [
      {"name": "DEPENDS", "value": ["setup", "gone"]},
      {"name": "ENVIRONMENT", "value": ["A=B"]},
      {"name": "SKIP_RETURN_CODE", "value": 77},
      {"name": "TIMEOUT", "value": 1.5},
      {"name": "WORKING_DIRECTORY", "value": "/b"}]},
    {"name": "setup", "command": ["/b/s"], "properties": [{"name": "WILL_FAIL", "value": true},
      {"name": "DEPENDS", "value": ["late"]}]},
    {"name": "unbuilt"}]})");

  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->size(), 3U);
  EXPECT_EQ((*plan)[0].name, "setup");  // A cycle is broken where it is met.
  EXPECT_TRUE((*plan)[0].will_fail);
  EXPECT_EQ((*plan)[1].timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ((*plan)[1].skip_code, 77);
  EXPECT_THAT((*plan)[1].environment, ElementsAre("A=B"));
  EXPECT_THAT((*plan)[2].command, IsEmpty());
  EXPECT_FALSE(parse_ctest_plan(""));
  EXPECT_FALSE(parse_ctest_plan("{}"));
  EXPECT_FALSE(parse_ctest_plan(R"({"kind": "ctestInfo", "tests": [{}]})"));
}

TEST(CtestJudge, GoesByStatusAndProperties) {
  CtestTest test;
  test.name = "t";
  EXPECT_EQ(judge_ctest(test, exited(0)).outcome, TestOutcome::passed);
  EXPECT_EQ(judge_ctest(test, exited(1)).outcome, TestOutcome::failed);
  EXPECT_EQ(judge_ctest(test, exited(139)).outcome, TestOutcome::error);
  EXPECT_EQ(judge_ctest(test, exited(kLeftEarly)).outcome, TestOutcome::error);
  EXPECT_EQ(judge_ctest(test, {.ended = sandbox::Ended::wall_limit}).outcome,
            TestOutcome::timed_out);
  test.skip_code = 77;
  EXPECT_EQ(judge_ctest(test, exited(77)).outcome, TestOutcome::skipped);
  test.will_fail = true;
  EXPECT_EQ(judge_ctest(test, exited(0)).outcome, TestOutcome::failed);
  EXPECT_EQ(judge_ctest(test, exited(3)).outcome, TestOutcome::passed);
  CtestTest patterns;
  patterns.pass_patterns = {"all (good|fine)"};
  patterns.fail_patterns = {"leak"};
  EXPECT_EQ(judge_ctest(patterns, exited(1, "all fine")).outcome, TestOutcome::passed);
  EXPECT_EQ(judge_ctest(patterns, exited(0, "all fine, a leak")).outcome, TestOutcome::failed);
  EXPECT_EQ(judge_ctest(patterns, exited(0, "")).outcome, TestOutcome::failed);
}

// ctest believes a program that prints that it is skipped, even when it fails.
TEST(CtestJudge, DoesNotBelieveAFailingProgramThatItIsSkipped) {
  CtestTest test;
  test.skip_patterns = {"\\[  SKIPPED \\]"};

  EXPECT_EQ(judge_ctest(test, exited(1, "[  SKIPPED ]")).outcome, TestOutcome::failed);
  EXPECT_EQ(judge_ctest(test, exited(0, "[  SKIPPED ]")).outcome, TestOutcome::skipped);
}

TEST(Gcov, ReadsLinesOfWantedFiles) {
  const Coverage coverage =
      parse_gcov(R"({"current_working_directory": "/work/build", "files": [)"
                 R"({"file": "../src/a.c", "lines": [{"line_number": 3, "count": 2},)"
                 R"({"line_number": 4, "count": 0}]},)"
                 R"({"file": "/usr/include/stdio.h", "lines": [{"line_number": 1, "count": 1}]}]})"
                 "\nno json\n",
                 "/work", {"src/a.c"});

  ASSERT_EQ(coverage.files.size(), 1U);
  EXPECT_THAT(coverage.files.at("src/a.c").executable, ElementsAre(3, 4));
  EXPECT_THAT(coverage.files.at("src/a.c").executed, ElementsAre(3));
}

}  // namespace
}  // namespace nightjar::harness
