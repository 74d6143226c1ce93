// What a sandbox does for those who use it. What it keeps in: escape_test.cc.
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/launcher.h"
#include "sandbox/testing/fixture.h"
#include "sandbox/tree.h"

namespace nightjar::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using testing::command_of;
using testing::kMiB;
using testing::run;
using testing::shell;
using testing::spec_with;

constexpr const char* kOverlay = "helper";
constexpr const char* kCopies = "without-workspace_overlay";

// Everything holds with an overlay as the workspace and with copies, as on older kernels.
class SandboxTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string helper = scratch_.path() + "/" + GetParam();
    std::filesystem::create_symlink(GetParam() == kOverlay ? NIGHTJAR_BINARY_DIR "/nightjar-helper"
                                                           : NIGHTJAR_BINARY_DIR
                                        "/sandbox_gap_helper",
                                    helper);
    auto started = start_helper({.helper_path = helper, .spares = 1});
    ASSERT_TRUE(started) << started.error().message;
    launcher_ = std::move(*started);
  }

  std::string lower_dir(const std::string& name, const std::map<std::string, std::string>& files) {
    return scratch_.lower_dir(*launcher_, name, files);
  }

  std::unique_ptr<Sandbox> open(const Spec& spec) {
    auto sandbox = launcher_->open(spec);
    EXPECT_TRUE(sandbox) << sandbox.error().message;
    return sandbox ? std::move(*sandbox) : nullptr;
  }

  testing::ScratchFolder scratch_;
  std::unique_ptr<Launcher> launcher_;
};

TEST_P(SandboxTest, GivesBackOutputErrorsAndExitStatus) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome = run(*sandbox, shell("echo out; echo err >&2; exit 7"));

  EXPECT_EQ(outcome.ended, Ended::exited);
  EXPECT_EQ(outcome.code, 7);
  EXPECT_EQ(outcome.stdout_bytes, "out\n");
  EXPECT_EQ(outcome.stderr_bytes, "err\n");
}

TEST_P(SandboxTest, TellsWhichSignalEndedTheCommand) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome = run(*sandbox, shell("kill -SEGV $$"));

  EXPECT_EQ(outcome.ended, Ended::signalled);
  EXPECT_EQ(outcome.code, SIGSEGV);
}

TEST_P(SandboxTest, RunsManyCommandsInTheSameWorkspace) {
  auto sandbox = open(spec_with({}));

  EXPECT_TRUE(run(*sandbox, shell("mkdir -p a && echo 1 > a/file")).succeeded());
  Command second = shell("cat file; pwd");
  second.cwd = "a";
  const Outcome outcome = run(*sandbox, second);

  EXPECT_EQ(outcome.stdout_bytes, "1\n/work/a\n");
}

TEST_P(SandboxTest, PassesTenMegabytesThroughStdinAndStdout) {
  auto sandbox = open(spec_with({}));
  Command command = command_of({"cat"});
  command.output_bytes_max = 20 * kMiB;
  while (command.stdin_bytes.size() < 10 * kMiB) command.stdin_bytes += "0123456789abcdef\n";

  const Outcome outcome = run(*sandbox, command);

  EXPECT_FALSE(outcome.stdout_cut);
  EXPECT_TRUE(outcome.stdout_bytes == command.stdin_bytes);
}

TEST_P(SandboxTest, CutsOutputAtTheLimitAndSaysSo) {
  auto sandbox = open(spec_with({}));
  Command command = shell("yes | head -c 50000000; echo end >&2");
  command.output_bytes_max = 1000;

  const Outcome outcome = run(*sandbox, command);

  EXPECT_TRUE(outcome.succeeded());
  EXPECT_TRUE(outcome.stdout_cut);
  EXPECT_EQ(outcome.stdout_bytes.size(), 1000 + std::string(kCutMarker).size());
  EXPECT_TRUE(outcome.stdout_bytes.ends_with(kCutMarker));
  EXPECT_FALSE(outcome.stderr_cut);
}

