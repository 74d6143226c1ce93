// Collects a change file by file, as the difference to a base tree, inside of the limits. Not for
// other parts.
//
// Paths are from the repository's top. What a change cannot carry is refused by name: new or
// changed links, submodules, files over kChangedFileBytesMax.
// Errors: invalid_input, exhausted, corrupt; each names the file.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repo/change_spec.h"
#include "repo/git_handles.h"
#include "repo/tree_difference.h"

namespace nightjar::repo {

/// What a file is to be: its bytes, or a link's target.
struct FileState {
  git_filemode_t mode = GIT_FILEMODE_BLOB;
  std::string content;
};

class ChangeSet {
 public:
  /// `base` is the top tree of the base commit; both handles outlive the set.
  ChangeSet(git_repository* git, const git_tree* base, std::string project)
      : git_(git), base_(base), project_(std::move(project)) {}

  /// The path below the project folder; nothing for one elsewhere, which is noted.
  std::optional<std::string> inside(const std::string& path);

  /// What `path` is in the end; nothing: it is not there. The last word counts.
  Result<> set(const std::string& path, std::optional<FileState> state);
  /// A commit's entry, read only when it differs from the base.
  Result<> set_entry(const std::string& path, const std::optional<TreeEntry>& entry);

  /// invalid_input when a file lies where the base keeps a folder, or below a file. (Between two
  /// commits that cannot be.)
  Result<> check_places() const;

  Changes take_changes() { return std::move(changes_); }
  std::vector<std::string> outside() const { return {outside_.begin(), outside_.end()}; }

 private:
  Result<> put(const std::string& path, const std::string& in_project, Change change);
  std::string top_path(const std::string& in_project) const {
    return project_.empty() ? in_project : project_ + "/" + in_project;
  }

  git_repository* git_;
  const git_tree* base_;
  std::string project_;
  Changes changes_;
  std::set<std::string> outside_;
  std::uint64_t bytes_ = 0;
};

/// Refused by name: a file that is larger than a change may hold.
Error too_large_error(const std::string& path, std::uint64_t bytes);

}  // namespace nightjar::repo
