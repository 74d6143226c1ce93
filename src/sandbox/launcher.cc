#include "sandbox/launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "sandbox/adopt.h"
#include "sandbox/cgroup.h"
#include "sandbox/frames.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/request.h"
#include "sandbox/session.h"

namespace nightjar::sandbox {
namespace {

class HelperLauncher final : public Launcher {
 public:
  HelperLauncher(UniqueFd socket, pid_t helper, std::vector<std::string> walls, std::size_t spares)
      : helper_(helper),
        spares_(spares),
        walls_(std::move(walls)),
        groups_(Groups::find("/proc/self/mountinfo", "/proc/self/cgroup")) {
    state_.with([&](State& state) { state.socket = std::move(socket); });
  }
  HelperLauncher(const HelperLauncher&) = delete;
  HelperLauncher& operator=(const HelperLauncher&) = delete;

  ~HelperLauncher() override {
    state_.with([](State& state) {
      state.spares.clear();
      state.socket = UniqueFd();  // The helper ends every sandbox, then itself.
    });
    while (::waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  Result<> fill_spares() {
    return state_.with([&](State& state) -> Result<> {
      while (state.spares.size() < spares_) {
        TRY_INTO(Blank blank, request_blank(state));
        state.spares.push_back(std::move(blank));
      }
      return ok;
    });
  }

  Result<std::unique_ptr<Sandbox>> open(const Spec& spec) override {
    TRY(check_spec(spec));
    PrepareBody body;
    body.lower_count = static_cast<std::uint32_t>(spec.lower_dirs.size());
    body.disk_bytes_max = spec.limits.disk_bytes_max;
    body.processes_max = spec.limits.processes_max;
    std::vector<UniqueFd> views;
    for (const std::string& folder : spec.lower_dirs) {
      TRY_INTO(UniqueFd view, view_of({.host_path = folder, .with_submounts = false}));
      views.push_back(std::move(view));
    }
    for (const Mount& mount : spec.mounts) {
      TRY_INTO(UniqueFd view, view_of({.host_path = mount.host_path, .with_submounts = true}));
      views.push_back(std::move(view));
      body.inside_paths.push_back(mount.inside_path);
    }
    TRY_INTO(Blank blank, take_blank());
    auto sandbox = HelperSandbox::open(std::move(blank), *groups_, spec, body, views);
    // After ours stands, so that the next one is built while this one works.
    if (sandbox) TRY(fill_spares());
    return sandbox;
  }

  Result<> adopt(const std::string& host_dir) override {
    return adopt_tree(host_dir).with_context("adopt " + host_dir);
  }

  Walls walls() const override {
    return {.standing = walls_, .not_enforced = groups_->what_is_missing()};
  }

 private:
  struct State {
    UniqueFd socket;
    std::vector<Blank> spares;
  };

  static Result<Blank> request_blank(State& state) {
    TRY_INTO(auto ends, socket_pair());
    TRY(send_frame(state.socket.get(), FrameType::open, "", {ends.second.get()})
            .with_context("the sandbox helper has ended; start Nightjar again"));
    return Blank{std::move(ends.first)};
  }

  Result<Blank> take_blank() {
    return state_.with([&](State& state) -> Result<Blank> {
      if (state.spares.empty()) return request_blank(state);
      Blank blank = std::move(state.spares.front());
      state.spares.erase(state.spares.begin());
      return blank;
    });
  }

  /// Root copies the mount itself, since its folders may be closed to the helper's user. Anyone else
  /// has no right to, but the helper has, in its own namespace, where it is the same user.
  Result<UniqueFd> view_of(const ViewBody& body) {
    if (::geteuid() == 0) {
      return inside::open_view(body.host_path, body.with_submounts
                                                   ? inside::Submounts::included
                                                   : inside::Submounts::left_out);
    }
    return state_.with([&](State& state) -> Result<UniqueFd> {
      TRY(send_frame(state.socket.get(), FrameType::view, encode(body), {}));
      TRY_INTO(Frame viewed, expect_frame(state.socket.get(), FrameType::viewed));
      if (viewed.descriptors.size() != 1) return {ErrorCode::corrupt, "viewed: no descriptor"};
      return std::move(viewed.descriptors.front());
    });
  }

  pid_t helper_;
  std::size_t spares_;
  std::vector<std::string> walls_;
  std::unique_ptr<Groups> groups_;
  Guarded<State> state_;
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
  const int failure =
      ::posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), env.data());
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
  auto launcher = std::make_unique<HelperLauncher>(std::move(ends.first), pid, hello->walls,
                                                   options.spares);
  TRY(launcher->fill_spares());
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
