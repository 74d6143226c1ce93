#include "repo/revisions.h"

#include <algorithm>
#include <cstring>
#include <queue>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "repo/repository_impl.h"

namespace nightjar::repo {
namespace {

constexpr std::size_t kNamesMax = 20'000;  // refs that a typing mistake is compared with
constexpr int kNameBytesShown = 120;

using IteratorHandle = std::unique_ptr<git_reference_iterator, Freer<git_reference_iterator_free>>;
using ConfigHandle = std::unique_ptr<git_config, Freer<git_config_free>>;
using ConfigIteratorHandle = std::unique_ptr<git_config_iterator, Freer<git_config_iterator_free>>;
using GitObjectHandle = std::unique_ptr<git_object, Freer<git_object_free>>;

std::string quoted(const std::string& name) { return "'" + printable(name, kNameBytesShown) + "'"; }

std::string without(std::string_view prefix, const std::string& text) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

bool is_shallow(git_repository* git) { return git_repository_is_shallow(git) == 1; }

Error shallow_error(const std::string& what) {
  return {ErrorCode::invalid_input,
          what +
              ": this clone is shallow, its history was cut before that point; get the rest by"
              " `git fetch --unshallow` (in a GitHub workflow: `fetch-depth: 0` for"
              " actions/checkout; in GitLab CI: `GIT_DEPTH: 0`)"};
}

Result<git_oid> commit_of(const git_object* object, const std::string& spec) {
  git_object* raw = nullptr;
  const int code = git_object_peel(&raw, object, GIT_OBJECT_COMMIT);
  const GitObjectHandle commit(raw);
  if (code == GIT_EPEEL || code == GIT_EINVALIDSPEC) {
    return {ErrorCode::invalid_input,
            quoted(spec) + " names a file or a folder of the repository, not a commit"};
  }
  if (code < 0) return git_error_of("read the commit of " + quoted(spec), code);
  return *git_object_id(commit.get());
}

/// Names of refs that match `glob`, sorted, at most kNamesMax.
Result<std::vector<std::string>> refs_like(git_repository* git, const std::string& glob) {
  git_reference_iterator* raw = nullptr;
  int code = git_reference_iterator_glob_new(&raw, git, glob.c_str());
  const IteratorHandle iterator(raw);
  if (code < 0) return git_error_of("list the branches", code);
  std::vector<std::string> out;
  const char* name = nullptr;
  while (out.size() < kNamesMax && (code = git_reference_next_name(&name, iterator.get())) == 0) {
    out.emplace_back(name);
  }
  if (code < 0 && code != GIT_ITEROVER) return git_error_of("list the branches", code);
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::optional<git_oid>> commit_of_ref(git_repository* git, const std::string& name) {
  git_reference* raw = nullptr;
  int code = git_reference_lookup(&raw, git, name.c_str());
  const ReferenceHandle reference(raw);
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) return std::optional<git_oid>();
  git_object* object = nullptr;
  if (code == 0) code = git_reference_peel(&object, reference.get(), GIT_OBJECT_COMMIT);
  const GitObjectHandle commit(object);
  // A symbolic ref to a branch that is gone (refs/remotes/origin/HEAD often) names nothing.
  if (code == GIT_ENOTFOUND) return std::optional<git_oid>();
  if (code < 0) return git_error_of("read " + quoted(name), code);
  return std::optional<git_oid>(*git_object_id(commit.get()));
}

std::string label_of(const git_reference* reference, const git_oid& commit) {
  const std::string name = reference == nullptr ? "" : git_reference_name(reference);
  const std::string shown =
      reference == nullptr ? "" : printable(git_reference_shorthand(reference), kNameBytesShown);
  if (name.starts_with("refs/heads/") || name.starts_with("refs/remotes/")) {
    return "branch " + shown;
  }
  if (name.starts_with("refs/tags/")) return "tag " + shown;
  return "commit " + hex_of(commit).substr(0, 12);
}

Error unknown_revision(git_repository* git, const std::string& spec) {
  std::string message = "no branch, tag, commit or patch file is named " + quoted(spec);
  std::vector<std::string> names;
  for (const char* prefix : {"refs/heads/", "refs/remotes/", "refs/tags/"}) {
    const auto found = refs_like(git, std::string(prefix) + "*");
    if (!found) continue;
    for (const std::string& name : *found) names.push_back(without(prefix, name));
  }
  const std::string nearest = nearest_name(spec, names);
  if (!nearest.empty()) message += "; did you mean " + quoted(nearest) + "?";
  if (is_shallow(git)) {
    message += "; this clone is shallow: `git fetch --unshallow` gets the rest of the history";
  }
  return {ErrorCode::not_found, message};
}

}  // namespace

Result<Revision> find_revision(git_repository* git, const std::string& spec) {
  if (spec.empty() || spec.find('\0') != std::string::npos) {
    return {ErrorCode::invalid_input, quoted(spec) + " names no commit"};
  }
  git_object* raw_object = nullptr;
  git_reference* raw_reference = nullptr;
  const int code = git_revparse_ext(&raw_object, &raw_reference, git, spec.c_str());
  const GitObjectHandle object(raw_object);
  const ReferenceHandle reference(raw_reference);
  if (code == GIT_EAMBIGUOUS) {
    return {ErrorCode::invalid_input, quoted(spec) +
                                          " is the beginning of several commit ids;"
                                          " write more digits"};
  }
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) return unknown_revision(git, spec);
  if (code < 0) return git_error_of("look for " + quoted(spec), code);
  TRY_INTO(const git_oid commit, commit_of(object.get(), spec));
  return Revision{.commit = commit, .label = label_of(reference.get(), commit)};
}