TEST_P(SandboxTest, HasAFixedEnvironmentAndTheCommandsOwn) {
  auto sandbox = open(spec_with({}));
  ::setenv("NIGHTJAR_SECRET", "leaked", 1);
  Command command = command_of({"env"});
  command.env = {{"LANG", "C"}, {"EXTRA", "1"}};

  const Outcome outcome = run(*sandbox, command);

  std::vector<std::string> lines = split_lines(outcome.stdout_bytes);
  std::sort(lines.begin(), lines.end());
  EXPECT_THAT(lines, ::testing::ElementsAre(
                         "EXTRA=1", "HOME=/tmp/home", "LANG=C",
                         "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
                         "TMPDIR=/tmp", "TZ=UTC"));
}

TEST_P(SandboxTest, SaysLikeAShellThatAProgramIsNotThere) {
  auto sandbox = open(spec_with({}));

  const Outcome missing = run(*sandbox, command_of({"no-such-program"}));
  const Outcome folder = run(*sandbox, command_of({"/usr"}));

  EXPECT_EQ(missing.code, 127);
  EXPECT_THAT(missing.stderr_bytes, HasSubstr("no-such-program"));
  EXPECT_EQ(folder.code, 126);
}

TEST_P(SandboxTest, RefusesAFolderThatIsNotThereAndGoesOn) {
  auto sandbox = open(spec_with({}));
  Command command = shell("true");
  command.cwd = "missing";

  const auto outcome = sandbox->run(command, {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::not_found);
  EXPECT_TRUE(run(*sandbox, shell("true")).succeeded());
}

TEST_P(SandboxTest, RefusesWhatHasNoLimits) {
  auto sandbox = open(spec_with({}));
  Command command = shell("true");
  command.cpu_max = {};

  EXPECT_EQ(sandbox->run(command, {}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(launcher_->open({}).error().code, ErrorCode::invalid_input);
}

TEST_P(SandboxTest, EndsAProgramThatIgnoresSigtermAtTheWallLimit) {
  auto sandbox = open(spec_with({}));
  Command command = shell("trap '' TERM INT HUP; echo begun; while :; do sleep 1; done");
  command.wall_max = std::chrono::milliseconds(300);

  const Outcome outcome = run(*sandbox, command);

  EXPECT_EQ(outcome.ended, Ended::wall_limit);
  EXPECT_EQ(outcome.stdout_bytes, "begun\n");
  EXPECT_LT(outcome.wall_ms, 2000);
}

TEST_P(SandboxTest, EndsTheWholeTreeAtTheCpuLimit) {
  auto sandbox = open(spec_with({}));
  Command command = shell("for i in 1 2 3; do (while :; do :; done) & done; wait");
  command.cpu_max = std::chrono::milliseconds(200);

  const Outcome outcome = run(*sandbox, command);

  EXPECT_EQ(outcome.ended, Ended::cpu_limit);
  EXPECT_GE(outcome.cpu_ms, 200);
  EXPECT_LT(outcome.cpu_ms, 2000);
}

TEST_P(SandboxTest, EndsAMemoryEater) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome = run(
      *sandbox, command_of({"python3", "-c", "a = []\nwhile True: a.append(bytearray(1 << 20))"}));

  EXPECT_EQ(outcome.ended, Ended::memory_limit) << outcome.stderr_bytes;
  EXPECT_LT(outcome.memory_peak_bytes, std::int64_t{1} << 30U);
}

TEST_P(SandboxTest, HoldsAForkBombAtTheProcessLimit) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome =
      run(*sandbox, command_of({"python3", "-c",
                                "import os, time\n"
                                "n = 0\n"
                                "try:\n"
                                "  while n < 500:\n"
                                "    if os.fork() == 0: time.sleep(60); os._exit(0)\n"
                                "    n += 1\n"
                                "except BlockingIOError: pass\n"
                                "print(n)\n"}));

  EXPECT_EQ(outcome.stdout_bytes, "31\n");  // With the program itself, processes_max.
  EXPECT_TRUE(run(*sandbox, shell("true")).succeeded());
}

TEST_P(SandboxTest, HoldsADiskFillerAtTheDiskLimit) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome =
      run(*sandbox, shell("for d in /work /tmp /dev/shm; do head -c 40m /dev/zero > $d/f; done; "
                          "cat /work/f /tmp/f /dev/shm/f | wc -c"));

  EXPECT_THAT(outcome.stderr_bytes, HasSubstr("No space left on device"));
  EXPECT_LE(std::stoll(outcome.stdout_bytes), static_cast<long long>(64 * kMiB));
}

