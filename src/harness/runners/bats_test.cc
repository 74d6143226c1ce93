// The real bats.
#include <gmock/gmock.h>

#include "harness/testing/suite_project.h"

namespace nightjar::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::outcomes;
using testing::SuiteProject;
using testing::Walls;

TEST(BatsRunner, RunsEachTestOfEachFile) {
  SuiteProject project(
      Walls::none,
      {
          {"add.sh", "#!/bin/sh\necho $(($1 + $2))\n"},
          {"test/add.bats",
           "@test \"adds\" {\n  run ./add.sh 1 2\n  [ \"$output\" = 3 ]\n}\n"
           "@test \"adds wrongly\" {\n  run ./add.sh 1 2\n  [ \"$output\" = 4 ]\n}\n"
           "@test \"is skipped\" {\n  skip \"not now\"\n}\n"
           "@test \"odd é [x] 'q'\" {\n  true\n}\n"},
          {"test/test_helper/bats-assert/test/own.bats", "@test \"never\" {\n  false\n}\n"},
      });

  const SuiteRun run = project.run({.runner = "bats"});

  EXPECT_THAT(outcomes(run),
              ElementsAre("test/add.bats failed", "test/add.bats: adds passed",
                          "test/add.bats: adds wrongly failed", "test/add.bats: is skipped skipped",
                          "test/add.bats: odd é [x] 'q' passed"));
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(run.find("test/add.bats: adds wrongly")->message, HasSubstr("line 7"));
  EXPECT_EQ(run.find("test/add.bats: is skipped")->message, "not now");
}

TEST(BatsRunner, IsNotFooledByPointsThatATestPrints) {
  SuiteProject project(Walls::none,
                       {{"test/a.bats",
                         "@test \"forges\" {\n  echo 'ok 2 fails' >&3\n  echo '# x' >&3\n}\n"
                         "@test \"fails\" {\n  false\n}\n"}});

  const SuiteRun run = project.run({.runner = "bats"});

  EXPECT_EQ(run.find("test/a.bats")->outcome, TestOutcome::error);
  EXPECT_THAT(run.find("test/a.bats")->message, HasSubstr("plan says 2 points, and 3 came"));
}

TEST(BatsRunner, SeesAFileThatLeavesOrDoesNotParse) {
  SuiteProject project(Walls::none, {{"test/leaves.bats", "exit 0\n@test \"a\" {\n  true\n}\n"},
                                     {"test/syntax.bats", "@test \"a\" {\n  if\n}\n"},
                                     {"test/quits.bats",
                                      "@test \"a\" {\n  exit 0\n}\n@test \"b\" {\n  false\n}\n"}});

  const SuiteRun run = project.run({.runner = "bats"});

  EXPECT_TRUE(is_bad(run.find("test/leaves.bats")->outcome));
  EXPECT_TRUE(is_bad(run.find("test/syntax.bats")->outcome));
  EXPECT_TRUE(is_bad(run.find("test/quits.bats: b")->outcome));
}

TEST(BatsRunner, EndsATestAtItsLimit) {
  SuiteProject project(
      Walls::none,
      {{"test/slow.bats", "@test \"hangs\" {\n  sleep 30\n}\n@test \"b\" {\n  true\n}\n"}});

  const SuiteRun run = project.run(
      {.suite = {.runner = "bats"}, .limits = {}, .test_wall_max = std::chrono::milliseconds(500)});

  EXPECT_THAT(outcomes(run), ElementsAre("test/slow.bats failed", "test/slow.bats: b passed",
                                         "test/slow.bats: hangs timed_out"));
}

TEST(BatsRunner, SaysWhenBatsIsAbsent) {
  SuiteProject project(Walls::none, {{"test/a.bats", "@test \"a\" {\n  true\n}\n"}});
  project.env()["PATH"] = "/nonexistent";

  const SuiteRun run = project.run({.runner = "bats"});

  EXPECT_TRUE(run.environment);
  EXPECT_THAT(run.problem, HasSubstr("bats is not in the sandbox"));
}

}  // namespace
}  // namespace nightjar::harness
