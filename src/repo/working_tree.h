// The user's working tree as a change. Nothing of it is written; no hook and no configured filter
// runs (of git's own conversions, line ends and $Id$ are made as `git add` would make them). Not
// for other parts. Errors: invalid_input (conflicts of a merge, a repository in the project),
// exhausted.
#pragma once

#include <string>

#include "repo/change_set.h"
#include "repo/git_handles.h"

namespace nightjar::repo {

enum class Differs { no, yes };
/// Whether tracked files differ from HEAD, or there are untracked ones that are not ignored.
Result<Differs> working_tree_differs(git_repository* git, const std::string& project);

/// Puts into `changes` what differs from HEAD: tracked files, staged or not, and untracked files
/// that are not ignored. `head` is HEAD's top tree; `changes` holds
/// what HEAD itself changed before.
Result<> add_working_tree(git_repository* git, const std::string& top, const git_tree* head,
                          ChangeSet& changes);

}  // namespace nightjar::repo
