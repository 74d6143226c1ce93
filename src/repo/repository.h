// Git repositories, by libgit2 only: no hook, filter, alias or configured program ever runs.
//
// The user's branch, index and working tree are never touched. What libgit2 cannot open or we do
// not handle (SHA-256, extensions.worktreeConfig, LFS pointers, submodules in the project) is named
// with the way out. File names are bytes; contents are the stored bytes, without line-end
// conversion.
// Threads: one thread at a time per Repository.
// Errors: not_found (no repository, no commit), invalid_input (what is unsupported and what to do),
// exhausted (a size limit), conflict (the branch exists with other content), corrupt.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::repo {

struct ExportLimits {
  std::uint64_t files_max = 200'000;
  std::uint64_t bytes_max = std::uint64_t{4} << 30;
};

struct Change {
  std::optional<std::string> content;  // nullopt: the file is deleted
  bool executable = false;
  friend bool operator==(const Change&, const Change&) = default;
};
using Changes = std::map<std::string, Change>;  // path in the project → change

struct BranchRequest {
  std::string branch;       // "nightjar/<work-id>"
  std::string base_commit;  // hex
  Changes changes;          // relative to the project folder
  std::string message;      // whole commit message; a trailer with `key` is added
  std::string key;          // idempotency: the same key again returns the commit that exists
  std::int64_t at_utc_ns = 0;
};

/// Where verdicts stand as git notes, for `git log --notes=nightjar`.
inline constexpr const char* kNotesReference = "refs/notes/nightjar";

struct NoteRequest {
  std::string commit;  // hex
  std::string line;    // idempotency: a line that is there already is not written again
  std::int64_t at_utc_ns = 0;
};

class Repository {
 public:
  /// `path` is the project folder or any folder below the repository's top. Bare repositories:
  /// invalid_input.
  static Result<Repository> open(const std::string& path);
  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  ~Repository();

  const std::string& top() const;             // canonical path of the working tree's top
  const std::string& project_folder() const;  // the opened path relative to top(), "" at the top
  Result<std::string> head_commit() const;    // hex; not_found with advice when there is no commit
  Result<std::string> root_commit(const std::string& commit) const;  // first parents to the end
  Result<std::string> current_branch() const;                        // "main"; "HEAD" when detached
  /// Paths in the project folder that differ from HEAD in index or working tree, or are untracked.
  Result<std::vector<std::string>> dirty_paths(std::size_t count_max) const;

  /// A blob of the commit; `path` is relative to the project folder. not_found when absent.
  Result<std::string> read_file(const std::string& commit, const std::string& path,
                                std::uint64_t bytes_max) const;
  /// Regular files below `folder` (recursively), relative to the project folder, sorted.
  Result<std::vector<std::string>> list_files(const std::string& commit,
                                              const std::string& folder) const;

  /// Writes the project folder of the commit into `host_dir` (new, or empty), without any .git.
  /// Links that point out of the project or go through ".." after a name, submodules and LFS
  /// pointers are refused by name. After an error the folder is incomplete; the caller deletes it.
  struct Exported {
    std::size_t files = 0;
    std::uint64_t bytes = 0;
  };
  Result<Exported> export_tree(const std::string& commit, const std::string& host_dir,
                               const ExportLimits& limits) const;

  /// What differs between the commit's project folder and a folder that a stranger wrote to. No
  /// link is followed; a new or changed link is refused by name. Paths that the ignore rules of the
  /// commit match (not the stranger's), .git folders, fifos, sockets and devices do not count.
  Result<Changes> changes_in(const std::string& commit, const std::string& host_dir,
                             const ExportLimits& limits) const;

  /// One commit on a new branch; never moves a branch that exists. Returns the commit's hex id.
  Result<std::string> write_branch(const BranchRequest& request);
  Result<std::optional<std::string>> branch_commit(const std::string& branch) const;
  /// Adds a line to the commit's note in kNotesReference; the latest 200 lines stay. conflict: the
  /// note is binary or larger than 1 MiB.
  Result<> write_note(const NoteRequest& request);

  /// Unified diff of the changes against the commit, paths as in the project, three lines of
  /// context.
  Result<std::string> diff(const std::string& commit, const Changes& changes) const;

 private:
  friend struct RepositoryAccess;  // the other .cc files of this part
  struct Impl;
  explicit Repository(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Makes a new repository of everything in `folder`, with one commit on the branch "main".
/// conflict: there is a repository already.
Result<> create_repository(const std::string& folder, const std::string& message,
                           std::int64_t at_utc_ns);

/// Unified diff of two texts; empty when equal. "Binary files differ" when one is not text.
Result<std::string> unified_diff(const std::string& path, std::string_view before,
                                 std::string_view after);

}  // namespace nightjar::repo
