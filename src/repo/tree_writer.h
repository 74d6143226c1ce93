// A tree with changes applied. Writes blobs and trees, nothing else. Not for other parts.
#pragma once

#include <string>

#include "repo/git_handles.h"
#include "repo/repository.h"

namespace nightjar::repo {

/// The id of `base` (which has `folder` somewhere below it, "" is itself) with the changes made in
/// `folder`. invalid_input: a path that a change may not have, or a file in the place of a folder.
Result<git_oid> write_changed_tree(git_repository* git, const git_tree* base,
                                   const std::string& folder, const Changes& changes);

}  // namespace nightjar::repo
