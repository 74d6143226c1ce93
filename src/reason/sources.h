// The files that edits may touch, read from a sandbox's workspace before anything was built.
// Threads: the caller's. Fails with: exhausted (a tree beyond the limits).
#pragma once

#include <string>
#include <vector>

#include "reason/edits.h"
#include "sandbox/tree.h"

namespace nightjar::reason {

inline constexpr std::size_t kSourceFilesMax = 400;

/// What is looked through of a project, at most.
inline constexpr sandbox::TreeLimits kSourceTreeLimits = {
    .files_max = 200'000, .bytes_max = std::uint64_t{4} << 30U, .depth_max = 64};

struct Sources {
  std::vector<SourceFile> files;
  std::vector<std::string> skipped;  // too large, or beyond kSourceFilesMax
};

/// C and Python sources outside of `frozen_paths` and of folders that hold no source of the
/// project.
Result<Sources> read_sources(int workspace_fd, const std::vector<std::string>& frozen_paths);

}  // namespace nightjar::reason
