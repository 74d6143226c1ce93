#include "sandbox/watch.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace nightjar::sandbox {
namespace {

constexpr std::chrono::milliseconds kSamplePeriod{20};
// From the order to kill to the last process gone. It takes microseconds; more means a process that
// hangs inside the kernel.
constexpr std::chrono::seconds kEndMax{10};

std::int64_t ms_between(std::chrono::steady_clock::time_point from,
                        std::chrono::steady_clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

Watch::Watch(Subject subject, UniqueFd out, UniqueFd err)
    : subject_(subject),
      out_(std::move(out), subject.command.output_bytes_max),
      err_(std::move(err), subject.command.output_bytes_max),
      start_(Clock::now()),
      deadline_(start_ + subject.command.wall_max),
      next_sample_(start_ + kSamplePeriod) {
  subject_.group.reset_peak();
  cpu_ns_before_ = subject_.group.cpu_ns();
}

Result<Outcome> Watch::finish(std::stop_token stop) {
  UniqueFd stopped;
  if (stop.stop_possible()) {
    stopped = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stopped) return errno_error("create an eventfd", errno);
  }
  const std::stop_callback on_stop(std::move(stop), [&] { ::eventfd_write(stopped.get(), 1); });
  while (true) {
    TRY_INTO(const std::optional<ExitedBody> exited, wait_once(stopped.get()));
    if (exited) return outcome(*exited);
    if (Clock::now() < deadline_) continue;
    if (reason_) return {ErrorCode::unavailable, "a process in the sandbox could not be killed"};
    TRY(end_command(Ended::wall_limit));
  }
}

Result<std::optional<ExitedBody>> Watch::wait_once(int stop_fd) {
  const auto until = reason_ ? deadline_ : std::min(deadline_, next_sample_);
  const std::int64_t ms = std::clamp<std::int64_t>(ms_between(Clock::now(), until) + 1, 0, 60'000);
  std::array<pollfd, 5> polled{{{subject_.control, POLLIN, 0},
                                {reason_ ? -1 : stop_fd, POLLIN, 0},
                                {out_.fd(), POLLIN, 0},
                                {err_.fd(), POLLIN, 0},
                                {report_ ? report_->fd() : -1, POLLIN, 0}}};
  if (::poll(polled.data(), polled.size(), static_cast<int>(ms)) < 0 && errno != EINTR) {
    return errno_error("wait for a command", errno);
  }
  if (polled[2].revents != 0) out_.read_some();
  if (polled[3].revents != 0) err_.read_some();
  if (polled[4].revents != 0) report_->read_some();
  if (polled[0].revents != 0) return take_frame();
  if (polled[1].revents != 0) TRY(end_command(Ended::cancelled));
  if (!reason_ && Clock::now() >= next_sample_) TRY(take_sample());
  return std::optional<ExitedBody>();
}

Result<std::optional<ExitedBody>> Watch::take_frame() {
  TRY_INTO(Frame frame, receive_frame(subject_.control));
  if (frame.type == FrameType::failed) return decode_error(frame.body);
  if (frame.type == FrameType::exited) {
    TRY_INTO(const ExitedBody body, decode<ExitedBody>(frame.body));
    if (subject_.command.report != Command::Report::none && !report_) {
      return {ErrorCode::corrupt, "exited: the sandbox sent no end of the report"};
    }
    return std::optional(body);
  }
  if (frame.type == FrameType::reporting) {
    TRY(take_report(std::move(frame)));
    return std::optional<ExitedBody>();
  }
  if (frame.type != FrameType::sampled) {
    return {ErrorCode::corrupt, "the sandbox sent a frame that nobody asked for"};
  }
  TRY_INTO(const SampledBody body, decode<SampledBody>(frame.body));
  sample_asked_ = false;
  TRY(judge(body.cpu_ns, body.memory_bytes));
  return std::optional<ExitedBody>();
}

Result<> Watch::take_report(Frame frame) {
  if (subject_.command.report == Command::Report::none || report_ ||
      frame.descriptors.size() != 1) {
    return {ErrorCode::corrupt, "reporting: not one descriptor, or nobody asked"};
  }
  report_.emplace(std::move(frame.descriptors.front()), subject_.command.report_bytes_max);
  return ok;
}

/// Groups are read at once; without them the first process counts and answers later.
Result<> Watch::take_sample() {
  next_sample_ = Clock::now() + kSamplePeriod;
  const Group& group = subject_.group;
  if (group.counts_cpu() && group.counts_memory()) {
    return judge(group.cpu_ns() - cpu_ns_before_, group.private_bytes());
  }
  if (sample_asked_) return ok;
  sample_asked_ = true;
  return send_frame(subject_.control, FrameType::sample, "", {});
}

Result<> Watch::judge(std::uint64_t cpu_ns, std::uint64_t memory_bytes) {
  if (reason_) return ok;
  const auto cpu_max_ns = static_cast<std::uint64_t>(subject_.command.cpu_max.count()) * 1'000'000;
  if (cpu_ns > cpu_max_ns) return end_command(Ended::cpu_limit);
  if (memory_bytes > subject_.limits.memory_bytes_max) return end_command(Ended::memory_limit);
  return ok;
}

Result<> Watch::end_command(Ended reason) {
  reason_ = reason;
  deadline_ = Clock::now() + kEndMax;
  return send_frame(subject_.control, FrameType::kill, "", {});
}

Outcome Watch::outcome(const ExitedBody& exited) {
  out_.read_rest();
  err_.read_rest();
  Outcome result;
  const Group& group = subject_.group;
  const std::uint64_t cpu_ns = group.counts_cpu() ? group.cpu_ns() - cpu_ns_before_ : exited.cpu_ns;
  result.cpu_ms = static_cast<std::int64_t>(cpu_ns / 1'000'000);
  result.wall_ms = ms_between(start_, Clock::now());
  result.memory_peak_bytes = static_cast<std::int64_t>(
      group.counts_memory() ? group.peak_bytes() : exited.memory_peak_bytes);
  const bool signalled = WIFSIGNALED(exited.wait_status);
  result.code = signalled ? WTERMSIG(exited.wait_status) : WEXITSTATUS(exited.wait_status);
  result.ended = signalled ? Ended::signalled : Ended::exited;
  // What the kernel ended for us: a process at its own limit, or the largest when memory ran out.
  if (signalled && (result.code == SIGXCPU || result.code == SIGKILL) &&
      result.cpu_ms > subject_.command.cpu_max.count()) {
    result.ended = Ended::cpu_limit;
  }
  if (!result.succeeded()) {
    const std::uint64_t oom_kills = group.oom_kills();
    if (oom_kills > std::exchange(subject_.oom_kills_seen, oom_kills)) {
      result.ended = Ended::memory_limit;
    }
  }
  if (reason_) result.ended = *reason_;
  result.stdout_cut = out_.cut();
  result.stderr_cut = err_.cut();
  result.stdout_bytes = out_.take();
  result.stderr_bytes = err_.take();
  if (report_) {
    report_->read_rest();
    result.report_cut = report_->cut();
    result.report_bytes = report_->take_unmarked();
  }
  return result;
}

}  // namespace nightjar::sandbox