TEST_P(SandboxTest, HoldsAMakerOfManyFiles) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome =
      run(*sandbox, command_of({"python3", "-c",
                                "n = 0\n"
                                "try:\n"
                                "  while n < 100000: open(f'{n}', 'w'); n += 1\n"
                                "except OSError as e: print(e.errno)\n"}));

  EXPECT_EQ(outcome.stdout_bytes, "28\n");  // ENOSPC
}

TEST_P(SandboxTest, LeavesNoDaemonBehind) {
  auto sandbox = open(spec_with({}));

  const Outcome outcome =
      run(*sandbox, shell("(setsid sh -c 'while :; do date >> /work/alive; sleep 0.01; done' &) ; "
                          "while ! [ -s alive ]; do sleep 0.01; done"));
  ASSERT_TRUE(outcome.succeeded());
  const auto before = read_file_at(sandbox->workspace_fd(), "alive", kMiB);
  const Outcome listed = run(*sandbox, shell("sleep 0.1; set -- /proc/[0-9]*; echo $#"));

  EXPECT_EQ(listed.stdout_bytes, "1\n");  // The shell itself.
  EXPECT_EQ(before.value(), read_file_at(sandbox->workspace_fd(), "alive", kMiB).value());
}

TEST_P(SandboxTest, StopsWithinATenthOfASecondWhenAsked) {
  auto sandbox = open(spec_with({}));
  std::stop_source source;
  auto asked = std::chrono::steady_clock::now();
  const int folder = sandbox->workspace_fd();
  std::jthread stopper([&] {
    // Ask when the command surely runs: it has written its file.
    while (!read_file_at(folder, "begun", 10)) std::this_thread::yield();
    asked = std::chrono::steady_clock::now();
    source.request_stop();
  });

  const auto outcome = sandbox->run(shell("touch begun; sleep 60"), source.get_token());
  const auto late = std::chrono::steady_clock::now() - asked;

  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->ended, Ended::cancelled);
  EXPECT_LT(late, std::chrono::milliseconds(100));
}

TEST_P(SandboxTest, ShowsTheUnionOfItsLowerFoldersTopmostFirst) {
  const std::string top = lower_dir("top", {{"both", "top"}, {"d/a", "1"}});
  const std::string bottom = lower_dir("bottom", {{"both", "bottom"}, {"d/b", "2"}});
  auto sandbox = open(spec_with({top, bottom}));

  const Outcome outcome = run(*sandbox, shell("cat both d/a d/b; echo new > both; rm d/a"));

  EXPECT_EQ(outcome.stdout_bytes, "top12");
  EXPECT_TRUE(outcome.succeeded()) << outcome.stderr_bytes;
  EXPECT_EQ(read_file(top + "/both", 10).value(), "top");
  EXPECT_TRUE(path_exists(top + "/d/a"));
}

TEST_P(SandboxTest, LetsTheWorkspaceBeReadAndWrittenFromOutside) {
  const std::string lower = lower_dir("lower", {{"in", "old"}});
  auto sandbox = open(spec_with({lower}));

  const auto written = write_file_at(sandbox->workspace_fd(), "new/in", "1", FileMode::executable);
  ASSERT_TRUE(written) << written.error().message;
  ASSERT_TRUE(write_file_at(sandbox->workspace_fd(), "in", "changed", FileMode::regular));
  const Outcome outcome =
      run(*sandbox, shell("cat in new/in; echo 2 >> new/in; mv new moved; echo out > out"));

  EXPECT_EQ(outcome.stdout_bytes, "changed1");
  EXPECT_TRUE(outcome.succeeded()) << outcome.stderr_bytes;
  EXPECT_EQ(read_file_at(sandbox->workspace_fd(), "out", 10).value(), "out\n");
  EXPECT_EQ(read_file_at(sandbox->workspace_fd(), "moved/in", 10).value(), "12\n");
}

