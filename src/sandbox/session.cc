#include "sandbox/session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sandbox/adopt.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/launcher.h"
#include "sandbox/request.h"
#include "sandbox/watch.h"

namespace nightjar::sandbox {
namespace {

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("create a pipe", errno);
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  // Programs open /dev/stdout and /dev/stderr, which needs the right to the pipe itself.
  if (acts_as_root() && ::fchown(ends[1], kSandboxUid, kSandboxUid) != 0) {
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

}  // namespace

HelperSandbox::HelperSandbox(Blank blank, Pool& pool, const Spec& spec)
    : control_(std::move(blank.control)),
      pool_(pool),
      stem_(std::move(blank.stem)),
      limits_(spec.limits),
      env_(spec.env) {
  for (const Mount& mount : spec.mounts) mounts_.push_back(mount.inside_path);
}

Result<std::unique_ptr<Sandbox>> HelperSandbox::open(Blank blank, Pool& pool, const Spec& spec) {
  std::unique_ptr<HelperSandbox> sandbox(new HelperSandbox(std::move(blank), pool, spec));
  TRY_INTO(Frame opened, expect_frame(sandbox->stem_.socket.get(), FrameType::opened));
  if (opened.descriptors.size() != 1) return {ErrorCode::corrupt, "opened: no process"};
  sandbox->process_ = std::move(opened.descriptors.front());
  TRY(sandbox->prepare(spec));
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

/// Root copies a mount itself, since its folders may be closed to the helper's user. Anyone else
/// has no right to, but the stem has, in its own namespace, where it is the same user.
Result<UniqueFd> HelperSandbox::view_of(const ViewBody& body) {
  if (acts_as_root()) {
    return inside::open_view(body.host_path, body.with_submounts ? inside::Submounts::included
                                                                 : inside::Submounts::left_out);
  }
  TRY(send_frame(stem_.socket.get(), FrameType::view, encode(body), {}));
  TRY_INTO(Frame viewed, expect_frame(stem_.socket.get(), FrameType::viewed));
  if (viewed.descriptors.size() != 1) return {ErrorCode::corrupt, "viewed: no descriptor"};
  return std::move(viewed.descriptors.front());
}

Result<> HelperSandbox::prepare(const Spec& spec) {
  PrepareBody body;
  body.lower_count = static_cast<std::uint32_t>(spec.lower_dirs.size());
  body.disk_bytes_max = spec.limits.disk_bytes_max;
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
  std::vector<int> descriptors;
  for (const UniqueFd& view : views) descriptors.push_back(view.get());
  // Its walls were built before anybody asked for this sandbox, or are being built now.
  TRY(expect_frame(control_.get(), FrameType::standing));
  TRY(send_frame(control_.get(), FrameType::prepare, encode(body), descriptors));
  workspace_pending_ = true;
  // While the sandbox mounts. Files live in memory here, so they count: the limit of the group is
  // the sum, and the watch keeps the processes' own share below memory_bytes_max.
  TRY(stem_.group.limit_memory(limits_.memory_bytes_max + limits_.disk_bytes_max));
  oom_kills_seen_ = stem_.group.oom_kills();
  return ok;
}

HelperSandbox::~HelperSandbox() {
  workspace_ = UniqueFd();
  // No command runs, so only the first process is left; with it go the mounts.
  if (process_) ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
  control_ = UniqueFd();
  pool_.give_back(std::move(stem_), std::move(process_));
}

Result<> HelperSandbox::take_workspace() const {
  if (!std::exchange(workspace_pending_, false)) return workspace_result_;
  Result<Frame> ready = expect_frame(control_.get(), FrameType::ready);
  if (ready && ready->descriptors.size() != 1) {
    ready = Error{ErrorCode::corrupt, "ready: no workspace"};
  }
  if (!ready) {
    workspace_result_ = ready.error();
    return ready.error();
  }
  workspace_ = std::move(ready->descriptors.front());
  return ok;
}

int HelperSandbox::workspace_fd() const {
  (void)take_workspace();  // If that failed, the descriptor is none, and run() tells why.
  return workspace_.get();
}

Result<Outcome> HelperSandbox::run(const Command& command, std::stop_token stop) {
  TRY(check_command(command, env_));
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
  Watch watch({.control = control_.get(),
               .group = stem_.group,
               .limits = limits_,
               .command = command,
               .oom_kills_seen = oom_kills_seen_},
              std::move(out.read_end), std::move(err.read_end));
  TRY(send_frame(control_.get(), FrameType::start, encode(start_body(command)), descriptors));
  out.write_end = UniqueFd();
  err.write_end = UniqueFd();
  // The order waits behind the workspace in the same socket; without one it is not obeyed.
  TRY(take_workspace());
  Result<Outcome> outcome = watch.finish(std::move(stop));
  // A program or folder that is not there leaves the sandbox as it was; anything else may not have.
  if (!outcome && outcome.error().code != ErrorCode::not_found) broken_ = true;
  return outcome;
}

StartBody HelperSandbox::start_body(const Command& command) const {
  StartBody body;
  body.argv = command.argv;
  for (const auto& [name, value] : environment_of(env_, command))
    body.env.push_back(name + "=" + value);
  body.cwd = command.cwd;
  body.mounts = mounts_;
  body.disk_bytes_max = limits_.disk_bytes_max;
  // The watch ends the whole tree at cpu_max; this one stops a process that escaped its sampling.
  body.cpu_seconds_max = static_cast<std::uint64_t>(command.cpu_max.count()) / 1000 + 2;
  body.processes_max = limits_.processes_max;
  body.report = command.report;
  return body;
}

Result<> HelperSandbox::change_layer(FrameType type) {
  if (broken_) return {ErrorCode::unavailable, "this sandbox has failed; open a new one"};
  TRY(take_workspace());
  workspace_ = UniqueFd();  // It would keep the old layer mounted.
  TRY(send_frame(control_.get(), type, "", {}));
  workspace_pending_ = true;
  return ok;
}

Result<> HelperSandbox::begin_layer() {
  if (level_ == 2) return {ErrorCode::conflict, "a sandbox has at most two layers"};
  TRY(change_layer(FrameType::begin_layer));
  ++level_;
  return ok;
}

Result<> HelperSandbox::end_layer() {
  if (level_ == 0) return {ErrorCode::conflict, "no layer was begun"};
  TRY(change_layer(FrameType::end_layer));
  --level_;
  return ok;
}

}  // namespace nightjar::sandbox
