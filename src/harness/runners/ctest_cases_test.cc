// Programs of the real GoogleTest, Catch2 and doctest under the real ctest; and what their listings
// and reports may hold.
#include <gmock/gmock.h>

#include "harness/runners/case_reports.h"
#include "harness/testing/suite_project.h"
#include "sandbox/testing/local_sandbox.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::outcomes;
using testing::SuiteProject;
using testing::Walls;

constexpr const char* kHelper = NIGHTJAR_BINARY_DIR "/nightjar-helper";

/// The program that this machine's compiler makes of `source`.
std::string compiled(const std::string& source, const std::vector<std::string>& libraries) {
  sandbox::testing::LocalLauncher launcher;
  const sandbox::testing::ScratchFolder scratch;
  const std::string lower = scratch.lower_dir(launcher, "sources", {{"tests.cc", source}});
  auto sandbox = launcher.open(sandbox::testing::spec_with({lower}));
  if (!sandbox) return {};
  std::vector<std::string> argv = {"g++", "-std=c++17", "-O0", "tests.cc", "-o", "tests"};
  argv.insert(argv.end(), libraries.begin(), libraries.end());
  sandbox::Command command = sandbox::testing::command_of(std::move(argv));
  command.wall_max = std::chrono::minutes(5);
  command.cpu_max = std::chrono::minutes(5);
  const sandbox::Outcome outcome = sandbox::testing::run(**sandbox, command);
  EXPECT_TRUE(outcome.succeeded()) << outcome.stderr_bytes;
  return sandbox::read_file_at((*sandbox)->workspace_fd(), "tests", std::uint64_t{64} << 20U)
      .value_or("");
}

// What each program does beside passing hangs on a variable, so that one program serves all tests.
const std::string& gtest_program() {
  static const std::string program = compiled(R"(
#include <gtest/gtest.h>
#include <unistd.h>
#include <cstdlib>
static std::string mode() { const char* m = getenv("MODE"); return m == nullptr ? "" : m; }
TEST(Sum, Adds) { EXPECT_EQ(1 + 1, 2); }
TEST(Sum, Carries) { EXPECT_EQ(9 + 1, mode() == "wrong" ? 11 : 10); }
TEST(Sum, DISABLED_Waits) {}
TEST(Sum, Skips) { GTEST_SKIP() << "not here"; }
struct Each : testing::TestWithParam<int> {};
TEST_P(Each, IsSmall) {
  if (mode() == "crash" && GetParam() == 2) abort();
  if (mode() == "leave" && GetParam() == 2) {
    FILE* report = fopen("/dev/fd/3", "w");
    if (report != nullptr) fprintf(report, "<testsuites><testsuite><testcase name=\"IsSmall/1\" "
                                   "classname=\"All/Each\"/></testsuite></testsuites>");
    if (report != nullptr) fclose(report);
    _exit(0);
  }
  if (mode() == "hang" && GetParam() == 2) for (;;) pause();
  EXPECT_LT(GetParam(), 9);
}
INSTANTIATE_TEST_SUITE_P(All, Each, testing::Values(1, 2, 3));
struct AtExit : testing::Environment {
  void TearDown() override { if (mode() == "late") exit(23); }
};
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new AtExit);
  const int code = RUN_ALL_TESTS();
  if (mode() == "leak") return 23;
  return mode() == "ignore" ? 0 : code;
}
)",
                                              {"-lgtest", "-lpthread"});
  return program;
}

const std::string& catch_program() {
  static const std::string program = compiled(R"(
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <string>
#include <unistd.h>
static std::string mode() { const char* m = getenv("MODE"); return m == nullptr ? "" : m; }
TEST_CASE("adds, [and] more", "[sum]") { SECTION("a") { CHECK(1 + 1 == 2); } SECTION("b") {} }
TEST_CASE("breaks") { if (mode() == "crash") raise(SIGSEGV); if (mode() == "leave") _exit(0); }
TEST_CASE("is wrong") { const int one = 1; CHECK(one == (mode() == "wrong" ? 2 : 1)); }
TEST_CASE("may be wrong", "[!mayfail]") { CHECK(1 == 2); }
TEST_CASE("out of sight", "[.]") { CHECK(1 == 2); }
TEST_CASE("  a * of \\ names  ") {}
)",
                                              {"-lCatch2WithMain"});
  return program;
}

