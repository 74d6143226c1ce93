#include "sandbox/inside/lock.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file.h"
#include "sandbox/inside/filter.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/inside/walls.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr int kCapabilitiesEnd = 64;
constexpr rlim_t kOpenFilesMax = 4096;
constexpr rlim_t kLockedBytesMax = rlim_t{8} << 20U;

Result<> set_limit(__rlimit_resource resource, rlim_t value, std::string_view name) {
  rlimit current{};
  if (::getrlimit(resource, &current) != 0) return wall_failed("resource limits", name);
  // The machine's own limit may be lower; it cannot be raised from here and need not be.
  const rlimit limit{std::min(value, current.rlim_max), std::min(value, current.rlim_max)};
  if (::setrlimit(resource, &limit) != 0) return wall_failed("resource limits", name);
  return ok;
}

Result<> limit_resources(const StartBody& command) {
  if (!stands(Wall::resource_limits)) return ok;
  TRY(set_limit(RLIMIT_CORE, 0, "core files"));
  TRY(set_limit(RLIMIT_NOFILE, kOpenFilesMax, "open files"));
  TRY(set_limit(RLIMIT_FSIZE, command.disk_bytes_max, "file size"));
  TRY(set_limit(RLIMIT_MEMLOCK, kLockedBytesMax, "locked memory"));
  TRY(set_limit(RLIMIT_CPU, command.cpu_seconds_max, "processor time"));
  // Counted over the whole user namespace, which is this sandbox: the first process is one of them.
  return set_limit(RLIMIT_NPROC, rlim_t{command.processes_max} + 1, "processes");
}

/// When the machine runs out of memory, strangers' code goes first.
Result<> volunteer_for_oom() {
  // The file is root's unless the process is dumpable, which the program that follows will be
  // anyway. Nobody else is in the sandbox now who could make use of it.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return wall_failed("resource limits", "dumpable");
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), "1000", 4) != 4) {
    return wall_failed("resource limits", "set oom_score_adj");
  }
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return wall_failed("resource limits", "dumpable");
  return ok;
}

Result<> drop_capabilities() {
  if (!stands(Wall::no_capabilities)) return ok;
  for (int capability = 0; capability < kCapabilitiesEnd; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;  // The kernel knows no more of them.
      return wall_failed("no capabilities", "empty the bounding set");
    }
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return wall_failed("no capabilities", "empty the ambient set");
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) {
    return wall_failed("no capabilities", "empty the other sets");
  }
  return ok;
}

/// What every command may reach; the rest depends on the workspace's layer.
Result<FileRules> constant_rules() {
  TRY_INTO(FileRules rules, FileRules::make());
  FileRights rights = {
      .read_and_run = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"},
      .read = {"/proc", "/dev"}};
  for (const std::string& name : device_names()) rights.devices.push_back("/dev/" + name);
  TRY(rules.allow(rights));
  return rules;
}

}  // namespace

const std::vector<std::string>& device_names() {
  static const std::vector<std::string> names = {"null", "zero", "full", "random", "urandom"};
  return names;
}

Result<Lock> Lock::begin(const std::vector<sock_filter>& filter) {
  // 1. A session of its own, so that no terminal is controlling one: nothing to type into, no
  //    signals from there. First, because a process that became a group leader could no longer.
  if (::setsid() < 0) return wall_failed("own session", "setsid");
  // 2. While /proc may still be written to, which Landlock ends.
  TRY(volunteer_for_oom());
  // 3. Capabilities: from here on the process is nobody even inside its own namespaces. Before
  //    no_new_privs, so that what follows is proven to need none.
  TRY(drop_capabilities());
  // 4. No set-user-ID program gives anything back. Seccomp and Landlock demand it of callers
  // without
  //    capabilities, so it stands between step 3 and them.
  if (stands(Wall::no_new_privileges) && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return wall_failed("no new privileges", "prctl");
  }
  // 5. Seccomp, already now: loading the filter is the dearest step, and the rest of the way needs
  //    only calls that the filter allows every program, because they can only take away.
  if (stands(Wall::seccomp)) TRY(install_filter(filter));
  // 6. Landlock's rules are made, and bind from step 8 on.
  TRY_INTO(FileRules rules, constant_rules());
  return Lock(std::move(rules));
}

Result<> Lock::finish(const StartBody& command) const {
  // 7. Limits, lowered once and for all: raising them again would need a capability.
  TRY(limit_resources(command));
  // 8. Landlock last. A rule belongs to the mount it was made on, so the workspace's layer has to
  //    be in place; and opening the paths needs the reach that this step takes away.
  TRY(rules_.allow({.read_and_run = command.mounts, .everything = {"/work", "/tmp", "/dev/shm"}}));
  if (command.report == Command::Report::pipe) TRY(rules_.allow_writing(kReportFd));
  if (stands(Wall::landlock)) TRY(rules_.enforce());
  return ok;
}

}  // namespace nightjar::sandbox::inside
