// Perl's own Test::More and programs that print TAP by hand.
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

TEST(TapRunner, RunsEachFileAsItsShebangSays) {
  SuiteProject project(
      Walls::none,
      {
          {"lib/Calc.pm", "package Calc; sub add { $_[0] + $_[1] } 1;\n"},
          {"t/perl.t",
           "#!/usr/bin/perl -w\nuse Test::More tests => 3; use Calc;\n"
           "is(Calc::add(1, 2), 3, 'adds'); is(Calc::add(1, 1), 3, 'adds wrongly');\n"
           "SKIP: { skip 'no network', 1; ok(0, 'never') }\n"},
          {"t/shell.t",
           "#!/bin/sh\necho '1..2'\necho 'ok 1 - é [x]'\necho 'not ok 2 # todo later'\n"},
          {"t/none.t", "print \"1..0 # SKIP not here\\n\";\n"},
          {"t/taint.t", "#!perl -T\nuse Test::More tests => 1; use Calc; ok(1, 'loads');\n"},
          {"t/notes.txt", "no test"},
      });

  const SuiteRun run = project.run({.runner = "tap"});

  EXPECT_THAT(outcomes(run),
              ElementsAre("t/none.t skipped", "t/perl.t failed", "t/perl.t: #3 skipped",
                          "t/perl.t: adds passed", "t/perl.t: adds wrongly failed",
                          "t/shell.t passed", "t/shell.t: #2 xfailed", "t/shell.t: é [x] passed",
                          "t/taint.t passed", "t/taint.t: loads passed"));
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
}

TEST(TapRunner, BlamesAProgramThatDoesNotKeepItsPlan) {
  SuiteProject project(
      Walls::none,
      {
          {"t/cut.t", "#!/bin/sh\necho '1..3'\necho 'ok 1 - a'\nexit 0\n"},
          {"t/dies.t", "#!/bin/sh\necho '1..1'\necho 'ok 1 - a'\nkill -SEGV $$\n"},
          {"t/lies.t", "#!/bin/sh\necho '1..1'\necho 'ok 1 - a'\nexit 3\n"},
          {"t/more.t", "#!/bin/sh\necho '1..1'\necho 'ok 1 - a'\necho 'ok 1 - forged'\n"},
          {"t/syntax.t", "#!perl\nuse Test::More tests => ;\n"},
      });

  const SuiteRun run = project.run({.runner = "tap"});

  for (const char* id : {"t/cut.t", "t/dies.t", "t/lies.t", "t/more.t", "t/syntax.t"}) {
    ASSERT_NE(run.find(id), nullptr) << id;
    EXPECT_EQ(run.find(id)->outcome, TestOutcome::error) << id;
  }
  EXPECT_THAT(run.find("t/cut.t")->message, HasSubstr("plan says 3 points, and 1 came"));
  EXPECT_THAT(run.find("t/dies.t")->message, HasSubstr("SIGSEGV"));
  EXPECT_THAT(run.find("t/lies.t")->message, HasSubstr("exit status 3 although no point failed"));
}

TEST(TapRunner, StopsAProgramThatHangs) {
  SuiteProject project(Walls::none,
                       {{"t/hang.t", "#!/bin/sh\necho '1..2'\necho 'ok 1 - a'\nsleep 60\n"}});

  const SuiteRun run = project.run({.suite = {.runner = "tap"},
                                    .limits = {.wall_max = std::chrono::milliseconds(300),
                                               .cpu_max = std::chrono::seconds(5),
                                               .output_bytes_max = 1000}});

  EXPECT_THAT(outcomes(run), ElementsAre("t/hang.t timed_out", "t/hang.t: a passed"));
}

TEST(TapRunner, TakesTheOutputOfACommand) {
  SuiteProject project(Walls::none, {{"sub/run", "#!/bin/sh\necho 'ok 1 - a'\necho '1..1'\n"}});

  const SuiteRun run = project.run({.runner = "tap", .root = "sub", .command = "./run"});

  EXPECT_THAT(outcomes(run), ElementsAre("./run passed", "./run: a passed"));
  EXPECT_TRUE(run.complete);
}

TEST(TapRunner, RunsWhatItIsAskedForAlone) {
  SuiteProject project(Walls::none,
                       {{"t/a.t", "#!/bin/sh\necho '1..2'\necho 'ok 1 - x'\necho 'ok 2 - y'\n"},
                        {"t/b.t", "#!/bin/sh\nexit 1\n"}});

  const SuiteRun run =
      project.run({.suite = {.runner = "tap"}, .limits = {}, .only = {"t/a.t: y"}});

  EXPECT_THAT(outcomes(run), ElementsAre("t/a.t: y passed"));
}

TEST(TapRunner, SaysWhatItLookedFor) {
  SuiteProject project(Walls::none, {{"a.txt", "x"}});

  const SuiteRun run = project.run({.runner = "tap"});

  EXPECT_FALSE(run.complete);
  EXPECT_FALSE(run.environment);
  EXPECT_THAT(run.problem, HasSubstr("looked for t/*.t"));
}

}  // namespace
}  // namespace nightjar::harness
