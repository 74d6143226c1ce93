#include "repo/tree_writer.h"

#include "base/bytes.h"
#include "repo/repository_impl.h"
#include "repo/tree_reader.h"

namespace nightjar::repo {
namespace {

/// The changes as a tree of names.
struct ChangeNode {
  const Change* change = nullptr;
  std::map<std::string, ChangeNode> children;

  bool writes() const {
    if (change != nullptr && change->content) return true;
    for (const auto& [name, child] : children) {
      if (child.writes()) return true;
    }
    return false;
  }
};

Result<> add_change(ChangeNode& root, const std::string& path, const Change& change) {
  const std::vector<std::string> parts = split(path, '/');
  bool safe = parts.size() <= kPathPartsMax && path.size() <= kPathBytesMax;
  for (const std::string& part : parts) safe = safe && is_safe_name(part);
  if (!safe) {
    return {ErrorCode::invalid_input,
            "a change names the path '" + printable(path, 200) +
                "'; it must be relative, without '.', '..', '.git' or empty parts,"
                " and at most " +
                std::to_string(kPathPartsMax) + " folders deep"};
  }
  ChangeNode* at = &root;
  for (const std::string& part : parts) at = &at->children[part];
  at->change = &change;
  return ok;
}

/// Recursion ends at kPathPartsMax, which add_change() enforces.
class TreeWriter {
 public:
  explicit TreeWriter(git_repository* git) : git_(git) {}

  /// Nothing: the folder is empty, and git holds no empty folders.
  Result<std::optional<git_oid>> write(const git_tree* base, const ChangeNode& node,
                                       const std::string& path) {
    git_treebuilder* raw = nullptr;
    int code = git_treebuilder_new(&raw, git_, base);
    const BuilderHandle builder(raw);
    if (code < 0) return git_error_of("start a tree", code);
    for (const auto& [name, child] : node.children) {
      TRY(apply(builder.get(), name, child, path.empty() ? name : path + "/" + name));
    }
    if (git_treebuilder_entrycount(builder.get()) == 0) return std::optional<git_oid>();
    git_oid id;
    code = git_treebuilder_write(&id, builder.get());
    if (code < 0) return git_error_of("write a tree", code);
    return std::optional<git_oid>(id);
  }

 private:
  Result<> apply(git_treebuilder* builder, const std::string& name, const ChangeNode& child,
                 const std::string& path) {
    if (child.change != nullptr && child.change->content) {
      for (const auto& [below, grandchild] : child.children) {
        if (grandchild.writes()) {
          return {ErrorCode::invalid_input,
                  "the changes make '" + printable(path, 200) + "' a file and a folder at once"};
        }
      }
      return insert_file(builder, name, *child.change);
    }
    const git_tree_entry* entry = git_treebuilder_get(builder, name.c_str());
    const bool is_folder = entry != nullptr && git_tree_entry_type(entry) == GIT_OBJECT_TREE;
    if (child.change != nullptr && entry != nullptr && !is_folder) {
      TRY(remove(builder, name));
      entry = nullptr;
    }
    if (child.children.empty()) return ok;
    if (entry != nullptr && !is_folder) {
      if (!child.writes()) return ok;  // Nothing to delete below a file.
      return {ErrorCode::invalid_input, "'" + printable(path, 200) +
                                            "' is a file in the commit, and the"
                                            " changes add files below it without deleting it"};
    }
    return replace_folder(builder, name, entry, child, path);
  }

  Result<> insert_file(git_treebuilder* builder, const std::string& name, const Change& change) {
    git_oid id;
    int code =
        git_blob_create_from_buffer(&id, git_, change.content->data(), change.content->size());
    if (code < 0)
      return git_error_of("write file '" + printable(name, 200) + "' to the repository", code);
    const git_filemode_t mode =
        change.executable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
    code = git_treebuilder_insert(nullptr, builder, name.c_str(), &id, mode);
    if (code < 0) return git_error_of("add '" + printable(name, 200) + "' to a tree", code);
    return ok;
  }

  Result<> replace_folder(git_treebuilder* builder, const std::string& name,
                          const git_tree_entry* entry, const ChangeNode& child,
                          const std::string& path) {
    TreeHandle base;
    if (entry != nullptr) {
      git_tree* raw = nullptr;
      const int code = git_tree_lookup(&raw, git_, git_tree_entry_id(entry));
      if (code < 0) return git_error_of("read folder '" + printable(path, 200) + "'", code);
      base.reset(raw);
    }
    TRY_INTO(const std::optional<git_oid> id, write(base.get(), child, path));
    if (!id) return entry == nullptr ? Result<>(ok) : remove(builder, name);
    const int code =
        git_treebuilder_insert(nullptr, builder, name.c_str(), &*id, GIT_FILEMODE_TREE);
    if (code < 0) return git_error_of("add '" + printable(path, 200) + "' to a tree", code);
    return ok;
  }

  static Result<> remove(git_treebuilder* builder, const std::string& name) {
    const int code = git_treebuilder_remove(builder, name.c_str());
    if (code < 0) return git_error_of("delete '" + printable(name, 200) + "' from a tree", code);
    return ok;
  }

  git_repository* git_;  // Outlives the writer.
};

}  // namespace

Result<git_oid> write_changed_tree(git_repository* git, const git_tree* base,
                                   const std::string& folder, const Changes& changes) {
  ChangeNode root;
  for (const auto& [path, change] : changes) {
    TRY(add_change(root, path, change));
  }
  if (!folder.empty()) {
    const std::vector<std::string> parts = split(folder, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      ChangeNode parent;
      parent.children[*part] = std::move(root);
      root = std::move(parent);
    }
  }
  TRY_INTO(std::optional<git_oid> id, TreeWriter(git).write(base, root, ""));
  if (id) return *id;

  git_treebuilder* raw = nullptr;  // Every file is deleted: the empty tree.
  int code = git_treebuilder_new(&raw, git, nullptr);
  const BuilderHandle empty(raw);
  git_oid empty_id;
  if (code == 0) code = git_treebuilder_write(&empty_id, empty.get());
  if (code < 0) return git_error_of("write the empty tree", code);
  return empty_id;
}

}  // namespace nightjar::repo
