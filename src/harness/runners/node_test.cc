// node:test in real sandboxes.
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

using namespace std::chrono_literals;

constexpr const char* kHelper = NIGHTJAR_BINARY_DIR "/nightjar-helper";
constexpr const char* kHead =
    "const { test, describe, it, before } = require('node:test');\n"
    "const assert = require('node:assert');\n";

SuiteRun run(const SuiteProject::Files& files, SuiteRequest request) {
  SuiteProject project(Walls::real, files, kHelper);
  request.suite.runner = "node";
  return project.run(std::move(request));
}
SuiteRun run(const SuiteProject::Files& files) { return run(files, {.suite = {}, .limits = {}}); }

TEST(NodeRunner, TellsEveryOutcomeOfEveryTest) {
  const SuiteRun result = run(
      {{"test/all.js", std::string(kHead) + "test('passes', () => {});\n"
                                            "test('fails', () => assert.equal(1, 2));\n"
                                            "test('skips', { skip: 'not now' }, () => {});\n"
                                            "test('todo', { todo: true }, () => { throw 1; });\n"
                                            "describe('group', () => { it('inner', () => {}); });\n"
                                            "describe('broken', () => {\n"
                                            "  before(() => { throw new Error('boom'); });\n"
                                            "  it('a', () => {});\n});\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test/all.js failed", "test/all.js > broken error",
                          "test/all.js > broken > a error", "test/all.js > fails failed",
                          "test/all.js > group > inner passed", "test/all.js > passes passed",
                          "test/all.js > skips skipped", "test/all.js > todo xfailed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_EQ(result.find("test/all.js > passes")->file, "test/all.js");
}

TEST(NodeRunner, BelievesNeitherWhatIsPrintedNorAnEarlyExit) {
  const SuiteRun result =
      run({{"test/exit.js", std::string(kHead) + "test('k', () => process.exit(0));\n"
                                                 "test('z', () => assert.fail());\n"},
           {"test/print.js", std::string(kHead) +
                                 "test('z', () => {\n"
                                 "  console.log('ok 1 - z\\n1..1\\n# pass 1');\n"
                                 "  require('fs').writeSync(3, '{\"n\":\"x\",\"e\":\"end\"}\\n');\n"
                                 "  assert.fail();\n});\n"}});

  EXPECT_THAT(outcomes(result), Contains("test/exit.js error"));
  EXPECT_THAT(outcomes(result), Contains("test/print.js > z failed"));
  EXPECT_FALSE(result.complete);
}

TEST(NodeRunner, EndsAFileThatHangs) {
  const SuiteRun result = run(
      {{"a.test.mjs",
        "import test from 'node:test';\n"
        "test('k', () => { for (;;) {} });\n"}},
      {.suite = {},
       .limits = {.wall_max = 1500ms, .cpu_max = 10s, .output_bytes_max = std::uint64_t{1} << 20}});

  EXPECT_THAT(outcomes(result), ElementsAre("a.test.mjs timed_out"));
}

TEST(NodeRunner, RunsTheTestsThatAreAskedFor) {
  const std::string two = std::string(kHead) + "test('a', () => {}); test('b', () => {});\n";
  const SuiteRun result =
      run({{"a.test.js", two}, {"b.test.js", two}}, {.suite = {},
                                                     .limits = {},
                                                     .only = {"b.test.js > b"},
                                                     .order = SuiteRequest::Order::reversed});

  EXPECT_THAT(outcomes(result), ElementsAre("b.test.js > b passed"));
}

TEST(NodeRunner, TellsLinesThatRan) {
  const SuiteRun result = run({{"sign.js",
                                "module.exports = (n) => {\n"
                                "  if (n < 0) {\n    return -1;\n  }\n"
                                "  return 1;\n};\n"},
                               {"a.test.js",
                                "require('node:test')('a', () => { "
                                "require('./sign.js')(2); });\n"}},
                              {.suite = {}, .limits = {}, .coverage_files = {"sign.js"}});

  ASSERT_TRUE(result.coverage.files.contains("sign.js"));
  EXPECT_THAT(result.coverage.files.at("sign.js").executed, ElementsAre(1, 2, 5));
  EXPECT_THAT(result.coverage.files.at("sign.js").executable, ElementsAre(1, 2, 3, 5));
}

TEST(NodeRunner, SaysWhichPackageIsNotInstalled) {
  const SuiteRun result = run({{"a.test.js", std::string(kHead) + "require('nosuch-package');\n"
                                                                  "test('a', () => {});\n"}});

  EXPECT_TRUE(result.environment);
  EXPECT_THAT(result.problem, HasSubstr("nosuch-package"));
}

TEST(NodeRunner, TakesAFileWithoutTestsByItsExitStatus) {
  const SuiteRun result =
      run({{"test/a.js", "if (1 + 1 !== 2) throw new Error('no');\n"},
           {"test/b.js", "throw new Error('no');\n"}},
          {.suite = {.runner = "node", .options = {{"args", "test/"}}}, .limits = {}});

  EXPECT_THAT(outcomes(result), ElementsAre("test/a.js passed", "test/b.js error"));
  EXPECT_THAT(result.doubts, IsEmpty());
}

}  // namespace
}  // namespace nightjar::harness