namespace {

/// A host's name of a change request and where its head is kept locally. "%" stands for the number;
/// the commits themselves before what a host merged on trial.
struct RequestKind {
  const char* noun;
  const char* fetch;
  std::vector<const char*> refs;
};

RequestKind pull_request() {
  return {
      .noun = "pull request",
      .fetch = "pull/%/head:refs/pull/%/head",
      .refs = {"refs/pull/%/head", "refs/remotes/*/pull/%/head", "refs/remotes/pull/%/head",
               "refs/remotes/*/pr/%", "refs/remotes/*/pr/%/head", "refs/remotes/*/pull/%",
               "refs/heads/pr/%", "refs/heads/pull/%", "refs/pull-requests/%/from",
               "refs/pull/%/merge", "refs/remotes/pull/%/merge", "refs/remotes/*/pull/%/merge"}};
}

RequestKind merge_request() {
  return {.noun = "merge request",
          .fetch = "merge-requests/%/head:refs/merge-requests/%/head",
          .refs = {"refs/merge-requests/%/head", "refs/remotes/*/merge-requests/%/head",
                   "refs/remotes/*/merge-requests/%", "refs/remotes/*/mr/%", "refs/heads/mr/%",
                   "refs/remotes/merge-requests/%/head", "refs/merge-requests/%/merge"}};
}

struct Request {
  std::string number;
  std::vector<RequestKind> kinds;
};

std::optional<Request> parse_request(const std::string& spec) {
  struct Form {
    std::string_view prefix;
    std::string_view suffix;
    std::vector<RequestKind> kinds;
  };
  const std::vector<Form> forms = {{"pr/", "", {pull_request()}},
                                   {"mr/", "", {merge_request()}},
                                   {"!", "", {merge_request()}},
                                   {"#", "", {pull_request(), merge_request()}},
                                   {"refs/pull/", "/head", {pull_request()}},
                                   {"pull/", "/head", {pull_request()}},
                                   {"refs/merge-requests/", "/head", {merge_request()}},
                                   {"merge-requests/", "/head", {merge_request()}}};
  for (const Form& form : forms) {
    if (spec.size() <= form.prefix.size() + form.suffix.size()) continue;
    if (!spec.starts_with(form.prefix) || !spec.ends_with(form.suffix)) continue;
    const std::string number =
        spec.substr(form.prefix.size(), spec.size() - form.prefix.size() - form.suffix.size());
    const bool digits =
        number.size() <= 10 && number.find_first_not_of("0123456789") == std::string::npos;
    if (digits) return Request{.number = number, .kinds = form.kinds};
  }
  return std::nullopt;
}

std::string with_number(std::string text, const std::string& number) {
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at)) {
    text.replace(at, 1, number);
  }
  return text;
}

