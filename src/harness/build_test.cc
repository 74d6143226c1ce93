#include "harness/build.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/file.h"
#include "sandbox/testing/local_sandbox.h"

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using namespace std::chrono_literals;

constexpr CommandLimits kLimits{.wall_max = 60s, .cpu_max = 60s, .output_bytes_max = 1 << 20};

/// A scratch folder with `source/` and room for what is built from it.
class Scratch {
 public:
  Scratch() {
    std::string pattern = testing::TempDir() + "nightjar_build_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    CHECK(make_directories(path_ + "/source", 0755));
    write("main.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n");
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { (void)remove_tree(path_).has_value(); }

  void write(const std::string& name, std::string_view content) {
    CHECK(write_file_atomically(path_ + "/source/" + name, content, 0644));
  }
  bool built_holds(const std::string& name) const { return path_exists(path_ + "/built/" + name); }

  BuildInput input(std::string build, std::string test) const {
    return {.source = {.lower_dirs = {path_ + "/source"},
                       .mounts = {},
                       .limits = {.memory_bytes_max = std::uint64_t{1} << 30,
                                  .disk_bytes_max = std::uint64_t{1} << 28,
                                  .processes_max = 64}},
            .build_command = std::move(build),
            .test_command = std::move(test),
            .limits = kLimits,
            .built_dir = path_ + "/built",
            .built_limits = {.files_max = 100, .bytes_max = 1 << 20, .depth_max = 8}};
  }

 private:
  std::string path_;
};

BuildOutcome outcome_of(const BuildInput& input) {
  sandbox::testing::LocalLauncher launcher;
  Result<BuildOutcome> outcome = build_and_test(launcher, input, {});
  EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
  return outcome ? *outcome : BuildOutcome{};
}

TEST(ShellCommand, RunsTheTextInTheWorkspace) {
  const sandbox::Command command = shell_command("make -j2 && ./x", kLimits);

  EXPECT_THAT(command.argv, ElementsAre("/bin/sh", "-c", "make -j2 && ./x"));
  EXPECT_EQ(command.cwd, "");
  EXPECT_EQ(command.wall_max, 60s);
  EXPECT_EQ(command.cpu_max, 60s);
  EXPECT_EQ(command.output_bytes_max, std::uint64_t{1} << 20);
}

TEST(BuildAndTest, KeepsWhatWasBuiltAndRunsTheSuite) {
  const Scratch scratch;

  const BuildOutcome outcome =
      outcome_of(scratch.input("cc -o hello main.c", "test \"$(./hello)\" = hello && touch trace"));

  EXPECT_TRUE(outcome.built) << outcome.build.stderr_bytes;
  EXPECT_TRUE(outcome.tested);
  EXPECT_TRUE(outcome.tests_passed) << outcome.test.stderr_bytes;
  EXPECT_TRUE(scratch.built_holds("hello"));
  EXPECT_TRUE(scratch.built_holds("main.c"));
  EXPECT_FALSE(scratch.built_holds("trace"));
}

TEST(BuildAndTest, GivesBothCommandsTheVariables) {
  const Scratch scratch;
  BuildInput input = scratch.input("test \"$A\" = b", "test \"$A\" = b");
  input.env = {{"A", "b"}};

  const BuildOutcome outcome = outcome_of(input);

  EXPECT_TRUE(outcome.built);
  EXPECT_TRUE(outcome.tests_passed);
}

TEST(BuildAndTest, ReportsABuildThatFailsAndKeepsNothing) {
  Scratch scratch;
  scratch.write("main.c", "int main(void) { return }\n");

  const BuildOutcome outcome = outcome_of(scratch.input("cc -o hello main.c", "true"));

  EXPECT_FALSE(outcome.built);
  EXPECT_FALSE(outcome.tested);
  EXPECT_FALSE(outcome.tests_passed);
  EXPECT_NE(outcome.build.code, 0);
  EXPECT_THAT(outcome.build.stderr_bytes, HasSubstr("main.c:1"));
  EXPECT_FALSE(scratch.built_holds(""));
}

TEST(BuildAndTest, KeepsTheTreeAsItIsWithoutABuildCommand) {
  const Scratch scratch;

  const BuildOutcome outcome = outcome_of(scratch.input("", ""));

  EXPECT_TRUE(outcome.built);
  EXPECT_FALSE(outcome.tested);
  EXPECT_TRUE(outcome.tests_passed);
  EXPECT_TRUE(scratch.built_holds("main.c"));
}

TEST(BuildAndTest, ReportsASuiteThatFails) {
  const Scratch scratch;

  const BuildOutcome outcome = outcome_of(scratch.input("", "echo 1 of 3 failed; exit 3"));

  EXPECT_TRUE(outcome.built);
  EXPECT_TRUE(outcome.tested);
  EXPECT_FALSE(outcome.tests_passed);
  EXPECT_EQ(outcome.test.code, 3);
  EXPECT_EQ(outcome.test.stdout_bytes, "1 of 3 failed\n");
}

TEST(BuildAndTest, EndsABuildThatNeverEnds) {
  const Scratch scratch;
  BuildInput input = scratch.input("sleep 60", "");
  input.limits.wall_max = 50ms;

  const BuildOutcome outcome = outcome_of(input);

  EXPECT_FALSE(outcome.built);
  EXPECT_EQ(outcome.build.ended, sandbox::Ended::wall_limit);
}

TEST(BuildAndTest, RefusesABuiltProjectThatIsTooLarge) {
  const Scratch scratch;
  sandbox::testing::LocalLauncher launcher;

  const auto outcome =
      build_and_test(launcher, scratch.input("head -c 2000000 /dev/zero > big", ""), {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::exhausted);
  EXPECT_THAT(outcome.error().message, HasSubstr("keep the built project"));
}

TEST(BuildAndTest, StopsWhenAsked) {
  const Scratch scratch;
  sandbox::testing::LocalLauncher launcher;
  std::stop_source source;
  source.request_stop();

  const auto outcome = build_and_test(launcher, scratch.input("sleep 60", ""), source.get_token());

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace nightjar::harness
