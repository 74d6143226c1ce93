#include "sandbox/sandbox.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "sandbox/request.h"
#include "sandbox/tree.h"

namespace nightjar::sandbox {
namespace {

constexpr std::array<std::string_view, 6> kEndedNames = {
    "exited", "signalled", "wall_limit", "cpu_limit", "memory_limit", "cancelled",
};

constexpr std::size_t kLowerDirsMax = 16;
constexpr std::size_t kMountsMax = 16;
constexpr std::size_t kCommandBytesMax = 48 * 1024;
constexpr std::size_t kStdinBytesMax = std::size_t{256} << 20U;
constexpr std::uint64_t kReportBytesMax = std::uint64_t{256} << 20U;
constexpr std::uint64_t kDiskBytesMin = std::uint64_t{1} << 20U;
constexpr std::chrono::hours kTimeMax{24};

// Folders of the private root that a mount may not hide.
constexpr std::array<std::string_view, 12> kTakenPaths = {"/",     "/usr",   "/bin",   "/sbin",
                                                          "/lib",  "/lib64", "/lib32", "/etc",
                                                          "/proc", "/dev",   "/tmp",   "/work"};

bool holds_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Error invalid(std::string message) { return {ErrorCode::invalid_input, std::move(message)}; }

Result<> check_mount(const Mount& mount) {
  const std::string& inside = mount.inside_path;
  if (mount.host_path.empty() || mount.host_path.front() != '/' || holds_nul(mount.host_path)) {
    return invalid("mount: '" + mount.host_path + "' is not an absolute host path");
  }
  if (inside.size() < 2 || inside.front() != '/' || !check_relative_path(inside.substr(1))) {
    return invalid("mount: '" + inside + "' is not an absolute path without '.' and '..' parts");
  }
  for (const std::string_view taken : kTakenPaths) {
    if (inside == taken) return invalid("mount: " + inside + " belongs to the sandbox itself");
  }
  for (const std::string_view top : {"/proc/", "/dev/", "/tmp/", "/work/", "/etc/", "/usr/"}) {
    if (inside.starts_with(top)) {
      return invalid("mount: nothing can be shown below " + std::string(top) +
                     "; choose another inside path, such as /opt/...");
    }
  }
  return ok;
}

}  // namespace

std::string_view name_of(Ended ended) { return kEndedNames.at(static_cast<std::size_t>(ended)); }

Result<> check_spec(const Spec& spec) {
  const Limits& limits = spec.limits;
  if (limits.memory_bytes_max == 0) return invalid("sandbox: memory_bytes_max is 0");
  if (limits.processes_max == 0) return invalid("sandbox: processes_max is 0");
  if (limits.disk_bytes_max < kDiskBytesMin) {
    return invalid("sandbox: disk_bytes_max is below 1 MiB");
  }
  if (spec.lower_dirs.size() > kLowerDirsMax || spec.mounts.size() > kMountsMax) {
    return {ErrorCode::exhausted, "sandbox: at most 16 lower folders and 16 mounts"};
  }
  for (const std::string& folder : spec.lower_dirs) {
    if (folder.empty() || folder.front() != '/' || holds_nul(folder)) {
      return invalid("sandbox: lower folder '" + folder + "' is not an absolute path");
    }
  }
  for (const Mount& mount : spec.mounts) TRY(check_mount(mount));
  return ok;
}

Result<> check_command(const Command& command, const std::map<std::string, std::string>& own) {
  if (command.argv.empty() || command.argv.front().empty()) {
    return invalid("command: argv is empty");
  }
  if (command.wall_max.count() <= 0 || command.wall_max > kTimeMax) {
    return invalid("command: wall_max must be above 0 and at most 24 hours");
  }
  if (command.cpu_max.count() <= 0 || command.cpu_max > kTimeMax) {
    return invalid("command: cpu_max must be above 0 and at most 24 hours");
  }
  if ((command.report == Command::Report::none) != (command.report_bytes_max == 0)) {
    return invalid("command: report_bytes_max must be above 0 with a report and 0 without");
  }
  if (command.report_bytes_max > kReportBytesMax) {
    return invalid("command: report_bytes_max must be at most 256 MiB");
  }
  if (!command.cwd.empty()) TRY(check_relative_path(command.cwd).with_context("command: cwd"));
  std::size_t bytes = command.cwd.size();
  for (const std::string& argument : command.argv) {
    if (holds_nul(argument)) return invalid("command: an argument holds a NUL byte");
    bytes += argument.size() + 1;
  }
  for (const auto& [name, value] : environment_of(own, command)) {
    if (name.empty() || name.find('=') != std::string::npos || holds_nul(name) ||
        holds_nul(value)) {
      return invalid("command: '" + name + "' is no name of an environment variable");
    }
    bytes += name.size() + value.size() + 2;
  }
  if (bytes > kCommandBytesMax) {
    return {ErrorCode::exhausted,
            "command: arguments and environment are larger than 48 KiB; pass a file instead"};
  }
  if (command.stdin_bytes.size() > kStdinBytesMax) {
    return {ErrorCode::exhausted, "command: stdin is larger than 256 MiB"};
  }
  return ok;
}

std::map<std::string, std::string> environment_of(const std::map<std::string, std::string>& own,
                                                  const Command& command) {
  std::map<std::string, std::string> env = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"},
      {"HOME", "/tmp/home"},
      {"LANG", "C.UTF-8"},
      {"TZ", "UTC"},
      {"TMPDIR", "/tmp"},
  };
  for (const auto& [name, value] : own) env[name] = value;
  for (const auto& [name, value] : command.env) env[name] = value;
  if (command.report != Command::Report::none) {
    env["NIGHTJAR_REPORT_FD"] = std::to_string(kReportFd);
  }
  return env;
}

}  // namespace nightjar::sandbox
