// The private root of a sandbox: what it mounts, in which order, and its layers of written files.
// Runs in a sandbox's first process, which alone lives in the mount namespace. One thread.
// Every failure names the wall and what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace nightjar::sandbox::inside {

/// Which of the host's /etc is shown: reading that folder for every sandbox would cost more than
/// all its mounts. Once, in the helper, before any sandbox.
void find_etc_paths();

/// Builds the root, moves into it and detaches the host's. Nothing of the host's file system but
/// the toolchain can be named afterwards.
Result<> enter_private_root();

struct Contents {
  std::vector<int> lower_dirs;  // detached mounts, topmost first
  std::vector<int> mounts;      // detached mounts
  std::vector<std::string> inside_paths;
  std::uint64_t disk_bytes_max = 0;
};

/// The workspace, its layers and /tmp. Made once, after enter_private_root.
class Workspace {
 public:
  static constexpr int kLevelsMax = 2;

  /// All that does not depend on what will be in it.
  Result<> stage();
  Result<> fill(const Contents& contents);
  Result<> begin_layer();
  Result<> end_layer();
  /// Must follow end_layer: frees what the layer wrote.
  Result<> forget_ended_layer();
  /// An open descriptor of the workspace as it is now.
  Result<UniqueFd> open() const;

 private:
  Result<> mount_level(std::uint64_t bytes_max);
  Result<> mount_workspace();

  std::size_t lower_count_ = 0;
  int level_ = 0;
  bool has_overlay_ = true;  // else every layer is a copy
};

}  // namespace nightjar::sandbox::inside
