#include "repo/tree_difference.h"

#include <vector>

#include "base/bytes.h"
#include "repo/repository_impl.h"
#include "repo/tree_reader.h"

namespace nightjar::repo {
namespace {

/// Two trees at one path; either may be absent.
struct Pair {
  std::string path;
  TreeHandle before;
  TreeHandle after;
  std::size_t depth = 0;
};

const git_tree_entry* entry_named(const TreeHandle& tree, const char* name) {
  return tree == nullptr ? nullptr : git_tree_entry_byname(tree.get(), name);
}
std::size_t count_of(const TreeHandle& tree) {
  return tree == nullptr ? 0 : git_tree_entrycount(tree.get());
}
bool is_folder(const git_tree_entry* entry) {
  return entry != nullptr && git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
}
std::optional<TreeEntry> file_of(const git_tree_entry* entry) {
  if (entry == nullptr || is_folder(entry)) return std::nullopt;
  return TreeEntry{git_tree_entry_filemode(entry), *git_tree_entry_id(entry)};
}

Result<TreeHandle> copy_of(const git_tree* tree) {
  git_tree* copy = nullptr;
  const int code = tree == nullptr ? 0 : git_tree_dup(&copy, const_cast<git_tree*>(tree));
  if (code < 0) return git_error_of("read a tree", code);
  return TreeHandle(copy);
}

class Walk {
 public:
  Walk(git_repository* git, const std::function<Result<>(const Difference&)>& visit)
      : git_(git), visit_(visit) {}

  Result<> run(TreeHandle before, TreeHandle after) {
    open_.push_back({"", std::move(before), std::move(after), 0});
    while (!open_.empty()) {
      const Pair pair = std::move(open_.back());
      open_.pop_back();
      for (std::size_t i = 0; i < count_of(pair.before); ++i) {
        const git_tree_entry* entry = git_tree_entry_byindex(pair.before.get(), i);
        TRY(compare(pair, entry, entry_named(pair.after, git_tree_entry_name(entry))));
      }
      for (std::size_t i = 0; i < count_of(pair.after); ++i) {
        const git_tree_entry* entry = git_tree_entry_byindex(pair.after.get(), i);
        if (entry_named(pair.before, git_tree_entry_name(entry)) == nullptr) {
          TRY(compare(pair, nullptr, entry));
        }
      }
    }
    return ok;
  }

 private:
  Result<> compare(const Pair& in, const git_tree_entry* before, const git_tree_entry* after) {
    if (++entries_ > kEntriesMax) {
      return {ErrorCode::exhausted, "the commits to compare have more than " +
                                        std::to_string(kEntriesMax) + " files and folders"};
    }
    if (before != nullptr && after != nullptr &&
        git_oid_equal(git_tree_entry_id(before), git_tree_entry_id(after)) != 0 &&
        git_tree_entry_filemode(before) == git_tree_entry_filemode(after)) {
      return ok;
    }
    const std::string name = git_tree_entry_name(before != nullptr ? before : after);
    const std::string path = in.path.empty() ? name : in.path + "/" + name;
    if (!is_safe_name(name)) {
      return {ErrorCode::corrupt, "a commit holds an entry named '" + printable(path, 200) +
                                      "', which no working tree may have"};
    }
    if (in.depth >= kPathPartsMax || path.size() > kPathBytesMax) {
      return {ErrorCode::exhausted,
              "'" + printable(path, 200) + "' lies deeper than " + std::to_string(kPathPartsMax) +
                  " folders or is longer than " + std::to_string(kPathBytesMax) + " bytes"};
    }
    const Difference difference{.path = path, .before = file_of(before), .after = file_of(after)};
    if (difference.before || difference.after) TRY(visit_(difference));
    if (!is_folder(before) && !is_folder(after)) return ok;
    TRY_INTO(TreeHandle old_tree, tree_of(before, path));
    TRY_INTO(TreeHandle new_tree, tree_of(after, path));
    open_.push_back({path, std::move(old_tree), std::move(new_tree), in.depth + 1});
    return ok;
  }

  Result<TreeHandle> tree_of(const git_tree_entry* entry, const std::string& path) const {
    if (!is_folder(entry)) return TreeHandle();
    git_tree* raw = nullptr;
    const int code = git_tree_lookup(&raw, git_, git_tree_entry_id(entry));
    if (code < 0) {
      return {ErrorCode::corrupt,
              git_error_of("read folder " + printable(path, 200), code).message +
                  "; `git fsck` says more"};
    }
    return TreeHandle(raw);
  }

  git_repository* git_;
  const std::function<Result<>(const Difference&)>& visit_;
  std::vector<Pair> open_;
  std::uint64_t entries_ = 0;
};

}  // namespace

Result<> visit_difference(git_repository* git, const git_tree* before, const git_tree* after,
                          const std::function<Result<>(const Difference&)>& visit) {
  TRY_INTO(TreeHandle old_tree, copy_of(before));
  TRY_INTO(TreeHandle new_tree, copy_of(after));
  return Walk(git, visit).run(std::move(old_tree), std::move(new_tree));
}

Result<std::optional<TreeEntry>> entry_at(const git_tree* tree, const std::string& path) {
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, tree, path.c_str());
  const std::unique_ptr<git_tree_entry, Freer<git_tree_entry_free>> entry(raw);
  // Below a file there is nothing; libgit2 calls that an error of its own.
  if (code == GIT_ENOTFOUND) return std::optional<TreeEntry>();
  if (code < 0) return git_error_of("look for '" + printable(path, 200) + "'", code);
  return std::optional(
      TreeEntry{git_tree_entry_filemode(entry.get()), *git_tree_entry_id(entry.get())});
}

}  // namespace nightjar::repo
