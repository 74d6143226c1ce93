// A new repository with one commit: for the built-in examples.
#include "base/file.h"
#include "repo/git_handles.h"
#include "repo/repository.h"

namespace nightjar::repo {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

Result<git_oid> write_everything(git_repository* git) {
  git_index* raw_index = nullptr;
  int code = git_repository_index(&raw_index, git);
  const IndexHandle index(raw_index);
  if (code < 0) return git_error_of("open the index", code);
  code = git_index_add_all(index.get(), nullptr, GIT_INDEX_ADD_DEFAULT, nullptr, nullptr);
  if (code < 0) return git_error_of("add the files", code);
  code = git_index_write(index.get());
  if (code < 0) return git_error_of("write the index", code);
  git_oid tree;
  code = git_index_write_tree(&tree, index.get());
  if (code < 0) return git_error_of("write the tree", code);
  return tree;
}

}  // namespace

Result<> create_repository(const std::string& folder, const std::string& message,
                           std::int64_t at_utc_ns) {
  TRY(start_libgit2());
  if (path_exists(folder + "/.git")) {
    return {ErrorCode::conflict, folder + " is a git repository already"};
  }
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_MKDIR;
  options.initial_head = "main";
  git_repository* raw_git = nullptr;
  int code = git_repository_init_ext(&raw_git, folder.c_str(), &options);
  const RepositoryHandle git(raw_git);
  if (code < 0) return git_error_of("make a repository in " + folder, code);

  TRY_INTO(const git_oid tree_id, write_everything(git.get()));
  git_tree* raw_tree = nullptr;
  code = git_tree_lookup(&raw_tree, git.get(), &tree_id);
  const TreeHandle tree(raw_tree);
  if (code < 0) return git_error_of("read the new tree", code);
  git_signature* raw_signature = nullptr;
  code = git_signature_new(&raw_signature, "Nightjar", "nightjar@localhost",
                           at_utc_ns / kNsPerSecond, 0);
  const SignatureHandle signature(raw_signature);
  if (code < 0) return git_error_of("make the author line", code);
  git_oid commit;
  code = git_commit_create(&commit, git.get(), "HEAD", signature.get(), signature.get(), nullptr,
                           message.c_str(), tree.get(), 0, nullptr);
  if (code < 0) return git_error_of("write the commit", code);
  return ok;
}

}  // namespace nightjar::repo
