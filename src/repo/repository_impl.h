// What a Repository holds and what its .cc files share. Not for other parts.
#pragma once

#include <cstdint>
#include <string>

#include "repo/git_handles.h"
#include "repo/repository.h"

namespace nightjar::repo {

inline constexpr std::size_t kPathPartsMax = 128;        // how deep a tree may be
inline constexpr std::size_t kPathBytesMax = 4000;       // below PATH_MAX, with room for a folder
inline constexpr std::uint64_t kEntriesMax = 2'000'000;  // of one tree, folders counted as well
inline constexpr int kCommitsMax = 10'000'000;           // first parents of one commit

struct Repository::Impl {
  RepositoryHandle git;
  std::string top;
  std::string project;

  Result<CommitHandle> commit(const std::string& hex) const;
  /// The project folder's tree. not_found when the commit has no such folder.
  Result<TreeHandle> project_tree(const std::string& commit_hex) const;
};

/// For the functions of this part that are no members.
struct RepositoryAccess {
  using Impl = Repository::Impl;
  static const Impl& of(const Repository& repository) { return *repository.impl_; }
};

/// A repository without files of its own: reads the objects of `git`, keeps new ones in memory, and
/// knows no configuration and no attributes.
Result<RepositoryHandle> memory_repository(git_repository* git);

Result<OdbHandle> odb_of(git_repository* git);

/// Whether a link of the project stays in it: it may climb out of its own folder first and then
/// only go down. With ".." after a name, a second link on the way could lead above the top.
bool stays_inside(const std::string& link_path, std::string_view target);

/// A whole object; exhausted above `bytes_max`, corrupt when the object is missing or damaged.
Result<ObjectHandle> read_blob(git_odb* odb, const git_oid& id, const std::string& path,
                               std::uint64_t bytes_max);

/// The first lines of a Git LFS pointer file instead of the file itself.
bool is_lfs_pointer(std::string_view content);
Error lfs_error(const std::string& path);

}  // namespace nightjar::repo
