// The real RSpec. PHPUnit and JavaScript's node are run by tests/e2e/prove_test.cc as well.
#include <gmock/gmock.h>

#include "harness/testing/suite_project.h"

namespace nightjar::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
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

}  // namespace
}  // namespace nightjar::harness
