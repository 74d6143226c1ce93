// The difference that changes make to a commit, and the tree that they make of it. The new objects
// live in memory only.
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "repo/change_spec.h"
#include "repo/repository.h"
#include "repo/repository_impl.h"
#include "repo/tree_writer.h"

namespace nightjar::repo {
namespace {

constexpr std::size_t kDiffBytesMax = std::size_t{64} << 20;
constexpr git_off_t kDiffedFileBytesMax = git_off_t{16} << 20;  // larger: shown as binary
constexpr int kMemoryFirst = 999;  // higher than the priorities of libgit2's own stores

}  // namespace

Result<RepositoryHandle> memory_repository(git_repository* git) {
  const std::string objects = std::string(git_repository_commondir(git)) + "objects";
  git_odb* raw_odb = nullptr;
  int code = git_odb_open(&raw_odb, objects.c_str());
  const OdbHandle odb(raw_odb);
  if (code < 0) return git_error_of("open the object store", code);
  git_odb_backend* memory = nullptr;
  code = git_mempack_new(&memory);
  if (code == 0) code = git_odb_add_backend(odb.get(), memory, kMemoryFirst);
  git_repository* raw = nullptr;
  if (code == 0) code = git_repository_wrap_odb(&raw, odb.get());
  if (code < 0) return git_error_of("prepare a difference", code);
  return RepositoryHandle(raw);
}

Result<std::string> Repository::diff(const std::string& commit, const Changes& changes) const {
  TRY_INTO(const TreeHandle project, impl_->project_tree(commit));
  TRY_INTO(const RepositoryHandle memory, memory_repository(impl_->git.get()));
  git_tree* raw_before = nullptr;
  int code = git_tree_lookup(&raw_before, memory.get(), git_tree_id(project.get()));
  const TreeHandle before(raw_before);
  if (code < 0) return git_error_of("read the tree of commit " + commit, code);
  TRY_INTO(const git_oid after_id, write_changed_tree(memory.get(), before.get(), "", changes));
  git_tree* raw_after = nullptr;
  code = git_tree_lookup(&raw_after, memory.get(), &after_id);
  const TreeHandle after(raw_after);
  if (code < 0) return git_error_of("read the changed tree", code);

  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.context_lines = 3;
  options.max_size = kDiffedFileBytesMax;
  git_diff* raw = nullptr;
  code = git_diff_tree_to_tree(&raw, memory.get(), before.get(), after.get(), &options);
  const DiffHandle diff(raw);
  if (code < 0) return git_error_of("compare the changes with commit " + commit, code);
  std::string text;
  const auto append = [](const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line,
                         void* out) -> int {
    auto& target = *static_cast<std::string*>(out);
    if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
        line->origin == GIT_DIFF_LINE_DELETION) {
      target.push_back(line->origin);
    }
    target.append(line->content, line->content_len);
    return target.size() > kDiffBytesMax ? GIT_EUSER : 0;
  };
  code = git_diff_print(diff.get(), GIT_DIFF_FORMAT_PATCH, append, &text);
  if (code == GIT_EUSER) {
    return {ErrorCode::exhausted,
            "the difference is longer than " + std::to_string(kDiffBytesMax) + " bytes"};
  }
  if (code < 0) return git_error_of("write the difference", code);
  return text;
}

Result<std::string> tree_id(const Repository& repository, const std::string& commit,
                            const Changes& changes) {
  const RepositoryAccess::Impl& impl = RepositoryAccess::of(repository);
  TRY_INTO(const TreeHandle project, impl.project_tree(commit));
  TRY_INTO(const RepositoryHandle memory, memory_repository(impl.git.get()));
  git_tree* raw = nullptr;
  const int code = git_tree_lookup(&raw, memory.get(), git_tree_id(project.get()));
  const TreeHandle before(raw);
  if (code < 0) return git_error_of("read the tree of commit " + commit, code);
  TRY_INTO(const git_oid id, write_changed_tree(memory.get(), before.get(), "", changes));
  return hex_of(id);
}

}  // namespace nightjar::repo