const std::string& doctest_program() {
  static const std::string program = compiled(R"(
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <csignal>
#include <cstdlib>
#include <string>
#include <unistd.h>
static std::string mode() { const char* m = getenv("MODE"); return m == nullptr ? "" : m; }
TEST_SUITE("math") {
  TEST_CASE("adds, more") { CHECK(1 + 1 == 2); }
  TEST_CASE("same") {}
}
TEST_CASE("same") { CHECK(1 == (mode() == "wrong" ? 2 : 1)); }
TEST_CASE("Same") {}
TEST_CASE("breaks") { if (mode() == "crash") raise(SIGSEGV); if (mode() == "leave") _exit(0); }
TEST_CASE("waits" * doctest::skip()) {}
TEST_CASE("wrong as it should" * doctest::should_fail()) { CHECK(1 == 2); }
)",
                                              {});
  return program;
}

SuiteProject project_of(const std::string& program, const std::string& tests) {
  return {Walls::real, {{"build/tests", program}, {"build/CTestTestfile.cmake", tests}}, kHelper};
}

std::string whole_in(const std::string& mode, const std::string& more = "") {
  return "add_test(all \"/work/build/tests\")\n"
         "set_tests_properties(all PROPERTIES ENVIRONMENT \"MODE=" +
         mode + "\" " + more + ")\n";
}

SuiteRequest ctest_request(std::vector<std::string> only = {}) {
  return {.suite = {.runner = "ctest"}, .limits = {}, .only = std::move(only)};
}

TEST(CtestCases, TellsGoogleTestsCasesBesideTheirProgram) {
  SuiteProject project = project_of(gtest_program(), whole_in("wrong"));

  const SuiteRun run = project.run(ctest_request());

  EXPECT_THAT(outcomes(run),
              ElementsAre("all failed", "all > All/Each.IsSmall/0 passed",
                          "all > All/Each.IsSmall/1 passed", "all > All/Each.IsSmall/2 passed",
                          "all > Sum.Adds passed", "all > Sum.Carries failed",
                          "all > Sum.DISABLED_Waits skipped", "all > Sum.Skips skipped"))
      << run.problem << run.output_tail;
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(run.find("all > Sum.Carries")->message, HasSubstr("11"));
  EXPECT_THAT(run.find("all")->message, HasSubstr("1 of 7 cases failed"));
}

TEST(CtestCases, FindsTheCaseInWhichGoogleTestEnds) {
  for (const char* mode : {"crash", "leave"}) {
    SuiteProject project = project_of(gtest_program(), whole_in(mode));

    const SuiteRun run = project.run(ctest_request());

    EXPECT_THAT(outcomes(run),
                ElementsAre("all error", "all > All/Each.IsSmall/0 passed",
                            "all > All/Each.IsSmall/1 error", "all > All/Each.IsSmall/2 passed",
                            "all > Sum.Adds passed", "all > Sum.Carries passed",
                            "all > Sum.DISABLED_Waits skipped", "all > Sum.Skips skipped"))
        << mode << run.problem << run.output_tail;
    EXPECT_TRUE(run.complete) << run.problem;
  }
}

TEST(CtestCases, FindsTheCaseThatHangs) {
  SuiteProject project = project_of(gtest_program(), whole_in("hang", "TIMEOUT 1"));

  const SuiteRun run = project.run(ctest_request());

  EXPECT_EQ(run.find("all")->outcome, TestOutcome::timed_out);
  EXPECT_EQ(run.find("all > All/Each.IsSmall/1")->outcome, TestOutcome::timed_out);
  EXPECT_EQ(run.find("all > All/Each.IsSmall/2")->outcome, TestOutcome::passed);
  EXPECT_EQ(run.find("all > Sum.Adds")->outcome, TestOutcome::passed);
}

