// What a stranger's folder holds compared with a commit.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>

#include "base/bytes.h"
#include "base/file.h"
#include "repo/ignore_rules.h"
#include "repo/repository.h"
#include "repo/repository_impl.h"
#include "repo/tree_reader.h"

namespace nightjar::repo {
namespace {

using BaseFiles = std::map<std::string, TreeItem, std::less<>>;

/// Opens a folder below `root`, one part at a time, so that no link is followed on the way.
Result<UniqueFd> open_folder(int root, const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd at(::openat(root, ".", kFlags));
  if (!at) return errno_error("open the workspace", errno);
  if (path.empty()) return at;
  for (const std::string& part : split(path, '/')) {
    UniqueFd next(::openat(at.get(), part.c_str(), kFlags));
    if (!next)
      return errno_error("open folder '" + printable(path, 200) + "' of the workspace", errno);
    at = std::move(next);
  }
  return at;
}

Result<std::vector<std::string>> names_in(int folder, std::uint64_t count_max) {
  const UniqueFd own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return errno_error("list the workspace", errno);
  const std::unique_ptr<DIR, Freer<::closedir>> entries(::fdopendir(::dup(own.get())));
  if (!entries) return errno_error("list the workspace", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    if (is_safe_name(entry->d_name)) names.emplace_back(entry->d_name);  // Not ".", "..", ".git".
    if (names.size() > count_max) break;  // The caller refuses that many.
    errno = 0;
  }
  if (errno != 0) return errno_error("list the workspace", errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> read_link(int folder, const std::string& name) {
  std::string target(4096, '\0');
  const ssize_t count = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (count < 0) return errno_error("read link '" + printable(name, 200) + "'", errno);
  target.resize(static_cast<std::size_t>(count));
  return target;
}

git_oid blob_id_of(std::string_view content) {
  git_oid id{};
  const int code = git_odb_hash(&id, content.data(), content.size(), GIT_OBJECT_BLOB);
  CHECK(code == 0);
  return id;
}

/// One comparison. Folders are kept on a list, not on the call stack.
class Comparison {
 public:
  Comparison(int root, BaseFiles base, IgnoreRules rules, std::string project,
             const ExportLimits& limits)
      : root_(root), base_(std::move(base)), rules_(std::move(rules)), limits_(limits) {
    if (!project.empty()) rules_prefix_ = std::move(project) + "/";
  }

  Result<Changes> run() {
    std::vector<Folder> open = {{"", 0, false}};
    while (!open.empty()) {
      const Folder folder = std::move(open.back());
      open.pop_back();
      TRY(visit(folder, open));
    }
    for (const auto& [path, item] : base_) {
      if (!seen_.contains(path)) changes_[path] = Change{};
    }
    return std::move(changes_);
  }

 private:
  struct Folder {
    std::string path;
    std::size_t depth = 0;
    bool ignored = false;  // only files that the commit has count in here
  };

  Result<> visit(const Folder& folder, std::vector<Folder>& open) {
    TRY_INTO(const UniqueFd fd, open_folder(root_, folder.path));
    TRY_INTO(const std::vector<std::string> names, names_in(fd.get(), limits_.files_max));
    for (const std::string& name : names) {
      const std::string path = folder.path.empty() ? name : folder.path + "/" + name;
      if (++entries_ > limits_.files_max) {
        return {ErrorCode::exhausted,
                "the workspace has more than " + std::to_string(limits_.files_max) +
                    " files and folders that are not ignored; add what a build"
                    " makes to .gitignore"};
      }
      struct stat status{};
      if (::fstatat(fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        return errno_error("look at '" + printable(path, 200) + "' in the workspace", errno);
      }
      if (S_ISDIR(status.st_mode)) {
        TRY(keep_folder(path, folder, open));
      } else if (S_ISLNK(status.st_mode)) {
        TRY(compare_link(fd.get(), name, path, folder));
      } else if (S_ISREG(status.st_mode)) {
        TRY(compare_file(fd.get(), name, path, folder));
      }
      // Sockets, fifos and devices are nothing that git could hold.
    }
    return ok;
  }

  bool is_ignored(const std::string& path, IgnoreRules::Kind kind) const {
    return rules_.ignores(rules_prefix_ + path, kind);
  }

  Result<> keep_folder(const std::string& path, const Folder& parent,
                       std::vector<Folder>& open) const {
    const bool ignored = parent.ignored || is_ignored(path, IgnoreRules::Kind::folder);
    const auto tracked = base_.lower_bound(path + "/");
    const bool holds_tracked = tracked != base_.end() && tracked->first.starts_with(path + "/");
    if (ignored && !holds_tracked) return ok;
    if (parent.depth + 1 >= kPathPartsMax || path.size() > kPathBytesMax) {
      return {ErrorCode::exhausted, "'" + printable(path, 200) +
                                        "' in the workspace lies deeper than " +
                                        std::to_string(kPathPartsMax) + " folders"};
    }
    open.push_back({path, parent.depth + 1, ignored});
    return ok;
  }

  /// The commit's file of that name, or nullptr; an ignored path without one does not count.
  struct Known {
    const TreeItem* base = nullptr;
    bool counts = true;
  };
  Known known(const std::string& path, const Folder& folder) {
    const auto found = base_.find(path);
    if (found == base_.end()) {
      return {nullptr, !folder.ignored && !is_ignored(path, IgnoreRules::Kind::file)};
    }
    seen_.insert(path);
    return {&found->second, true};
  }

  Result<> compare_link(int fd, const std::string& name, const std::string& path,
                        const Folder& folder) {
    const Known file = known(path, folder);
    if (!file.counts) return ok;
    TRY_INTO(const std::string target, read_link(fd, name));
    const git_oid id = blob_id_of(target);
    if (file.base != nullptr && file.base->kind == TreeItem::Kind::link &&
        git_oid_equal(&id, &file.base->id) != 0) {
      return ok;
    }
    return {ErrorCode::invalid_input,
            "'" + printable(path, 200) +
                "' in the workspace is a new or changed link; a change may hold"
                " files only: replace the link by a file or ignore it in .gitignore"};
  }

  Result<> compare_file(int fd, const std::string& name, const std::string& path,
                        const Folder& folder) {
    const Known file = known(path, folder);
    if (!file.counts) return ok;
    const UniqueFd source(
        ::openat(fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source) return errno_error("open '" + printable(path, 200) + "' in the workspace", errno);
    struct stat status{};
    if (::fstat(source.get(), &status) != 0)
      return errno_error("look at '" + printable(path, 200) + "'", errno);
    if (!S_ISREG(status.st_mode)) return ok;
    TRY_INTO(std::string content, read_all(source.get(), path));
    const bool executable = (status.st_mode & S_IXUSR) != 0;
    const git_oid id = blob_id_of(content);
    const auto same_kind = executable ? TreeItem::Kind::executable : TreeItem::Kind::file;
    if (file.base != nullptr && file.base->kind == same_kind &&
        git_oid_equal(&id, &file.base->id) != 0) {
      return ok;
    }
    changes_[path] = Change{std::move(content), executable};
    return ok;
  }

  /// The file may grow while it is read; the limit holds all the same.
  Result<std::string> read_all(int fd, const std::string& path) {
    std::string content;
    char piece[1 << 16];
    for (;;) {
      const ssize_t count = ::read(fd, piece, sizeof piece);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0)
        return errno_error("read '" + printable(path, 200) + "' in the workspace", errno);
      if (count == 0) return content;
      bytes_ += static_cast<std::uint64_t>(count);
      if (bytes_ > limits_.bytes_max) {
        return {ErrorCode::exhausted,
                "the workspace holds more than " + std::to_string(limits_.bytes_max) +
                    " bytes that are not ignored (at '" + printable(path, 200) +
                    "'); add what a build makes to .gitignore"};
      }
      content.append(piece, static_cast<std::size_t>(count));
    }
  }

  const int root_;
  const BaseFiles base_;
  const IgnoreRules rules_;
  std::string rules_prefix_;
  const ExportLimits limits_;
  std::set<std::string, std::less<>> seen_;
  Changes changes_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

/// The rules of the folders above the project, then of the project's own, parents first.
Result<IgnoreRules> ignore_rules_of(git_repository* git, const git_tree* top,
                                    const std::string& project, const BaseFiles& base) {
  git_odb* raw_odb = nullptr;
  if (const int code = git_repository_odb(&raw_odb, git); code < 0) {
    return git_error_of("open the object store", code);
  }
  const OdbHandle odb(raw_odb);
  IgnoreRules rules;
  const auto add = [&](const std::string& folder, const git_oid& id) -> Result<> {
    TRY_INTO(const ObjectHandle blob,
             read_blob(odb.get(), id, folder + "/.gitignore", kIgnoreFileBytesMax));
    return rules.add(folder, {static_cast<const char*>(git_odb_object_data(blob.get())),
                              git_odb_object_size(blob.get())});
  };

  for (std::size_t end = 0; !project.empty() && end != std::string::npos;) {
    const std::string folder = project.substr(0, end);
    const std::string path = folder.empty() ? ".gitignore" : folder + "/.gitignore";
    git_tree_entry* raw = nullptr;
    if (git_tree_entry_bypath(&raw, top, path.c_str()) == 0) {
      const std::unique_ptr<git_tree_entry, Freer<git_tree_entry_free>> entry(raw);
      if (git_tree_entry_type(entry.get()) == GIT_OBJECT_BLOB)
        TRY(add(folder, *git_tree_entry_id(entry.get())));
    }
    end = project.find('/', end == 0 ? 0 : end + 1);
  }

  std::vector<std::pair<std::string, git_oid>> own;  // folder below the project, file
  for (const auto& [path, item] : base) {
    if (item.kind == TreeItem::Kind::link) continue;
    if (path == ".gitignore") own.emplace_back("", item.id);
    if (path.ends_with("/.gitignore")) own.emplace_back(path.substr(0, path.rfind('/')), item.id);
  }
  std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [folder, id] : own) {
    const std::string whole =
        project.empty() ? folder : (folder.empty() ? project : project + "/" + folder);
    TRY(add(whole, id));
  }
  return rules;
}

}  // namespace

Result<Changes> Repository::changes_in(const std::string& commit, const std::string& host_dir,
                                       const ExportLimits& limits) const {
  TRY_INTO(const TreeHandle tree, impl_->project_tree(commit));
  BaseFiles base;
  TRY(visit_tree(impl_->git.get(), tree.get(), kEntriesMax, [&](const TreeItem& item) -> Result<> {
    if (item.kind != TreeItem::Kind::folder && item.kind != TreeItem::Kind::submodule) {
      base.emplace(item.path, item);
    }
    return ok;
  }));
  TRY_INTO(const CommitHandle of, impl_->commit(commit));
  git_tree* raw_top = nullptr;
  if (const int code = git_commit_tree(&raw_top, of.get()); code < 0) {
    return git_error_of("read the tree of commit " + commit, code);
  }
  const TreeHandle top(raw_top);
  TRY_INTO(IgnoreRules rules, ignore_rules_of(impl_->git.get(), top.get(), impl_->project, base));

  const UniqueFd root(::open(host_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return errno_error("open the workspace " + host_dir, errno);
  return Comparison(root.get(), std::move(base), std::move(rules), impl_->project, limits).run();
}

}  // namespace nightjar::repo
