#include "repo/patch_apply.h"

#include <map>
#include <set>

#include "base/bytes.h"
#include "repo/patch_binary.h"
#include "repo/patch_hunks.h"
#include "repo/repository_impl.h"

namespace nightjar::repo {
namespace {

using Kind = PatchFile::Kind;
using Files = std::map<std::string, std::optional<FileState>>;  // nothing: the file is not there

std::string quoted(const std::string& path) { return "'" + printable(path, 200) + "'"; }

Error misfit(const PatchFile& file, const std::string& path, const std::string& what) {
  return {ErrorCode::invalid_input, "the patch does not apply to " + quoted(path) + " (line " +
                                        std::to_string(file.line) + " of the patch): " + what};
}

git_filemode_t mode_of(std::uint32_t mode) {
  switch (mode & 0170000U) {
    case 0120000U: return GIT_FILEMODE_LINK;
    case 0160000U: return GIT_FILEMODE_COMMIT;
    default: break;
  }
  return (mode & 0100U) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
}

class Application {
 public:
  Application(git_repository* git, const git_tree* base, const std::string& prefix,
              const std::vector<PatchFile>& files)
      : git_(git), base_(base), prefix_(prefix) {
    for (const PatchFile& file : files) {
      if (file.kind == Kind::rename || file.kind == Kind::remove) {
        goes_.insert({file.commit, prefix + file.old_path});
      }
    }
  }

  Result<> add(const PatchFile& file) {
    if (file.commit != commit_) finish_commit();
    commit_ = file.commit;
    TRY_INTO(const PatchFile named, with_paths(file));
    TRY_INTO(std::optional<FileState> before, state_before(named));
    if (before && before->mode == GIT_FILEMODE_COMMIT) {
      // A submodule: only its id is there, and ChangeSet refuses it by name.
      return write(named, std::move(before));
    }
    const FileState none;
    FileState after{.mode = before ? before->mode : GIT_FILEMODE_BLOB, .content = {}};
    if (named.new_mode) after.mode = mode_of(*named.new_mode);
    const std::string_view content = before ? before->content : none.content;
    TRY_INTO(after.content, content_after(named, content));
    if (named.kind != Kind::remove) return write(named, std::move(after));
    const bool has_content = !named.hunks.empty() || named.binary;
    if (has_content && !after.content.empty()) {
      return misfit(named, named.old_path, "it deletes the file, but not all that is in it");
    }
    return write(named, std::nullopt);
  }

  Result<> finish(ChangeSet& changes) {
    finish_commit();
    for (auto& [path, state] : files_) TRY(changes.set(path, std::move(state)));
    return ok;
  }

 private:
  /// Plain diffs: the first name that the base has; for a new file the first of all.
  Result<PatchFile> with_paths(const PatchFile& file) {
    PatchFile out = file;
    out.old_path = prefix_ + file.old_path;
    out.new_path = prefix_ + file.new_path;
    if (!file.plain) return out;
    for (const std::string& name : file.other_paths) {
      TRY_INTO(const std::optional<FileState> there, current(prefix_ + name));
      if (!there) continue;
      out.old_path = out.new_path = prefix_ + name;
      return out;
    }
    const bool adds = file.hunks.size() == 1 && file.hunks.front().old_count == 0;
    if (file.kind != Kind::create && adds) out.kind = Kind::create;
    return out;
  }

  Result<std::optional<FileState>> state_before(const PatchFile& file) {
    const std::string& path = file.kind == Kind::create ? file.new_path : file.old_path;
    TRY_INTO(std::optional<FileState> before, current(path));
    if (file.kind == Kind::create && before) {
      return misfit(file, path, "it adds the file, which is there already");
    }
    if (file.kind != Kind::create && !before) {
      const bool module = file.old_mode && mode_of(*file.old_mode) == GIT_FILEMODE_COMMIT;
      if (!module) return misfit(file, path, "the base has no such file");
    }
    const bool moves = file.kind == Kind::rename || file.kind == Kind::copy;
    if (moves && file.new_path != file.old_path) {
      TRY_INTO(const std::optional<FileState> target, current(file.new_path));
      if (target && !goes_.contains({file.commit, file.new_path})) {
        return misfit(file, file.new_path, "it moves a file there, but there is one already");
      }
    }
    return before;
  }

