#include "repo/change_spec.h"

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "repo/change_set.h"
#include "repo/patch_apply.h"
#include "repo/patch_text.h"
#include "repo/repository_impl.h"
#include "repo/revisions.h"
#include "repo/tree_difference.h"
#include "repo/working_tree.h"

namespace nightjar::repo {
namespace {

std::string quoted(const std::string& text) { return "'" + printable(text, 120) + "'"; }

bool is_regular_file(const std::string& path) {
  struct stat status{};
  return path.find('\0') == std::string::npos && ::stat(path.c_str(), &status) == 0 &&
         S_ISREG(status.st_mode);
}

/// A path that can be meant as nothing but a file: a name for a branch comes before a file of that
/// name, but "../a.patch" looks like a range.
bool is_patch_path(const std::string& text) {
  bool looks_like_one = text.starts_with('/') || text.starts_with("./") || text.starts_with("../");
  for (const char* ending : {".patch", ".diff", ".mbox"}) {
    looks_like_one = looks_like_one || text.ends_with(ending);
  }
  return looks_like_one && is_regular_file(text);
}

bool means_working_tree(const std::string& text) {
  return text == "working-tree" || text == "worktree";
}

class Resolver {
 public:
  Resolver(const Repository& repository, const ChangeRequest& request)
      : repository_(repository),
        impl_(RepositoryAccess::of(repository)),
        git_(impl_.git.get()),
        request_(request) {}

  Result<ResolvedChange> run() {
    const std::string& text = request_.change;
    if (!request_.patch_text.empty() || text == "-") {
      return patch(request_.patch_text, "patch from standard input");
    }
    if (means_working_tree(text)) return working_tree();
    if (text.empty()) {
      TRY(repository_.head_commit());  // Says what to do when there is no commit yet.
      TRY_INTO(const Differs differs, working_tree_differs(git_, impl_.project));
      return differs == Differs::yes ? working_tree() : revision("HEAD");
    }
    if (is_patch_path(text)) return patch_file();
    TRY_INTO(const std::optional<Revision> request, find_pull_request(git_, text));
    if (request) return commit(*request);
    if (text.find("..") != std::string::npos && !is_regular_file(text)) return range();
    auto found = find_revision(git_, text);
    if (found) return commit(*found);
    if (found.error().code == ErrorCode::not_found && is_regular_file(text)) return patch_file();
    return found.error();
  }

 private:
  Result<ResolvedChange> revision(const std::string& spec) {
    TRY_INTO(const Revision found, find_revision(git_, spec));
    return commit(found);
  }

  Result<Base> base_of(const Revision& change, Tip tip) const {
    return request_.base.empty() ? default_base(git_, change, tip)
                                 : named_base(git_, change, request_.base);
  }

  Result<ResolvedChange> commit(const Revision& change) {
    TRY_INTO(const Base base, base_of(change, Tip::commit));
    return between(change.label, base, change.commit);
  }

  Result<ResolvedChange> range() {
    const std::string& text = request_.change;
    if (!request_.base.empty()) {
      return {ErrorCode::invalid_input,
              quoted(text) + " names its base itself; leave out --base, or name one commit"};
    }
    const std::size_t dots = text.find("..");
    const bool three = text.compare(dots, 3, "...") == 0;
    const std::string from = text.substr(0, dots);
    const std::string to = text.substr(dots + (three ? 3 : 2));
    TRY_INTO(const Revision left, find_revision(git_, from.empty() ? "HEAD" : from));
    TRY_INTO(const Revision right, find_revision(git_, to.empty() ? "HEAD" : to));
    const std::string label = "range " + printable(text, 120);
    if (!three) return between(label, {left.commit, "beginning of the range"}, right.commit);
    TRY_INTO(const std::optional<git_oid> base, merge_base(git_, left.commit, right.commit));
    if (!base) {
      return {ErrorCode::invalid_input, "the two ends of " + quoted(text) +
                                            " have no common history; `" + from + ".." + to +
                                            "` compares them all the same"};
    }
    return between(label, {*base, "merge base of the range"}, right.commit);
  }

  Result<TreeHandle> top_tree(const git_oid& commit) const {
    TRY_INTO(const CommitHandle of, impl_.commit(hex_of(commit)));
    git_tree* raw = nullptr;
    const int code = git_commit_tree(&raw, of.get());
    TreeHandle tree(raw);
    if (code < 0) {
      return {ErrorCode::corrupt,
              git_error_of("read the tree of commit " + hex_of(commit), code).message +
                  "; `git fsck` says more"};
    }
    return tree;
  }

