// What differs between two trees: files, links and submodules, no folders. Equal sub-trees are not
// read. A rename is a deletion and an addition. Not for other parts.
// Errors: those of visit_tree().
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "repo/git_handles.h"

namespace nightjar::repo {

struct TreeEntry {
  git_filemode_t mode = GIT_FILEMODE_BLOB;
  git_oid id{};
};
struct Difference {
  std::string path;                 // from the trees' top
  std::optional<TreeEntry> before;  // one of the two may be absent
  std::optional<TreeEntry> after;
};

Result<> visit_difference(git_repository* git, const git_tree* before, const git_tree* after,
                          const std::function<Result<>(const Difference&)>& visit);

/// The entry at `path` of a tree, folders as well; nothing when there is none.
Result<std::optional<TreeEntry>> entry_at(const git_tree* tree, const std::string& path);

}  // namespace nightjar::repo
