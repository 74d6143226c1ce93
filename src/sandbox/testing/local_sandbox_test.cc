#include "sandbox/testing/local_sandbox.h"

#include <gtest/gtest.h>

#include "sandbox/tree.h"

namespace nightjar::sandbox::testing {
namespace {

Spec plain_spec() {
  return {
      .lower_dirs = {},
      .mounts = {},
      .limits = {.memory_bytes_max = 1U << 30U, .disk_bytes_max = 1U << 30U, .processes_max = 64}};
}

Command shell(const std::string& script) {
  return {.argv = {"sh", "-c", script},
          .env = {},
          .cwd = "",
          .stdin_bytes = "",
          .wall_max = std::chrono::seconds(20),
          .cpu_max = std::chrono::seconds(20),
          .output_bytes_max = 1000};
}

TEST(LocalSandbox, GivesBackOutputAndExitStatus) {
  auto sandbox = LocalLauncher().open(plain_spec());
  ASSERT_TRUE(sandbox);
  Command command = shell("cat; echo no >&2; exit 3");
  command.stdin_bytes = "hello";

  const auto outcome = (*sandbox)->run(command, {});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->ended, Ended::exited);
  EXPECT_EQ(outcome->code, 3);
  EXPECT_EQ(outcome->stdout_bytes, "hello");
  EXPECT_EQ(outcome->stderr_bytes, "no\n");
}

TEST(LocalSandbox, CutsOutputAtTheLimit) {
  auto sandbox = LocalLauncher().open(plain_spec());
  ASSERT_TRUE(sandbox);

  const auto outcome = (*sandbox)->run(shell("yes | head -c 3000000"), {});

  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->stdout_cut);
  EXPECT_EQ(outcome->stdout_bytes.size(), 1000 + std::string(kCutMarker).size());
}

TEST(LocalSandbox, GivesBackTheReport) {
  for (const auto kind : {Command::Report::socket, Command::Report::pipe}) {
    auto sandbox = LocalLauncher().open(plain_spec());
    ASSERT_TRUE(sandbox);
    Command command = shell("printf 1234 >&$NIGHTJAR_REPORT_FD; (setsid sleep 30 &)");
    command.report = kind;
    command.report_bytes_max = 3;

    const auto outcome = (*sandbox)->run(command, {});

    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->report_bytes, "123");
    EXPECT_TRUE(outcome->report_cut);
  }
}

TEST(LocalSandbox, EndsAtTheWallLimit) {
  auto sandbox = LocalLauncher().open(plain_spec());
  ASSERT_TRUE(sandbox);
  Command command = shell("trap '' TERM; while :; do sleep 1; done");
  command.wall_max = std::chrono::milliseconds(50);

  const auto outcome = (*sandbox)->run(command, {});

  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->ended, Ended::wall_limit);
  EXPECT_LT(outcome->wall_ms, 5000);
}

TEST(LocalSandbox, ForgetsWhatALayerWrote) {
  auto sandbox = LocalLauncher().open(plain_spec());
  ASSERT_TRUE(sandbox);
  ASSERT_TRUE(write_file_at((*sandbox)->workspace_fd(), "d/kept", "1", FileMode::regular));
  ASSERT_TRUE((*sandbox)->begin_layer());
  ASSERT_TRUE((*sandbox)->run(shell("echo 2 > d/kept; echo 3 > new"), {}));
  EXPECT_TRUE(read_file_at((*sandbox)->workspace_fd(), "new", 10));

  ASSERT_TRUE((*sandbox)->end_layer());

  EXPECT_EQ(read_file_at((*sandbox)->workspace_fd(), "d/kept", 10).value(), "1");
  EXPECT_FALSE(read_file_at((*sandbox)->workspace_fd(), "new", 10));
}

TEST(LocalSandbox, RefusesACommandWithoutLimits) {
  auto sandbox = LocalLauncher().open(plain_spec());
  ASSERT_TRUE(sandbox);
  Command command = shell("true");
  command.wall_max = {};

  const auto outcome = (*sandbox)->run(command, {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace nightjar::sandbox::testing