/// From the configuration: git_remote_list() of libgit2 1.5 leaks for every key it passes over.
std::vector<std::string> remotes_of(git_repository* git) {
  constexpr std::string_view kPrefix = "remote.";
  constexpr std::string_view kSuffix = ".url";
  std::set<std::string> names;
  git_config* raw_config = nullptr;
  git_config_iterator* raw = nullptr;
  if (git_repository_config_snapshot(&raw_config, git) != 0) return {};
  const ConfigHandle config(raw_config);
  if (git_config_iterator_new(&raw, config.get()) != 0) return {};
  const ConfigIteratorHandle iterator(raw);
  git_config_entry* entry = nullptr;
  while (names.size() < kNamesMax && git_config_next(&entry, iterator.get()) == 0) {
    const std::string_view key = entry->name;
    if (!key.starts_with(kPrefix) || !key.ends_with(kSuffix)) continue;
    if (key.size() <= kPrefix.size() + kSuffix.size()) continue;
    names.emplace(key.substr(kPrefix.size(), key.size() - kPrefix.size() - kSuffix.size()));
  }
  std::vector<std::string> out(names.begin(), names.end());
  // Habit: "origin" is one's own copy or the project itself; either has the default branch.
  const auto origin = std::find(out.begin(), out.end(), "origin");
  if (origin != out.end()) std::rotate(out.begin(), origin, origin + 1);
  return out;
}

}  // namespace

Result<std::optional<Revision>> find_pull_request(git_repository* git, const std::string& spec) {
  const std::optional<Request> request = parse_request(spec);
  if (!request) return std::optional<Revision>();
  for (const RequestKind& kind : request->kinds) {
    for (const char* pattern : kind.refs) {
      TRY_INTO(const std::vector<std::string> names,
               refs_like(git, with_number(pattern, request->number)));
      std::optional<Revision> found;
      std::string found_as;
      for (const std::string& name : names) {
        TRY_INTO(const std::optional<git_oid> commit, commit_of_ref(git, name));
        if (!commit) continue;
        if (found && git_oid_equal(&found->commit, &*commit) == 0) {
          return {ErrorCode::conflict, quoted(spec) + " may be " + quoted(found_as) + " or " +
                                           quoted(name) + ", which differ; name one of them"};
        }
        found =
            Revision{.commit = *commit, .label = std::string(kind.noun) + " " + request->number};
        found_as = name;
      }
      if (found) return found;
    }
  }
  const std::vector<std::string> remotes = remotes_of(git);
  const std::string remote = remotes.empty() ? "REMOTE" : printable(remotes.front(), 80);
  std::string message = quoted(spec) + ": the repository here has no such request yet; fetch it: ";
  for (const RequestKind& kind : request->kinds) {
    if (!message.ends_with(": ")) message += " or, from GitLab, ";
    message += "`git fetch " + remote + " " + with_number(kind.fetch, request->number) + "`";
  }
  return {ErrorCode::not_found, message};
}

