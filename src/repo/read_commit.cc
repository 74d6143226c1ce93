// Reading files of a commit and writing its project folder out.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "repo/repository.h"
#include "repo/repository_impl.h"
#include "repo/tree_reader.h"

namespace nightjar::repo {
namespace {

std::string_view content_of(const ObjectHandle& object) {
  return {static_cast<const char*>(git_odb_object_data(object.get())),
          git_odb_object_size(object.get())};
}

Result<> make_empty_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return ok;
  if (errno != EEXIST) return errno_error("create " + path, errno);
  std::error_code failure;
  const bool empty = std::filesystem::is_empty(std::filesystem::path(path), failure);
  if (failure) return {ErrorCode::unavailable, "read " + path + ": " + failure.message()};
  if (!empty) return {ErrorCode::conflict, path + " is not empty; name a new folder"};
  return ok;
}

Result<> write_new_file(const std::string& path, std::string_view content, mode_t mode) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return errno_error("create " + printable(path, 300), errno);
  while (!content.empty()) {
    const ssize_t count = ::write(fd.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write " + printable(path, 300), errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fchmod(fd.get(), mode) != 0)
    return errno_error("set the mode of " + printable(path, 300), errno);
  return ok;
}

/// One export: counts against the limits and keeps the links for last, so that while files are
/// written the new folder holds no link at all.
class Export {
 public:
  Export(git_odb* odb, const std::string& host_dir, const ExportLimits& limits)
      : odb_(odb), host_dir_(host_dir), limits_(limits) {}

  Result<> add(const TreeItem& item) {
    const std::string path = host_dir_ + "/" + item.path;
    if (item.kind == TreeItem::Kind::folder) {
      if (::mkdir(path.c_str(), 0755) != 0)
        return errno_error("create " + printable(path, 300), errno);
      return ok;
    }
    if (item.kind == TreeItem::Kind::submodule) {
      return {ErrorCode::invalid_input,
              "'" + printable(item.path, 200) +
                  "' is a git submodule, whose files the repository does not"
                  " hold; copy them in (`git rm --cached`, then `git add`) or"
                  " run the project in a sub-folder without it"};
    }
    if (++files_ > limits_.files_max) {
      return {ErrorCode::exhausted, "the project has more than " +
                                        std::to_string(limits_.files_max) +
                                        " files; keep it in a smaller sub-folder"};
    }
    TRY_INTO(const ObjectHandle blob,
             read_blob(odb_, item.id, item.path, limits_.bytes_max - bytes_));
    const std::string_view content = content_of(blob);
    bytes_ += content.size();
    if (item.kind == TreeItem::Kind::link) return keep_link(item.path, content);
    if (is_lfs_pointer(content)) return lfs_error(item.path);
    return write_new_file(path, content, item.kind == TreeItem::Kind::executable ? 0755 : 0644);
  }

  Result<> finish() const {
    for (const auto& [path, target] : links_) {
      if (::symlink(target.c_str(), (host_dir_ + "/" + path).c_str()) != 0) {
        return errno_error("create link " + printable(path, 300), errno);
      }
    }
    return ok;
  }

 private:
  Result<> keep_link(const std::string& path, std::string_view target) {
    if (!stays_inside(path, target)) {
      return {ErrorCode::invalid_input,
              "the link '" + printable(path, 200) + "' points out of the project (to '" +
                  printable(target, 200) +
                  "', or by '..' after a name); replace it by a file or by a link"
                  " that stays inside"};
    }
    links_.emplace_back(path, std::string(target));
    return ok;
  }

  git_odb* odb_;  // Outlives the export.
  const std::string& host_dir_;
  const ExportLimits limits_;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::pair<std::string, std::string>> links_;
};

}  // namespace

Result<OdbHandle> odb_of(git_repository* git) {
  git_odb* raw = nullptr;
  const int code = git_repository_odb(&raw, git);
  if (code < 0) return git_error_of("open the object store", code);
  return OdbHandle(raw);
}

bool stays_inside(const std::string& link_path, std::string_view target) {
  if (target.empty() || target.starts_with('/') || target.find('\0') != std::string_view::npos)
    return false;
  auto depth = std::count(link_path.begin(), link_path.end(), '/');
  bool went_down = false;
  for (const std::string& part : split(target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      went_down = true;
    } else if (went_down || depth-- == 0) {
      return false;
    }
  }
  return true;
}

Result<ObjectHandle> read_blob(git_odb* odb, const git_oid& id, const std::string& path,
                               std::uint64_t bytes_max) {
  const std::string name = "'" + printable(path, 200) + "'";
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  int code = git_odb_read_header(&size, &type, odb, &id);
  if (code == 0 && type == GIT_OBJECT_BLOB && size > bytes_max) {
    return {ErrorCode::exhausted, name + " has " + std::to_string(size) +
                                      " bytes; the limit leaves " + std::to_string(bytes_max)};
  }
  git_odb_object* raw = nullptr;
  if (code == 0) code = git_odb_read(&raw, odb, &id);
  ObjectHandle object(raw);
  if (code < 0) {
    return {ErrorCode::corrupt,
            git_error_of("read " + name + " from the repository", code).message +
                "; `git fsck` says more"};
  }
  if (git_odb_object_type(object.get()) != GIT_OBJECT_BLOB) {
    return {ErrorCode::corrupt, name + " is no file in the repository; `git fsck` says more"};
  }
  return object;
}

bool is_lfs_pointer(std::string_view content) {
  // The format: git-lfs, docs/spec.md. A pointer is below 1024 bytes and begins with its version.
  constexpr std::size_t kPointerBytesMax = 1024;
  return content.size() < kPointerBytesMax &&
         content.starts_with("version https://git-lfs.github.com/spec/v1\n") &&
         content.find("\noid sha256:") != std::string_view::npos;
}

Error lfs_error(const std::string& path) {
  const std::string name = printable(path, 200);
  return {ErrorCode::invalid_input,
          "'" + name +
              "' is a Git LFS pointer: the repository does not hold the file"
              " itself; store it in git (`git lfs migrate export --include='" +
              name + "'`) or keep it out of the project folder"};
}

Result<std::string> Repository::read_file(const std::string& commit, const std::string& path,
                                          std::uint64_t bytes_max) const {
  TRY_INTO(const TreeHandle tree, impl_->project_tree(commit));
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, tree.get(), path.c_str());
  const std::unique_ptr<git_tree_entry, Freer<git_tree_entry_free>> entry(raw);
  if (code < 0) {
    return {ErrorCode::not_found,
            "commit " + commit.substr(0, 12) + " has no file '" + printable(path, 200) + "'"};
  }
  const git_filemode_t mode = git_tree_entry_filemode(entry.get());
  if (mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT || mode == GIT_FILEMODE_LINK) {
    return {ErrorCode::invalid_input, "'" + printable(path, 200) +
                                          "' is a folder, submodule or link in commit " +
                                          commit.substr(0, 12) + ", not a file"};
  }
  TRY_INTO(const OdbHandle odb, odb_of(impl_->git.get()));
  TRY_INTO(const ObjectHandle blob,
           read_blob(odb.get(), *git_tree_entry_id(entry.get()), path, bytes_max));
  if (is_lfs_pointer(content_of(blob))) return lfs_error(path);
  return std::string(content_of(blob));
}

