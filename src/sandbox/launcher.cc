#include "sandbox/launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "sandbox/adopt.h"
#include "sandbox/frames.h"
#include "sandbox/pool.h"
#include "sandbox/request.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {
namespace {

class HelperLauncher final : public Launcher {
 public:
  HelperLauncher(UniqueFd socket, pid_t helper, HelloBody hello, std::size_t spares)
      : helper_(helper), hello_(std::move(hello)), pool_(std::move(socket), spares) {}
  HelperLauncher(const HelperLauncher&) = delete;
  HelperLauncher& operator=(const HelperLauncher&) = delete;

  ~HelperLauncher() override {
    pool_.close();
    while (::waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) {}
  }

  Result<> fill() { return pool_.fill(); }

  Result<std::unique_ptr<Sandbox>> open(const Spec& spec) override {
    TRY(check_spec(spec));
    TRY_INTO(Blank blank, pool_.take());
    return HelperSandbox::open(std::move(blank), pool_, spec);
  }

  Result<> adopt(const std::string& host_dir) override {
    return adopt_tree(host_dir).with_context("adopt " + host_dir);
  }

  Walls walls() const override {
    Walls walls{.standing = hello_.walls, .not_enforced = hello_.not_enforced};
    for (const std::string& total : pool_.what_is_missing()) walls.not_enforced.push_back(total);
    return walls;
  }

 private:
  pid_t helper_;
  HelloBody hello_;
  Pool pool_;
};

Result<std::string> helper_beside_us() {
  std::error_code failure;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (failure) return errno_error("find the running program", failure.value());
  return (self.parent_path() / "nightjar-helper").string();
}

/// The helper gets an empty environment, its socket and our stderr, and not one thing more.
Result<pid_t> spawn_helper(const std::string& path, int socket) {
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kHelperSocketFd);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, kHelperSocketFd + 1);
  std::string name = path;
  std::array<char*, 2> argv = {name.data(), nullptr};
  std::array<char*, 1> env = {nullptr};
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), env.data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return errno_error("start the sandbox helper " + path, failure);
  return pid;
}

}  // namespace

Result<std::unique_ptr<Launcher>> start_helper(const HelperOptions& options) {
  std::string path = options.helper_path;
  if (path.empty()) {
    TRY_INTO(path, helper_beside_us());
  }
  TRY_INTO(auto ends, socket_pair());
  // dup2 to the same number would leave close-on-exec set.
  if (ends.second.get() == kHelperSocketFd) {
    ends.second = UniqueFd(::fcntl(ends.second.get(), F_DUPFD_CLOEXEC, kHelperSocketFd + 1));
    if (!ends.second) return errno_error("move the helper's socket", errno);
  }
  TRY_INTO(const pid_t pid, spawn_helper(path, ends.second.get()));
  ends.second = UniqueFd();
  const auto give_up = [&](const Error& error) {
    ends.first = UniqueFd();
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return error;
  };
  const Result<Frame> frame = expect_frame(ends.first.get(), FrameType::hello);
  if (!frame) return give_up(frame.error());
  const Result<HelloBody> hello = decode<HelloBody>(frame->body);
  if (!hello) return give_up(hello.error());
  auto launcher =
      std::make_unique<HelperLauncher>(std::move(ends.first), pid, *hello, options.spares);
  TRY(launcher->fill());
  return std::unique_ptr<Launcher>(std::move(launcher));
}

Result<Walls> probe(Launcher& launcher) {
  const Spec spec = {.lower_dirs = {},
                     .mounts = {},
                     .limits = {.memory_bytes_max = std::uint64_t{64} << 20U,
                                .disk_bytes_max = std::uint64_t{8} << 20U,
                                .processes_max = 4}};
  const Command command = {.argv = {"true"},
                           .wall_max = std::chrono::seconds(10),
                           .cpu_max = std::chrono::seconds(10),
                           .output_bytes_max = 4096};
  TRY_INTO(const std::unique_ptr<Sandbox> sandbox, launcher.open(spec));
  TRY_INTO(const Outcome outcome, sandbox->run(command, {}));
  if (!outcome.succeeded()) {
    return {ErrorCode::unavailable,
            "a sandbox opens here, but `true` does not run in it: " + outcome.stderr_bytes};
  }
  return launcher.walls();
}

}  // namespace nightjar::sandbox