  Result<std::string> content_after(const PatchFile& file, std::string_view before) {
    const std::string& path = file.kind == Kind::remove ? file.old_path : file.new_path;
    const auto at_file = [&](const Error& error) {
      return Error{error.code, misfit(file, path, error.message).message};
    };
    if (file.lacks_binary) {
      if (file.kind == Kind::remove) return std::string();
      return misfit(file, path,
                    "the file is not text, and the patch does not hold it; make the patch by"
                    " `git diff --binary`");
    }
    if (file.binary) {
      auto after = apply_binary(*file.binary, before, kChangedFileBytesMax);
      if (!after) return at_file(after.error());
      return after;
    }
    if (file.hunks.empty()) return std::string(before);
    auto after = apply_hunks(before, file.hunks, steps_left_);
    if (!after) return at_file(after.error());
    if (after->size() > kChangedFileBytesMax) return too_large_error(path, after->size());
    return after;
  }

  /// Files of one commit all start from the commit before it: two files may change places.
  Result<std::optional<FileState>> current(const std::string& path) {
    const auto made = made_.find(path);
    if (made != made_.end() && !moved_in_.contains(path)) return made->second;
    TRY_INTO(std::optional<FileState> earlier, before_commit(path));
    if (made != made_.end() && !earlier) return made->second;
    return earlier;
  }

  Result<std::optional<FileState>> before_commit(const std::string& path) const {
    if (const auto known = files_.find(path); known != files_.end()) return known->second;
    TRY_INTO(const std::optional<TreeEntry> entry, entry_at(base_, path));
    if (!entry || entry->mode == GIT_FILEMODE_TREE) return std::optional<FileState>();
    if (entry->mode == GIT_FILEMODE_COMMIT) {
      return std::optional(FileState{.mode = GIT_FILEMODE_COMMIT, .content = {}});
    }
    TRY_INTO(const OdbHandle odb, odb_of(git_));
    TRY_INTO(const ObjectHandle blob, read_blob(odb.get(), entry->id, path, kChangedFileBytesMax));
    const auto* data = static_cast<const char*>(git_odb_object_data(blob.get()));
    return std::optional(
        FileState{.mode = entry->mode, .content = {data, git_odb_object_size(blob.get())}});
  }

  Result<> write(const PatchFile& file, std::optional<FileState> after) {
    if (file.kind == Kind::rename && file.old_path != file.new_path) {
      if (!moved_in_.contains(file.old_path)) made_[file.old_path] = std::nullopt;
    }
    const std::string& path = file.kind == Kind::remove ? file.old_path : file.new_path;
    const bool moves = file.kind == Kind::rename || file.kind == Kind::copy;
    if (moves) moved_in_.insert(path);
    bytes_ += after ? after->content.size() : 0;
    if (bytes_ > kChangedBytesMax * 2) {
      return {ErrorCode::exhausted, "the patch makes more than " +
                                        std::to_string(kChangedBytesMax * 2) + " bytes (at " +
                                        quoted(path) + "); split the change"};
    }
    made_[path] = std::move(after);
    return ok;
  }

  void finish_commit() {
    for (auto& [path, state] : made_) files_[path] = std::move(state);
    made_.clear();
    moved_in_.clear();
  }

  git_repository* git_;
  const git_tree* base_;
  const std::string& prefix_;
  Files files_;                                         // after the commits that are finished
  Files made_;                                          // by the commit in hand
  std::set<std::string> moved_in_;                      // targets of renames and copies in it
  std::set<std::pair<std::size_t, std::string>> goes_;  // commit, path that it moves or removes
  std::size_t commit_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t steps_left_ = kPatchStepsMax;
};

}  // namespace

Result<> apply_patch(git_repository* git, const git_tree* base, const std::string& prefix,
                     const std::vector<PatchFile>& files, ChangeSet& changes) {
  Application application(git, base, prefix, files);
  for (const PatchFile& file : files) TRY(application.add(file));
  TRY(application.finish(changes));
  return changes.check_places();
}

}  // namespace nightjar::repo