TEST(CtestCases, LetsTheProgramFailWhereNoCaseDid) {
  for (const char* mode : {"leak", "late"}) {
    SuiteProject project = project_of(gtest_program(), whole_in(mode));

    const SuiteRun run = project.run(ctest_request());

    EXPECT_EQ(run.find("all")->outcome, TestOutcome::failed) << mode;
    EXPECT_THAT(run.find("all")->message, HasSubstr("exit status 23"));
    EXPECT_TRUE(run.complete) << run.problem;
  }
}

TEST(CtestCases, RunsTheWantedCaseAlone) {
  SuiteProject project = project_of(gtest_program(), whole_in("crash"));

  EXPECT_THAT(outcomes(project.run(ctest_request({"all > Sum.Adds", "all > All/Each.IsSmall/2"}))),
              ElementsAre("all > All/Each.IsSmall/2 passed", "all > Sum.Adds passed"));
  EXPECT_THAT(outcomes(project.run(ctest_request({"all"}))), ElementsAre("all error"));
  SuiteRequest reversed = ctest_request();
  reversed.order = SuiteRequest::Order::reversed;
  EXPECT_EQ(project.run(reversed).find("all > All/Each.IsSmall/1")->outcome, TestOutcome::error);
}

// gtest_discover_tests() and what steers the program as a whole.
TEST(CtestCases, LeavesOtherTestsAsTheyAre) {
  SuiteProject project = project_of(
      gtest_program(),
      "add_test(Sum.Adds \"/work/build/tests\" \"--gtest_filter=Sum.Adds\")\n"
      "add_test(red \"/work/build/tests\")\n"
      "set_tests_properties(red PROPERTIES WILL_FAIL ON)\n"
      "add_test(said \"/work/build/tests\")\n"
      "set_tests_properties(said PROPERTIES PASS_REGULAR_EXPRESSION PASSED)\n"
      "add_test(up \"/work/build/tests\")\n"
      "set_tests_properties(up PROPERTIES FIXTURES_SETUP up)\n"
      "add_test(shard \"/work/build/tests\")\n"
      "set_tests_properties(shard PROPERTIES ENVIRONMENT "
      "\"GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=0\")\n"
      "add_test(echo \"/bin/echo\" \"gtest_list_tests\")\n"
      "add_test(some \"/work/build/tests\" \"--gtest_filter=Sum.A*:None.*\" \"data\")\n");

  const SuiteRun run = project.run(ctest_request());

  EXPECT_THAT(outcomes(run),
              ElementsAre("Sum.Adds passed", "echo passed", "red failed", "said passed",
                          "shard passed", "some passed", "some > Sum.Adds passed", "up passed"))
      << run.problem << run.output_tail;
}

TEST(CtestCases, TellsCatchsCases) {
  SuiteProject project = project_of(catch_program(), whole_in("wrong"));

  const SuiteRun run = project.run(ctest_request());

  EXPECT_THAT(outcomes(run), ElementsAre("all failed", "all > a * of \\ names passed",
                                         "all > adds, [and] more passed", "all > breaks passed",
                                         "all > is wrong failed", "all > may be wrong passed"))
      << run.problem << run.output_tail;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(run.find("all > is wrong")->message, HasSubstr("1 == 2"));
  EXPECT_THAT(
      outcomes(project.run(ctest_request({"all > a * of \\ names", "all > adds, [and] more"}))),
      ElementsAre("all > a * of \\ names passed", "all > adds, [and] more passed"));
}

TEST(CtestCases, FindsTheCaseInWhichCatchEnds) {
  for (const char* mode : {"crash", "leave"}) {
    SuiteProject project = project_of(catch_program(), whole_in(mode));

    const SuiteRun run = project.run(ctest_request());

    EXPECT_THAT(outcomes(run), ElementsAre("all error", "all > a * of \\ names passed",
                                           "all > adds, [and] more passed", "all > breaks error",
                                           "all > is wrong passed", "all > may be wrong passed"))
        << mode << run.problem << run.output_tail;
  }
}