TEST_P(SandboxTest, GivesEachCommandTheVariablesOfItsSpec) {
  Spec spec = spec_with({});
  spec.env = {{"KEPT", "1"}, {"CHANGED", "2"}, {"LANG", "C"}};
  auto sandbox = open(spec);
  Command command = shell("echo $KEPT $CHANGED $LANG $TZ");
  command.env = {{"CHANGED", "3"}};

  EXPECT_EQ(run(*sandbox, command).stdout_bytes, "1 3 C UTC\n");
}

// A thread that starts a process holds what another one is writing until that process's exec.
TEST_P(SandboxTest, RunsAProgramThatIsBusyForAMoment) {
  auto sandbox = open(spec_with({}));
  const int folder = sandbox->workspace_fd();
  ASSERT_TRUE(write_file_at(folder, "go", "#!/bin/sh\necho gone\n", FileMode::executable));
  UniqueFd writer(::openat(folder, "go", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(writer);
  const std::jthread holder([&writer] {
    ::poll(nullptr, 0, 50);
    writer = UniqueFd();
  });

  const Outcome outcome = run(*sandbox, command_of({"./go"}));

  EXPECT_EQ(outcome.stdout_bytes, "gone\n") << outcome.stderr_bytes;
}

TEST_P(SandboxTest, ExportsItsWorkspaceForTheNextOne) {
  const std::string lower = lower_dir("lower", {{"kept", "1"}, {"gone", "2"}});
  auto first = open(spec_with({lower}));
  ASSERT_TRUE(run(*first, shell("rm gone; echo 3 > made; ln -s made link")).succeeded());

  const std::string copy = scratch_.path() + "/copy";
  ASSERT_TRUE(export_workspace(first->workspace_fd(), copy,
                               {.files_max = 100, .bytes_max = 1000, .depth_max = 5}));
  ASSERT_TRUE(launcher_->adopt(copy));
  auto second = open(spec_with({copy}));

  EXPECT_EQ(run(*second, shell("ls; cat link; echo 4 >> made")).stdout_bytes,
            "kept\nlink\nmade\n3\n");
}

TEST_P(SandboxTest, ForgetsWhatALayerWrote) {
  const std::string lower = lower_dir("lower", {{"file", "0"}});
  auto sandbox = open(spec_with({lower}));
  const auto state = [&] { return run(*sandbox, shell("ls /tmp; cat *")).stdout_bytes; };
  ASSERT_TRUE(run(*sandbox, shell("echo 1 > one; echo t > /tmp/t")).succeeded());
  const std::string before = state();

  ASSERT_TRUE(sandbox->begin_layer());
  EXPECT_EQ(state(), "home\n01\n");  // The same workspace, an empty /tmp.
  ASSERT_TRUE(run(*sandbox, shell("echo 2 > one; rm file; echo x > new")).succeeded());
  const std::string between = state();

  ASSERT_TRUE(sandbox->begin_layer());
  ASSERT_TRUE(run(*sandbox, shell("rm -r *; mkdir one; touch one/deep")).succeeded());
  EXPECT_EQ(read_file_at(sandbox->workspace_fd(), "one/deep", 10).value(), "");
  EXPECT_EQ(sandbox->begin_layer().error().code, ErrorCode::conflict);
}

TEST_P(SandboxTest, GoesBackLevelByLevel) {
  auto sandbox = open(spec_with({}));
  const auto state = [&] { return run(*sandbox, shell("cat file")).stdout_bytes; };
  ASSERT_TRUE(run(*sandbox, shell("echo 0 > file")).succeeded());
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(sandbox->begin_layer());
    ASSERT_TRUE(run(*sandbox, shell("echo 1 >> file")).succeeded());
    ASSERT_TRUE(sandbox->begin_layer());
    ASSERT_TRUE(run(*sandbox, shell("rm file; mkdir file")).succeeded());

    ASSERT_TRUE(sandbox->end_layer());
    EXPECT_EQ(state(), "0\n1\n");
    ASSERT_TRUE(sandbox->end_layer());
    EXPECT_EQ(state(), "0\n");
  }
}

TEST_P(SandboxTest, CountsTheDiskLimitOverAllLayers) {
  auto sandbox = open(spec_with({}));
  ASSERT_TRUE(run(*sandbox, shell("head -c 50m /dev/zero > f")).succeeded());

  ASSERT_TRUE(sandbox->begin_layer());
  const Outcome outcome = run(*sandbox, shell("head -c 50m /dev/zero > g"));

  EXPECT_FALSE(outcome.succeeded());
}

TEST_P(SandboxTest, ShowsTheUsersMountsReadOnly) {
  const std::string tools = lower_dir("tools", {{"bin/tool", "#!/bin/sh\necho tool\n"}});
  Spec spec = spec_with({});
  spec.mounts = {{.host_path = tools, .inside_path = "/opt/tools"},
                 {.host_path = tools + "/bin/tool", .inside_path = "/opt/alone"}};
  auto sandbox = open(spec);

  const Outcome outcome =
      run(*sandbox, shell("/opt/tools/bin/tool; /opt/alone; echo x > /opt/tools/bin/tool"));

  EXPECT_EQ(outcome.stdout_bytes, "tool\ntool\n");
  EXPECT_FALSE(outcome.succeeded());
}

TEST_P(SandboxTest, RefusesMountsThatHideItsOwnFolders) {
  for (const char* inside : {"/", "/proc", "/work/x", "/usr/lib/x", "relative", "/a/../b"}) {
    Spec spec = spec_with({});
    spec.mounts = {{.host_path = "/opt", .inside_path = inside}};
    EXPECT_EQ(launcher_->open(spec).error().code, ErrorCode::invalid_input) << inside;
  }
  Spec spec = spec_with({scratch_.path() + "/missing"});
  EXPECT_EQ(launcher_->open(spec).error().code, ErrorCode::not_found);
}

TEST_P(SandboxTest, RunsOrdinaryTools) {
  const std::string lower = lower_dir(
      "lower", {{"main.c", "#include <stdio.h>\nint main(void) { puts(\"built\"); return 0; }\n"},
                {"Makefile", "all: main\n\t./main > result\n"},
                {"test.py",
                 "import socket, threading, tempfile, subprocess, multiprocessing\n"
                 "server = socket.create_server(('localhost', 0))\n"
                 "threading.Thread(target=lambda: server.accept()[0].send(b'hi')).start()\n"
                 "print(socket.create_connection(server.getsockname()).recv(2).decode())\n"
                 "print(subprocess.check_output(['cat', 'result'], text=True), end='')\n"
                 "multiprocessing.Queue().put(1)\n"}});
  auto sandbox = open(spec_with({lower}));

  const Outcome built = run(*sandbox, shell("make CFLAGS=-O1 && echo e > /dev/stderr"));
  const Outcome tested = run(*sandbox, command_of({"python3", "test.py"}));

  EXPECT_TRUE(built.succeeded()) << built.stderr_bytes;
  EXPECT_EQ(built.stderr_bytes, "e\n");
  EXPECT_EQ(tested.stdout_bytes, "hi\nbuilt\n") << tested.stderr_bytes;
}

TEST_P(SandboxTest, OpensManyAtOnceFromManyThreads) {
  std::atomic<int> succeeded = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round) {
        auto sandbox = launcher_->open(spec_with({}));
        if (!sandbox) continue;
        const auto outcome = (*sandbox)->run(shell("echo $$ > /work/pid; cat pid"), {});
        if (outcome && outcome->stdout_bytes == "2\n") ++succeeded;
      }
    });
  }
  threads.clear();

  EXPECT_EQ(succeeded, 18);
}

TEST_P(SandboxTest, NamesTheWallsThatStand) {
  const auto walls = probe(*launcher_);

  ASSERT_TRUE(walls) << walls.error().message;
  const std::string standing = join(walls->standing, "\n");
  for (const char* wall : {"user namespace", "private root", "pid namespace", "network namespace",
                           "landlock ABI", "seccomp", "no new privileges"}) {
    EXPECT_THAT(standing, HasSubstr(wall));
  }
}

INSTANTIATE_TEST_SUITE_P(Workspaces, SandboxTest, ::testing::Values(kOverlay, kCopies),
                         [](const auto& tested) {
                           return tested.param == kOverlay ? "Overlay" : "Copies";
                         });

}  // namespace
}  // namespace nightjar::sandbox
