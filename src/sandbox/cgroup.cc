#include "sandbox/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/adopt.h"
#include "sandbox/launcher.h"

namespace nightjar::sandbox {
namespace {

constexpr std::string_view kPrefix = "nightjar-";
constexpr const char* kPeakOne = "/memory.max_usage_in_bytes";
constexpr const char* kPeakTwo = "/memory.peak";
constexpr std::size_t kTextMax = std::size_t{1} << 20U;

Result<> write_value(const std::string& path, std::string_view value) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno_error("open " + path, errno);
  if (::write(file.get(), value.data(), value.size()) < 0) {
    return errno_error("write " + path, errno);
  }
  return ok;
}

/// These files are small and made up on the spot by the kernel: one read gets them whole.
std::string read_text(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 8192> buffer;
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The number behind a word at the start of a line: "oom_kill 3".
std::uint64_t number_of(std::string_view text, std::string_view name) {
  for (const std::string& line : split(text, '\n')) {
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ') {
      return number_in(std::string_view(line).substr(name.size() + 1));
    }
  }
  return 0;
}

bool has_word(std::string_view list, std::string_view word, char separator) {
  const std::vector<std::string> words = split(list, separator);
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Mounted {
  std::string root;
  std::string point;
};

/// Finds a mount of control groups (proc(5), mountinfo). `controller` empty: version 2.
std::optional<Mounted> find_mount(const std::string& mountinfo, std::string_view controller) {
  for (const std::string& line : split(mountinfo, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const std::vector<std::string> left = split(line.substr(0, dash), ' ');
    const std::vector<std::string> right = split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3) continue;
    const bool fits = controller.empty()
                          ? right[0] == "cgroup2"
                          : right[0] == "cgroup" && has_word(right[2], controller, ',');
    if (fits) return Mounted{left[3], left[4]};
  }
  return std::nullopt;
}

/// This process's group in the hierarchy of `controller` ("" for version 2).
std::optional<std::string> own_group(const std::string& own_groups, std::string_view controller) {
  for (const std::string& line : split(own_groups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    const bool fits = controller.empty() ? names.empty() : has_word(names, controller, ',');
    if (fits) return line.substr(second + 1);
  }
  return std::nullopt;
}

/// Where our own group is in the file system; nothing if it lies outside what is mounted.
std::optional<std::string> own_folder(const std::string& mountinfo, const std::string& own_groups,
                                      std::string_view controller) {
  const auto mounted = find_mount(mountinfo, controller);
  auto group = own_group(own_groups, controller);
  if (!mounted || !group) return std::nullopt;
  if (mounted->root != "/") {
    if (!group->starts_with(mounted->root)) return std::nullopt;
    group = group->substr(mounted->root.size());
  }
  if (group->find("..") != std::string::npos) return std::nullopt;
  return *group == "/" || group->empty() ? mounted->point : mounted->point + *group;
}

bool can_make_groups(const std::string& folder) {
  const std::string trial = folder + "/" + std::string(kPrefix) + std::to_string(::getpid()) + "-t";
  if (::mkdir(trial.c_str(), 0755) != 0) return false;
  ::rmdir(trial.c_str());
  return true;
}

}  // namespace

Result<> Group::limit_memory(std::uint64_t hard_bytes_max) const {
  if (!counts_memory()) return ok;
  const std::string value = std::to_string(hard_bytes_max);
  if (version_ == GroupVersion::one) {
    return write_value(folders_.memory + "/memory.limit_in_bytes", value);
  }
  TRY(write_value(folders_.memory + "/memory.max", value));
  // Swap would be memory by another name. Kernels without swap accounting lack the file.
  const std::string swap = folders_.memory + "/memory.swap.max";
  return path_exists(swap) ? write_value(swap, "0") : Result<>(ok);
}

Result<std::vector<UniqueFd>> Group::entrances() const {
  std::vector<UniqueFd> entrances;
  for (const std::string& folder : {folders_.memory, folders_.cpu}) {
    if (folder.empty() || (!entrances.empty() && folder == folders_.memory)) continue;
    const std::string path = folder + "/cgroup.procs";
    UniqueFd entrance(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!entrance) return errno_error("wall memory total: open " + path, errno);
    // Older kernels ask for the rights of the writer, who is the sandbox's user.
    if (acts_as_root()) (void)!::fchown(entrance.get(), kSandboxUid, kSandboxUid);
    entrances.push_back(std::move(entrance));
  }
  return entrances;
}

std::uint64_t Group::cpu_ns() const {
  if (!counts_cpu()) return 0;
  if (version_ == GroupVersion::one) return number_in(read_text(folders_.cpu + "/cpuacct.usage"));
  return number_of(read_text(folders_.cpu + "/cpu.stat"), "usage_usec") * 1000;
}

std::uint64_t Group::private_bytes() const {
  if (!counts_memory()) return 0;
  const bool one = version_ == GroupVersion::one;
  return number_of(read_text(folders_.memory + "/memory.stat"), one ? "total_rss" : "anon");
}

std::uint64_t Group::peak_bytes() const {
  if (!counts_memory()) return 0;
  const bool one = version_ == GroupVersion::one;
  return number_in(read_text(folders_.memory + (one ? kPeakOne : kPeakTwo)));
}

std::uint64_t Group::oom_kills() const {
  if (!counts_memory()) return 0;
  const bool one = version_ == GroupVersion::one;
  return number_of(read_text(folders_.memory + (one ? "/memory.oom_control" : "/memory.events")),
                   "oom_kill");
}

void Group::reset_peak() const {
  if (!counts_memory()) return;
  const bool one = version_ == GroupVersion::one;
  (void)write_value(folders_.memory + (one ? kPeakOne : kPeakTwo), "0");
}

std::unique_ptr<Groups> Groups::find(const std::string& mountinfo_path,
                                     const std::string& own_groups_path) {
  std::unique_ptr<Groups> groups(new Groups());
  const std::string mountinfo = read_file(mountinfo_path, kTextMax).value_or("");
  const std::string own_groups = read_file(own_groups_path, kTextMax).value_or("");
  groups->find_version_two(mountinfo, own_groups);
  if (groups->parents_.memory.empty()) groups->find_version_one(mountinfo, own_groups);
  if (groups->parents_.memory.empty()) {
    groups->missing_.emplace_back(
        "memory total: no control group may be made here (a scope with Delegate=yes, or root, "
        "helps); sampled instead");
  }
  if (groups->parents_.cpu.empty()) {
    groups->missing_.emplace_back(
        "processor total: no control group may be made here; sampled instead");
  }
  groups->remove_leftovers();
  return groups;
}

void Groups::find_version_one(const std::string& mountinfo, const std::string& own_groups) {
  const auto memory = own_folder(mountinfo, own_groups, "memory");
  const auto cpu = own_folder(mountinfo, own_groups, "cpuacct");
  version_ = GroupVersion::one;
  if (memory && can_make_groups(*memory)) parents_.memory = *memory;
  if (cpu && can_make_groups(*cpu)) parents_.cpu = *cpu;
}

/// Version 2 hands a controller on only from a group without processes, so this process moves into
/// a leaf of its own; it may if it is alone there, as in a scope that was made for it.
void Groups::find_version_two(const std::string& mountinfo, const std::string& own_groups) {
  const auto own = own_folder(mountinfo, own_groups, "");
  if (!own || !has_word(trim(read_text(*own + "/cgroup.controllers")), "memory", ' ')) return;
  if (!can_make_groups(*own)) return;
  const std::string pid = std::to_string(::getpid());
  if (!write_value(*own + "/cgroup.subtree_control", "+memory")) {
    if (trim(read_text(*own + "/cgroup.procs")) != pid) return;
    const std::string leaf = *own + "/" + std::string(kPrefix) + pid + "-self";
    if (::mkdir(leaf.c_str(), 0755) != 0) return;
    if (!write_value(leaf + "/cgroup.procs", pid)) return;
    if (!write_value(*own + "/cgroup.subtree_control", "+memory")) return;
  }
  version_ = GroupVersion::two;
  parents_ = {.memory = *own, .cpu = *own};
}

/// Groups of a Nightjar that was killed before it could remove them.
void Groups::remove_leftovers() const {
  for (const std::string& parent : {parents_.memory, parents_.cpu}) {
    if (parent.empty()) continue;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(parent, failure)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(kPrefix)) continue;
      const auto pid = static_cast<pid_t>(number_in(name.substr(kPrefix.size())));
      if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) ::rmdir(entry.path().c_str());
    }
  }
}

Groups::~Groups() {
  made_.with([](const std::vector<Group>& made) {
    for (const Group& group : made) {
      for (const std::string& folder : {group.folders().memory, group.folders().cpu}) {
        if (!folder.empty()) ::rmdir(folder.c_str());
      }
    }
  });
}

Result<Group> Groups::make() {
  return made_.with([&](std::vector<Group>& made) -> Result<Group> {
    const std::string name = "/" + std::string(kPrefix) + std::to_string(::getpid()) + "-" +
                             std::to_string(made.size() + 1);
    GroupFolders folders;
    if (!parents_.memory.empty()) folders.memory = parents_.memory + name;
    if (!parents_.cpu.empty()) folders.cpu = parents_.cpu + name;
    for (const std::string& folder : {folders.memory, folders.cpu}) {
      if (!folder.empty() && ::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
        return errno_error("wall memory total: make " + folder, errno);
      }
    }
    made.emplace_back(version_, folders);
    return made.back();
  });
}

}  // namespace nightjar::sandbox