TEST(CtestCases, GivesCatchItsTagsAndNamesOfOneCase) {
  SuiteProject project =
      project_of(catch_program(),
                 "add_test(tagged \"/work/build/tests\" \"[sum]\" \"-r\" \"compact\")\n"
                 "add_test(breaks \"/work/build/tests\" \"breaks\")\n");

  EXPECT_THAT(outcomes(project.run(ctest_request())),
              ElementsAre("breaks passed", "tagged passed", "tagged > adds, [and] more passed"));
}

TEST(CtestCases, TellsDoctestsCases) {
  SuiteProject project = project_of(doctest_program(), whole_in("wrong"));

  const SuiteRun run = project.run(ctest_request());

  EXPECT_THAT(outcomes(run), ElementsAre("all failed", "all > Same passed", "all > breaks passed",
                                         "all > math > adds, more passed",
                                         "all > math > same passed", "all > same failed",
                                         "all > waits skipped", "all > wrong as it should passed"))
      << run.problem << run.output_tail;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(outcomes(project.run(ctest_request({"all > same", "all > waits"}))),
              ElementsAre("all > same failed", "all > waits skipped"));
}

TEST(CtestCases, FindsTheCaseInWhichDoctestEnds) {
  for (const char* mode : {"crash", "leave"}) {
    SuiteProject project = project_of(doctest_program(), whole_in(mode));

    const SuiteRun run = project.run(ctest_request());

    EXPECT_EQ(run.find("all > breaks")->outcome, TestOutcome::error) << mode;
    EXPECT_EQ(run.find("all > wrong as it should")->outcome, TestOutcome::passed) << mode;
    EXPECT_EQ(run.find("all")->outcome, TestOutcome::error) << mode;
  }
}

TEST(CtestCases, DoubtsAProgramThatIgnoresItsCases) {
  CaseReport report = parse_case_report(
      Framework::catch2,
      "<Catch2TestRun><TestCase name=\"a\"><OverallResult success=\"true\" skips=\"1\"/></TestCase>"
      "<TestCase name=\"b\"><OverallResult success=\"false\"/></TestCase>"
      "<OverallResultsCases successes=\"2\" failures=\"0\" expectedFailures=\"0\" skips=\"0\"/>"
      "</Catch2TestRun>");

  EXPECT_TRUE(report.whole);
  EXPECT_THAT(report.doubts, ElementsAre("the program counts other cases than it tells"));
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_EQ(report.results[0].result.outcome, TestOutcome::skipped);
  EXPECT_EQ(report.results[1].result.outcome, TestOutcome::failed);
}

TEST(CaseReports, BelieveNoSecondDocument) {
  const std::string one =
      "<Catch><TestCase name=\"a\"><OverallResult success=\"true\"/></TestCase>"
      "</Catch>";

  EXPECT_TRUE(parse_case_report(Framework::catch2, one).whole);
  EXPECT_FALSE(parse_case_report(Framework::catch2, one + one).whole);
  EXPECT_FALSE(parse_case_report(Framework::doctest, one).whole);
  EXPECT_THAT(parse_case_report(Framework::catch2,
                                "<Catch><TestCase name=\"a\"><OverallResult success=\"true\"/>"
                                "</TestCase><TestCase name=\"b\">")
                  .unfinished,
              ElementsAre("b"));
  EXPECT_FALSE(parse_case_report(Framework::gtest, "<testsuites>").whole);
}

