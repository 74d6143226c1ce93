#include "repo/tree_reader.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "repo/repository_impl.h"

namespace nightjar::repo {
namespace {

struct OpenFolder {
  std::string path;
  TreeHandle tree;
  std::size_t depth = 0;
};

TreeItem::Kind kind_of(const git_tree_entry* entry) {
  switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE: return TreeItem::Kind::folder;
    case GIT_FILEMODE_LINK: return TreeItem::Kind::link;
    case GIT_FILEMODE_COMMIT: return TreeItem::Kind::submodule;
    case GIT_FILEMODE_BLOB_EXECUTABLE: return TreeItem::Kind::executable;
    default: return TreeItem::Kind::file;
  }
}

Result<TreeItem> item_of(const OpenFolder& folder, const git_tree_entry* entry) {
  const std::string_view name = git_tree_entry_name(entry);
  if (!is_safe_name(name)) {
    return {ErrorCode::corrupt, "the commit holds an entry named '" + printable(name, 80) +
                                    "' in '" + printable(folder.path, 200) +
                                    "', which no working tree may have"};
  }
  TreeItem item;
  item.kind = kind_of(entry);
  item.path = folder.path.empty() ? std::string(name) : folder.path + "/" + std::string(name);
  item.id = *git_tree_entry_id(entry);
  if (folder.depth >= kPathPartsMax || item.path.size() > kPathBytesMax) {
    return {ErrorCode::exhausted, "'" + printable(item.path, 200) + "' lies deeper than " +
                                      std::to_string(kPathPartsMax) +
                                      " folders or is longer than " +
                                      std::to_string(kPathBytesMax) + " bytes"};
  }
  return item;
}

}  // namespace

bool is_safe_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.size() > 255) return false;
  if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos)
    return false;
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower != ".git";
}

Result<> visit_tree(git_repository* git, const git_tree* tree, std::uint64_t entries_max,
                    const std::function<Result<>(const TreeItem&)>& visit) {
  std::vector<OpenFolder> open;
  git_tree* copy = nullptr;
  if (const int code = git_tree_dup(&copy, const_cast<git_tree*>(tree)); code < 0) {
    return git_error_of("read a tree", code);
  }
  open.push_back({"", TreeHandle(copy), 0});
  std::uint64_t entries = 0;
  while (!open.empty()) {
    const OpenFolder folder = std::move(open.back());
    open.pop_back();
    const std::size_t count = git_tree_entrycount(folder.tree.get());
    for (std::size_t i = 0; i < count; ++i) {
      // Few objects can describe billions of paths, so the number is bounded, not the bytes.
      if (++entries > entries_max) {
        return {ErrorCode::exhausted, "the commit has more than " + std::to_string(entries_max) +
                                          " files and folders in the project"};
      }
      TRY_INTO(const TreeItem item, item_of(folder, git_tree_entry_byindex(folder.tree.get(), i)));
      TRY(visit(item));
      if (item.kind != TreeItem::Kind::folder) continue;
      git_tree* child = nullptr;
      const int code = git_tree_lookup(&child, git, &item.id);
      if (code < 0) {
        return {ErrorCode::corrupt,
                git_error_of("read folder " + printable(item.path, 200), code).message +
                    "; `git fsck` says more"};
      }
      open.push_back({item.path, TreeHandle(child), folder.depth + 1});
    }
  }
  return ok;
}

}  // namespace nightjar::repo
