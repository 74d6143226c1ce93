#include "sandbox/inside/first_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "sandbox/frames.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/inside/report.h"
#include "sandbox/inside/root.h"
#include "sandbox/inside/runner.h"
#include "sandbox/inside/usage.h"
#include "sandbox/inside/walls.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr uid_t kInsideId = 1000;
constexpr int kControlFd = 3;

Result<> write_to(const char* path, std::string_view text) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), text.data(), text.size()) < 0) {
    return wall_failed("user namespace", std::string("write ") + path);
  }
  return ok;
}

/// The helper's descriptors are not the sandbox's: all go but the control socket.
Result<UniqueFd> keep_only(UniqueFd control) {
  const UniqueFd null(::open("/dev/null", O_RDWR));
  if (!null) return wall_failed("closed descriptors", "open /dev/null");
  for (int stream = 0; stream < 3; ++stream) {
    if (::dup2(null.get(), stream) < 0) return wall_failed("closed descriptors", "dup2");
  }
  if (control.get() != kControlFd) {
    if (::dup3(control.get(), kControlFd, O_CLOEXEC) < 0) {
      return wall_failed("closed descriptors", "dup3");
    }
    control = UniqueFd(kControlFd);
  }
  if (::close_range(kControlFd + 1, ~0U, 0) != 0) {
    return wall_failed("closed descriptors", "close_range");
  }
  return control;
}

/// The walls that do not depend on what will run. The order matters; each step says why.
Result<> build_walls(FirstProcess& process) {
  // 1. Who we are, first: until the user is mapped, no file made here would have an owner.
  TRY(map_user(kInsideId, process.uid, kInsideId, process.gid));
  // 2. Die with the helper. After the mapping, because a change of credentials forgets it. If the
  //    helper is gone already, the control socket has ended, which is noticed too.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return wall_failed("pid namespace", "PDEATHSIG");
  // 3. The host's name, which its namespace hides only once another is set.
  if (::sethostname("nightjar", 8) != 0) return wall_failed("uts namespace", "sethostname");
  // 4. The root, while the host's paths are there to be shown from.
  TRY(enter_private_root());
  // 5. Descriptors last: /dev/null comes from the new root, and none of the old one stays open.
  TRY_INTO(process.control, keep_only(std::move(process.control)));
  ::umask(022);
  return ok;
}

/// The conversation with the launcher; one frame or one child's end at a time.
class Service {
 public:
  Service(UniqueFd control, UniqueFd children, const std::vector<sock_filter>& filter,
          Result<> walls)
      : control_(std::move(control)),
        children_(std::move(children)),
        filter_(filter),
        walls_(std::move(walls)) {}

  [[noreturn]] void serve() {
    // The runner locks itself while this process goes on.
    if (walls_) walls_ = fork_runner();
    if (walls_) walls_ = workspace_.stage();
    if (walls_) {
      send(FrameType::standing, "");
    } else {
      send_failure(walls_.error());
    }
    while (true) {
      std::array<pollfd, 2> polled{{{control_.get(), POLLIN, 0}, {children_.get(), POLLIN, 0}}};
      const int timeout_ms = owes_ready_ ? 0 : -1;
      if (::poll(polled.data(), polled.size(), timeout_ms) < 0 && errno != EINTR) ::_exit(1);
      if (polled[1].revents != 0) reap();
      if (polled[0].revents != 0) {
        const Result<Frame> frame = receive_frame(control_.get());
        if (!frame) ::_exit(0);  // The launcher is gone or closed us: the kernel kills the rest.
        answer(*frame);
      } else if (owes_ready_) {
        send_ready();
      }
    }
  }

 private:
  void send(FrameType type, std::string_view body, const std::vector<int>& descriptors = {}) {
    if (!send_frame(control_.get(), type, body, descriptors)) ::_exit(0);
  }
  void send_failure(const Error& error) { send(FrameType::failed, encode(error)); }

  void answer(const Frame& frame) {
    if (owes_ready_ && frame.type != FrameType::start) send_ready();
    switch (frame.type) {
      case FrameType::prepare: return send_workspace(prepare(frame));
      case FrameType::begin_layer: return send_workspace(workspace_.begin_layer());
      case FrameType::end_layer:
        send_workspace(workspace_.end_layer());
        if (workspace_stands_) workspace_stands_ = workspace_.forget_ended_layer().has_value();
        return;
      case FrameType::start: return start(frame);
      case FrameType::kill:
        if (running_) ::kill(-1, SIGKILL);  // Everything here but this process.
        return;
      case FrameType::sample:
        // The command may have ended meanwhile; then `exited` was the answer.
        if (running_) sample();
        return;
      default: return send_failure({ErrorCode::invalid_input, "not a frame for a sandbox"});
    }
  }

  Result<> prepare(const Frame& frame) {
    TRY(walls_);
    TRY_INTO(const PrepareBody body, decode<PrepareBody>(frame.body));
    if (frame.descriptors.size() != body.lower_count + body.inside_paths.size()) {
      return {ErrorCode::corrupt, "prepare: folders and descriptors do not match"};
    }
    Contents contents;
    for (const UniqueFd& view : frame.descriptors) {
      const bool lower = contents.lower_dirs.size() < body.lower_count;
      (lower ? contents.lower_dirs : contents.mounts).push_back(view.get());
    }
    contents.inside_paths = body.inside_paths;
    contents.disk_bytes_max = body.disk_bytes_max;
    return workspace_.fill(contents);
  }

