// The real cargo; and what libtest may print.
#include <gmock/gmock.h>

#include "harness/runners/libtest.h"
#include "harness/testing/suite_project.h"

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

SuiteProject::Files crate(const std::string& lib, const std::string& test) {
  return {{"Cargo.toml", "[package]\nname = \"twice\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"},
          {"src/lib.rs", lib},
          {"tests/it.rs", test}};
}

TEST(CargoRunner, TellsEachTestApart) {
  SuiteProject project(
      Walls::real,
      crate("/// ```\n/// assert_eq!(twice::twice(2), 4);\n/// ```\npub fn twice(x: i32) -> i32 {\n"
            "    2 * x\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn doubles() {\n"
            "        assert_eq!(super::twice(2), 4);\n    }\n    #[test]\n    #[ignore]\n"
            "    fn waits() {}\n}\n",
            "#[test]\nfn is_wrong() {\n    assert_eq!(twice::twice(2), 5);\n}\n"),
      kHelper);

  const SuiteRun run = project.run({.suite = {.runner = "cargo"}, .limits = {}});

  EXPECT_THAT(outcomes(run),
              ElementsAre("doc: src/lib.rs - twice passed", "it (test)::is_wrong failed",
                          "twice::tests::doubles passed", "twice::tests::waits skipped"))
      << run.problem << run.output_tail;
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(run.doubts, IsEmpty());
  EXPECT_THAT(run.find("it (test)::is_wrong")->message, HasSubstr("left"));
}

TEST(CargoRunner, NamesTheTargetThatDoesNotCompileAndTheTestThatLeaves) {
  SuiteProject project(
      Walls::real,
      crate("#[test]\nfn leaves() {\n    std::process::exit(0);\n}\n#[test]\nfn stays() {}\n",
            "#[test]\nfn t() {\n    missing();\n}\n"),
      kHelper);
  const SuiteRun broken = project.run({.suite = {.runner = "cargo"}, .limits = {}});
  EXPECT_NE(broken.find("it (test)"), nullptr) << broken.problem << broken.output_tail;

  SuiteProject leaving(
      Walls::real,
      crate("#[test]\nfn leaves() {\n    std::process::exit(0);\n}\n#[test]\nfn stays() {}\n", ""),
      kHelper);
  const SuiteRun run = leaving.run({.suite = {.runner = "cargo"}, .limits = {}});

  ASSERT_NE(run.find("twice::leaves"), nullptr) << run.problem << run.output_tail;
  EXPECT_TRUE(is_bad(run.find("twice::leaves")->outcome));
  EXPECT_TRUE(is_good(run.find("twice::stays")->outcome));
}

TEST(CargoRunner, SaysWhichCrateIsNotHere) {
  SuiteProject::Files files = crate("", "");
  files["Cargo.toml"] += "[dependencies]\nno-such-crate-of-nobody = \"1\"\n";
  SuiteProject project(Walls::real, files, kHelper);

  const SuiteRun run = project.run({.suite = {.runner = "cargo"}, .limits = {}});

  EXPECT_TRUE(run.environment) << run.problem << run.output_tail;
  EXPECT_THAT(run.problem, HasSubstr("no-such-crate-of-nobody"));
}

TEST(Libtest, IsNotFooledByLinesThatATestPrints) {
  const sandbox::Outcome outcome{
      .ended = sandbox::Ended::exited,
      .code = 0,
      .stdout_bytes =
          "\nrunning 2 tests\ntest a ... ok\ntest b ... ok\ntest b ... FAILED\n"
          "test c ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 "
          "measured; 0 filtered out\n"};

  const LibtestRun judged = judge_libtest({"a", "b"}, outcome, "x::");

  EXPECT_THAT(outcomes(judged.run), ElementsAre("x::a passed", "x::b unknown"));
  EXPECT_THAT(judged.run.doubts, Not(IsEmpty()));
}

TEST(Libtest, ReadsListings) {
  EXPECT_EQ(parse_libtest_list("a::b: test\nc: benchmark\n\n"), (std::vector<std::string>{"a::b"}));
  EXPECT_EQ(parse_libtest_list("usage: prog\n"), std::nullopt);
  EXPECT_THAT(doc_test_names({"src/lib.rs - f (line 3)", "src/lib.rs - f (line 9)"}),
              ElementsAre("src/lib.rs - f", "src/lib.rs - f #2"));
}

}  // namespace
}  // namespace nightjar::harness