Result<std::vector<std::string>> Repository::list_files(const std::string& commit,
                                                        const std::string& folder) const {
  TRY_INTO(TreeHandle tree, impl_->project_tree(commit));
  std::vector<std::string> out;
  std::string prefix;
  if (!folder.empty() && folder != ".") {
    git_object* object = nullptr;
    const int code = git_object_lookup_bypath(&object, reinterpret_cast<git_object*>(tree.get()),
                                              folder.c_str(), GIT_OBJECT_TREE);
    if (code < 0) return out;  // A folder that is not there has no files.
    tree.reset(reinterpret_cast<git_tree*>(object));
    prefix = folder + (folder.ends_with('/') ? "" : "/");
  }
  TRY(visit_tree(impl_->git.get(), tree.get(), kEntriesMax, [&](const TreeItem& item) -> Result<> {
    if (item.kind == TreeItem::Kind::file || item.kind == TreeItem::Kind::executable) {
      out.push_back(prefix + item.path);
    }
    return ok;
  }));
  std::sort(out.begin(), out.end());
  return out;
}

Result<> Repository::export_tree(const std::string& commit, const std::string& host_dir,
                                 const ExportLimits& limits) const {
  TRY_INTO(const TreeHandle tree, impl_->project_tree(commit));
  TRY_INTO(const OdbHandle odb, odb_of(impl_->git.get()));
  TRY(make_empty_folder(host_dir));
  Export target(odb.get(), host_dir, limits);
  TRY(visit_tree(impl_->git.get(), tree.get(), kEntriesMax,
                 [&](const TreeItem& item) { return target.add(item); }));
  return target.finish();
}

}  // namespace nightjar::repo
