#include "sandbox/inside/helper.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/adopt.h"
#include "sandbox/frames.h"
#include "sandbox/inside/filter.h"
#include "sandbox/inside/first_process.h"
#include "sandbox/inside/landlock.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/inside/root.h"
#include "sandbox/inside/walls.h"
#include "sandbox/launcher.h"

namespace nightjar::sandbox::inside {
namespace {

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
  if (!acts_as_root()) return ok;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(kSandboxUid, kSandboxUid, kSandboxUid) != 0 ||
      ::setresuid(kSandboxUid, kSandboxUid, kSandboxUid) != 0) {
    return wall_failed("unprivileged user", "leave root");
  }
  return ok;
}

/// Signals of ended children, to be polled.
Result<UniqueFd> watch_children() {
  sigset_t child_signal;
  ::sigemptyset(&child_signal);
  ::sigaddset(&child_signal, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_signal, nullptr);
  UniqueFd children(::signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!children) return wall_failed("helper", "signalfd");
  return children;
}

void reap_children(int children) {
  signalfd_siginfo ignored{};
  (void)!::read(children, &ignored, sizeof ignored);
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
}

/// Calls `answer` with each frame until the socket ends, and `reaped` after children have.
template <typename Answer, typename Reaped>
void serve_frames(int socket, int children, Answer answer, Reaped reaped) {
  while (true) {
    std::array<pollfd, 2> polled{{{socket, POLLIN, 0}, {children, POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) {
      reap_children(children);
      reaped();
    }
    if (polled[0].revents == 0) continue;
    Result<Frame> frame = receive_frame(socket);
    if (!frame) return;
    answer(*frame);
  }
}

/// An empty network has a loopback that is down; programs that test their own servers want it up.
Result<> raise_loopback() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
    return wall_failed("network namespace", "find its loopback");
  }
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return wall_failed("network namespace", "raise its loopback");
  }
  return ok;
}

/// Makes one sandbox after another. It is a process of its own so that it can belong to a control
/// group from the start: joining one takes the kernel milliseconds, being born into one nothing.
class Stem {
 public:
  Stem(UniqueFd socket, UniqueFd children, const std::vector<sock_filter>& filter)
      : socket_(std::move(socket)), children_(std::move(children)), filter_(filter) {}

  [[noreturn]] void serve(const std::vector<UniqueFd>& groups) {
    for (const UniqueFd& group : groups) {
      // The launcher opened these files with its rights; "0" is the writer.
      if (::write(group.get(), "0", 1) != 1) ready_ = wall_failed("memory total", "join the group");
    }
    prepare_network();
    // Between two sandboxes there is time for the network of the next.
    serve_frames(
        socket_.get(), children_.get(), [&](Frame& frame) { answer(frame); },
        [&] { prepare_network(); });
    ::_exit(0);
  }

 private:
  void send(FrameType type, std::string_view body, const std::vector<int>& descriptors = {}) {
    // A launcher that is gone shows as the end of the socket.
    (void)send_frame(socket_.get(), type, body, descriptors);
  }

  void answer(Frame& frame) {
    prepare_network();
    if (!ready_) return send(FrameType::failed, encode(ready_.error()));
    if (frame.type == FrameType::view) return view(frame.body);
    if (frame.type == FrameType::open && frame.descriptors.size() == 1) {
      return open(std::move(frame.descriptors.front()));
    }
    send(FrameType::failed, encode(Error{ErrorCode::invalid_input, "not a frame for a stem"}));
  }

  /// The network namespace is the dearest of all, so it is made before it is needed, and the next
  /// sandbox is born into it. It belongs to the stem's user namespace, so inside nobody can change
  /// it, not even the first process. Each is used once.
  void prepare_network() {
    if (!ready_ || network_is_fresh_ || !stands(Wall::network_namespace)) return;
    if (::unshare(CLONE_NEWNET) != 0) {
      ready_ = no_user_namespaces("create a network namespace");
    } else {
      ready_ = raise_loopback();
    }
    network_is_fresh_ = ready_.has_value();
  }