  /// The base's top tree; not_found, with advice, when the base has no project folder.
  Result<TreeHandle> base_tree(const Base& base) const {
    auto project = impl_.project_tree(hex_of(base.commit));
    if (!project) return std::move(project).with_context("the base (" + base.why + ")").error();
    return top_tree(base.commit);
  }

  Result<> add_difference(const git_tree* before, const git_tree* after, ChangeSet& changes) const {
    return visit_difference(git_, before, after, [&](const Difference& difference) -> Result<> {
      // A file that becomes a folder, or the other way round, comes as two differences.
      return changes.set_entry(difference.path, difference.after);
    });
  }

  static ResolvedChange resolved(const std::string& label, const Base& base, ChangeSet& changes) {
    return {.label = label,
            .base_commit = hex_of(base.commit),
            .base_why = base.why,
            .change_commit = {},
            .changes = changes.take_changes(),
            .outside = changes.outside()};
  }

  Result<ResolvedChange> between(const std::string& label, const Base& base,
                                 const git_oid& change) const {
    TRY_INTO(const TreeHandle before, base_tree(base));
    TRY_INTO(const TreeHandle after, top_tree(change));
    ChangeSet changes(git_, before.get(), impl_.project);
    TRY(add_difference(before.get(), after.get(), changes));
    ResolvedChange out = resolved(label, base, changes);
    out.change_commit = hex_of(change);
    return out;
  }

  Result<ResolvedChange> working_tree() const {
    TRY(repository_.head_commit());
    TRY_INTO(Revision head, find_revision(git_, "HEAD"));
    head.label = "working tree";
    TRY_INTO(const Base base, base_of(head, Tip::working_tree));
    TRY_INTO(const TreeHandle before, base_tree(base));
    TRY_INTO(const TreeHandle after, top_tree(head.commit));
    ChangeSet changes(git_, before.get(), impl_.project);
    TRY(add_difference(before.get(), after.get(), changes));
    TRY(add_working_tree(git_, impl_.top, after.get(), changes));
    return resolved(head.label, base, changes);
  }

  Result<ResolvedChange> patch_file() const {
    TRY_INTO(const std::string text, read_file(request_.change, kPatchBytesMax));
    const std::string& path = request_.change;
    return patch(text, printable(path.substr(path.rfind('/') + 1), 120));
  }

  Result<ResolvedChange> patch(const std::string& text, const std::string& label) const {
    if (text.size() > kPatchBytesMax) {
      return {ErrorCode::exhausted, label + " has more than " + std::to_string(kPatchBytesMax) +
                                        " bytes; split the change"};
    }
    auto files = parse_patch(text);
    if (!files) return std::move(files).with_context(label).error();
    if (files->empty() && !trim(text).empty()) {
      return {ErrorCode::invalid_input,
              label + " holds no patch; make one by `git diff` or `diff -ru`"};
    }
    TRY(repository_.head_commit());
    const std::string spec = request_.base.empty() ? "HEAD" : request_.base;
    TRY_INTO(const Revision on, find_revision(git_, spec));
    const Base base{on.commit, request_.base.empty() ? "HEAD" : "--base"};
    TRY_INTO(const TreeHandle before, base_tree(base));

    ChangeSet changes(git_, before.get(), impl_.project);
    auto applied = apply_patch(git_, before.get(), "", *files, changes);
    if (applied) return resolved(label, base, changes);
    if (!impl_.project.empty()) {  // `git diff --relative` in the project folder.
      ChangeSet below(git_, before.get(), impl_.project);
      if (apply_patch(git_, before.get(), impl_.project + "/", *files, below)) {
        return resolved(label, base, below);
      }
    }
    Error error = std::move(applied).with_context(label).error();
    if (error.code == ErrorCode::invalid_input) {
      error.message += " (base: commit " + hex_of(base.commit).substr(0, 12) + ", " + base.why +
                       "; name another one by --base)";
    }
    return error;
  }

  const Repository& repository_;
  const RepositoryAccess::Impl& impl_;
  git_repository* git_;
  const ChangeRequest& request_;
};

}  // namespace

Result<ResolvedChange> resolve_change(const Repository& repository, const ChangeRequest& request) {
  return Resolver(repository, request).run();
}

}  // namespace nightjar::repo
