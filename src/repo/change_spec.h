// Which change somebody means: a branch, a commit, a range, a patch file, the working tree, or a
// pull-request ref, as one set of changes over a base commit. By libgit2 alone; nothing of the
// repository is executed.
//
// Threads: as Repository. Errors: not_found (names what was looked for and the nearest branch),
// invalid_input (a patch that does not apply: file and hunk; unrelated histories), exhausted (a
// file over kChangedFileBytesMax, too many files).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repo/repository.h"

namespace nightjar::repo {

inline constexpr std::uint64_t kChangedFileBytesMax = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kChangedBytesMax = std::uint64_t{512} << 20;  // of all files
inline constexpr std::size_t kChangedFilesMax = 50'000;
inline constexpr std::size_t kOutsidePathsMax = 1'000;
inline constexpr std::size_t kPatchBytesMax = std::size_t{64} << 20;

struct ResolvedChange {
  std::string label;          // for people: "branch fix-rounding", "working tree", "a.patch"
  std::string base_commit;    // hex
  std::string base_why;       // "merge base with main", "--base", "the commit's first parent", …
  std::string change_commit;  // hex; "" for a patch or the working tree
  Changes changes;            // of the project folder, over base_commit
  std::vector<std::string> outside;  // changed paths outside of the project folder (monorepo),
                                     // sorted, at most kOutsidePathsMax
};

struct ChangeRequest {
  /// "": the working tree when it differs from HEAD, else HEAD. "A..B", "A...B" (from the merge
  /// base), a path to a patch file (unified or git diff), "-" is not read here; a branch, tag or
  /// commit; "pr/N", "#N", "refs/pull/N/head", "mr/N"; "working-tree" (also "worktree").
  std::string change;
  /// A revision; "": the merge base with the default branch (origin/HEAD, main, master, trunk), or
  /// the first parent when that is the change itself.
  std::string base;
  std::string patch_text;  // when the caller read a patch itself (standard input)
};
Result<ResolvedChange> resolve_change(const Repository& repository, const ChangeRequest& request);

/// Changed lines of one file: line numbers after (added) and before (removed), from 1.
struct LineChanges {
  std::vector<int> added;
  std::vector<int> removed;
};
Result<LineChanges> line_changes(std::string_view before, std::string_view after);

/// The id git gives the tree of the commit's project folder with `changes` laid over it.
Result<std::string> tree_id(const Repository& repository, const std::string& commit,
                            const Changes& changes);

}  // namespace nightjar::repo
