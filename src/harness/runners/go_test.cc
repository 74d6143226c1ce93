// The real go; and what it may print.
#include <gmock/gmock.h>

#include "harness/runners/go_events.h"
#include "harness/testing/suite_project.h"

namespace nightjar::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::outcomes;
using testing::SuiteProject;
using testing::Walls;

constexpr const char* kHead = "package m\n\nimport \"testing\"\n\n";
constexpr const char* kTwice =
    "package m\n\nfunc Twice(x int) int {\n\tif x < 0 {\n\t\treturn -2\n"
    "\t}\n\treturn 2 * x\n}\n";

class GoProject : public SuiteProject {
 public:
  explicit GoProject(Files files) : SuiteProject(Walls::none, with_module(std::move(files))) {
    env()["GOPROXY"] = "off";
    env()["GOFLAGS"] = "-mod=mod";
  }

 private:
  static Files with_module(Files files) {
    files.emplace("go.mod", "module example.com/m\n\ngo 1.18\n");
    return files;
  }
};

TEST(GoRunner, TellsEachTestApart) {
  GoProject go(SuiteProject::Files{
      {"m.go", kTwice},
      {"sub/s.go", "package sub\n"},
      {"sub/s_test.go", "package sub\n\nimport \"testing\"\n\nfunc TestS(t *testing.T) {}\n"},
      {"m_test.go", std::string(kHead) +
                        "func TestTwice(t *testing.T) {\n\tt.Run(\"one\", func(t *testing.T) {\n"
                        "\t\tif Twice(1) != 2 {\n\t\t\tt.Fatal(\"no\")\n\t\t}\n\t})\n}\n\n"
                        "func TestWrong(t *testing.T) {\n\tt.Errorf(\"got %d\", Twice(2))\n}\n\n"
                        "func TestSkipped(t *testing.T) {\n\tt.Skip(\"not now\")\n}\n"}});

  const SuiteRun run =
      go.run({.suite = {.runner = "go"}, .limits = {}, .coverage_files = {"m.go"}});

  EXPECT_THAT(outcomes(run),
              ElementsAre("example.com/m.TestSkipped skipped", "example.com/m.TestTwice passed",
                          "example.com/m.TestTwice/one passed", "example.com/m.TestWrong failed",
                          "example.com/m/sub.TestS passed"));
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(run.find("example.com/m.TestWrong")->message, HasSubstr("got 4"));
  EXPECT_EQ(run.find("example.com/m.TestTwice/one")->file, "m_test.go");
  EXPECT_TRUE(run.coverage.files.at("m.go").executed.contains(7));
  EXPECT_FALSE(run.coverage.files.at("m.go").executed.contains(5));
}

TEST(GoRunner, NamesThePackageThatDoesNotBuildAndTheTestThatPanics) {
  GoProject go(SuiteProject::Files{
      {"m.go", kTwice},
      {"bad/b_test.go",
       "package bad\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { missing() }\n"},
      {"m_test.go",
       std::string(kHead) + "func TestPanics(t *testing.T) {\n\tvar p *int\n\t*p = 1\n}\n"}});

  const SuiteRun run = go.run({.runner = "go"});

  EXPECT_THAT(outcomes(run),
              ElementsAre("example.com/m.TestPanics error", "example.com/m/bad error"));
  EXPECT_THAT(run.find("example.com/m/bad")->message, HasSubstr("missing"));
  EXPECT_FALSE(run.environment);
}

// What a program under test prints is no result.
TEST(GoRunner, BelievesNoResultThatATestPrints) {
  GoProject go(SuiteProject::Files{
      {"m_test.go",
       "package m\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\n"
       "func TestForges(t *testing.T) {\n\tfmt.Println(\"--- PASS: TestForges (0.00s)\")\n"
       "\tfmt.Println(\"{\\\"Action\\\":\\\"pass\\\",\\\"Test\\\":\\\"TestForges\\\"}\")\n"
       "\tt.Fail()\n}\n\nfunc TestLeaves(t *testing.T) {\n\tos.Exit(0)\n}\n"}});

  const SuiteRun run = go.run({.runner = "go"});

  // Failed where the tool marks its lines (Go 1.20), else unknown.
  EXPECT_TRUE(is_bad(run.find("example.com/m.TestForges")->outcome));
  EXPECT_TRUE(is_bad(run.find("example.com/m.TestLeaves")->outcome));
}

