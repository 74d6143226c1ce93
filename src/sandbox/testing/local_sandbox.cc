#include "sandbox/testing/local_sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/capture.h"
#include "sandbox/request.h"
#include "sandbox/tree.h"

namespace nightjar::sandbox::testing {
namespace {

using std::chrono::steady_clock;

constexpr TreeLimits kTreeLimits = {
    .files_max = 100'000, .bytes_max = std::uint64_t{1} << 32U, .depth_max = 64};

Result<UniqueFd> open_folder(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("open " + path, errno);
  return fd;
}

Result<> merge_entry(int from_fd, const std::string& to, const TreeEntry& entry) {
  const std::string target = to + "/" + entry.path;
  if (entry.kind == TreeEntry::Kind::folder) return make_directories(target, 0755);
  if (entry.kind == TreeEntry::Kind::link) {
    ::unlink(target.c_str());
    if (::symlink(entry.link_target.c_str(), target.c_str()) == 0) return ok;
    return errno_error("link " + target, errno);
  }
  TRY_INTO(const std::string content, read_file_at(from_fd, entry.path, kTreeLimits.bytes_max));
  TRY_INTO(const UniqueFd to_fd, open_folder(to));
  const bool executable = entry.kind == TreeEntry::Kind::executable;
  return write_file_at(to_fd.get(), entry.path, content,
                       executable ? FileMode::executable : FileMode::regular);
}

Result<> merge_tree(const std::string& from, const std::string& to) {
  TRY_INTO(const UniqueFd from_fd, open_folder(from));
  return walk_tree(from_fd.get(), kTreeLimits,
                   [&](const TreeEntry& entry) { return merge_entry(from_fd.get(), to, entry); });
}

std::string find_program(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) return name;
  for (const std::string& folder : split(path, ':')) {
    std::string candidate = folder + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("create a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// The sandbox's third stream, without what keeps others from reading a pipe.
Result<Pipe> make_report(Command::Report kind) {
  if (kind == Command::Report::none) return Pipe{};
  if (kind == Command::Report::pipe) return make_pipe();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_error("create a socket pair", errno);
  }
  ::shutdown(ends[1], SHUT_RD);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<UniqueFd> file_with(std::string_view content) {
  UniqueFd fd(::memfd_create("stdin", MFD_CLOEXEC));
  if (!fd) return errno_error("create the file for stdin", errno);
  while (!content.empty()) {
    const ssize_t count = ::write(fd.get(), content.data(), content.size());
    if (count < 0) return errno_error("write the file for stdin", errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

/// Owns a file action list for posix_spawn.
class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

struct Process {
  pid_t pid = -1;
  UniqueFd pidfd;
};

Result<Process> spawn(const Command& command, std::map<std::string, std::string> variables,
                      const std::string& workspace, const std::string& program,
                      std::array<int, 4> streams) {
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> env;
  for (const auto& [name, value] : variables) env.push_back(name + "=" + value);
  SpawnActions actions;
  for (int i = 0; i <= kReportFd; ++i) {
    const int stream = streams.at(static_cast<std::size_t>(i));
    if (stream >= 0) ::posix_spawn_file_actions_adddup2(actions.get(), stream, i);
  }
  const std::string cwd = command.cwd.empty() ? workspace : workspace + "/" + command.cwd;
  ::posix_spawn_file_actions_addchdir_np(actions.get(), cwd.c_str());
  posix_spawnattr_t attributes{};
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  Process process;
  int failure = 0;
  // As in the sandbox: a file just written is busy while another thread starts a process.
  for (int tries = 0; tries < 200; ++tries) {
    failure = ::posix_spawn(&process.pid, program.c_str(), actions.get(), &attributes,
                            pointers(argv).data(), pointers(env).data());
    if (failure != ETXTBSY) break;
    ::poll(nullptr, 0, 10);
  }
  ::posix_spawnattr_destroy(&attributes);
  if (failure != 0) return errno_error("run " + program, failure);
  process.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  const auto seconds = static_cast<rlim_t>(command.cpu_max.count() / 1000 + 1);
  const rlimit cpu{seconds, seconds + 1};
  ::prlimit(process.pid, RLIMIT_CPU, &cpu, nullptr);
  return process;
}

/// Waits for the program, a limit or the stop; then kills the process group.
class Watch {
 public:
  struct Streams {
    UniqueFd out;
    UniqueFd err;
    UniqueFd report;
  };
  Watch(Process process, Streams streams, const Command& command)
      : process_(std::move(process)),
        out_(std::move(streams.out), command.output_bytes_max),
        err_(std::move(streams.err), command.output_bytes_max),
        report_(std::move(streams.report), command.report_bytes_max),
        deadline_(steady_clock::now() + command.wall_max),
        cpu_max_(command.cpu_max) {}

  Outcome finish(std::stop_token stop) {
    const auto start = steady_clock::now();
    const UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback on_stop(stop, [&] { ::eventfd_write(wake.get(), 1); });
    const Ended ended = wait(wake.get());
    ::kill(-process_.pid, SIGKILL);
    int status = 0;
    rusage usage{};
    while (::wait4(process_.pid, &status, 0, &usage) < 0 && errno == EINTR) {}
    return outcome(ended, status, usage, start);
  }

 private:
  Ended wait(int wake_fd) {
    while (true) {
      const auto left = deadline_ - steady_clock::now();
      if (left.count() <= 0) return Ended::wall_limit;
      std::array<pollfd, 5> polled{{{process_.pidfd.get(), POLLIN, 0},
                                    {wake_fd, POLLIN, 0},
                                    {out_.fd(), POLLIN, 0},
                                    {err_.fd(), POLLIN, 0},
                                    {report_.fd(), POLLIN, 0}}};
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      ::poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(ms, 60'000)));
      if (polled[0].revents != 0) return Ended::exited;
      if (polled[1].revents != 0) return Ended::cancelled;
      if (polled[2].revents != 0) out_.read_some();
      if (polled[3].revents != 0) err_.read_some();
      if (polled[4].revents != 0) report_.read_some();
    }
  }

  Outcome outcome(Ended ended, int status, const rusage& usage, steady_clock::time_point start) {
    out_.read_rest();
    err_.read_rest();
    report_.read_rest();
    Outcome result;
    result.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    result.cpu_ms = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                    (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    if (ended == Ended::exited && WIFSIGNALED(status)) {
      const bool cpu =
          result.code == SIGXCPU || (result.code == SIGKILL && result.cpu_ms >= cpu_max_.count());
      ended = cpu ? Ended::cpu_limit : Ended::signalled;
    }
    result.ended = ended;
    result.wall_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start).count();
    result.memory_peak_bytes = std::int64_t{usage.ru_maxrss} * 1024;
    result.stdout_cut = out_.cut();
    result.stderr_cut = err_.cut();
    result.stdout_bytes = out_.take();
    result.stderr_bytes = err_.take();
    result.report_cut = report_.cut();
    result.report_bytes = report_.take_unmarked();
    return result;
  }

  Process process_;
  Capture out_;
  Capture err_;
  Capture report_;
  steady_clock::time_point deadline_;
  std::chrono::milliseconds cpu_max_;
};

class LocalSandbox final : public Sandbox {
 public:
  LocalSandbox(std::string root, std::map<std::string, std::string> env)
      : root_(std::move(root)), env_(std::move(env)) {}
  LocalSandbox(const LocalSandbox&) = delete;
  LocalSandbox& operator=(const LocalSandbox&) = delete;
  ~LocalSandbox() override { (void)remove_tree(root_); }

  Result<> fill(const std::vector<std::string>& lower_dirs) {
    TRY(make_directories(workspace(), 0755));
    for (auto folder = lower_dirs.rbegin(); folder != lower_dirs.rend(); ++folder) {
      TRY(merge_tree(*folder, workspace()));
    }
    return reopen();
  }

  Result<Outcome> run(const Command& command, std::stop_token stop) override {
    TRY(check_command(command, env_));
    if (stop.stop_requested()) return Outcome{.ended = Ended::cancelled};
    std::map<std::string, std::string> variables = environment_of(env_, command);
    if (!command.env.contains("HOME")) variables["HOME"] = workspace();
    if (!command.env.contains("TMPDIR")) variables.erase("TMPDIR");
    const std::string program = find_program(command.argv.front(), variables["PATH"]);
    if (program.empty()) {
      return Outcome{.code = 127,
                     .stderr_bytes = "nightjar: " + command.argv.front() + ": not found\n"};
    }
    TRY_INTO(const UniqueFd in, file_with(command.stdin_bytes));
    TRY_INTO(Pipe out, make_pipe());
    TRY_INTO(Pipe err, make_pipe());
    TRY_INTO(Pipe report, make_report(command.report));
    Result<Process> process =
        spawn(command, variables, workspace(), program,
              {in.get(), out.write_end.get(), err.write_end.get(), report.write_end.get()});
    if (!process) {
      const bool missing = process.error().code == ErrorCode::not_found;
      return Outcome{.code = missing ? 127 : 126,
                     .stderr_bytes = "nightjar: " + process.error().message + "\n"};
    }
    out.write_end = UniqueFd();
    err.write_end = UniqueFd();
    report.write_end = UniqueFd();
    Watch::Streams streams{.out = std::move(out.read_end),
                           .err = std::move(err.read_end),
                           .report = std::move(report.read_end)};
    return Watch(*std::move(process), std::move(streams), command).finish(stop);
  }

  Result<> begin_layer() override {
    if (level_ == 2) return {ErrorCode::conflict, "a sandbox has at most two layers"};
    const std::string below = workspace();
    ++level_;
    TRY(make_directories(workspace(), 0755));
    TRY(merge_tree(below, workspace()));
    return reopen();
  }

  Result<> end_layer() override {
    if (level_ == 0) return {ErrorCode::conflict, "no layer was begun"};
    TRY(remove_tree(workspace()));
    --level_;
    return reopen();
  }

  int workspace_fd() const override { return workspace_fd_.get(); }

 private:
  std::string workspace() const { return root_ + "/" + std::to_string(level_); }

  Result<> reopen() {
    TRY_INTO(workspace_fd_, open_folder(workspace()));
    return ok;
  }

  std::string root_;
  std::map<std::string, std::string> env_;
  int level_ = 0;
  UniqueFd workspace_fd_;
};

}  // namespace

Result<std::unique_ptr<Sandbox>> LocalLauncher::open(const Spec& spec) {
  TRY(check_spec(spec));
  std::string root = (std::filesystem::temp_directory_path() / "nightjar-local-XXXXXX").string();
  if (::mkdtemp(root.data()) == nullptr) return errno_error("create a temporary folder", errno);
  auto sandbox = std::make_unique<LocalSandbox>(root, spec.env);
  TRY(sandbox->fill(spec.lower_dirs));
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

Result<> LocalLauncher::adopt(const std::string&) { return ok; }

Walls LocalLauncher::walls() const {
  return {.standing = {}, .not_enforced = {"every wall: tests only"}};
}

}  // namespace nightjar::sandbox::testing
