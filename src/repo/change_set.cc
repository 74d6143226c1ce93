#include "repo/change_set.h"

#include "base/bytes.h"
#include "repo/repository_impl.h"
#include "repo/tree_reader.h"

namespace nightjar::repo {
namespace {

std::string quoted(const std::string& path) { return "'" + printable(path, 200) + "'"; }

Error submodule_error(const std::string& path) {
  return {ErrorCode::invalid_input,
          "the change adds, moves or removes the submodule " + quoted(path) +
              ", whose files the repository does not hold; leave it out of the change, or copy its"
              " files in (`git rm --cached`, then `git add`)"};
}

Error link_error(const std::string& path, std::string_view target, bool stays) {
  const std::string what =
      stays ? " is a new or changed link (to '" : " is a link that points out of the project (to '";
  return {ErrorCode::invalid_input,
          quoted(path) + what + printable(target, 200) +
              "'); a change may hold files only: replace the link by a file, or commit it to the"
              " base first"};
}

Result<> check_path(const std::string& path) {
  const std::vector<std::string> parts = split(path, '/');
  bool safe = parts.size() <= kPathPartsMax && path.size() <= kPathBytesMax;
  for (const std::string& part : parts) safe = safe && is_safe_name(part);
  if (safe) return ok;
  return {ErrorCode::invalid_input,
          "the change names the path " + quoted(path) +
              "; it must be relative, without '.', '..', '.git' or empty parts, and at most " +
              std::to_string(kPathPartsMax) + " folders deep"};
}

bool is_file(const std::optional<TreeEntry>& entry) {
  return entry && entry->mode != GIT_FILEMODE_TREE;
}

/// Git knows two modes of files; old trees hold others (100664), which mean the same.
bool is_executable(git_filemode_t mode) { return mode == GIT_FILEMODE_BLOB_EXECUTABLE; }

bool same_kind(git_filemode_t left, git_filemode_t right) {
  const bool links = left == GIT_FILEMODE_LINK || right == GIT_FILEMODE_LINK;
  return links ? left == right : is_executable(left) == is_executable(right);
}

}  // namespace

Error too_large_error(const std::string& path, std::uint64_t bytes) {
  return {ErrorCode::exhausted, "the changed file " + quoted(path) + " has " +
                                    std::to_string(bytes) +
                                    " bytes; a change may hold files of at most " +
                                    std::to_string(kChangedFileBytesMax) + " bytes"};
}

std::optional<std::string> ChangeSet::inside(const std::string& path) {
  if (project_.empty()) return path;
  if (path.starts_with(project_) && path.size() > project_.size() + 1 &&
      path[project_.size()] == '/') {
    return path.substr(project_.size() + 1);
  }
  if (outside_.size() < kOutsidePathsMax) outside_.insert(path);
  return std::nullopt;
}

Result<> ChangeSet::set(const std::string& path, std::optional<FileState> state) {
  TRY(check_path(path));
  const std::optional<std::string> name = inside(path);
  if (!name) return ok;
  if (const auto known = changes_.find(*name); known != changes_.end()) {
    if (known->second.content) bytes_ -= known->second.content->size();
    changes_.erase(known);
  }
  TRY_INTO(const std::optional<TreeEntry> base, entry_at(base_, path));
  const bool was_submodule = base && base->mode == GIT_FILEMODE_COMMIT;
  if (!state) {
    if (was_submodule) return submodule_error(path);
    return is_file(base) ? put(path, *name, Change{}) : Result<>(ok);
  }
  if (was_submodule || state->mode == GIT_FILEMODE_COMMIT) return submodule_error(path);

  git_oid id{};
  const int code = git_odb_hash(&id, state->content.data(), state->content.size(), GIT_OBJECT_BLOB);
  if (code < 0) return git_error_of("hash " + quoted(path), code);
  if (is_file(base) && same_kind(base->mode, state->mode) && git_oid_equal(&id, &base->id) != 0) {
    return ok;
  }
  if (state->mode == GIT_FILEMODE_LINK) {
    return link_error(path, state->content, stays_inside(*name, state->content));
  }
  return put(
      path, *name,
      Change{.content = std::move(state->content), .executable = is_executable(state->mode)});
}

Result<> ChangeSet::set_entry(const std::string& path, const std::optional<TreeEntry>& entry) {
  if (!inside(path)) return ok;
  if (!entry) return set(path, std::nullopt);
  if (entry->mode == GIT_FILEMODE_COMMIT) return submodule_error(path);
  TRY_INTO(const OdbHandle odb, odb_of(git_));
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (git_odb_read_header(&size, &type, odb.get(), &entry->id) == 0 &&
      size > kChangedFileBytesMax) {
    return too_large_error(path, size);
  }
  TRY_INTO(const ObjectHandle blob, read_blob(odb.get(), entry->id, path, kChangedFileBytesMax));
  const auto* data = static_cast<const char*>(git_odb_object_data(blob.get()));
  return set(path, FileState{.mode = entry->mode,
                             .content = std::string(data, git_odb_object_size(blob.get()))});
}

Result<> ChangeSet::put(const std::string& path, const std::string& in_project, Change change) {
  const std::uint64_t size = change.content ? change.content->size() : 0;
  if (size > kChangedFileBytesMax) return too_large_error(path, size);
  bytes_ += size;
  if (bytes_ > kChangedBytesMax) {
    return {ErrorCode::exhausted, "the changed files have more than " +
                                      std::to_string(kChangedBytesMax) + " bytes together (at " +
                                      quoted(path) + "); split the change"};
  }
  changes_[in_project] = std::move(change);
  if (changes_.size() > kChangedFilesMax) {
    return {ErrorCode::exhausted, "more than " + std::to_string(kChangedFilesMax) +
                                      " files are changed (at " + quoted(path) +
                                      "); split the change, or add what a build makes to"
                                      " .gitignore"};
  }
  return ok;
}

Result<> ChangeSet::check_places() const {
  const auto is_deleted = [&](const std::string& in_project) {
    const auto known = changes_.find(in_project);
    return known != changes_.end() && !known->second.content;
  };
  for (const auto& [name, change] : changes_) {
    if (!change.content) continue;
    for (std::size_t end = name.find('/'); end != std::string::npos;
         end = name.find('/', end + 1)) {
      const std::string parent = name.substr(0, end);
      TRY_INTO(const std::optional<TreeEntry> base, entry_at(base_, top_path(parent)));
      const auto changed = changes_.find(parent);
      const bool written = changed != changes_.end() && changed->second.content;
      if (written || (is_file(base) && !is_deleted(parent))) {
        return {ErrorCode::invalid_input, "the change adds " + quoted(top_path(name)) + ", but " +
                                              quoted(top_path(parent)) + " is a file"};
      }
    }
    TRY_INTO(const std::optional<TreeEntry> base, entry_at(base_, top_path(name)));
    if (!base || base->mode != GIT_FILEMODE_TREE) continue;
    git_tree* raw = nullptr;
    const int code = git_tree_lookup(&raw, git_, &base->id);
    const TreeHandle folder(raw);
    if (code < 0) return git_error_of("read folder " + quoted(top_path(name)), code);
    TRY(visit_tree(git_, folder.get(), kEntriesMax, [&](const TreeItem& item) -> Result<> {
      if (item.kind == TreeItem::Kind::folder || is_deleted(name + "/" + item.path)) return ok;
      return {ErrorCode::invalid_input, "the change makes " + quoted(top_path(name)) +
                                            " a file, but it is a folder with " +
                                            quoted(item.path) + " in it"};
    }));
  }
  return ok;
}

}  // namespace nightjar::repo
