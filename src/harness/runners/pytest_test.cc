// The real pytest (Debian's python3-pytest) in real sandboxes.
#include <gmock/gmock.h>

#include "harness/testing/suite_project.h"

namespace nightjar::harness {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::outcomes;
using ::testing::StartsWith;
using testing::SuiteProject;
using testing::Walls;

using namespace std::chrono_literals;

constexpr const char* kHelper = NIGHTJAR_BINARY_DIR "/nightjar-helper";
constexpr const char* kCalc =
    "def add(a, b):\n    return a + b\n\n\ndef sign(n):\n    if n < 0:\n        return -1\n"
    "    return 1\n";

SuiteRun run(const SuiteProject::Files& files, SuiteRequest request) {
  SuiteProject project(Walls::real, files, kHelper);
  if (request.suite.runner.empty()) request.suite.runner = "pytest";
  return project.run(std::move(request));
}
SuiteRun run(const SuiteProject::Files& files) { return run(files, {.suite = {}, .limits = {}}); }

TEST(PytestRunner, TellsEveryOutcomeOfEveryTest) {
  const SuiteRun result = run({{"calc.py", kCalc},
                               {"tests/test_calc.py",
                                "import pytest\nfrom calc import add\n"
                                "def test_passes(): assert add(1, 2) == 3\n"
                                "def test_fails(): assert add(1, 2) == 4\n"
                                "@pytest.fixture\ndef broken(): raise RuntimeError('boom')\n"
                                "def test_setup(broken): pass\n"
                                "@pytest.fixture\ndef after():\n    yield\n    raise KeyError(1)\n"
                                "def test_teardown(after): pass\n"
                                "@pytest.mark.skip(reason='not now')\ndef test_skip(): pass\n"
                                "@pytest.mark.xfail\ndef test_xfail(): assert 0\n"
                                "@pytest.mark.xfail\ndef test_xpass(): pass\n"
                                "@pytest.mark.xfail(strict=True)\ndef test_strict(): pass\n"
                                "class TestGroup:\n    def test_in(self): pass\n"}});

  EXPECT_THAT(
      outcomes(result),
      ElementsAre(
          "tests/test_calc.py::TestGroup::test_in passed", "tests/test_calc.py::test_fails failed",
          "tests/test_calc.py::test_passes passed", "tests/test_calc.py::test_setup error",
          "tests/test_calc.py::test_skip skipped", "tests/test_calc.py::test_strict failed",
          "tests/test_calc.py::test_teardown error", "tests/test_calc.py::test_xfail xfailed",
          "tests/test_calc.py::test_xpass xpassed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.doubts, IsEmpty());
  EXPECT_THAT(result.judged_by,
              ElementsAre("listing", "event stream", "the runner's count", "exit status"));
  const TestResult* failed = result.find("tests/test_calc.py::test_fails");
  EXPECT_THAT(failed->message, StartsWith("assert 3 == 4"));
  EXPECT_EQ(failed->file, "tests/test_calc.py");
  EXPECT_EQ(failed->line, 4);
}

TEST(PytestRunner, KeepsOddIds) {
  const SuiteRun result = run({{"test_odd.py",
                                "import pytest\n"
                                "@pytest.mark.parametrize('s', ['a b', 'x/y', 'é', 'new\\nline', "
                                "'[', '::', '', '<&\"', '\\x1b[31m'])\n"
                                "def test_odd(s): assert s != '::'\n"}});

  EXPECT_EQ(result.tests.size(), 9U);
  EXPECT_EQ(result.find("test_odd.py::test_odd[::]")->outcome, TestOutcome::failed);
  EXPECT_EQ(result.find("test_odd.py::test_odd[a b]")->outcome, TestOutcome::passed);
  EXPECT_NE(result.find("test_odd.py::test_odd[new\\nline]"), nullptr);
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(PytestRunner, RunsWhatItIsAskedForAloneAndInReverse) {
  const SuiteProject::Files files = {
      {"t/test_a.py",
       "SEEN = []\ndef test_1(): SEEN.append(1)\n"
       "def test_2(): assert SEEN, 'needs test_1 before'\ndef test_3(): pass\n"},
      {"t/test_b.py", "raise RuntimeError('must not be loaded')\n"}};

  const SuiteRun alone =
      run(files, {.suite = {}, .limits = {}, .only = {"t/test_a.py::test_2", "t/gone.py::test_x"}});
  EXPECT_THAT(outcomes(alone), ElementsAre("t/test_a.py::test_2 failed"));

  const SuiteRun reversed = run(files, {.suite = {},
                                        .limits = {},
                                        .only = {"t/test_a.py::test_1", "t/test_a.py::test_2"},
                                        .order = SuiteRequest::Order::reversed});
  EXPECT_THAT(outcomes(reversed),
              ElementsAre("t/test_a.py::test_1 passed", "t/test_a.py::test_2 failed"));
}

TEST(PytestRunner, BlamesTheTestInWhichTheProcessEndsAndRunsTheRest) {
  const SuiteRun result =
      run({{"test_a.py", "def test_1(): pass\n"},
           {"test_exit.py",
            "import os\ndef test_a(): pass\ndef test_k(): os._exit(0)\ndef test_z(): assert 0\n"},
           {"test_pexit.py",
            "import pytest\ndef test_k(): pytest.exit('bye', returncode=0)\ndef test_z(): pass\n"},
           {"test_segv.py",
            "import os, signal\ndef test_k(): os.kill(os.getpid(), signal.SIGSEGV)\n"
            "def test_z(): pass\n"},
           {"test_sysexit.py", "import sys\ndef test_k(): sys.exit(0)\ndef test_z(): pass\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_a.py::test_1 passed", "test_exit.py::test_a passed",
                          "test_exit.py::test_k error", "test_exit.py::test_z failed",
                          "test_pexit.py::test_k error", "test_pexit.py::test_z passed",
                          "test_segv.py::test_k error", "test_segv.py::test_z passed",
                          "test_sysexit.py::test_k failed", "test_sysexit.py::test_z passed"));
  EXPECT_THAT(result.find("test_exit.py::test_k")->message, HasSubstr("exit status 0"));
  EXPECT_THAT(result.find("test_segv.py::test_k")->message, HasSubstr("SIGSEGV"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.doubts, Contains(HasSubstr("did not come to its end")));
}

TEST(PytestRunner, EndsATestAtItsLimit) {
  const SuiteRun result = run({{"test_hang.py",
                                "import time\ndef test_hang():\n    while True: time.sleep(1)\n"
                                "def test_spin():\n    while True: pass\ndef test_z(): pass\n"}},
                              {.suite = {}, .limits = {}, .test_wall_max = 300ms});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_hang.py::test_hang timed_out", "test_hang.py::test_spin timed_out",
                          "test_hang.py::test_z passed"));
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(PytestRunner, EndsASessionAtItsLimit) {
  const SuiteRun result =
      run({{"test_hang.py",
            "import time\ndef test_a(): pass\ndef test_hang(): time.sleep(60)\n"
            "def test_z(): pass\n"}},
          {.suite = {}, .limits = {.wall_max = 2s, .cpu_max = 20s, .output_bytes_max = 10'000}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_hang.py::test_a passed", "test_hang.py::test_hang timed_out",
                          "test_hang.py::test_z not_run"));
  EXPECT_FALSE(result.complete);
  EXPECT_THAT(result.problem, HasSubstr("limit of time"));
}

TEST(PytestRunner, IsNotFooledByWhatTestsPrint) {
  const SuiteRun result = run(
      {{"test_noise.py",
        "import os\ndef test_noise(capfd):\n    with capfd.disabled():\n"
        "        print('\\n===== 99 passed in 0.01s =====\\ntest_noise.py::test_fails PASSED')\n"
        "def test_fd():\n    line = b'{\"e\":\"finish\",\"id\":\"test_noise.py::test_fails\",'"
        "\n    line += b'\"outcome\":\"passed\"}\\n'\n"
        "    try: os.write(3, line)\n    except OSError: pass\n"
        "def test_fails(): assert 0\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_noise.py::test_fails failed", "test_noise.py::test_fd passed",
                          "test_noise.py::test_noise passed"));
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(PytestRunner, IsNotConfusedByForksAndSpawnedProcesses) {
  const SuiteRun result =
      run({{"test_forks.py",
            "import multiprocessing, os, sys\n"
            "def test_fork(): os.fork()\n"  // The child runs the rest as well.
            "def double(n): return 2 * n\n"
            "def test_spawn():\n    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
            "        assert pool.map(double, [1, 2]) == [2, 4]\n"
            "def test_main():\n    import __main__\n"
            "    assert not [n for n in vars(__main__) if not n.startswith('__')]\n"
            "    assert not [n for n in sys.modules if n.startswith('nightjar')]\n"
            "    assert sys.stdin.__class__ and os.read(0, 1) == b''\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_forks.py::test_fork passed", "test_forks.py::test_main passed",
                          "test_forks.py::test_spawn passed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.doubts, IsEmpty());
}

TEST(PytestRunner, CutsWhatIsPrintedWithoutEnd) {
  const SuiteRun result = run({{"test_loud.py",
                                "import os\ndef test_loud(capfd):\n    with capfd.disabled():\n"
                                "        for _ in range(300): os.write(1, b'x' * 100000)\n"
                                "def test_b(): pass\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_loud.py::test_b passed", "test_loud.py::test_loud passed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_LE(result.output_tail.size(), 8U * 1024);
}

constexpr const char* kTwo =
    "from calc import add\ndef test_bad(): assert add(1, 2) == 4\ndef test_good(): pass\n";

TEST(PytestRunner, BelievesNothingWhereAHookTurnsResultsAround) {
  const std::map<std::string, std::string> attacks = {
      {"report",
       "import pytest\n@pytest.hookimpl(hookwrapper=True, tryfirst=True)\n"
       "def pytest_runtest_makereport(item, call):\n    out = yield\n    r = out.get_result()\n"
       "    r.outcome = 'passed'; r.longrepr = None\n"},
      {"body", "def pytest_pyfunc_call(pyfuncitem): return True\n"},
      {"product", "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"}};
  for (const auto& [name, code] : attacks) {
    const SuiteRun result = run({{"calc.py", kCalc}, {"test_two.py", kTwo}, {"conftest.py", code}});

    EXPECT_THAT(outcomes(result),
                ElementsAre("test_two.py::test_bad unknown", "test_two.py::test_good unknown"))
        << name;
    EXPECT_FALSE(result.complete) << name;
    EXPECT_THAT(result.problem, HasSubstr("a test that Nightjar plants")) << name;
  }
}

TEST(PytestRunner, HoldsTheExitStatusAgainstTheEvents) {
  const std::map<std::string, std::string> attacks = {
      {"status", "def pytest_sessionfinish(session, exitstatus): session.exitstatus = 0\n"},
      {"unconfigure", "import os\ndef pytest_unconfigure(config): os._exit(0)\n"}};
  for (const auto& [name, code] : attacks) {
    const SuiteRun result = run({{"calc.py", kCalc}, {"test_two.py", kTwo}, {"conftest.py", code}});

    EXPECT_THAT(outcomes(result),
                ElementsAre("test_two.py::test_bad failed", "test_two.py::test_good passed"))
        << name;
    EXPECT_THAT(result.doubts, ElementsAre("exit status 0, where 1 had to come")) << name;
  }
}

TEST(PytestRunner, IsNotReplacedByFilesOfTheProject) {
  const SuiteRun result =
      run({{"calc.py", kCalc},
           {"test_two.py", kTwo},
           {"pytest.py", "raise SystemExit(0)\n"},
           {"json.py", "raise SystemExit(0)\n"},
           {"nightjar_channel.py", "raise SystemExit(0)\n"},
           {"sitecustomize.py", "raise SystemExit(0)\n"},
           {"evil.py", "def pytest_pyfunc_call(pyfuncitem): return True\n"},
           {"evil-0.1.dist-info/entry_points.txt", "[pytest11]\nevil = evil\n"},
           {"evil-0.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: evil\nVersion: 0.1\n"},
           {"conftest.py", "import atexit, os\natexit.register(lambda: os._exit(0))\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_two.py::test_bad failed", "test_two.py::test_good passed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.doubts, IsEmpty());
}

TEST(PytestRunner, TellsWhatCouldNotBeLoaded) {
  const SuiteRun result = run({{"calc.py", kCalc},
                               {"test_syntax.py", "def test_a(:\n"},
                               {"test_name.py", "from calc import multiply\n"},
                               {"test_needs.py", "import nosuchmodule\n"},
                               {"test_skips.py", "import pytest\npytest.importorskip('absent')\n"},
                               {"test_two.py", kTwo}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_name.py error", "test_needs.py error", "test_skips.py skipped",
                          "test_syntax.py error", "test_two.py::test_bad failed",
                          "test_two.py::test_good passed"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_FALSE(result.environment);
  EXPECT_THAT(result.doubts, ElementsAre(HasSubstr("not installed here")));
  EXPECT_THAT(result.find("test_name.py")->message, HasSubstr("multiply"));
}

TEST(PytestRunner, SaysWhatThisMachineLacks) {
  const SuiteRun module = run({{"test_a.py", "import nosuchmodule\ndef test_a(): pass\n"}});
  EXPECT_TRUE(module.environment);
  EXPECT_THAT(module.problem, HasSubstr("nosuchmodule"));

  const SuiteRun conftest =
      run({{"conftest.py", "import nosuchmodule\n"}, {"test_a.py", "def test_a(): pass\n"}});
  EXPECT_TRUE(conftest.environment);
  EXPECT_THAT(conftest.problem, HasSubstr("nosuchmodule"));

  const SuiteRun plugin = run({{"pytest.ini", "[pytest]\naddopts = --no-such-option\n"},
                               {"test_a.py", "def test_a(): pass\n"}});
  EXPECT_TRUE(plugin.environment);
  EXPECT_THAT(plugin.problem, HasSubstr("--no-such-option"));

  const SuiteRun python =
      run({{"test_a.py", ""}},
          {.suite = {.runner = "pytest", .options = {{"python", "python9"}}}, .limits = {}});
  EXPECT_TRUE(python.environment);
  EXPECT_THAT(python.problem, HasSubstr("python9"));

  const SuiteRun own = run({{"test_a.py", "import mine.gone\n"}, {"mine/x.py", ""}});
  EXPECT_FALSE(own.environment);
  EXPECT_THAT(outcomes(own), ElementsAre("test_a.py error"));
}

TEST(PytestRunner, UsesTheProjectsConfigurationButForWhatHidesTests) {
  const SuiteRun result =
      run({{"pytest.ini",
            "[pytest]\naddopts = -x --maxfail 1 -n 4 --cov=calc --cov-report=xml --lf -k "
            "\"not unwanted\" --strict-markers\ntestpaths = spec\npython_functions = check_*\n"},
           {"calc.py", kCalc},
           {"spec/test_a.py",
            "def check_1(): assert 0\ndef check_2(): assert 0\n"
            "def check_unwanted(): pass\ndef test_no(): pass\n"},
           {"other/test_b.py", "def check_3(): pass\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("spec/test_a.py::check_1 failed", "spec/test_a.py::check_2 failed"));
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(PytestRunner, SaysWhenThereAreNoTests) {
  const SuiteRun result = run({{"test_empty.py", "x = 1\n"}});

  EXPECT_THAT(result.tests, IsEmpty());
  EXPECT_FALSE(result.complete);
  EXPECT_FALSE(result.environment);
  EXPECT_EQ(result.problem, "no test was found");
}

TEST(PytestRunner, ReadsNoCompiledFileOfTheTree) {
  const SuiteRun result = run({{"calc.py", "def add(a, b): return 0\n"},
                               {"test_two.py",
                                "import importlib.util\nfrom calc import add\n"
                                "def test_where(): assert '__pycache__' not in "
                                "(importlib.util.find_spec('calc').cached or '')\n"
                                "def test_add(): assert add(1, 2) == 3\n"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_two.py::test_add failed", "test_two.py::test_where passed"));
}

TEST(PytestRunner, SpreadsFilesOverSandboxes) {
  SuiteProject::Files files;
  for (int i = 0; i < 6; ++i) {
    files["test_" + std::to_string(i) + ".py"] =
        "import pytest\n@pytest.mark.parametrize('n', range(5))\ndef test_n(n): assert n != 3\n";
  }
  files["test_dies.py"] = "import os\ndef test_k(): os._exit(0)\ndef test_z(): pass\n";

  const SuiteRun result = run(files, {.suite = {}, .limits = {}, .parallel = 3});

  EXPECT_EQ(result.tests.size(), 32U);
  EXPECT_EQ(result.find("test_dies.py::test_k")->outcome, TestOutcome::error);
  EXPECT_EQ(result.find("test_dies.py::test_z")->outcome, TestOutcome::passed);
  EXPECT_EQ(result.find("test_4.py::test_n[3]")->outcome, TestOutcome::failed);
  EXPECT_EQ(result.find("test_4.py::test_n[4]")->outcome, TestOutcome::passed);
  EXPECT_TRUE(result.complete) << result.problem;
}

TEST(PytestRunner, MeasuresTheLinesOfTheFilesAskedFor) {
  SuiteProject project(Walls::real,
                       {{"src/calc.py", kCalc},
                        {"test_calc.py",
                         "import sys, threading\nfrom calc import sign\n"
                         "def test_sign():\n    t = threading.Thread(target=sign, args=(-1,))\n"
                         "    t.start()\n    t.join()\n"
                         "def test_trace():\n    old = sys.gettrace()\n"
                         "    sys.settrace(lambda *a: None)\n    sys.settrace(old)\n"}},
                       kHelper);
  project.env()["PYTHONPATH"] = "/work/src";
  const SuiteRun measured = project.run({.suite = {.runner = "pytest"},
                                         .limits = {},
                                         .coverage_files = {"src/calc.py", "src/absent.py"}});

  ASSERT_THAT(measured.coverage.files, ::testing::SizeIs(1));
  const Coverage::File& lines = measured.coverage.files.at("src/calc.py");
  EXPECT_THAT(lines.executable, ElementsAre(1, 2, 5, 6, 7, 8));
  EXPECT_THAT(lines.executed, ElementsAre(1, 5, 6, 7));
  EXPECT_THAT(measured.doubts, IsEmpty());
}

TEST(PytestRunner, SaysWhenATestTakesTheTraceFunction) {
  const SuiteRun result = run({{"calc.py", kCalc},
                               {"test_calc.py",
                                "import sys\nfrom calc import add\n"
                                "def test_1(): sys.settrace(None)\n"
                                "def test_2(): assert add(1, 2) == 3\n"}},
                              {.suite = {}, .limits = {}, .coverage_files = {"calc.py"}});

  EXPECT_THAT(result.doubts, ElementsAre(HasSubstr("took the trace function")));
  EXPECT_THAT(result.coverage.files.at("calc.py").executed, ElementsAre(1, 2, 5));
}

TEST(PytestRunner, RunsAgainWithoutMeasuringWhatFailsWhileItMeasures) {
  const SuiteRun result = run({{"calc.py", kCalc},
                               {"test_calc.py",
                                "import sys\nfrom calc import add\n"
                                "def test_untraced(): assert sys.gettrace() is None\n"
                                "def test_bad(): assert add(1, 2) == 4\n"}},
                              {.suite = {}, .limits = {}, .coverage_files = {"calc.py"}});

  EXPECT_THAT(outcomes(result),
              ElementsAre("test_calc.py::test_bad failed", "test_calc.py::test_untraced passed"));
  EXPECT_THAT(result.doubts, ElementsAre("tests fail while lines are measured, and not without"));
  EXPECT_THAT(result.coverage.files.at("calc.py").executed, ElementsAre(1, 2, 5));
}

TEST(PytestRunner, RunsInTheSuitesFolder) {
  const SuiteRun result =
      run({{"libs/a/pyproject.toml", "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"},
           {"libs/a/calc.py", kCalc},
           {"libs/a/tests/test_two.py", kTwo}},
          {.suite = {.runner = "pytest", .root = "libs/a"},
           .limits = {},
           .coverage_files = {"libs/a/calc.py"}});

  EXPECT_THAT(outcomes(result), ElementsAre("tests/test_two.py::test_bad failed",
                                            "tests/test_two.py::test_good passed"));
  EXPECT_EQ(result.tests[0].file, "libs/a/tests/test_two.py");
  EXPECT_THAT(result.coverage.files.at("libs/a/calc.py").executed, ElementsAre(1, 2, 5));
}

}  // namespace
}  // namespace nightjar::harness
