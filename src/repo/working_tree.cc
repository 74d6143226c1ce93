#include "repo/working_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.h"
#include "base/file.h"
#include "repo/repository_impl.h"

namespace nightjar::repo {
namespace {

using FilterHandle = std::unique_ptr<git_filter_list, Freer<git_filter_list_free>>;

std::string quoted(const std::string& path) { return "'" + printable(path, 200) + "'"; }

Result<StatusHandle> status_of(git_repository* git, const std::string& project) {
  git_status_options options;
  git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  // Without GIT_STATUS_OPT_UPDATE_INDEX the user's index is only read. What a submodule holds is
  // its own repository's business; its staged commit is looked at apart.
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                  GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
  std::string folder = project;
  char* only = folder.data();
  if (!project.empty()) options.pathspec = {&only, 1};
  git_status_list* raw = nullptr;
  const int code = git_status_list_new(&raw, git, &options);
  StatusHandle list(raw);
  if (code < 0) return git_error_of("compare the working tree with HEAD", code);
  return list;
}

Result<IndexHandle> index_of(git_repository* git) {
  git_index* raw = nullptr;
  const int code = git_repository_index(&raw, git);
  IndexHandle index(raw);
  if (code < 0) return git_error_of("read the index", code);
  return index;
}

std::string path_of(const git_status_entry& entry) {
  const git_diff_delta* delta =
      entry.index_to_workdir != nullptr ? entry.index_to_workdir : entry.head_to_index;
  return delta->new_file.path != nullptr ? delta->new_file.path : delta->old_file.path;
}

/// A sparse checkout does not have it, which is no deletion; libgit2 1.5 does not know.
bool is_left_out(git_index* index, const git_status_entry& entry) {
  if (entry.status != GIT_STATUS_WT_DELETED) return false;
  const git_index_entry* known = git_index_get_bypath(index, path_of(entry).c_str(), 0);
  return known != nullptr && (known->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) != 0;
}

/// What `git add` would store: git's own conversions of line ends and $Id$. External filters
/// (filter=lfs and the like) are programs; libgit2 knows none of them, and the bytes stay.
Result<std::string> as_stored(git_repository* git, const std::string& path, std::string content) {
  git_filter_list* raw = nullptr;
  int code = git_filter_list_load(&raw, git, nullptr, path.c_str(), GIT_FILTER_TO_ODB,
                                  GIT_FILTER_ALLOW_UNSAFE);
  const FilterHandle filters(raw);
  if (code < 0) return git_error_of("read the attributes of " + quoted(path), code);
  if (filters == nullptr) return content;
  Buffer out;
  code = git_filter_list_apply_to_buffer(out.out(), filters.get(), content.data(), content.size());
  if (code < 0) return git_error_of("convert " + quoted(path), code);
  return out.str();
}

class WorkingTree {
 public:
  WorkingTree(git_repository* git, int top, ChangeSet& changes)
      : git_(git), top_(top), changes_(changes) {}

  Result<> add(const git_status_entry& entry) {
    const git_diff_delta* delta =
        entry.index_to_workdir != nullptr ? entry.index_to_workdir : entry.head_to_index;
    const std::string path = path_of(entry);
    if (!changes_.inside(path)) return ok;
    if ((entry.status & GIT_STATUS_CONFLICTED) != 0) {
      return {ErrorCode::invalid_input, quoted(path) +
                                            " has conflicts of a merge; resolve them and `git add`"
                                            " the file first"};
    }
    if (path.ends_with('/')) {
      return {ErrorCode::invalid_input, quoted(path) +
                                            " is a git repository of its own inside of the working"
                                            " tree; add it to .gitignore"};
    }
    const bool staged_gone =
        (entry.status & GIT_STATUS_INDEX_DELETED) != 0 && (entry.status & GIT_STATUS_WT_NEW) == 0;
    if (staged_gone || (entry.status & GIT_STATUS_WT_DELETED) != 0) {
      return changes_.set(path, std::nullopt);
    }
    TRY_INTO(std::optional<FileState> state,
             read(path, static_cast<git_filemode_t>(delta->new_file.mode)));
    return changes_.set(path, std::move(state));
  }

