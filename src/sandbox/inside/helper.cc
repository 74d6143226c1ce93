#include "sandbox/inside/helper.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/frames.h"
#include "sandbox/inside/filter.h"
#include "sandbox/inside/first_process.h"
#include "sandbox/inside/landlock.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/inside/walls.h"
#include "sandbox/launcher.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr std::size_t kSandboxesMax = 512;

Error no_user_namespaces(std::string_view step) {
  return {ErrorCode::unavailable,
          wall_failed("user namespace", step).message +
              "; allow unprivileged user namespaces (as root: sysctl -w "
              "kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000; in a container: "
              "a profile that permits clone, unshare and mount)"};
}

/// Root's helper becomes nobody before it does anything else: nothing later needs root, and limits
/// on processes do not bind root.
Result<> leave_root() {
  if (::geteuid() != 0) return ok;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(kSandboxUid, kSandboxUid, kSandboxUid) != 0 ||
      ::setresuid(kSandboxUid, kSandboxUid, kSandboxUid) != 0) {
    return wall_failed("unprivileged user", "leave root");
  }
  return ok;
}

class Helper {
 public:
  explicit Helper(UniqueFd socket) : socket_(std::move(socket)) {}

  Result<> enter() {
    // 1. Away from the terminal and its signals: ^C is for the launcher to handle.
    ::setsid();
    TRY(leave_root());
    uid_ = ::geteuid();
    gid_ = ::getegid();
    // 2. A user and mount namespace of its own: here the helper may copy mounts for the sandboxes,
    //    and theirs are children of it, so that nothing of them is the host's.
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return no_user_namespaces("unshare");
    TRY(map_user(uid_, uid_, gid_, gid_));
    // 3. Die with the launcher. After the last change of credentials, which would forget it.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return wall_failed("helper", "PDEATHSIG");
    // 4. The filter is compiled once; every sandbox inherits it.
    filter_ = build_filter();
    sigset_t child_signal;
    ::sigemptyset(&child_signal);
    ::sigaddset(&child_signal, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_signal, nullptr);
    children_ = UniqueFd(::signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!children_) return wall_failed("helper", "signalfd");
    return ok;
  }

  Result<HelloBody> walls() const {
    TRY_INTO(const int abi, landlock_abi());
    HelloBody hello;
    hello.walls = {"user namespace, as uid " + std::to_string(uid_) + " without any capability",
                   "mount namespace with a private root; toolchain read-only",
                   "pid namespace; /proc without the host's and the first process",
                   "network namespace, empty",
                   "ipc, uts and cgroup namespaces",
                   "no new privileges",
                   "landlock ABI " + std::to_string(abi) +
                       (abi >= 6 ? ", with signal and abstract socket scopes" : ""),
                   "seccomp, " + std::to_string(allowed_call_count()) + " calls allowed",
                   "limits of disk, processes, processor time and output"};
    return hello;
  }

  int serve() {
    while (true) {
      std::array<pollfd, 2> polled{{{socket_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}}};
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) break;
      if (polled[1].revents != 0) reap();
      if (polled[0].revents != 0) {
        Result<Frame> frame = receive_frame(socket_.get());
        if (!frame) break;
        answer(*std::move(frame));
      }
    }
    end_all();
    return 0;
  }

  void send(FrameType type, std::string_view body, const std::vector<int>& descriptors = {}) {
    // A launcher that is gone shows as the end of the socket in serve().
    (void)send_frame(socket_.get(), type, body, descriptors);
  }

 private:
  void answer(Frame frame) {
    if (frame.type == FrameType::open && frame.descriptors.size() == 1) {
      const Result<> opened = open(frame.descriptors.front());
      if (!opened) {
        (void)send_frame(frame.descriptors.front().get(), FrameType::failed,
                         encode(opened.error()), {});
      }
      return;
    }
    if (frame.type == FrameType::view) return view(frame.body);
    send(FrameType::failed, encode(Error{ErrorCode::invalid_input, "not a frame for the helper"}));
  }

  Result<> open(UniqueFd& control) {
    if (sandboxes_.size() >= kSandboxesMax) {
      return {ErrorCode::exhausted, "more than 512 sandboxes at one time"};
    }
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                      CLONE_NEWUTS | CLONE_NEWCGROUP;
    if (stands(Wall::network_namespace)) arguments.flags |= CLONE_NEWNET;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) return no_user_namespaces("create the namespaces of a sandbox");
    if (pid == 0) {
      run_first_process(
          {.control = std::move(control), .uid = uid_, .gid = gid_, .filter = &filter_});
    }
    UniqueFd process(pidfd);
    const OpenedBody body{static_cast<std::int32_t>(pid)};
    const Result<> sent =
        send_frame(control.get(), FrameType::opened, encode(body), {process.get()});
    sandboxes_[static_cast<pid_t>(pid)] = std::move(process);
    // The launcher may have gone in between; then the sandbox notices, too.
    (void)sent;
    return ok;
  }

  void view(const std::string& bytes) {
    const Result<ViewBody> body = decode<ViewBody>(bytes);
    if (!body) return send(FrameType::failed, encode(body.error()));
    const Result<UniqueFd> found = open_view(
        body->host_path, body->with_submounts ? Submounts::included : Submounts::left_out);
    if (!found) return send(FrameType::failed, encode(found.error()));
    send(FrameType::viewed, "", {found->get()});
  }

  void reap() {
    signalfd_siginfo ignored{};
    (void)!::read(children_.get(), &ignored, sizeof ignored);
    while (true) {
      const pid_t pid = ::waitpid(-1, nullptr, WNOHANG);
      if (pid <= 0) return;
      sandboxes_.erase(pid);
    }
  }

  void end_all() {
    for (const auto& [pid, process] : sandboxes_) {
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    }
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
  }

  UniqueFd socket_;
  UniqueFd children_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<sock_filter> filter_;
  std::map<pid_t, UniqueFd> sandboxes_;
};

}  // namespace

int serve_launcher(UniqueFd socket) {
  ::signal(SIGPIPE, SIG_IGN);
  Helper helper(std::move(socket));
  Result<> entered = helper.enter();
  Result<HelloBody> walls = entered ? helper.walls() : Result<HelloBody>(entered.error());
  if (!walls) {
    helper.send(FrameType::failed, encode(walls.error()));
    return 1;
  }
  helper.send(FrameType::hello, encode(*walls));
  return helper.serve();
}

}  // namespace nightjar::sandbox::inside