  void open(UniqueFd control) {
    const uid_t uid = ::geteuid();  // Before the new namespace, where it has no name yet.
    const gid_t gid = ::getegid();
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = CLONE_PIDFD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                      CLONE_NEWUTS | CLONE_NEWCGROUP;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    network_is_fresh_ = false;
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) {
      return send(FrameType::failed, encode(no_user_namespaces("create the namespaces")));
    }
    if (pid == 0) {
      run_first_process(
          {.control = std::move(control), .uid = uid, .gid = gid, .filter = &filter_});
    }
    const UniqueFd process(pidfd);
    send(FrameType::opened, "", {process.get()});
  }

  void view(const std::string& bytes) {
    const Result<ViewBody> body = decode<ViewBody>(bytes);
    if (!body) return send(FrameType::failed, encode(body.error()));
    const Result<UniqueFd> found = open_view(
        body->host_path, body->with_submounts ? Submounts::included : Submounts::left_out);
    if (!found) return send(FrameType::failed, encode(found.error()));
    send(FrameType::viewed, "", {found->get()});
  }

  UniqueFd socket_;
  UniqueFd children_;
  const std::vector<sock_filter>& filter_;
  Result<> ready_ = ok;
  bool network_is_fresh_ = false;
};

/// Tries it: a child whose limit is none must not be able to fork.
bool processes_are_limited() {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(0);
    const pid_t grandchild = ::fork();
    if (grandchild > 0) ::waitpid(grandchild, nullptr, 0);
    ::_exit(grandchild < 0 ? 1 : 0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 1;
}

class Helper {
 public:
  explicit Helper(UniqueFd socket) : socket_(std::move(socket)) {}

  Result<> enter() {
    // 1. Away from the terminal and its signals: ^C is for the launcher to handle.
    ::setsid();
    TRY(leave_root());
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    // 2. A user and mount namespace of its own: here the helper may copy mounts for the sandboxes,
    //    and theirs are children of it, so that nothing of them is the host's.
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return no_user_namespaces("unshare");
    TRY(map_user(uid, uid, gid, gid));
    // 3. Die with the launcher. After the last change of credentials, which would forget it. And
    //    whoever loses its parent below here becomes our child, so that none is forgotten.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
      return wall_failed("helper", "PDEATHSIG");
    }
    // 4. What is the same for every sandbox is found out once, and inherited.
    filter_ = build_filter();
    find_etc_paths();
    TRY_INTO(children_, watch_children());
    return ok;
  }

  Result<HelloBody> walls() const {
    TRY_INTO(const int abi, landlock_abi());
    HelloBody hello;
    hello.walls = {
        "user namespace, as uid " + std::to_string(::geteuid()) + " without any capability",
        "mount namespace with a private root; toolchain read-only",
        "pid namespace; /proc without the host's and the first process",
        "network namespace, empty",
        "ipc, uts and cgroup namespaces",
        "no new privileges",
        "landlock ABI " + std::to_string(abi) +
            (abi >= 6 ? ", with signal and abstract socket scopes" : ""),
        "seccomp, " + std::to_string(allowed_call_count()) + " calls allowed",
        "limits of disk, processes, processor time and output"};
    if (!processes_are_limited()) {
      hello.not_enforced.emplace_back(
          "processes total: the kernel does not limit its root, not even in this user namespace; "
          "run Nightjar as a plain user");
    }
    return hello;
  }

  void send(FrameType type, std::string_view body) {
    (void)send_frame(socket_.get(), type, body, {});
  }

  void serve() {
    serve_frames(
        socket_.get(), children_.get(),
        [&](Frame& frame) {
          // Without a socket there is nobody to answer.
          if (frame.type == FrameType::stem && !frame.descriptors.empty()) grow(frame.descriptors);
        },
        [] {});
    end_all();
  }

 private:
  void grow(std::vector<UniqueFd>& descriptors) {
    const pid_t pid = ::fork();
    if (pid < 0) {
      const Error error = wall_failed("helper", "fork");
      (void)send_frame(descriptors.front().get(), FrameType::failed, encode(error), {});
      return;
    }
    if (pid > 0) {
      // By descriptor: a number may come to mean another process.
      stems_.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      return;
    }
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) ::_exit(1);
    socket_ = UniqueFd();
    UniqueFd socket = std::move(descriptors.front());
    descriptors.erase(descriptors.begin());
    Stem(std::move(socket), std::move(children_), filter_).serve(descriptors);
  }

  /// Stems die, their sandboxes with them, and each becomes our child for the last time.
  void end_all() {
    for (const UniqueFd& stem : stems_) {
      ::syscall(SYS_pidfd_send_signal, stem.get(), SIGKILL, nullptr, 0);
    }
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {}
  }

  UniqueFd socket_;
  UniqueFd children_;
  std::vector<sock_filter> filter_;
  std::vector<UniqueFd> stems_;
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
  helper.serve();
  return 0;
}

}  // namespace nightjar::sandbox::inside
