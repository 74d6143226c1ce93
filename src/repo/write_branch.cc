// One commit on a new branch. Objects first, the branch last: until the branch exists nothing of
// the repository points at what was written.
#include "base/bytes.h"
#include "repo/repository.h"
#include "repo/repository_impl.h"
#include "repo/tree_writer.h"

namespace nightjar::repo {
namespace {

constexpr const char* kAuthor = "Nightjar";
constexpr const char* kAddress = "nightjar@localhost";
constexpr std::string_view kBranchPrefix = "nightjar/";
constexpr const char* kKeyTrailer = "Nightjar-Key";
constexpr std::size_t kMessageBytesMax = std::size_t{64} << 10;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

Result<> check_request(const BranchRequest& request) {
  const std::string reference = "refs/heads/" + request.branch;
  int valid = 0;
  if (git_reference_name_is_valid(&valid, reference.c_str()) < 0 || valid == 0 ||
      !request.branch.starts_with(kBranchPrefix)) {
    return {ErrorCode::invalid_input,
            "'" + printable(request.branch, 200) +
                "' is no branch name for a result; it must be a valid one that"
                " begins with " +
                std::string(kBranchPrefix)};
  }
  const bool one_word = !request.key.empty() && request.key.size() <= 200 &&
                        request.key.find_first_of(" \t\r\n") == std::string::npos &&
                        is_utf8(request.key);
  if (!one_word)
    return {ErrorCode::invalid_input, "the key of a branch must be one word of at most 200 bytes"};
  const bool plain = !trim(request.message).empty() && request.message.size() <= kMessageBytesMax &&
                     is_utf8(request.message) && request.message.find('\0') == std::string::npos;
  if (!plain) {
    return {ErrorCode::invalid_input, "a commit message must be UTF-8 text of 1 to " +
                                          std::to_string(kMessageBytesMax) + " bytes"};
  }
  return ok;
}

/// Trailers are the last paragraph: the key joins the ones that are ours, or begins them. "R1:
/// text" looks like a trailer to git and is none.
std::string with_key(const std::string& message, const std::string& key) {
  const std::string text(trim(message));
  git_message_trailer_array trailers{};
  bool ours = git_message_trailers(&trailers, text.c_str()) == 0 && trailers.count > 0;
  for (std::size_t i = 0; i < trailers.count; ++i) {
    ours = ours && std::string_view(trailers.trailers[i].key).starts_with("Nightjar-");
  }
  git_message_trailer_array_free(&trailers);
  return text + (ours ? "\n" : "\n\n") + kKeyTrailer + ": " + key + "\n";
}

std::string key_of(const git_commit* commit) {
  git_message_trailer_array trailers{};
  std::string key;
  if (git_message_trailers(&trailers, git_commit_message(commit)) == 0) {
    // The last one is ours; the text above it may quote anything.
    for (std::size_t i = 0; i < trailers.count; ++i) {
      if (std::string_view(trailers.trailers[i].key) == kKeyTrailer)
        key = trailers.trailers[i].value;
    }
  }
  git_message_trailer_array_free(&trailers);
  return key;
}

Result<git_oid> write_commit(git_repository* git, const git_commit* base, const git_oid& tree_id,
                             const BranchRequest& request) {
  git_tree* raw_tree = nullptr;
  int code = git_tree_lookup(&raw_tree, git, &tree_id);
  const TreeHandle tree(raw_tree);
  if (code < 0) return git_error_of("read the new tree", code);
  git_signature* raw_signature = nullptr;
  code = git_signature_new(&raw_signature, kAuthor, kAddress, request.at_utc_ns / kNsPerSecond, 0);
  const SignatureHandle signature(raw_signature);
  if (code < 0) return git_error_of("make the author line", code);

  const std::string message = with_key(request.message, request.key);
  git_oid id;
  const git_commit* parents[] = {base};
  code = git_commit_create(&id, git, nullptr, signature.get(), signature.get(), nullptr,
                           message.c_str(), tree.get(), 1, parents);
  if (code < 0) return git_error_of("write the commit", code);
  return id;
}

}  // namespace

Result<std::string> Repository::write_branch(const BranchRequest& request) {
  TRY(check_request(request));
  git_repository* git = impl_->git.get();

  const auto existing = [&]() -> Result<std::optional<std::string>> {
    TRY_INTO(const std::optional<std::string> hex, branch_commit(request.branch));
    if (!hex) return std::optional<std::string>();
    TRY_INTO(const CommitHandle commit, impl_->commit(*hex));
    if (key_of(commit.get()) == request.key) return std::optional<std::string>(*hex);
    return {ErrorCode::conflict,
            "branch " + request.branch + " exists already with other content (commit " +
                hex->substr(0, 12) + "); rename it (`git branch -m " + request.branch +
                " NAME`) or delete it (`git branch -D " + request.branch + "`)"};
  };
  TRY_INTO(const std::optional<std::string> before, existing());
  if (before) return *before;
  // Git keeps branches as files: with a branch "nightjar" there can be no "nightjar/x".
  for (std::size_t end = request.branch.find('/'); end != std::string::npos;
       end = request.branch.find('/', end + 1)) {
    const std::string parent = request.branch.substr(0, end);
    TRY_INTO(const std::optional<std::string> taken, branch_commit(parent));
    if (taken) {
      return {ErrorCode::conflict, "a branch named '" + parent + "' stands in the way of " +
                                       request.branch + "; rename it: `git branch -m " + parent +
                                       " NAME`"};
    }
  }

  TRY_INTO(const CommitHandle base, impl_->commit(request.base_commit));
  git_tree* raw_tree = nullptr;
  int code = git_commit_tree(&raw_tree, base.get());
  const TreeHandle base_tree(raw_tree);
  if (code < 0) return git_error_of("read the tree of commit " + request.base_commit, code);
  TRY_INTO(const git_oid tree_id,
           write_changed_tree(git, base_tree.get(), impl_->project, request.changes));
  TRY_INTO(const git_oid commit_id, write_commit(git, base.get(), tree_id, request));

  // The reflog of the new branch names us, not whoever the repository's configuration names.
  code = git_repository_set_ident(git, kAuthor, kAddress);
  if (code < 0) return git_error_of("name the author of the branch", code);
  git_reference* raw_reference = nullptr;
  code = git_reference_create(&raw_reference, git, ("refs/heads/" + request.branch).c_str(),
                              &commit_id, 0, "nightjar: result");
  const ReferenceHandle reference(raw_reference);
  if (code == GIT_EEXISTS) {  // Somebody made it in between.
    TRY_INTO(const std::optional<std::string> after, existing());
    if (after) return *after;
  }
  if (code < 0) return git_error_of("create branch " + request.branch, code);
  return hex_of(commit_id);
}

}  // namespace nightjar::repo
