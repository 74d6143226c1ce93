#include "sandbox/inside/runner.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "sandbox/inside/lock.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr int kOrderFd = kReportFd + 1;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// Closes all but the streams, which are /dev/null in the first process, and the order's socket.
/// The report's place is taken by /dev/null until exec, so that no other descriptor comes to lie
/// there.
Result<> keep_only(int order) {
  if (order != kOrderFd && ::dup3(order, kOrderFd, O_CLOEXEC) < 0) {
    return wall_failed("closed descriptors", "dup3");
  }
  if (::dup3(STDIN_FILENO, kReportFd, O_CLOEXEC) < 0) {
    return wall_failed("closed descriptors", "dup3");
  }
  if (::close_range(kOrderFd + 1, ~0U, 0) != 0) {
    return wall_failed("closed descriptors", "close_range");
  }
  return ok;
}

/// `streams` came after the order's socket and the four they replace, so no dup2 hits a descriptor
/// that is still needed. They and the socket close themselves on exec. The report is the last.
Result<> place_streams(const std::vector<UniqueFd>& streams, Command::Report report) {
  std::size_t count = streams.size();
  if (report != Command::Report::none && count > 0) {
    if (::dup2(streams[--count].get(), kReportFd) < 0) {
      return wall_failed("closed descriptors", "dup2");
    }
  }
  if (count < 2 || count > 3) return {ErrorCode::corrupt, "start: streams are missing"};
  constexpr std::array<int, 3> kPlaces = {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO};
  for (std::size_t i = 0; i < count; ++i) {
    if (::dup2(streams[i].get(), kPlaces.at(i)) < 0) {
      return wall_failed("closed descriptors", "dup2");
    }
  }
  return ok;
}

Result<> enter_folder(const std::string& cwd) {
  const std::string path =
      cwd.empty() ? std::string(kWorkspacePath) : std::string(kWorkspacePath) + "/" + cwd;
  if (::chdir(path.c_str()) != 0) return errno_error("enter " + path, errno);
  return ok;
}

void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::string path_variable(const std::vector<std::string>& env) {
  for (const std::string& variable : env) {
    if (variable.starts_with("PATH=")) return variable.substr(5);
  }
  return {};
}

/// execve; returns only its errno. A file that the other end just wrote stays busy while one of
/// its threads starts a process, which holds the descriptor until its own exec.
int execute(const std::string& path, char* const* argv, char* const* env) {
  constexpr int kTriesMax = 200;
  constexpr int kPauseMs = 10;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    ::execve(path.c_str(), argv, env);
    if (errno != ETXTBSY) break;
    ::poll(nullptr, 0, kPauseMs);
  }
  return errno;
}

/// Tries each place the program may be at; returns only the errno of the best failure.
int try_programs(const StartBody& command) {
  const std::string& name = command.argv.front();
  const std::vector<char*> argv = pointers(command.argv);
  const std::vector<char*> env = pointers(command.env);
  if (name.find('/') != std::string::npos) return execute(name, argv.data(), env.data());
  int failure = ENOENT;
  for (const std::string& folder : split(path_variable(command.env), ':')) {
    const int error = execute(folder + "/" + name, argv.data(), env.data());
    if (error != ENOENT && error != ENOTDIR && error != EACCES) return error;
    if (error == EACCES) failure = EACCES;  // There, but not to be run; another may be.
  }
  return failure;
}

/// Everything between the order and the program. Returns only if it fails.
Result<> obey(const Frame& order, const Lock& lock) {
  TRY_INTO(const StartBody command, decode<StartBody>(order.body));
  if (command.argv.empty()) return {ErrorCode::corrupt, "start: no arguments"};
  TRY(place_streams(order.descriptors, command.report));
  TRY(enter_folder(command.cwd));
  TRY(lock.finish(command));
  const int failure = try_programs(command);
  const std::string line =
      "nightjar: " + errno_error("run " + command.argv.front(), failure).message + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(failure == ENOENT ? kExitNotFound : kExitCannotRun);
}

[[noreturn]] void wait_and_run(int order_socket, const std::vector<sock_filter>& filter) {
  const Result<> kept = keep_only(order_socket);
  reset_signals();
  const Result<Lock> lock = kept ? Lock::begin(filter) : Result<Lock>(kept.error());
  const Result<Frame> order = receive_frame(kOrderFd);
  if (!order) ::_exit(0);  // The first process has no use for this one any more.
  const Result<> obeyed = lock ? obey(*order, *lock) : Result<>(lock.error());
  (void)send_frame(kOrderFd, FrameType::failed, encode(obeyed.error()), {});
  ::_exit(kExitCannotRun);
}

}  // namespace

Result<Runner> Runner::fork(const std::vector<sock_filter>& filter) {
  TRY_INTO(auto ends, socket_pair());
  Runner runner;
  runner.order_ = std::move(ends.first);
  runner.pid_ = ::fork();
  if (runner.pid_ < 0) return errno_error("start a process in the sandbox", errno);
  if (runner.pid_ == 0) wait_and_run(ends.second.get(), filter);
  return runner;
}

Result<> Runner::start(const Frame& order, const UniqueFd& report) const {
  std::vector<int> descriptors;
  for (const UniqueFd& descriptor : order.descriptors) descriptors.push_back(descriptor.get());
  if (report) descriptors.push_back(report.get());
  return send_frame(order_.get(), FrameType::start, order.body, descriptors);
}

std::optional<Error> Runner::failure_before_exec() const {
  pollfd polled{order_.get(), POLLIN, 0};
  if (::poll(&polled, 1, 0) <= 0 || (polled.revents & POLLIN) == 0) return std::nullopt;
  const Result<Frame> report = receive_frame(order_.get());
  if (!report || report->type != FrameType::failed) return std::nullopt;
  return decode_error(report->body);
}

}  // namespace nightjar::sandbox::inside
