#include "repo/repository.h"

#include <climits>
#include <cstdlib>

#include "base/bytes.h"
#include "base/file.h"
#include "repo/repository_impl.h"

#ifdef NIGHTJAR_SANITIZED
#include <sanitizer/lsan_interface.h>
#endif

namespace nightjar::repo {
namespace {

/// libgit2 1.5 loses the match data of every configuration key that is no extension
/// (util/regexp.c), once for each repository with extensions that is opened. Its leak is not to
/// fail our tests.
int open_any(git_repository** out, const std::string& folder) {
#ifdef NIGHTJAR_SANITIZED
  const __lsan::ScopedDisabler not_ours;
#endif
  return git_repository_open_ext(out, folder.c_str(), 0, nullptr);
}

/// Says what the repository needs that this reader has not, and the way out.
Error unsupported_error(const std::string& path, const std::string& message) {
  std::string way_out =
      "; clone it with plain settings (`git clone " + path + " copy`) and use the copy";
  std::string what = message;
  if (message.find("objectformat") != std::string::npos) {
    what = "it stores objects under SHA-256 names";
    way_out =
        "; Nightjar reads SHA-1 repositories: copy the files into a new one made by"
        " `git init --object-format=sha1`";
  } else if (message.find("worktreeconfig") != std::string::npos) {
    what = "it uses extensions.worktreeConfig";
    way_out =
        "; move what .git/config.worktree says into .git/config and run"
        " `git config --unset extensions.worktreeConfig`, or use a clone";
  } else if (message.find("partialclone") != std::string::npos) {
    what = "it is a partial clone";
    way_out = "; use a clone made without --filter";
  }
  return {ErrorCode::invalid_input,
          path + ": this git repository cannot be read: " + what + way_out};
}

Error open_error(const std::string& path, int code) {
  const git_error* last = git_error_last();
  const std::string message = last == nullptr || last->message == nullptr ? "" : last->message;
  if (code == GIT_ENOTFOUND) {
    return {ErrorCode::not_found, path +
                                      ": no git repository here or above; make one with"
                                      " `git init && git add . && git commit -m start`"};
  }
  if (message.find("extension") != std::string::npos ||
      message.find("repository version") != std::string::npos) {
    return unsupported_error(path, printable(message, 200));
  }
  return git_error_of("open the git repository of " + path, code);
}

Result<std::string> canonical(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) return errno_error("open " + path, errno);
  return std::string(resolved);
}

/// `path` below `folder`, "" when they are equal; nothing when it lies elsewhere.
std::optional<std::string> relative_to(const std::string& folder, const std::string& path) {
  if (path == folder) return "";
  const std::string prefix = folder == "/" ? "/" : folder + "/";
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size());
}

bool names_git_folder(const std::string& path) {
  for (const std::string& part : split(path, '/')) {
    if (part == ".git") return true;
  }
  return false;
}

}  // namespace

Repository::Repository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

const std::string& Repository::top() const { return impl_->top; }
const std::string& Repository::project_folder() const { return impl_->project; }

Result<Repository> Repository::open(const std::string& path) {
  TRY(start_libgit2());
  TRY_INTO(const std::string folder, canonical(path));

  git_repository* raw = nullptr;
  const int code = open_any(&raw, folder);
  RepositoryHandle git(raw);
  if (code < 0) return open_error(folder, code);
  if (git_repository_is_bare(git.get()) != 0 || git_repository_workdir(git.get()) == nullptr) {
    return {ErrorCode::invalid_input, folder +
                                          " belongs to a bare git repository, which has no working"
                                          " tree; use a clone of it: `git clone " +
                                          folder + " copy`"};
  }

  TRY_INTO(std::string top, canonical(git_repository_workdir(git.get())));
  const std::optional<std::string> project = relative_to(top, folder);
  // core.worktree may name any folder; one that does not hold the project is no working tree of it.
  if (!project || names_git_folder(*project)) {
    return {ErrorCode::invalid_input,
            folder + " is not in the working tree " + top +
                " of its git repository; name the project's own folder (and"
                " look at core.worktree in the repository's configuration)"};
  }
  auto impl = std::make_unique<Impl>();
  impl->git = std::move(git);
  impl->top = std::move(top);
  impl->project = *project;
  return Repository(std::move(impl));
}

Result<CommitHandle> Repository::Impl::commit(const std::string& hex) const {
  TRY_INTO(const git_oid id, oid_from(hex));
  git_commit* raw = nullptr;
  const int code = git_commit_lookup(&raw, git.get(), &id);
  CommitHandle found(raw);
  if (code == GIT_ENOTFOUND) {
    return {ErrorCode::not_found, "no commit " + hex + " in the repository at " + top};
  }
  if (code < 0) return git_error_of("read commit " + hex, code);
  return found;
}

