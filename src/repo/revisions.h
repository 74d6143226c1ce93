// Names of commits: what a person typed, pull requests, the default branch, and the commit that a
// change is compared with. Reads refs and commits, nothing else. Not for other parts.
// Errors: not_found (with the nearest name, or how to fetch it), invalid_input (no commit, no
// parent, no common history, a shallow clone), conflict (two refs for one pull request).
#pragma once

#include <optional>
#include <string>

#include "repo/git_handles.h"

namespace nightjar::repo {

struct Revision {
  git_oid commit{};
  std::string label;  // "branch fix-rounding", "tag v1", "commit 0123456789ab", "pull request 5"
};

/// Anything that `git rev-parse` understands and that leads to a commit.
Result<Revision> find_revision(git_repository* git, const std::string& spec);

/// "pr/N", "#N", "mr/N", "!N", "refs/pull/N/head", …; nothing when `spec` is no such name.
Result<std::optional<Revision>> find_pull_request(git_repository* git, const std::string& spec);

/// The best common ancestor; nothing when there is none. invalid_input in a shallow clone that was
/// cut before it.
Result<std::optional<git_oid>> merge_base(git_repository* git, const git_oid& left,
                                          const git_oid& right);

struct Base {
  git_oid commit{};
  std::string why;  // "merge base with main", "the commit's first parent", "--base", "HEAD"
};
enum class Tip { commit, working_tree };  // A working tree may be compared with its own HEAD.

/// The merge base with the default branch; when that is the change itself, its first parent.
Result<Base> default_base(git_repository* git, const Revision& change, Tip tip);

/// `spec` itself when the change comes after it, else the merge base of the two: what was added to
/// `spec` since then is no part of the change.
Result<Base> named_base(git_repository* git, const Revision& change, const std::string& spec);

}  // namespace nightjar::repo
