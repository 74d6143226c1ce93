#include "harness/suite.h"

#include <gmock/gmock.h>

#include "sandbox/testing/local_sandbox.h"

namespace nightjar::harness {
namespace {

using testing::HasSubstr;

TEST(Suite, HasAnIdThatNamesItsFolder) {
  EXPECT_EQ((Suite{.runner = "pytest"}.id()), "pytest");
  EXPECT_EQ((Suite{.runner = "pytest", .root = "libs/a"}.id()), "pytest:libs/a");
}

TEST(Suite, ComesBackFromItsJson) {
  const Suite suite = {.runner = "junit",
                       .root = "sub",
                       .why = "nightjar.toml",
                       .command = "make test",
                       .options = {{"report", "out/*.xml"}}};

  const auto back = suite_from(to_json(suite));

  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(suite));
  EXPECT_FALSE(suite_from(*parse_json(R"({"root":""})")));
  EXPECT_FALSE(suite_from(*parse_json(R"({"runner":"x","options":{"a":1}})")));
}

TEST(SuiteRun, ComesBackFromItsJson) {
  SuiteRun run;
  run.tests = {{.id = "a", .outcome = TestOutcome::passed, .wall_ms = 4},
               {.id = "b",
                .outcome = TestOutcome::xpassed,
                .message = "é",
                .file = "t.py",
                .line = 9,
                .flaky = true}};
  run.complete = true;
  run.doubts = {"exit status 0 although 1 test failed"};
  run.judged_by = {"listing"};
  run.coverage.files["src/a.py"] = {.executable = {1, 2, 3, 7, 9, 10}, .executed = {1, 3}};
  run.coverage.files["src/b.py"] = {};
  run.output_tail = "tail";
  run.wall_ms = 12;

  const auto back = suite_run_from(to_json(run));

  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(run));
  EXPECT_EQ(back->coverage.files.at("src/a.py").executable, (std::set<int>{1, 2, 3, 7, 9, 10}));
  EXPECT_EQ(back->find("b")->line, 9);
  EXPECT_EQ(back->find("c"), nullptr);
}

TEST(SuiteRun, RefusesJsonThatIsNotItsOwn) {
  for (const char* text :
       {R"({})", R"({"complete":true})", R"({"complete":true,"tests":{}})",
        R"({"complete":true,"tests":[{"id":"a","outcome":"great"}]})",
        R"({"complete":true,"tests":[],"coverage":{"a":{"executable":"5-3","executed":""}}})",
        R"({"complete":true,"tests":[],"coverage":{"a":{"executable":"0","executed":""}}})",
        R"({"complete":true,"tests":[],"coverage":{"a":{"executable":"1-2000000000",)"
        R"("executed":""}}})"}) {
    EXPECT_FALSE(suite_run_from(*parse_json(text))) << text;
  }
}

TEST(RunSuite, NamesTheNearestRunnerWhenThereIsNoSuchOne) {
  sandbox::testing::LocalLauncher launcher;
  const Workshop workshop = {.launcher = launcher, .spec = {}, .env = {}};

  const auto run = run_suite(workshop, {.suite = {.runner = "comand"}, .limits = {}}, {});

  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(run.error().message, HasSubstr("did you mean command?"));
}

TEST(Runners, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Runner& runner : runners()) {
    EXPECT_TRUE(names.insert(runner.name).second) << runner.name;
    EXPECT_EQ(find_runner(runner.name), &runner);
    EXPECT_NE(runner.run, nullptr);
    EXPECT_FALSE(runner.what.empty());
  }
  EXPECT_EQ(find_runner("nose"), nullptr);
}

}  // namespace
}  // namespace nightjar::harness