 private:
  /// Opens the folder of `path`, one part at a time, so that no link is followed on the way.
  Result<UniqueFd> open_parent(const std::string& path) const {
    UniqueFd at(::openat(top_, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::size_t from = 0;
    for (std::size_t end = path.find('/'); at && end != std::string::npos;
         end = path.find('/', from)) {
      const std::string part = path.substr(from, end - from);
      at =
          UniqueFd(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      from = end + 1;
    }
    if (!at) return errno_error("open the folder of " + quoted(path), errno);
    return at;
  }

  Result<std::optional<FileState>> read(const std::string& path, git_filemode_t mode) const {
    auto parent = open_parent(path);
    if (!parent && parent.error().code == ErrorCode::not_found) return std::optional<FileState>();
    if (!parent) return parent.error();
    const std::string name = path.substr(path.rfind('/') + 1);
    struct stat status{};
    if (::fstatat(parent->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileState>();
      return errno_error("look at " + quoted(path), errno);
    }
    if (S_ISLNK(status.st_mode)) {
      std::string target(4096, '\0');
      const ssize_t count = ::readlinkat(parent->get(), name.c_str(), target.data(), target.size());
      if (count < 0) return errno_error("read link " + quoted(path), errno);
      target.resize(static_cast<std::size_t>(count));
      return std::optional(FileState{.mode = GIT_FILEMODE_LINK, .content = std::move(target)});
    }
    if (!S_ISREG(status.st_mode))
      return std::optional<FileState>();  // Nothing that git could hold.
    TRY_INTO(std::string content, read_regular(parent->get(), name, path));
    // With core.symlinks=false a link is a file that holds its target.
    if (mode == GIT_FILEMODE_LINK) {
      return std::optional(FileState{.mode = mode, .content = std::move(content)});
    }
    TRY_INTO(content, as_stored(git_, path, std::move(content)));
    return std::optional(FileState{.mode = mode, .content = std::move(content)});
  }

  static Result<std::string> read_regular(int parent, const std::string& name,
                                          const std::string& path) {
    const UniqueFd fd(
        ::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return errno_error("open " + quoted(path), errno);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return errno_error("look at " + quoted(path), errno);
    if (!S_ISREG(status.st_mode)) return {ErrorCode::conflict, quoted(path) + " is changing"};
    if (static_cast<std::uint64_t>(status.st_size) > kChangedFileBytesMax) {
      return too_large_error(path, static_cast<std::uint64_t>(status.st_size));
    }
    std::string content(static_cast<std::size_t>(status.st_size) + 1, '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
      const ssize_t count = ::read(fd.get(), content.data() + filled, content.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno_error("read " + quoted(path), errno);
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    if (filled == content.size()) {
      return {ErrorCode::conflict, quoted(path) + " grew while it was read; try again"};
    }
    content.resize(filled);
    return content;
  }

  git_repository* git_;
  int top_;
  ChangeSet& changes_;
};

/// Submodules that are staged with another commit than HEAD has: ChangeSet refuses them.
Result<> add_staged_submodules(git_repository* git, const git_tree* head, ChangeSet& changes) {
  TRY_INTO(const IndexHandle index, index_of(git));
  for (std::size_t i = 0; i < git_index_entrycount(index.get()); ++i) {
    const git_index_entry* entry = git_index_get_byindex(index.get(), i);
    if (entry->mode != GIT_FILEMODE_COMMIT) continue;
    TRY_INTO(const std::optional<TreeEntry> known, entry_at(head, entry->path));
    if (known && known->mode == GIT_FILEMODE_COMMIT && git_oid_equal(&known->id, &entry->id) != 0) {
      continue;
    }
    TRY(changes.set_entry(entry->path, TreeEntry{GIT_FILEMODE_COMMIT, entry->id}));
  }
  return ok;
}

}  // namespace

Result<Differs> working_tree_differs(git_repository* git, const std::string& project) {
  TRY_INTO(const StatusHandle list, status_of(git, project));
  TRY_INTO(const IndexHandle index, index_of(git));
  const std::size_t count = git_status_list_entrycount(list.get());
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_left_out(index.get(), *git_status_byindex(list.get(), i))) return Differs::yes;
  }
  return Differs::no;
}

Result<> add_working_tree(git_repository* git, const std::string& top, const git_tree* head,
                          ChangeSet& changes) {
  const UniqueFd fd(::open(top.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("open " + top, errno);
  TRY(add_staged_submodules(git, head, changes));
  TRY_INTO(const StatusHandle list, status_of(git, ""));
  WorkingTree tree(git, fd.get(), changes);
  const std::size_t count = git_status_list_entrycount(list.get());
  TRY_INTO(const IndexHandle index, index_of(git));
  for (std::size_t i = 0; i < count; ++i) {
    const git_status_entry& entry = *git_status_byindex(list.get(), i);
    if (!is_left_out(index.get(), entry)) TRY(tree.add(entry));
  }
  return ok;
}

}  // namespace nightjar::repo