Result<TreeHandle> Repository::Impl::project_tree(const std::string& commit_hex) const {
  TRY_INTO(const CommitHandle of, commit(commit_hex));
  git_tree* raw = nullptr;
  int code = git_commit_tree(&raw, of.get());
  TreeHandle tree(raw);
  if (code < 0) {
    return {ErrorCode::corrupt,
            git_error_of("read the tree of commit " + commit_hex, code).message +
                "; `git fsck` says more"};
  }
  if (project.empty()) return tree;

  git_object* object = nullptr;
  code = git_object_lookup_bypath(&object, reinterpret_cast<git_object*>(tree.get()),
                                  project.c_str(), GIT_OBJECT_TREE);
  if (code < 0) {
    return {ErrorCode::not_found, "commit " + commit_hex.substr(0, 12) + " has no folder " +
                                      printable(project, 200) +
                                      "; `git add` and commit the project first"};
  }
  return TreeHandle(reinterpret_cast<git_tree*>(object));
}

Result<std::string> Repository::head_commit() const {
  git_reference* raw = nullptr;
  int code = git_repository_head(&raw, impl_->git.get());
  const ReferenceHandle head(raw);
  if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND) {
    return {ErrorCode::not_found, "the repository at " + impl_->top +
                                      " has no commit yet; make one with"
                                      " `git add . && git commit -m start`"};
  }
  if (code < 0) return git_error_of("read HEAD", code);

  git_object* object = nullptr;
  code = git_reference_peel(&object, head.get(), GIT_OBJECT_COMMIT);
  if (code < 0) {
    return {ErrorCode::corrupt,
            git_error_of("read the commit of HEAD", code).message + "; `git fsck` says more"};
  }
  const CommitHandle commit(reinterpret_cast<git_commit*>(object));
  return hex_of(*git_commit_id(commit.get()));
}

Result<std::string> Repository::root_commit(const std::string& commit) const {
  TRY_INTO(CommitHandle at, impl_->commit(commit));
  for (int count = 0; git_commit_parentcount(at.get()) > 0; ++count) {
    if (count == kCommitsMax) {
      return {ErrorCode::exhausted,
              "the history has more than " + std::to_string(kCommitsMax) + " commits"};
    }
    git_commit* raw = nullptr;
    const int code = git_commit_parent(&raw, at.get(), 0);
    CommitHandle parent(raw);
    // A shallow clone ends where it was cut; that commit is the oldest there is.
    if (code == GIT_ENOTFOUND && git_repository_is_shallow(impl_->git.get()) == 1) break;
    if (code < 0) {
      return {ErrorCode::corrupt,
              git_error_of("read the history", code).message + "; `git fsck` says more"};
    }
    at = std::move(parent);
  }
  return hex_of(*git_commit_id(at.get()));
}

Result<std::string> Repository::current_branch() const {
  if (git_repository_head_detached(impl_->git.get()) == 1) return std::string("HEAD");
  git_reference* raw = nullptr;
  const int code = git_reference_lookup(&raw, impl_->git.get(), "HEAD");
  const ReferenceHandle head(raw);
  if (code < 0) return git_error_of("read HEAD", code);
  const char* target = git_reference_symbolic_target(head.get());
  if (target == nullptr) return std::string("HEAD");
  const std::string_view name = target;
  constexpr std::string_view kBranches = "refs/heads/";
  return std::string(name.starts_with(kBranches) ? name.substr(kBranches.size()) : name);
}

Result<std::vector<std::string>> Repository::dirty_paths(std::size_t count_max) const {
  git_status_options options;
  git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  // Without GIT_STATUS_OPT_UPDATE_INDEX the user's index is only read.
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_EXCLUDE_SUBMODULES |
                  GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH;
  char* folder = impl_->project.data();
  if (!impl_->project.empty()) options.pathspec = {&folder, 1};

  git_status_list* raw = nullptr;
  const int code = git_status_list_new(&raw, impl_->git.get(), &options);
  const StatusHandle list(raw);
  if (code < 0) return git_error_of("compare the working tree with HEAD", code);

  std::vector<std::string> out;
  const std::size_t count = git_status_list_entrycount(list.get());
  for (std::size_t i = 0; i < count && out.size() < count_max; ++i) {
    const git_status_entry* entry = git_status_byindex(list.get(), i);
    const git_diff_delta* delta =
        entry->index_to_workdir != nullptr ? entry->index_to_workdir : entry->head_to_index;
    const std::string path = delta->new_file.path;
    const std::optional<std::string> inside = relative_to(impl_->project, path);
    if (impl_->project.empty()) {
      out.push_back(path);
    } else {
      // An untracked project folder is reported as a whole, with a slash: that is ".".
      out.push_back(inside && !inside->empty() ? *inside : ".");
    }
  }
  return out;
}

Result<std::optional<std::string>> Repository::branch_commit(const std::string& branch) const {
  git_oid id;
  const int code =
      git_reference_name_to_id(&id, impl_->git.get(), ("refs/heads/" + branch).c_str());
  if (code == GIT_ENOTFOUND) return std::optional<std::string>();
  if (code < 0) return git_error_of("read branch " + printable(branch, 200), code);
  return std::optional<std::string>(hex_of(id));
}

}  // namespace nightjar::repo
