#include "scenario/trial.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <atomic>

#include "base/check.h"
#include "base/file.h"
#include "base/guarded.h"
#include "sandbox/testing/local_sandbox.h"

namespace nightjar::scenario {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using namespace std::chrono_literals;

constexpr StepLimits kLimits{.wall_max = 20s, .cpu_max = 10s, .output_bytes_max = 1 << 20};

/// A folder with a small project, gone at the end.
class Project {
 public:
  Project() {
    std::string pattern = testing::TempDir() + "nightjar_trial_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    write("hello.txt", "hello\n", 0644);
  }
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  ~Project() { (void)remove_tree(path_).has_value(); }

  void write(const std::string& name, std::string_view content, int mode) {
    CHECK(write_file_atomically(path_ + "/" + name, content, mode));
  }
  sandbox::Spec spec() const {
    return {.lower_dirs = {path_},
            .mounts = {},
            .limits = {.memory_bytes_max = std::uint64_t{1} << 30,
                       .disk_bytes_max = std::uint64_t{1} << 28,
                       .processes_max = 64}};
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<Scenario> scenarios_of(std::string_view yaml) {
  Result<std::vector<Scenario>> scenarios = parse_scenarios(yaml, "a.yaml");
  CHECK(scenarios);
  return *scenarios;
}

Trial trial_of(const std::string& steps, const StepLimits& limits = kLimits) {
  const Project project;
  sandbox::testing::LocalLauncher launcher;
  auto sandbox = launcher.open(project.spec());
  CHECK(sandbox);
  Result<Trial> trial =
      run_trial(**sandbox, scenarios_of("scenario: x\nsteps:\n" + steps)[0], limits, {});
  EXPECT_TRUE(trial) << (trial ? "" : trial.error().message);
  return trial ? *trial : Trial{};
}

TEST(Trial, IsSatisfiedWhenEveryStepIs) {
  const Trial trial = trial_of(
      "- run: cat hello.txt in.txt\n  files: {in.txt: \"in\\n\"}\n"
      "  expect: {stdout: \"hello\\nin\\n\"}\n"
      "- run: [sh, -c, 'cat; printf %s \"$MODE\" > out/o.txt']\n  stdin: abc\n  env: {MODE: fast}\n"
      "  files: {out/p.txt: ''}\n"
      "  expect: {stdout: abc, file: {out/o.txt: fast, in.txt: \"in\\n\"}}\n"
      "- run: pwd | sed 's,.*/,,'\n  cwd: out\n  expect: {stdout: \"out\\n\"}\n");

  EXPECT_TRUE(trial.satisfied) << trial.failure;
  EXPECT_EQ(trial.failure, "");
  EXPECT_EQ(trial.step_failed, 0);
}

TEST(Trial, MakesFilesWithAShebangExecutable) {
  const Trial trial = trial_of(
      "- run: ./tool\n  files: {tool: \"#!/bin/sh\\necho ran\\n\"}\n  expect: {stdout: "
      "\"ran\\n\"}\n");

  EXPECT_TRUE(trial.satisfied) << trial.failure;
}

TEST(Trial, NamesTheFirstStepThatFails) {
  const Trial trial = trial_of(
      "- run: 'true'\n- run: echo 3; echo no >&2\n  expect: {stdout: \"2\\n\"}\n- run: 'false'\n");

  EXPECT_FALSE(trial.satisfied);
  EXPECT_EQ(trial.failure, R"(step 2: stdout is "3\n", expected "2\n")");
  EXPECT_EQ(trial.step_failed, 2);
  EXPECT_EQ(trial.output_tail, "3\nno\n");
  EXPECT_EQ(trial.stderr_bytes, "no\n");
  EXPECT_FALSE(trial.crashed);
}

TEST(Trial, SaysWhenAProgramCrashes) {
  const Trial direct = trial_of("- run: [sh, -c, 'kill -SEGV $$']\n");
  EXPECT_TRUE(direct.crashed);
  EXPECT_THAT(direct.failure, StartsWith("step 1: killed by SIGSEGV (signal 11)"));

  const Trial through_shell = trial_of("- run: (kill -ABRT $(exec sh -c 'echo $PPID')); exit $?\n");
  EXPECT_TRUE(through_shell.crashed) << through_shell.failure;
}

TEST(Trial, EndsAStepAtTheShorterOfBothLimits) {
  const Trial within = trial_of("- run: [sleep, '30']\n  expect: {within: 50ms}\n");
  EXPECT_EQ(within.failure, "step 1: did not end within 50ms");
  EXPECT_EQ(within.fingerprint, "step 1: did not end in time");

  StepLimits limits = kLimits;
  limits.wall_max = 60ms;
  const Trial wall = trial_of("- run: [sleep, '30']\n  expect: {within: 1h}\n", limits);
  EXPECT_EQ(wall.failure, "step 1: did not end within 60ms");
  EXPECT_EQ(wall.fingerprint, within.fingerprint);
}

TEST(Trial, FailsWhenAFileIsMissingWrongOrNoFile) {
  EXPECT_EQ(trial_of("- run: 'true'\n  expect: {file: {o.txt: a}}\n").failure,
            "step 1: file o.txt does not exist");
  EXPECT_EQ(trial_of("- run: printf b > o.txt\n  expect: {file: {o.txt: a}}\n").failure,
            R"(step 1: file o.txt is "b", expected "a")");
  EXPECT_THAT(trial_of("- run: mkdir o.txt\n  expect: {file: {o.txt: a}}\n").failure,
              StartsWith("step 1: file o.txt: "));
  EXPECT_THAT(trial_of("- run: ln -s /etc/hostname o.txt\n  expect: {file: {o.txt: a}}\n").failure,
              StartsWith("step 1: file o.txt"));
}

TEST(Trial, FailsWhenAProgramPutsALinkInTheWayOfAFile) {
  const Trial trial = trial_of("- run: ln -s /tmp d\n- run: 'true'\n  files: {d/x: y}\n");

  EXPECT_THAT(trial.failure, StartsWith("step 2: cannot write file d/x: "));
}

TEST(Trial, FailsWhenTheProgramDoesNotExist) {
  EXPECT_THAT(trial_of("- run: [./missing]\n").failure,
              StartsWith("step 1: exit status is 127, expected 0; stderr ends with"));
}

TEST(Trial, KeepsTheTailBounded) {
  const Trial trial =
      trial_of("- run: yes é | head -c 100000; yes e | head -c 100000 >&2; exit 1\n");

  EXPECT_LE(trial.output_tail.size(), 2048u);
  EXPECT_THAT(trial.output_tail, HasSubstr("é\n"));
  EXPECT_GT(trial.stderr_bytes.size(), 90'000u);
}

TEST(Trial, LeavesTheSandboxAsItWas) {
  const Project project;
  sandbox::testing::LocalLauncher launcher;
  auto sandbox = launcher.open(project.spec());
  const Scenario scenario = scenarios_of(
      "scenario: x\nsteps:\n- run: test ! -e mark && echo x > mark && rm hello.txt\n"
      "- run: 'false'\n")[0];

  for (int i = 0; i < 3; ++i) {
    const Result<Trial> trial = run_trial(**sandbox, scenario, kLimits, {});
    ASSERT_TRUE(trial);
    EXPECT_EQ(trial->step_failed, 2);
  }
}

TEST(Trial, StopsWhenAsked) {
  const Project project;
  sandbox::testing::LocalLauncher launcher;
  auto sandbox = launcher.open(project.spec());
  std::stop_source source;
  source.request_stop();

  const Result<Trial> trial =
      run_trial(**sandbox, scenarios_of("scenario: x\nsteps: [{run: [sleep, '30']}]\n")[0], kLimits,
                source.get_token());

  ASSERT_FALSE(trial);
  EXPECT_EQ(trial.error().code, ErrorCode::cancelled);
}

/// A launcher of scripted sandboxes: `run` answers with argv[0] and counts.
class FakeLauncher final : public sandbox::Launcher {
 public:
  using Answer = std::function<Result<sandbox::Outcome>(const sandbox::Command&, int call)>;
  explicit FakeLauncher(Answer answer) : answer_(std::move(answer)) {}

  Result<std::unique_ptr<sandbox::Sandbox>> open(const sandbox::Spec&) override {
    ++opened;
    return std::unique_ptr<sandbox::Sandbox>(std::make_unique<Fake>(*this));
  }
  Result<> adopt(const std::string&) override { return ok; }
  sandbox::Walls walls() const override { return {}; }

  std::atomic<int> opened = 0;
  std::atomic<int> layers = 0;

 private:
  class Fake final : public sandbox::Sandbox {
   public:
    explicit Fake(FakeLauncher& owner) : owner_(owner) {}
    Result<sandbox::Outcome> run(const sandbox::Command& command, std::stop_token) override {
      const int call = owner_.calls_.with([&](auto& calls) { return ++calls[command.argv[0]]; });
      return owner_.answer_(command, call);
    }
    Result<> begin_layer() override {
      ++owner_.layers;
      return ok;
    }
    Result<> end_layer() override {
      --owner_.layers;
      return ok;
    }
    int workspace_fd() const override { return -1; }

   private:
    FakeLauncher& owner_;
  };

  Answer answer_;
  Guarded<std::map<std::string, int>> calls_;
};

std::vector<Scenario> named(int count) {
  std::string yaml;
  for (int i = 0; i < count; ++i) {
    const std::string name = "s" + std::to_string(i);
    yaml += "---\nscenario: " + name + "\nrequirement: R1\nsteps: [{run: [" + name + "]}]\n";
  }
  return scenarios_of(yaml);
}

TEST(RunScenarios, KeepsTheirOrderInParallel) {
  FakeLauncher launcher([](const sandbox::Command& command, int) -> Result<sandbox::Outcome> {
    return sandbox::Outcome{.code = command.argv[0] == "s7" ? 1 : 0};
  });

  const auto results =
      run_scenarios(launcher, {}, named(40), {.limits = kLimits, .parallel = 4}, {});

  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ((*results)[i].name, "s" + std::to_string(i));
    EXPECT_EQ((*results)[i].satisfied(), i != 7);
    EXPECT_THAT((*results)[i].requirements, ElementsAre("R1"));
  }
  EXPECT_LE(launcher.opened, 4);
  EXPECT_EQ(launcher.layers, 0);
  EXPECT_EQ(count_of(*results), (Count{.total = 40, .satisfied = 39}));
}

TEST(RunScenarios, TellsFlakyFromBroken) {
  FakeLauncher launcher([](const sandbox::Command& command, int call) -> Result<sandbox::Outcome> {
    const bool good = command.argv[0] == "s0" || (command.argv[0] == "s1" && call == 2);
    return sandbox::Outcome{.code = good ? 0 : 10 + call};
  });

  const auto results = run_scenarios(launcher, {}, named(3),
                                     {.limits = kLimits, .parallel = 2, .flake_trials = 3}, {});

  ASSERT_TRUE(results);
  const ScenarioResult& fine = (*results)[0];
  const ScenarioResult& flaky = (*results)[1];
  const ScenarioResult& broken = (*results)[2];
  EXPECT_EQ(fine.trials, 1);
  EXPECT_TRUE(fine.satisfied());
  EXPECT_EQ(flaky.trials, 3);
  EXPECT_EQ(flaky.trials_satisfied, 1);
  EXPECT_TRUE(flaky.flaky);
  EXPECT_FALSE(flaky.satisfied());
  EXPECT_THAT(flaky.worst.failure, HasSubstr("exit status is 11"));
  EXPECT_EQ(broken.trials, 3);
  EXPECT_FALSE(broken.flaky);
}

TEST(RunScenarios, RunsAScenarioAsOftenAsItSays) {
  FakeLauncher launcher([](const sandbox::Command&, int call) -> Result<sandbox::Outcome> {
    return sandbox::Outcome{.code = call == 4 ? 1 : 0};
  });
  const auto scenarios = scenarios_of("scenario: x\ntrials: 5\nsteps: [{run: [x]}]\n");

  const auto results = run_scenarios(launcher, {}, scenarios, {.limits = kLimits}, {});

  ASSERT_TRUE(results);
  EXPECT_EQ((*results)[0].trials, 5);
  EXPECT_EQ((*results)[0].trials_satisfied, 4);
  EXPECT_TRUE((*results)[0].flaky);
  EXPECT_FALSE((*results)[0].worst.satisfied);
}

TEST(RunScenarios, FailsWithTheErrorOfTheSandboxAndStopsTheOthers) {
  std::atomic<int> calls = 0;
  FakeLauncher launcher([&](const sandbox::Command& command, int) -> Result<sandbox::Outcome> {
    ++calls;
    if (command.argv[0] == "s3") return Error{ErrorCode::unavailable, "the wall fell"};
    return sandbox::Outcome{};
  });

  const auto results =
      run_scenarios(launcher, {}, named(500), {.limits = kLimits, .parallel = 1}, {});

  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().message, "the wall fell");
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(launcher.layers, 0);
}

TEST(RunScenarios, StopsWhenAsked) {
  std::stop_source source;
  FakeLauncher launcher([&](const sandbox::Command& command, int) -> Result<sandbox::Outcome> {
    if (command.argv[0] == "s3") source.request_stop();
    return sandbox::Outcome{};
  });

  const auto results = run_scenarios(launcher, {}, named(500), {.limits = kLimits, .parallel = 2},
                                     source.get_token());

  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, ErrorCode::cancelled);
}

TEST(RunScenarios, OpensNothingForNoScenario) {
  FakeLauncher launcher(
      [](const auto&, int) -> Result<sandbox::Outcome> { return sandbox::Outcome{}; });

  const auto results = run_scenarios(launcher, {}, {}, {.limits = kLimits, .parallel = 4}, {});

  ASSERT_TRUE(results);
  EXPECT_TRUE(results->empty());
  EXPECT_EQ(launcher.opened, 0);
}

ScenarioResult measured(int satisfied, std::int64_t wall_ms, std::int64_t cpu_ms) {
  ScenarioResult result;
  result.trials = 1;
  result.trials_satisfied = satisfied;
  result.step_wall_ms_max = wall_ms;
  result.step_cpu_ms_max = cpu_ms;
  return result;
}

TEST(AdaptLimits, AllowTenTimesTheSlowestSatisfiedStep) {
  const StepLimits limits =
      adapt_limits({measured(1, 300, 20), measured(0, 9'000, 9'000)}, kLimits);

  EXPECT_EQ(limits.wall_max, 3s);
  EXPECT_EQ(limits.cpu_max, 1s);
  EXPECT_EQ(limits.output_bytes_max, kLimits.output_bytes_max);
}

TEST(AdaptLimits, StayBelowTheCeiling) {
  EXPECT_EQ(adapt_limits({measured(1, 60'000, 1)}, kLimits).wall_max, 20s);
  EXPECT_EQ(adapt_limits({measured(0, 1, 1)}, kLimits).wall_max, 20s);
  EXPECT_EQ(adapt_limits({}, kLimits).wall_max, 20s);
}

// Each step holds its own limit; all of them together hold the effect's.
TEST(RunScenarios, StopWhenTheirProcessorTimeIsSpentTogether) {
  const Project project;
  sandbox::testing::LocalLauncher launcher;
  const std::string step =
      "\nsteps:\n- run: \"i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done\"\n";
  const std::vector<Scenario> scenarios =
      scenarios_of("scenario: a" + step + "---\nscenario: b" + step + "---\nscenario: c" + step);

  const auto spent = run_scenarios(
      launcher, project.spec(), scenarios,
      {.limits = kLimits, .parallel = 1, .cpu_total_max = std::chrono::milliseconds(1)}, {});
  const auto enough = run_scenarios(
      launcher, project.spec(), scenarios,
      {.limits = kLimits, .parallel = 1, .cpu_total_max = std::chrono::minutes(5)}, {});

  ASSERT_FALSE(spent);
  EXPECT_EQ(spent.error().code, ErrorCode::exhausted);
  EXPECT_TRUE(enough) << enough.error().message;
}

}  // namespace
}  // namespace nightjar::scenario
