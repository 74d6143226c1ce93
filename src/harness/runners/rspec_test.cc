// The real RSpec. PHPUnit and JavaScript's node are run by tests/e2e/prove_test.cc as well.
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

TEST(RspecRunner, NamesTheFileThatDoesNotLoad) {
  SuiteProject project(
      Walls::real,
      {{"spec/twice_spec.rb",
        "describe \"twice\" do\n  it(\"doubles\") { expect(2 * 2).to eq(4) }\n"
        "  it(\"is wrong\") { expect(2 * 2).to eq(5) }\n  it(\"breaks\") { raise \"x\" }\n"
        "  xit(\"waits\") { }\nend\n"},
       {"spec/broken_spec.rb", "require \"no_such_gem\"\n"}},
      kHelper);

  const SuiteRun run = project.run({.suite = {.runner = "rspec"}, .limits = {}});
  std::string told = run.problem;
  for (const TestResult& test : run.tests) told += test.id + ": " + test.message + "\n";
  EXPECT_THAT(told, HasSubstr("no_such_gem")) << run.output_tail;
  EXPECT_THAT(told, HasSubstr("spec/broken_spec.rb")) << run.output_tail;
}

TEST(RspecRunner, RunsWhatLoads) {
  SuiteProject project(
      Walls::real,
      {{"spec/twice_spec.rb",
        "describe \"twice\" do\n  it(\"doubles\") { expect(2 * 2).to eq(4) }\n"
        "  it(\"is wrong\") { expect(2 * 2).to eq(5) }\n  it(\"breaks\") { raise \"x\" }\n"
        "  xit(\"waits\") { }\nend\n"}},
      kHelper);

  const SuiteRun run = project.run({.suite = {.runner = "rspec"}, .limits = {}});
  const SuiteRun one = project.run(
      {.suite = {.runner = "rspec"}, .limits = {}, .only = {"spec/twice_spec.rb > twice doubles"}});

  EXPECT_THAT(outcomes(run), ElementsAre("spec/twice_spec.rb > twice breaks error",
                                         "spec/twice_spec.rb > twice doubles passed",
                                         "spec/twice_spec.rb > twice is wrong failed",
                                         "spec/twice_spec.rb > twice waits skipped"))
      << run.problem << run.output_tail;
  EXPECT_TRUE(run.complete) << run.problem;
  EXPECT_THAT(outcomes(one), ElementsAre("spec/twice_spec.rb > twice doubles passed"));
}

TEST(RspecRunner, TellsTheLinesThatRan) {
  const SuiteProject::Files files = {
      {"lib/half.rb",
       "def half(x)\n  return 0 if x.zero?\n\n  x / 2\nend\n\ndef twice(x)\n"
       "  2 * x\nend\n"},
      {"lib/unused.rb", "def unused\n  1\nend\n"},
      {"spec/half_spec.rb",
       "require \"half\"\ndescribe \"half\" do\n"
       "  it(\"halves\") { expect(half(4)).to eq(2) }\nend\n"}};
  SuiteProject project(Walls::real, files, kHelper);

  const SuiteRun run =
      project.run({.suite = {.runner = "rspec"},
                   .limits = {},
                   .coverage_files = {"lib/half.rb", "lib/unused.rb", "lib/absent.rb"}});

  ASSERT_EQ(run.coverage.files.size(), 2U) << run.problem << run.output_tail;
  EXPECT_THAT(run.coverage.files.at("lib/half.rb").executable, ElementsAre(1, 2, 4, 7, 8));
  EXPECT_THAT(run.coverage.files.at("lib/half.rb").executed, ElementsAre(1, 2, 4, 7));
  EXPECT_THAT(run.coverage.files.at("lib/unused.rb").executed, IsEmpty());
  EXPECT_TRUE(run.complete) << run.problem;
}

// SimpleCov starts and reads the same measuring.
TEST(RspecRunner, BearsThatTheProjectMeasuresToo) {
  SuiteProject project(Walls::real,
                       {{"lib/half.rb", "def half(x)\n  x / 2\nend\n"},
                        {"spec/half_spec.rb",
                         "require \"coverage\"\nCoverage.start(lines: true)\nrequire \"half\"\n"
                         "describe \"half\" do\n  it(\"halves\") { expect(half(4)).to eq(2) }\n"
                         "  after(:all) { Coverage.result }\nend\n"}},
                       kHelper);

  const SuiteRun run =
      project.run({.suite = {.runner = "rspec"}, .limits = {}, .coverage_files = {"lib/half.rb"}});

  EXPECT_THAT(outcomes(run), ElementsAre("spec/half_spec.rb > half halves passed"));
  ASSERT_EQ(run.coverage.files.size(), 1U) << run.problem;
  EXPECT_THAT(run.coverage.files.at("lib/half.rb").executed, ElementsAre(1, 2));
}

}  // namespace
}  // namespace nightjar::harness
