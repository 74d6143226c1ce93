// Python's own unittest in real sandboxes.
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

SuiteRun run(const SuiteProject::Files& files, SuiteRequest request) {
  SuiteProject project(Walls::real, files, kHelper);
  request.suite.runner = "unittest";
  return project.run(std::move(request));
}
SuiteRun run(const SuiteProject::Files& files) { return run(files, {.suite = {}, .limits = {}}); }

/// A module with one class of these methods.
std::string module_of(const std::string& body) {
  return "import unittest\nclass T(unittest.TestCase):\n" + body;
}

TEST(UnittestRunner, TellsEveryOutcomeOfEveryTest) {
  const SuiteRun result =
      run({{"tests/__init__.py", ""},
           {"tests/test_all.py",
            module_of("  def test_passes(self): pass\n"
                      "  def test_fails(self): self.assertEqual(1, 2)\n"
                      "  def test_errs(self): raise RuntimeError('boom')\n"
                      "  @unittest.skip('not now')\n  def test_skip(self): pass\n"
                      "  def test_skip_in(self): self.skipTest('later')\n"
                      "  @unittest.expectedFailure\n  def test_xfail(self): self.fail()\n"
                      "  @unittest.expectedFailure\n  def test_xpass(self): pass\n"
                      "  def test_sub(self):\n    for n in (1, 2, 3):\n"
                      "      with self.subTest(n=n): self.assertNotEqual(n, 2)\n"
                      "class Async(unittest.IsolatedAsyncioTestCase):\n"
                      "  async def test_await(self): pass\n")}});

  EXPECT_THAT(
      outcomes(result),
      ElementsAre("tests.test_all.Async.test_await passed", "tests.test_all.T.test_errs error",
                  "tests.test_all.T.test_fails failed", "tests.test_all.T.test_passes passed",
                  "tests.test_all.T.test_skip skipped", "tests.test_all.T.test_skip_in skipped",
                  "tests.test_all.T.test_sub failed", "tests.test_all.T.test_xfail xfailed",
                  "tests.test_all.T.test_xpass xpassed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.doubts, IsEmpty());
  EXPECT_THAT(result.find("tests.test_all.T.test_sub")->message, HasSubstr("n=2"));
  EXPECT_EQ(result.find("tests.test_all.T.test_fails")->file, "tests/test_all.py");
  EXPECT_EQ(result.find("tests.test_all.T.test_fails")->line, 4);
}

TEST(UnittestRunner, LooksIntoTestFoldersThatAreNoPackages) {
  const SuiteRun result = run(
      {{"calc.py", "def add(a, b): return a + b\n"},
       {"tests/test_a.py", "from calc import add\n" +
                               module_of("  def test_a(self): self.assertEqual(add(1, 2), 3)\n")}});

  EXPECT_THAT(outcomes(result), ElementsAre("test_a.T.test_a passed"));
}

TEST(UnittestRunner, SaysNotRunOfTestsWhoseClassIsBroken) {
  const SuiteRun result = run(
      {{"test_a.py", module_of("  @classmethod\n  def setUpClass(cls): raise RuntimeError('boom')\n"
                               "  def test_a(self): pass\n")},
       {"test_b.py", module_of("  @classmethod\n  def setUpClass(cls):\n"
                               "    raise unittest.SkipTest('not here')\n"
                               "  def test_b(self): pass\n")},
       {"test_c.py", "import unittest\nraise unittest.SkipTest('whole')\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("setUpClass (test_a.T) error", "test_a.T.test_a not_run",
                          "test_b.T.test_b skipped", "test_c skipped"));
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(UnittestRunner, BlamesTheTestInWhichTheProcessEndsAndRunsTheRest) {
  const SuiteRun result =
      run({{"test_exit.py", module_of("  def test_a(self): pass\n"
                                      "  def test_k(self):\n    import os; os._exit(0)\n"
                                      "  def test_z(self): self.fail()\n")},
           {"test_sysexit.py", module_of("  def test_k(self): raise SystemExit(0)\n")},
           {"test_stop.py", module_of("  def test_k(self): raise KeyboardInterrupt()\n"
                                      "  def test_z(self): pass\n")},
           {"test_hang.py", module_of("  def test_k(self):\n    while True: pass\n"
                                      "  def test_z(self): pass\n")}},
          {.suite = {}, .limits = {}, .test_wall_max = 300ms});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_exit.T.test_a passed", "test_exit.T.test_k error",
                          "test_exit.T.test_z failed", "test_hang.T.test_k timed_out",
                          "test_hang.T.test_z passed", "test_stop.T.test_k error",
                          "test_stop.T.test_z passed", "test_sysexit.T.test_k error"));
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(UnittestRunner, BelievesNothingWhereAModuleTurnsResultsAround) {
  const SuiteRun result =
      run({{"test_a.py", module_of("  def test_a(self): self.fail()\n")},
           {"test_b.py", module_of("  def test_b(self): pass\n") +
                             "def run(self, result=None):\n  result.startTest(self)\n"
                             "  result.addSuccess(self)\n  result.stopTest(self)\n"
                             "unittest.TestCase.run = run\n"}});

  EXPECT_THAT(outcomes(result), ElementsAre("test_a.T.test_a unknown", "test_b.T.test_b unknown"));
  EXPECT_THAT(result.problem, HasSubstr("a test that Nightjar plants"));
}

TEST(UnittestRunner, SeesTestsThatLoadTestsHides) {
  const SuiteRun result = run(
      {{"test_a.py", module_of("  def test_a(self): pass\n")},
       {"test_b.py", module_of("  def test_b(self): self.fail()\n") +
                         "def load_tests(loader, tests, pattern): return unittest.TestSuite()\n"}});

  EXPECT_THAT(outcomes(result), ElementsAre("test_a.T.test_a passed"));
  EXPECT_THAT(result.doubts, ElementsAre("test_b.py defines tests, and none of them is listed"));
}

TEST(UnittestRunner, TellsWhatCouldNotBeLoaded) {
  const SuiteRun result = run({{"test_a.py", module_of("  def test_a(self): pass\n")},
                               {"test_b.py", "import nosuchmodule\n"},
                               {"test_c.py", "def x(:\n"}});
  EXPECT_THAT(outcomes(result),
              ElementsAre("test_a.T.test_a passed", "test_b error", "test_c error"));
  EXPECT_THAT(result.doubts, Contains(HasSubstr("nosuchmodule")));

  const SuiteRun lacking = run({{"test_b.py", "import nosuchmodule\n"}});
  EXPECT_TRUE(lacking.environment);
}

TEST(UnittestRunner, SpreadsModulesAndMeasuresLines) {
  SuiteProject::Files files = {{"calc.py", "def add(a, b):\n  return a + b\ndef no():\n  pass\n"}};
  for (int i = 0; i < 4; ++i) {
    files["test_" + std::to_string(i) + ".py"] =
        "from calc import add\n" + module_of("  def test_a(self): add(1, 2)\n");
  }

  const SuiteRun result =
      run(files, {.suite = {}, .limits = {}, .parallel = 2, .coverage_files = {"calc.py"}});

  EXPECT_EQ(result.tests.size(), 4U);
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.coverage.files.at("calc.py").executed, ElementsAre(1, 2, 3));
  EXPECT_THAT(result.coverage.files.at("calc.py").executable, ElementsAre(1, 2, 3, 4));
}

TEST(UnittestRunner, SaysWhenThereAreNoTests) {
  const SuiteRun result = run({{"a.py", ""}});

  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.problem, "no test was found");
}

}  // namespace
}  // namespace nightjar::harness
