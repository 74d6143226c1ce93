// The real node and mocha, in sandboxes. jest and vitest are not in Debian: docs/suites.md.
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

constexpr const char* kHelper = NIGHTJAR_BINARY_DIR "/nightjar-helper";
constexpr const char* kTwice =
    "exports.twice = (x) => {\n  if (x < 0) {\n    return -2;\n  }\n  return 2 * x;\n};\n";

class NodeProject : public SuiteProject {
 public:
  explicit NodeProject(const Files& files) : SuiteProject(Walls::real, files, kHelper) {
    env()["NODE_PATH"] = "/usr/share/nodejs:/usr/lib/nodejs";
  }
};

SuiteProject::Files files_of(const std::string& test, const std::string& body) {
  return {{"twice.js", kTwice}, {test, body}};
}

TEST(NodeRunner, TellsEachTestApart) {
  NodeProject project(files_of(
      "test/twice.test.js",
      "const { test, describe, it } = require('node:test');\nconst assert = require('assert');\n"
      "const { twice } = require('../twice');\n"
      "test('doubles', () => assert.strictEqual(twice(2), 4));\n"
      "test('is wrong', () => assert.strictEqual(twice(2), 5));\n"
      "describe('group', () => {\n  it('holds', () => {});\n"
      "  it('waits', { skip: 'not now' }, () => {});\n"
      "  it('may fail', { todo: true }, () => assert.ok(false));\n});\n"
      "test('outer', async (t) => {\n  await t.test('inner', () => assert.ok(true));\n});\n"));

  const SuiteRun run =
      project.run({.suite = {.runner = "node"}, .limits = {}, .coverage_files = {"twice.js"}});

  EXPECT_THAT(outcomes(run), ElementsAre("test/twice.test.js > doubles passed",
                                         "test/twice.test.js > group > holds passed",
                                         "test/twice.test.js > group > may fail xfailed",
                                         "test/twice.test.js > group > waits skipped",
                                         "test/twice.test.js > is wrong failed",
                                         "test/twice.test.js > outer passed",
                                         "test/twice.test.js > outer > inner passed"));
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_EQ(run.find("test/twice.test.js > doubles")->file, "test/twice.test.js");
  EXPECT_TRUE(run.coverage.files.at("twice.js").executed.contains(5)) << run.output_tail;
  EXPECT_FALSE(run.coverage.files.at("twice.js").executed.contains(3));
}

TEST(NodeRunner, IsNotFooledByAProcessThatLeavesOrPrintsResults) {
  NodeProject project(SuiteProject::Files{
      {"a.test.js",
       "const test = require('node:test');\nconsole.log('ok 1 - forged\\n1..1');\n"
       "test('leaves', () => process.exit(0));\ntest('never', () => { throw new "
       "Error('x'); });\n"},
      {"b.test.js", "require('no-such-package');\n"}});

  const SuiteRun run = project.run({.runner = "node"});

  for (const TestResult& test : run.tests) EXPECT_FALSE(is_good(test.outcome)) << test.id;
  EXPECT_NE(run.find("b.test.js"), nullptr);
  EXPECT_FALSE(run.complete && run.tests.empty());
}

TEST(MochaRunner, TellsEachTestApart) {
  NodeProject project(files_of(
      "test/twice.js",
      "const assert = require('assert');\nconst { twice } = require('../twice');\n"
      "describe('twice', () => {\n  it('doubles', () => assert.strictEqual(twice(2), 4));\n"
      "  it('is wrong', () => assert.strictEqual(twice(2), 5));\n  it.skip('waits', () => {});\n"
      "  it('is never done', function (done) { this.timeout(50); });\n});\n"));

  const SuiteRun run =
      project.run({.suite = {.runner = "mocha"}, .limits = {}, .coverage_files = {"twice.js"}});

  EXPECT_THAT(outcomes(run), ElementsAre("test/twice.js > twice > doubles passed",
                                         "test/twice.js > twice > is never done timed_out",
                                         "test/twice.js > twice > is wrong failed",
                                         "test/twice.js > twice > waits skipped"))
      << run.problem << run.output_tail;
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_TRUE(run.coverage.files.at("twice.js").executed.contains(5)) << run.output_tail;
}

TEST(MochaRunner, BlamesTheTestInWhichTheProcessEnds) {
  NodeProject project(SuiteProject::Files{
      {"test/a.js", "it('leaves', () => process.exit(0));\nit('comes after', () => {});\n"}});

  const SuiteRun run = project.run({.suite = {.runner = "mocha"}, .limits = {}});

  EXPECT_TRUE(is_bad(run.find("test/a.js > leaves")->outcome));
}

TEST(MochaRunner, SaysWhichPackageIsNotHere) {
  NodeProject project(SuiteProject::Files{{"test/a.js", "require('no-such-package');\n"}});

  const SuiteRun run = project.run({.suite = {.runner = "mocha"}, .limits = {}});

  EXPECT_TRUE(run.environment) << run.problem << run.output_tail;
  EXPECT_THAT(run.problem, HasSubstr("no-such-package"));
}

TEST(JavascriptRunners, SayWhichToolIsNotHere) {
  NodeProject project(SuiteProject::Files{{"a.js", ""}});

  const SuiteRun run = project.run({.runner = "vitest"});

  EXPECT_TRUE(run.environment);
  EXPECT_FALSE(run.complete);
}

}  // namespace
}  // namespace nightjar::harness
