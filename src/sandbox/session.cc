#include "sandbox/session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sandbox/launcher.h"
#include "sandbox/request.h"
#include "sandbox/watch.h"

namespace nightjar::sandbox {
namespace {

constexpr int kAnswerMsMax = 10'000;

bool wait_readable(int fd, int timeout_ms) {
  pollfd polled{fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&polled, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("create a pipe", errno);
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  // Programs open /dev/stdout and /dev/stderr, which needs the right to the pipe itself.
  if (::geteuid() == 0 && ::fchown(ends[1], kSandboxUid, kSandboxUid) != 0) {
    return errno_error("hand over a pipe", errno);
  }
  return pipe;
}

/// A file in memory that nobody can change any more: no feeding, no deadlock with a full pipe.
Result<UniqueFd> sealed_file(std::string_view content) {
  UniqueFd file(::memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return errno_error("create the file for stdin", errno);
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write the file for stdin", errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
          0 ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return errno_error("seal the file for stdin", errno);
  }
  return file;
}

StartBody start_body(const Command& command) {
  StartBody body;
  body.argv = command.argv;
  for (const auto& [name, value] : environment_of(command)) body.env.push_back(name + "=" + value);
  body.cwd = command.cwd;
  // The watch ends the whole tree at cpu_max; this one stops a process that escaped its sampling.
  body.cpu_seconds_max = static_cast<std::uint64_t>(command.cpu_max.count()) / 1000 + 2;
  return body;
}

}  // namespace

Result<Frame> expect_frame(int socket, FrameType type) {
  if (!wait_readable(socket, kAnswerMsMax)) {
    return {ErrorCode::timeout, "the sandbox helper did not answer within 10 s"};
  }
  TRY_INTO(Frame frame, receive_frame(socket));
  if (frame.type == FrameType::failed) return decode_error(frame.body);
  if (frame.type != type) {
    return {ErrorCode::corrupt, "the sandbox helper gave another answer than was asked for"};
  }
  return frame;
}

Result<std::unique_ptr<Sandbox>> HelperSandbox::open(Blank blank, Groups& groups, const Spec& spec,
                                                     const PrepareBody& body,
                                                     const std::vector<UniqueFd>& views) {
  TRY_INTO(Frame opened, expect_frame(blank.control.get(), FrameType::opened));
  TRY_INTO(const OpenedBody process, decode<OpenedBody>(opened.body));
  if (opened.descriptors.size() != 1) return {ErrorCode::corrupt, "opened: no process"};
  TRY_INTO(Group group, groups.take());
  std::unique_ptr<HelperSandbox> sandbox(
      new HelperSandbox(std::move(blank.control), groups, std::move(group), spec.limits));
  sandbox->process_ = std::move(opened.descriptors.front());
  // Files live in memory here, so they count: the limit of the group is the sum, and the watch
  // keeps the processes' own share below memory_bytes_max.
  TRY(sandbox->group_.limit_memory(spec.limits.memory_bytes_max + spec.limits.disk_bytes_max));
  // Before the first command: a group counts from the moment a process joins it.
  TRY(sandbox->group_.admit(process.pid));
  std::vector<int> descriptors;
  for (const UniqueFd& view : views) descriptors.push_back(view.get());
  TRY(send_frame(sandbox->control_.get(), FrameType::prepare, encode(body), descriptors));
  TRY(sandbox->take_workspace());
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

HelperSandbox::~HelperSandbox() {
  workspace_ = UniqueFd();
  if (process_) {
    // The kernel kills and reaps all of a pid namespace, and takes its mounts apart, before its
    // first process counts as ended.
    ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
    wait_readable(process_.get(), kAnswerMsMax);
  }
  groups_.give_back(group_);
}

Result<> HelperSandbox::take_workspace() {
  TRY_INTO(Frame ready, expect_frame(control_.get(), FrameType::ready));
  if (ready.descriptors.size() != 1) return {ErrorCode::corrupt, "ready: no workspace"};
  workspace_ = std::move(ready.descriptors.front());
  return ok;
}

Result<Outcome> HelperSandbox::run(const Command& command, std::stop_token stop) {
  TRY(check_command(command));
  if (broken_) return {ErrorCode::unavailable, "this sandbox has failed; open a new one"};
  if (stop.stop_requested()) return Outcome{.ended = Ended::cancelled};
  TRY_INTO(Pipe out, make_pipe());
  TRY_INTO(Pipe err, make_pipe());
  std::vector<int> descriptors = {out.write_end.get(), err.write_end.get()};
  UniqueFd in;
  if (!command.stdin_bytes.empty()) {
    TRY_INTO(in, sealed_file(command.stdin_bytes));
    descriptors.push_back(in.get());
  }
  Watch watch({.control = control_.get(), .group = group_, .limits = limits_, .command = command},
              std::move(out.read_end), std::move(err.read_end));
  TRY(send_frame(control_.get(), FrameType::start, encode(start_body(command)), descriptors));
  out.write_end = UniqueFd();
  err.write_end = UniqueFd();
  Result<Outcome> outcome = watch.finish(std::move(stop));
  // A program or folder that is not there leaves the sandbox as it was; anything else may not have.
  if (!outcome && outcome.error().code != ErrorCode::not_found) broken_ = true;
  return outcome;
}

Result<> HelperSandbox::change_layer(FrameType type) {
  if (broken_) return {ErrorCode::unavailable, "this sandbox has failed; open a new one"};
  workspace_ = UniqueFd();  // It would keep the old layer mounted.
  TRY(send_frame(control_.get(), type, "", {}));
  Result<> taken = take_workspace();
  if (!taken) broken_ = true;
  return taken;
}

Result<> HelperSandbox::begin_layer() { return change_layer(FrameType::begin_layer); }
Result<> HelperSandbox::end_layer() { return change_layer(FrameType::end_layer); }

}  // namespace nightjar::sandbox
