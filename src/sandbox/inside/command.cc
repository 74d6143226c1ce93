#include "sandbox/inside/command.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/inside/walls.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr int kReportFd = 3;
constexpr int kExitCannotRun = 126;
constexpr int kExitNotFound = 127;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// Leaves the process with streams 0 to 2 and the report, which closes itself on exec.
Result<> place_descriptors(const std::vector<UniqueFd>& streams, int report) {
  // Moved out of the way first, so that no dup2 hits a descriptor that is still needed.
  std::array<int, 4> moved{};
  const int null = streams.size() > 2 ? -1 : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::array<int, 4> wanted = {streams.size() > 2 ? streams[2].get() : null,
                                     streams[0].get(), streams[1].get(), report};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    moved.at(i) = ::fcntl(wanted.at(i), F_DUPFD_CLOEXEC, 10);
    if (moved.at(i) < 0) return wall_failed("closed descriptors", "duplicate");
  }
  for (int i = 0; i < 3; ++i) {
    if (::dup2(moved.at(static_cast<std::size_t>(i)), i) < 0) {
      return wall_failed("closed descriptors", "dup2");
    }
  }
  if (::dup3(moved[3], kReportFd, O_CLOEXEC) < 0) return wall_failed("closed descriptors", "dup3");
  if (!stands(Wall::closed_descriptors)) return ok;
  if (::close_range(kReportFd + 1, ~0U, 0) != 0) {
    return wall_failed("closed descriptors", "close_range");
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

/// Tries each place the program may be at; returns only the errno of the best failure.
int try_programs(const StartBody& command) {
  const std::string& name = command.argv.front();
  const std::vector<char*> argv = pointers(command.argv);
  const std::vector<char*> env = pointers(command.env);
  if (name.find('/') != std::string::npos) {
    ::execve(name.c_str(), argv.data(), env.data());
    return errno;
  }
  int failure = ENOENT;
  for (const std::string& folder : split(path_variable(command.env), ':')) {
    ::execve((folder + "/" + name).c_str(), argv.data(), env.data());
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
    if (errno == EACCES) failure = EACCES;  // There, but not to be run; another may be.
  }
  return failure;
}

[[noreturn]] void become(const StartBody& command, const Lock& limits,
                         const std::vector<UniqueFd>& streams, int report) {
  reset_signals();
  Result<> ready = place_descriptors(streams, report);
  if (ready) ready = enter_folder(command.cwd);
  if (ready) ready = lock(limits);
  if (!ready) {
    const std::string text = encode(ready.error());
    (void)!::write(kReportFd, text.data(), text.size());
    ::_exit(kExitCannotRun);
  }
  const int failure = try_programs(command);
  const std::string line =
      "nightjar: " + errno_error("run " + command.argv.front(), failure).message + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(failure == ENOENT ? kExitNotFound : kExitCannotRun);
}

}  // namespace

Result<RunningCommand> start_command(const StartBody& command, const Lock& lock,
                                     std::vector<UniqueFd> streams) {
  if (command.argv.empty() || streams.size() < 2 || streams.size() > 3) {
    return Error{ErrorCode::corrupt, "start: no arguments, or streams missing"};
  }
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC | O_NONBLOCK) != 0) return errno_error("pipe", errno);
  RunningCommand running;
  running.report = UniqueFd(report[0]);
  const UniqueFd report_in(report[1]);
  running.pid = ::fork();
  if (running.pid < 0) return errno_error("start a process in the sandbox", errno);
  if (running.pid == 0) become(command, lock, streams, report_in.get());
  return running;
}

std::optional<Error> failure_before_exec(const RunningCommand& command) {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(command.report.get(), buffer.data(), buffer.size());
  if (size <= 0) return std::nullopt;
  return decode_error(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
}

}  // namespace nightjar::sandbox::inside
