// Reading files of a commit.
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

}  // namespace nightjar::repo
