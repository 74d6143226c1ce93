// mocha in real sandboxes.
#include <gmock/gmock.h>

#include "harness/testing/suite_project.h"

namespace nightjar::harness {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::outcomes;
using testing::SuiteProject;
using testing::Walls;

using namespace std::chrono_literals;

constexpr const char* kHelper = NIGHTJAR_BINARY_DIR "/nightjar-helper";

SuiteRun run(const SuiteProject::Files& files, SuiteRequest request) {
  SuiteProject project(Walls::real, files, kHelper);
  request.suite.runner = "mocha";
  return project.run(std::move(request));
}
SuiteRun run(const SuiteProject::Files& files) { return run(files, {.suite = {}, .limits = {}}); }

TEST(MochaRunner, TellsEveryOutcomeOfEveryTest) {
  const SuiteRun result =
      run({{"test/all.js",
            "const assert = require('assert');\n"
            "it('passes', () => {});\n"
            "it('fails', () => assert.equal(1, 2));\n"
            "it('later');\n"
            "it('skips', function () { this.skip(); });\n"
            "it('waits', function (done) { this.timeout(20); });\n"
            "let tries = 0;\n"
            "it('flaky', function () { this.retries(2); assert.ok(tries++ > 0); });\n"
            "describe('group', () => { it('inner', () => {}); });\n"
            "describe('broken', () => { before(() => { throw new Error('boom'); });\n"
            "  it('a', () => {}); });\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test/all.js > broken > \"before all\" hook for \"a\" (hook) error",
                          "test/all.js > broken > a not_run", "test/all.js > fails failed",
                          "test/all.js > flaky passed", "test/all.js > group > inner passed",
                          "test/all.js > later skipped", "test/all.js > passes passed",
                          "test/all.js > skips skipped", "test/all.js > waits timed_out"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_TRUE(result.find("test/all.js > flaky")->flaky);
}

TEST(MochaRunner, BlamesTheTestInWhichTheProcessEndsAndRunsTheRest) {
  const SuiteRun result =
      run({{"test/a.js",
            "it('k', () => process.exit(0));\n"
            "it('z', () => { console.log('1 passing'); throw new Error('no'); });\n"}});

  EXPECT_THAT(outcomes(result), ElementsAre("test/a.js > k error", "test/a.js > z failed"));
}

TEST(MochaRunner, SaysNotRunOfTestsThatOnlyHides) {
  const SuiteRun result = run({{"test/a.js", "it.only('a', () => {}); it('b', () => {});\n"}});

  EXPECT_THAT(outcomes(result), ElementsAre("test/a.js > a passed", "test/a.js > b not_run"));
}

TEST(MochaRunner, RunsTheTestsThatAreAskedFor) {
  const SuiteRun result = run({{"test/a.js", "it('a', () => {}); it('b', () => {});\n"}},
                              {.suite = {.runner = "mocha", .options = {{"args", "--bail test"}}},
                               .limits = {},
                               .only = {"test/a.js > b"},
                               .order = SuiteRequest::Order::reversed});

  EXPECT_THAT(outcomes(result), ElementsAre("test/a.js > b passed"));
}

TEST(MochaRunner, TellsLinesThatRan) {
  const SuiteRun result = run({{"sign.js",
                                "module.exports = (n) => {\n  if (n < 0) {\n    return -1;\n  }\n"
                                "  return 1;\n};\n"},
                               {"test/a.js", "it('a', () => { require('../sign.js')(2); });\n"}},
                              {.suite = {}, .limits = {}, .coverage_files = {"sign.js"}});

  ASSERT_TRUE(result.coverage.files.contains("sign.js"));
  EXPECT_THAT(result.coverage.files.at("sign.js").executed, ElementsAre(1, 2, 5));
}

TEST(MochaRunner, TellsAFileThatCannotBeLoaded) {
  const SuiteRun result =
      run({{"test/a.js", "it('a', () => {});\n"}, {"test/b.js", "require('../lib/gone.js');\n"}});

  EXPECT_THAT(outcomes(result), Contains("load error"));
  EXPECT_FALSE(result.environment);
}

TEST(MochaRunner, SaysWhichPackageIsNotInstalled) {
  const SuiteRun result = run({{"test/a.js", "require('nosuch-package'); it('a', () => {});\n"}});

  EXPECT_TRUE(result.environment);
  EXPECT_THAT(result.problem, HasSubstr("nosuch-package"));
}

}  // namespace
}  // namespace nightjar::harness
