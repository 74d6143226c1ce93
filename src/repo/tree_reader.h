// The entries of a commit's tree, parents before children. Names that no working tree may have
// (empty, ".", "..", ".git", with a slash) are refused, so a path from here is safe to create. Not
// for other parts. Errors: corrupt (damage, refused names), exhausted (depth, number of entries).
#pragma once

#include <functional>
#include <string>

#include "repo/git_handles.h"

namespace nightjar::repo {

struct TreeItem {
  enum class Kind { folder, file, executable, link, submodule } kind = Kind::file;
  std::string path;  // from the tree's top
  git_oid id{};
};

Result<> visit_tree(git_repository* git, const git_tree* tree, std::uint64_t entries_max,
                    const std::function<Result<>(const TreeItem&)>& visit);

/// False for a name that would reach or disturb something else: "", ".", "..", ".git" in any case.
bool is_safe_name(std::string_view name);

}  // namespace nightjar::repo
