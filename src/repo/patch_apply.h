// A patch on a commit's tree. Not for other parts.
// Errors: invalid_input (which file, which hunk), exhausted, corrupt.
#pragma once

#include <string>
#include <vector>

#include "repo/change_set.h"
#include "repo/git_handles.h"
#include "repo/patch_text.h"

namespace nightjar::repo {

/// Puts what the patch makes of the files of `base` into `changes`. `prefix` is put in front of the
/// patch's paths ("" or "folder/").
Result<> apply_patch(git_repository* git, const git_tree* base, const std::string& prefix,
                     const std::vector<PatchFile>& files, ChangeSet& changes);

}  // namespace nightjar::repo
