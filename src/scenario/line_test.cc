// From sources to satisfaction with real programs: build, run, tell good, wrong, crashing and
// flaky.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/file.h"
#include "harness/build.h"
#include "sandbox/testing/local_sandbox.h"
#include "scenario/trial.h"

namespace nightjar::scenario {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using namespace std::chrono_literals;

constexpr const char* kProgram = R"(#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "sum") == 0) {
    double total = 0, value;
    while (scanf("%lf", &value) == 1) total += value;
    printf("total %g\n", total);
    return 0;
  }
  if (strcmp(mode, "crash") == 0) abort();
  if (strcmp(mode, "flaky") == 0) {
    FILE* random = fopen("/dev/urandom", "rb");
    return random == NULL || (fgetc(random) & 1);
  }
  fprintf(stderr, "usage: tool sum\n");
  return 2;
}
)";

constexpr const char* kScenarios = R"(
scenario: numbers are added up
steps:
  - run: [./tool, sum]
    stdin: "1 2.5 -0.5\n"
    expect: { stdout: "total 3\n", stdout_numbers: { values: [3] } }
  - run: ./tool sum < in.txt > out.txt
    files: { in.txt: "4 5" }
    expect: { file: { out.txt: "total 9\n" } }
---
scenario: nothing adds up to an error
steps:
  - run: [./tool, sum]
    expect: { exit: 1 }
---
scenario: the tool survives
steps:
  - run: [./tool, crash]
---
scenario: the tool is calm
trials: 30
steps:
  - run: [./tool, flaky]
---
scenario: a wrong call is explained
trials: 2
steps:
  - run: [./tool]
    expect: { exit: 2, stdout: "", stderr_contains: usage, within: 10s }
)";

class Line : public testing::Test {
 protected:
  Line() {
    std::string pattern = testing::TempDir() + "nightjar_line_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    top_ = pattern;
    CHECK(make_directories(top_ + "/source", 0755));
    CHECK(write_file_atomically(top_ + "/source/tool.c", kProgram, 0644));
  }
  ~Line() override { (void)remove_tree(top_).has_value(); }

  sandbox::Spec spec(const std::string& folder) const {
    return {.lower_dirs = {top_ + "/" + folder},
            .mounts = {},
            .limits = {.memory_bytes_max = std::uint64_t{1} << 30,
                       .disk_bytes_max = std::uint64_t{1} << 28,
                       .processes_max = 64}};
  }
  std::string built() const { return top_ + "/built"; }

 private:
  std::string top_;
};

TEST_F(Line, TellsGoodWrongCrashingAndFlakyApart) {
  sandbox::testing::LocalLauncher launcher;
  const harness::BuildInput input = {
      .source = spec("source"),
      .build_command = "cc -o tool tool.c",
      .test_command = "",
      .limits = {.wall_max = 60s, .cpu_max = 60s, .output_bytes_max = 1 << 20},
      .built_dir = built(),
      .built_limits = {.files_max = 100, .bytes_max = 10 << 20, .depth_max = 8}};
  const auto outcome = harness::build_and_test(launcher, input, {});
  ASSERT_TRUE(outcome && outcome->built);
  const auto scenarios = parse_scenarios(kScenarios, "scenarios/tool.yaml");
  ASSERT_TRUE(scenarios) << scenarios.error().message;

  // The calm tool: one in half a thousand million runs would see its 30 trials agree.
  const auto results =
      run_scenarios(launcher, spec("built"), *scenarios,
                    {.limits = {.wall_max = 20s, .cpu_max = 20s, .output_bytes_max = 1 << 20},
                     .parallel = 2,
                     .flake_trials = 3},
                    {});

  ASSERT_TRUE(results) << results.error().message;
  const ScenarioResult& good = (*results)[0];
  const ScenarioResult& wrong = (*results)[1];
  const ScenarioResult& crash = (*results)[2];
  const ScenarioResult& flaky = (*results)[3];
  const ScenarioResult& twice = (*results)[4];
  EXPECT_TRUE(good.satisfied()) << good.worst.failure;
  EXPECT_EQ(good.trials, 1);
  EXPECT_EQ(wrong.trials, 3);
  EXPECT_EQ(wrong.trials_satisfied, 0);
  EXPECT_FALSE(wrong.flaky);
  EXPECT_EQ(wrong.worst.failure, "step 1: exit status is 0, expected 1");
  EXPECT_EQ(wrong.worst.output_tail, "total 0\n");
  EXPECT_TRUE(crash.worst.crashed);
  EXPECT_THAT(crash.worst.failure, StartsWith("step 1: killed by SIGABRT"));
  EXPECT_TRUE(flaky.flaky);
  EXPECT_THAT(flaky.worst.failure, HasSubstr("exit status is 1"));
  EXPECT_TRUE(twice.satisfied()) << twice.worst.failure;
  EXPECT_EQ(twice.trials, 2);
  EXPECT_EQ(count_of(*results), (Count{.total = 5, .satisfied = 2}));
}

}  // namespace
}  // namespace nightjar::scenario