  void send_workspace(const Result<>& done) {
    workspace_stands_ = done.has_value();
    if (!done) return send_failure(done.error());
    // An order that waits already goes first: its command can start while we answer.
    owes_ready_ = true;
  }

  void send_ready() {
    owes_ready_ = false;
    const Result<UniqueFd> folder = workspace_.open();
    if (!folder) return send_failure(folder.error());
    send(FrameType::ready, "", {folder->get()});
  }

  Result<> fork_runner() {
    TRY_INTO(runner_, Runner::fork(filter_));
    children_usage_before_ = cpu_ns_of_children();
    memory_peak_bytes_ = 0;
    return ok;
  }

  void start(const Frame& frame) {
    // The launcher does not wait for the workspace before it sends an order, so this is where a
    // command is kept from running without one.
    if (running_ || !workspace_stands_) {
      return send_failure({ErrorCode::conflict, "start: no workspace, or a command runs already"});
    }
    // Both ends leave this process here: were it to keep one, the report would not end.
    Result<Report> report = open_report(frame);
    Result<> started = report ? Result<>(ok) : Result<>(report.error());
    if (started && !runner_) started = fork_runner();
    if (started) started = runner_->start(frame, report->write_end);
    if (owes_ready_) send_ready();
    if (!started) return send_failure(started.error());
    if (report->read_end) send(FrameType::reporting, "", {report->read_end.get()});
    running_ = true;
  }

  static Result<Report> open_report(const Frame& order) {
    TRY_INTO(const StartBody body, decode<StartBody>(order.body));
    return Report::open(body.report);
  }

  void sample() {
    const Usage usage = usage_of_all_processes();
    const std::uint64_t cpu_ns = usage.cpu_ns + cpu_ns_of_children() - children_usage_before_;
    send(FrameType::sampled, encode(SampledBody{cpu_ns, usage.memory_bytes}));
  }

  /// Children of this process are the runners and every orphan of the sandbox.
  void reap() {
    signalfd_siginfo ignored{};
    (void)!::read(children_.get(), &ignored, sizeof ignored);
    while (true) {
      const Reaped child = reap_one(WNOHANG);
      if (child.pid <= 0) return;
      if (runner_ && child.pid == runner_->pid()) return finish(child.status);
    }
  }

  struct Reaped {
    pid_t pid = 0;
    int status = 0;
  };
  Reaped reap_one(int options) {
    Reaped child;
    rusage usage{};
    do {
      child.pid = ::wait4(-1, &child.status, options, &usage);
    } while (child.pid < 0 && errno == EINTR);
    if (child.pid > 0) {
      memory_peak_bytes_ =
          std::max(memory_peak_bytes_, static_cast<std::uint64_t>(usage.ru_maxrss) * 1024);
    }
    return child;
  }

  /// The command itself ended: whatever it left behind ends now. No process can flee from kill(-1),
  /// and all of them become children of this one.
  void finish(int status) {
    do {
      ::kill(-1, SIGKILL);
    } while (reap_one(0).pid > 0);
    std::optional<Error> failure;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kExitCannotRun) {
      failure = runner_->failure_before_exec();
    }
    runner_.reset();
    if (std::exchange(running_, false)) {
      if (failure) {
        send_failure(*failure);
      } else {
        send(FrameType::exited,
             encode(ExitedBody{status, cpu_ns_of_children() - children_usage_before_,
                               memory_peak_bytes_}));
      }
    }
    // After the answer, so that nobody waits for it. A failure shows when the next command starts.
    (void)fork_runner();
  }

  UniqueFd control_;
  UniqueFd children_;
  const std::vector<sock_filter>& filter_;
  Result<> walls_;
  Workspace workspace_;
  std::optional<Runner> runner_;
  bool workspace_stands_ = false;
  bool owes_ready_ = false;
  bool running_ = false;
  std::uint64_t children_usage_before_ = 0;
  std::uint64_t memory_peak_bytes_ = 0;
};

}  // namespace

Result<> map_user(uid_t inside_uid, uid_t uid, gid_t inside_gid, gid_t gid) {
  // The files to be written belong to root while a process is not dumpable.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return wall_failed("user namespace", "dumpable");
  TRY(write_to("/proc/self/setgroups", "deny"));
  TRY(write_to("/proc/self/uid_map",
               std::to_string(inside_uid) + " " + std::to_string(uid) + " 1"));
  TRY(write_to("/proc/self/gid_map",
               std::to_string(inside_gid) + " " + std::to_string(gid) + " 1"));
  // From here on no process of the same user may trace this one or read its memory.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return wall_failed("user namespace", "dumpable");
  return ok;
}

void run_first_process(FirstProcess process) {
  // A failure is kept until the launcher asks: the first frame on the socket is the helper's.
  Result<> walls = build_walls(process);
  sigset_t child_signal;
  ::sigemptyset(&child_signal);
  ::sigaddset(&child_signal, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &child_signal, nullptr);
  UniqueFd children(::signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!children) walls = wall_failed("pid namespace", "signalfd");
  Service(std::move(process.control), std::move(children), *process.filter, std::move(walls))
      .serve();
}

}  // namespace nightjar::sandbox::inside