namespace {

struct OidLess {
  bool operator()(const git_oid& left, const git_oid& right) const {
    return git_oid_cmp(&left, &right) < 0;
  }
};
using Oids = std::set<git_oid, OidLess>;

/// Visits a commit and its ancestors, latest first, until `visit` says stop; parents that a shallow
/// clone lacks are left out. (libgit2's own walk ends with an error there.)
template <typename Visit>
Result<> visit_ancestors(git_repository* git, const git_oid& from, const Visit& visit) {
  struct Dated {
    git_time_t time = 0;
    git_oid id{};
    bool operator<(const Dated& other) const { return time < other.time; }
  };
  std::priority_queue<Dated> open;
  Oids seen;
  const auto add = [&](const git_oid& id) -> Result<> {
    if (!seen.insert(id).second) return ok;
    if (seen.size() > std::size_t{kCommitsMax}) {
      return {ErrorCode::exhausted,
              "the history has more than " + std::to_string(kCommitsMax) + " commits"};
    }
    git_commit* raw = nullptr;
    const int code = git_commit_lookup(&raw, git, &id);
    const CommitHandle commit(raw);
    if (code == GIT_ENOTFOUND) return ok;
    if (code < 0) return git_error_of("read the history", code);
    open.push({git_commit_time(commit.get()), id});
    return ok;
  };
  TRY(add(from));
  while (!open.empty()) {
    const git_oid id = open.top().id;
    open.pop();
    if (visit(id)) return ok;
    git_commit* raw = nullptr;
    const int code = git_commit_lookup(&raw, git, &id);
    const CommitHandle commit(raw);
    if (code < 0) return git_error_of("read the history", code);
    for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
      TRY(add(*git_commit_parent_id(commit.get(), i)));
    }
  }
  return ok;
}

Result<std::optional<git_oid>> shallow_merge_base(git_repository* git, const git_oid& left,
                                                  const git_oid& right) {
  Oids lefts;
  TRY(visit_ancestors(git, left, [&](const git_oid& id) {
    lefts.insert(id);
    return false;
  }));
  std::optional<git_oid> found;
  TRY(visit_ancestors(git, right, [&](const git_oid& id) {
    if (lefts.contains(id)) found = id;
    return found.has_value();
  }));
  if (found) return found;
  return shallow_error("commits " + hex_of(left).substr(0, 12) + " and " +
                       hex_of(right).substr(0, 12) + " have no common ancestor here");
}

Result<Base> first_parent(git_repository* git, const Revision& change) {
  git_commit* raw = nullptr;
  int code = git_commit_lookup(&raw, git, &change.commit);
  const CommitHandle commit(raw);
  if (code < 0) return git_error_of("read " + change.label, code);
  if (git_commit_parentcount(commit.get()) == 0) {
    if (is_shallow(git)) return shallow_error(change.label + " has no parent here");
    return {ErrorCode::invalid_input,
            change.label +
                " is the first commit of its history, so there is nothing to compare it"
                " with; name a later commit, or a base by --base"};
  }
  const git_oid parent = *git_commit_parent_id(commit.get(), 0);
  git_commit* raw_parent = nullptr;
  code = git_commit_lookup(&raw_parent, git, &parent);
  const CommitHandle found(raw_parent);
  if (code == GIT_ENOTFOUND && is_shallow(git)) {
    return shallow_error("the parent of " + change.label + " is not here");
  }
  if (code < 0) return git_error_of("read the parent of " + change.label, code);
  return Base{.commit = parent, .why = "the commit's first parent"};
}

struct DefaultBranch {
  std::string name;  // "origin/main" or "main"
  git_oid commit{};
};

/// The remote's default branch and the local one of that name; empty when nobody can tell.
Result<std::vector<DefaultBranch>> default_branches(git_repository* git) {
  std::vector<std::string> names;  // in order of preference
  const std::vector<std::string> remotes = remotes_of(git);
  const std::string remote = remotes.empty() ? "origin" : remotes.front();
  const std::string prefix = "refs/remotes/" + remote + "/";
  git_reference* raw = nullptr;
  if (git_reference_lookup(&raw, git, (prefix + "HEAD").c_str()) == 0) {
    const ReferenceHandle head(raw);
    const char* target = git_reference_symbolic_target(head.get());
    if (target != nullptr && std::string_view(target).starts_with(prefix)) {
      names.push_back(without(prefix, target));
    }
  }
  for (const char* name : {"main", "master", "trunk", "develop", "default"}) {
    names.emplace_back(name);
  }
  std::vector<DefaultBranch> out;
  for (const std::string& name : names) {
    TRY_INTO(const std::optional<git_oid> theirs, commit_of_ref(git, prefix + name));
    TRY_INTO(const std::optional<git_oid> ours, commit_of_ref(git, "refs/heads/" + name));
    if (theirs) out.push_back({remote + "/" + name, *theirs});
    if (ours) out.push_back({name, *ours});
    if (!out.empty()) return out;
  }
  TRY_INTO(const std::vector<std::string> locals, refs_like(git, "refs/heads/*"));
  if (locals.size() != 1) return out;
  TRY_INTO(const std::optional<git_oid> only, commit_of_ref(git, locals.front()));
  if (only) out.push_back({without("refs/heads/", locals.front()), *only});
  return out;
}

