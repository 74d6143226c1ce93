// What is left when something in the chain launcher, helper, stem, sandbox dies: nothing.
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "sandbox/launcher.h"
#include "sandbox/testing/fixture.h"
#include "sandbox/tree.h"

namespace nightjar::sandbox {
namespace {

using testing::run;
using testing::shell;
using testing::spec_with;

constexpr const char* kHelper = NIGHTJAR_BINARY_DIR "/nightjar-helper";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Processes of this machine whose command line holds the mark.
std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && text_of(entry.path() / "cmdline").find(mark) != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

/// Children of the process whose program is the helper.
std::vector<pid_t> helpers_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::vector<pid_t> found;
  std::istringstream children(text_of("/proc/" + pid + "/task/" + pid + "/children"));
  for (pid_t child = 0; children >> child;) {
    const std::string name = text_of("/proc/" + std::to_string(child) + "/comm");
    if (name.starts_with("nightjar-helper")) found.push_back(child);
  }
  return found;
}

template <typename Condition>
bool comes_true(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::size_t count_groups() {
  std::size_t count = 0;
  const std::string mark = "nightjar-" + std::to_string(::getpid()) + "-";
  std::error_code failure;
  for (const char* top : {"/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpuacct"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top, failure)) {
      if (entry.path().filename().string().starts_with(mark)) ++count;
    }
  }
  return count;
}

/// Starts a helper and a command that never ends; says through the file `begun` when it runs.
void run_for_ever(const std::string& mark, const std::string& begun) {
  auto launcher = start_helper({.helper_path = kHelper});
  if (!launcher) ::_exit(3);
  auto sandbox = (*launcher)->open(spec_with({}));
  if (!sandbox) ::_exit(4);
  const int folder = (*sandbox)->workspace_fd();
  std::jthread watcher([&] {
    while (!read_file_at(folder, "begun", 10)) std::this_thread::yield();
    (void)write_file_atomically(begun, "1", 0644);
  });
  (void)(*sandbox)->run(shell("touch begun; (setsid sleep " + mark + " &); sleep " + mark), {});
  ::_exit(5);
}

TEST(Helper, LeavesNothingWhenTheLauncherIsKilled) {
  const testing::ScratchFolder scratch;
  const std::string mark = "31415926." + std::to_string(::getpid());
  const std::string mounts = text_of("/proc/self/mountinfo");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) run_for_ever(mark, scratch.path() + "/begun");
  ASSERT_TRUE(comes_true([&] { return path_exists(scratch.path() + "/begun"); }));
  const std::vector<pid_t> helpers = helpers_of(child);
  ASSERT_EQ(helpers.size(), 1U);

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  EXPECT_TRUE(comes_true([&] { return processes_with(mark).empty(); }));
  EXPECT_TRUE(comes_true([&] { return ::kill(helpers[0], 0) != 0; }));
  EXPECT_EQ(text_of("/proc/self/mountinfo"), mounts);
}

TEST(Helper, TakesEverySandboxAlongWhenItIsKilled) {
  const std::string mark = "27182818." + std::to_string(::getpid());
  auto launcher = start_helper({.helper_path = kHelper});
  ASSERT_TRUE(launcher) << launcher.error().message;
  auto sandbox = (*launcher)->open(spec_with({}));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const int folder = (*sandbox)->workspace_fd();
  std::jthread killer([&] {
    while (!read_file_at(folder, "begun", 10)) std::this_thread::yield();
    for (const pid_t helper : helpers_of(::getpid())) ::kill(helper, SIGKILL);
  });

  const auto outcome =
      (*sandbox)->run(shell("touch begun; (setsid sleep " + mark + " &); sleep " + mark), {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(comes_true([&] { return processes_with(mark).empty(); }));
  sandbox->reset();
  EXPECT_TRUE(comes_true([&] { return !(*launcher)->open(spec_with({})); }));
}

TEST(Helper, EndsInOrderWithItsLauncher) {
  {
    auto launcher = start_helper({.helper_path = kHelper});
    ASSERT_TRUE(launcher) << launcher.error().message;
    auto sandbox = (*launcher)->open(spec_with({}));
    ASSERT_TRUE(sandbox);
    EXPECT_TRUE(run(**sandbox, shell("true")).succeeded());
    EXPECT_EQ(helpers_of(::getpid()).size(), 1U);
  }

  EXPECT_TRUE(helpers_of(::getpid()).empty());
  EXPECT_EQ(count_groups(), 0U);
}

TEST(Helper, WorksForAPlainUserWhenRootCanBecomeOne) {
  if (::geteuid() != 0) return;  // Then every other test is this one.
  const testing::ScratchFolder scratch;
  const std::string helper = scratch.path() + "/nightjar-helper";
  ASSERT_TRUE(std::filesystem::copy_file(kHelper, helper));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kUser = 54321;
    if (::setgid(kUser) != 0 || ::setuid(kUser) != 0) ::_exit(2);
    ::prctl(PR_SET_DUMPABLE, 1);
    auto launcher = start_helper({.helper_path = helper});
    if (!launcher) ::_exit(3);
    auto sandbox = (*launcher)->open(spec_with({}));
    if (!sandbox) ::_exit(4);
    const auto outcome = (*sandbox)->run(shell("test $(id -u) = 1000 && touch /work/f"), {});
    ::_exit(outcome && outcome->succeeded() ? 0 : 5);
  }

  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Helper, IsMissedByName) {
  const auto started = start_helper({.helper_path = "/nonexistent/nightjar-helper"});

  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::not_found);
}

TEST(Helper, IsNotTakenForSomethingElse) {
  const auto started = start_helper({.helper_path = "/bin/true"});

  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace nightjar::sandbox
