// Totals over all processes of a sandbox, where the machine lets us: memory and processor time by
// control groups, version 1 or 2, always below the group that Nightjar itself is in. Where it does
// not, what_is_missing() says so and everything else goes on.
// Threads: Groups from any thread, a Group from one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "base/result.h"

namespace nightjar::sandbox {

/// Folders of one sandbox's group. Empty: that total is not kept by a group.
struct GroupFolders {
  std::string memory;
  std::string cpu;
};

enum class GroupVersion { one, two };

class Group {
 public:
  Group(GroupVersion version, GroupFolders folders) : version_(version), folders_(folders) {}

  bool counts_memory() const { return !folders_.memory.empty(); }
  bool counts_cpu() const { return !folders_.cpu.empty(); }
  const GroupFolders& folders() const { return folders_; }
  GroupVersion version() const { return version_; }

  /// `hard_bytes_max` counts files in memory, too.
  Result<> limit_memory(std::uint64_t hard_bytes_max) const;
  /// Files by which a process joins, by writing "0" to each.
  Result<std::vector<UniqueFd>> entrances() const;

  /// 0 where it is not counted.
  std::uint64_t cpu_ns() const;
  std::uint64_t private_bytes() const;  // memory of processes, without files in memory
  std::uint64_t peak_bytes() const;     // with files in memory
  std::uint64_t oom_kills() const;
  /// The peak starts anew, where the kernel can do that.
  void reset_peak() const;

 private:
  GroupVersion version_;
  GroupFolders folders_;
};

class Groups {
 public:
  /// Reads where this machine keeps groups and tries to make one. Never fails: what cannot be had
  /// is in what_is_missing(). The paths are parameters for the tests' sake.
  static std::unique_ptr<Groups> find(const std::string& mountinfo_path,
                                      const std::string& own_groups_path);
  /// Removes the groups that it made; their processes must be gone.
  ~Groups();
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;

  /// "memory total: …" and "processor total: …" for Walls::not_enforced.
  const std::vector<std::string>& what_is_missing() const { return missing_; }

  /// A new group without processes.
  Result<Group> make();

 private:
  Groups() = default;
  void find_version_one(const std::string& mountinfo, const std::string& own_groups);
  void find_version_two(const std::string& mountinfo, const std::string& own_groups);
  void remove_leftovers() const;

  GroupVersion version_ = GroupVersion::one;
  GroupFolders parents_;
  std::vector<std::string> missing_;
  Guarded<std::vector<Group>> made_;
};

}  // namespace nightjar::sandbox