/// Without a default branch: a merge (what a host tries out for a pull request) has its target as
/// first parent. Everything else would be a guess.
Result<Base> base_without_branch(git_repository* git, const Revision& change) {
  git_commit* raw = nullptr;
  const int code = git_commit_lookup(&raw, git, &change.commit);
  const CommitHandle commit(raw);
  if (code < 0) return git_error_of("read " + change.label, code);
  if (git_commit_parentcount(commit.get()) > 1) return first_parent(git, change);
  return {ErrorCode::not_found,
          "no default branch (origin/HEAD, main, master, trunk) to compare " + change.label +
              " with; name the base by --base, or fetch it: `git fetch origin main`"};
}

}  // namespace

Result<std::optional<git_oid>> merge_base(git_repository* git, const git_oid& left,
                                          const git_oid& right) {
  // libgit2 1.5 knows nothing of shallow clones: it fails at their ends.
  if (is_shallow(git)) return shallow_merge_base(git, left, right);
  git_oid out{};
  const int code = git_merge_base(&out, git, &left, &right);
  if (code == 0) return std::optional<git_oid>(out);
  if (code == GIT_ENOTFOUND) return std::optional<git_oid>();
  return git_error_of("look for the merge base", code);
}

Result<Base> default_base(git_repository* git, const Revision& change, Tip tip) {
  TRY_INTO(const std::vector<DefaultBranch> branches, default_branches(git));
  if (branches.empty() && tip == Tip::working_tree) return Base{change.commit, "HEAD"};
  if (branches.empty()) return base_without_branch(git, change);
  std::optional<Base> best;
  bool related = false;
  for (const DefaultBranch& branch : branches) {
    TRY_INTO(const std::optional<git_oid> base, merge_base(git, change.commit, branch.commit));
    related = related || base.has_value();
    if (!base || git_oid_equal(&*base, &change.commit) != 0) continue;
    if (best) {  // The later one: what the other lacks is on the default branch already.
      TRY_INTO(const std::optional<git_oid> older, merge_base(git, best->commit, *base));
      if (!older || git_oid_equal(&*older, &best->commit) == 0) continue;
      if (git_oid_equal(&*base, &best->commit) != 0) continue;
    }
    best = Base{*base, "merge base with " + printable(branch.name, kNameBytesShown)};
  }
  if (best) return *best;
  if (!related) {
    return {ErrorCode::invalid_input, change.label + " and " +
                                          printable(branches.front().name, kNameBytesShown) +
                                          " have no common history; name the base by --base"};
  }
  if (tip == Tip::working_tree) return Base{change.commit, "HEAD"};
  return first_parent(git, change);
}

Result<Base> named_base(git_repository* git, const Revision& change, const std::string& spec) {
  auto base = find_revision(git, spec);
  if (!base) return std::move(base).with_context("--base").error();
  TRY_INTO(const std::optional<git_oid> common, merge_base(git, change.commit, base->commit));
  if (!common) {
    return {ErrorCode::invalid_input, change.label + " and --base " + quoted(spec) +
                                          " have no common history; a range compares them all the"
                                          " same: " +
                                          printable(spec, kNameBytesShown) + ".."};
  }
  if (git_oid_equal(&*common, &base->commit) != 0) return Base{base->commit, "--base"};
  return Base{*common, "merge base with --base " + printable(spec, kNameBytesShown)};
}

}  // namespace nightjar::repo