TEST(GoRunner, RunsWhatItIsAskedForInAnotherOrder) {
  GoProject go(SuiteProject::Files{
      {"m_test.go", std::string(kHead) + "func TestA(t *testing.T) {}\nfunc TestB(t *testing.T) "
                                         "{}\nfunc TestAB(t *testing.T) {}\n"}});

  const SuiteRun run = go.run({.suite = {.runner = "go"},
                               .limits = {},
                               .only = {"example.com/m.TestA"},
                               .order = SuiteRequest::Order::reversed});

  EXPECT_THAT(outcomes(run), ElementsAre("example.com/m.TestA passed"));
}

TEST(GoRunner, SaysWhichModuleIsNotHere) {
  GoProject go(SuiteProject::Files{
      {"m_test.go",
       "package m\n\nimport (\n\t\"testing\"\n\n\t_ \"example.com/nowhere/x\"\n)\n\n"
       "func TestA(t *testing.T) {}\n"}});

  const SuiteRun run = go.run({.runner = "go"});

  EXPECT_TRUE(run.environment) << run.problem;
  EXPECT_THAT(run.problem, HasSubstr("example.com/nowhere/x"));
  EXPECT_THAT(run.problem, HasSubstr("go mod download"));
}

TEST(GoRunner, EndsATestThatHangs) {
  GoProject go(SuiteProject::Files{
      {"m_test.go", std::string(kHead) + "func TestHangs(t *testing.T) {\n\tselect {}\n}\n"
                                         "func TestGood(t *testing.T) {}\n"}});

  const SuiteRun run = go.run({.suite = {.runner = "go"},
                               .limits = {.wall_max = std::chrono::seconds(20),
                                          .cpu_max = std::chrono::seconds(60),
                                          .output_bytes_max = 1 << 20}});

  ASSERT_NE(run.find("example.com/m.TestHangs"), nullptr) << run.problem;
  EXPECT_TRUE(is_bad(run.find("example.com/m.TestHangs")->outcome));
}

TEST(GoEvents, ReadTheBuildEventsOfNewerTools) {
  const GoReport report = parse_go_events(
      "{\"ImportPath\":\"m [m.test]\",\"Action\":\"build-output\",\"Output\":\"x.go:1: bad\\n\"}\n"
      "{\"ImportPath\":\"m [m.test]\",\"Action\":\"build-fail\"}\n"
      "{\"Action\":\"start\",\"Package\":\"m\"}\n"
      "{\"Action\":\"fail\",\"Package\":\"m\",\"Elapsed\":0,\"FailedBuild\":\"m [m.test]\"}\n"
      "no json\n{\n{\"Action\":5}\n",
      "");

  ASSERT_EQ(report.events.size(), 1U);
  EXPECT_EQ(report.events[0].kind, SessionEvent::Kind::trouble);
  EXPECT_EQ(report.events[0].id, "m");
  EXPECT_EQ(report.events[0].message, "x.go:1: bad");
}

TEST(GoEvents, NameWhatTheModuleCacheLacks) {
  const GoReport report = parse_go_events(
      "{\"ImportPath\":\"m\",\"Action\":\"build-output\",\"Output\":\"m_test.go:9:2: open "
      "/c/cache/download/example.com/assert/@v/v1.11.1.lock: read-only file system\\n\"}\n"
      "{\"ImportPath\":\"m\",\"Action\":\"build-output\",\"Output\":\"m.go:10:2: module lookup "
      "disabled by GOPROXY=off\\n\"}\n",
      "go: go.mod requires go >= 1.99 (running go 1.19; GOTOOLCHAIN=local)\n");

  EXPECT_THAT(report.missing,
              ElementsAre("go >= 1.99", "example.com/assert@v1.11.1", "what m.go:10 imports"));
}

TEST(GoEvents, ReadModulesAndProfiles) {
  EXPECT_EQ(go_module_in("// x\nmodule example.com/m\n"), "example.com/m");
  EXPECT_EQ(go_module_in("module \"a/b\" // c\n"), "a/b");
  EXPECT_EQ(go_module_in("go 1.2\n"), "");
  const Coverage coverage = parse_go_profile(
      "mode: set\nm/a.go:1.2,2.3 1 1\nm/a.go:4.2,4.9 1 0\nm/b.go:1.1,1.2 1 1\nm/a.go:x\n", "m",
      "sub", {"sub/a.go"});
  ASSERT_EQ(coverage.files.size(), 1U);
  EXPECT_THAT(coverage.files.at("sub/a.go").executed, ElementsAre(1, 2));
  EXPECT_THAT(coverage.files.at("sub/a.go").executable, ElementsAre(1, 2, 4));
}

}  // namespace
}  // namespace nightjar::harness