TEST(CaseReports, TellWhatFailsOutsideOfGoogleTestsCases) {
  const CaseReport report = parse_case_report(
      Framework::gtest,
      R"(<testsuites tests="1" failures="1"><testsuite name="Db" tests="2" failures="1">)"
      R"(<testcase name="" classname="Db" status="run"><failure message="no db"/></testcase>)"
      R"(<testcase name="Reads" classname="Db" result="skipped" status="run"/>)"
      R"(</testsuite></testsuites>)");

  ASSERT_EQ(report.troubles.size(), 1U);
  EXPECT_EQ(report.troubles[0].key, "Db");
  EXPECT_EQ(report.troubles[0].result.outcome, TestOutcome::failed);
  EXPECT_EQ(report.results.size(), 1U);
}

std::vector<std::string> ids_in(Framework framework, int way, const std::string& text, int code) {
  const auto cases = parse_case_list(
      framework, way, {.ended = sandbox::Ended::exited, .code = code, .report_bytes = text});
  std::vector<std::string> out;
  if (!cases) return {"none"};
  for (const TestCase& one : *cases) out.push_back(one.id);
  return out;
}

TEST(CaseLists, ReadOldAndNewForms) {
  EXPECT_THAT(ids_in(Framework::gtest, 1,
                     "Running main() from gtest_main.cc\nA.\n  x\n  y/0  # GetParam() = 1\n"
                     "B/0.  # TypeParam = int\n  z\n",
                     0),
              ElementsAre("A.x", "A.y/0", "B/0.z"));
  EXPECT_THAT(ids_in(Framework::catch2, 1, "one\n  two words\n\"#three\"\n", 3),
              ElementsAre("one", "two words", "#three"));
  EXPECT_THAT(ids_in(Framework::catch2, 0,
                     "<MatchingTests><TestCase><Name>a</Name></TestCase><TestCase><Name>a</Name>"
                     "</TestCase></MatchingTests>",
                     0),
              ElementsAre("a", "a#2"));
}

TEST(CaseLists, AreNoneWhereAnythingIsOdd) {
  const auto none = ElementsAre("none");
  EXPECT_THAT(ids_in(Framework::gtest, 1, "hello\nA.\n  x\n", 0), none);
  EXPECT_THAT(ids_in(Framework::gtest, 1, "  x\n", 0), none);
  EXPECT_THAT(ids_in(Framework::gtest, 1, "A.\n  x\n", 1), none);
  EXPECT_THAT(ids_in(Framework::gtest, 0, "<testsuites/>", 0), none);
  EXPECT_THAT(ids_in(Framework::catch2, 1, "one\ntwo\n", 3), none);
  EXPECT_THAT(ids_in(Framework::catch2, 0, "", 0), none);
  EXPECT_THAT(ids_in(Framework::doctest, 0,
                     "<doctest><TestCase name=\"a\"/><OverallResultsTestCases unskipped=\"2\"/>"
                     "</doctest>",
                     0),
              none);
}

TEST(CaseArguments, AreKeptWhereTheyMeanTheSame) {
  const auto takes = [](Framework framework, std::vector<std::string> command) {
    CtestTest test;
    test.command = std::move(command);
    return may_have_cases(test, framework);
  };
  EXPECT_TRUE(takes(Framework::gtest, {"t", "data", "--gtest_color=yes", "--gtest_filter=-A.b"}));
  EXPECT_FALSE(takes(Framework::gtest, {"t", "--gtest_filter=A.b"}));
  EXPECT_FALSE(takes(Framework::gtest, {"t", "--gtest_repeat=2"}));
  EXPECT_TRUE(takes(Framework::catch2, {"t", "~[slow]", "-s", "-r", "junit", "--durations=yes"}));
  EXPECT_FALSE(takes(Framework::catch2, {"t", "one case"}));
  EXPECT_FALSE(takes(Framework::catch2, {"t", "-r"}));
  EXPECT_FALSE(takes(Framework::catch2, {"t", "--shard-count", "2"}));
  EXPECT_TRUE(takes(Framework::doctest, {"t", "data", "-ts=math", "--dt-no-colors=true"}));
  EXPECT_FALSE(takes(Framework::doctest, {"t", "--test-case=one"}));
}

}  // namespace
}  // namespace nightjar::harness
