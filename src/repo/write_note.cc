// One line in the git note of a commit, as `git notes --ref=nightjar` reads it (git-notes(1)). The
// commit, the user's branches, index and working tree stay as they are.
#include <algorithm>

#include "base/bytes.h"
#include "repo/repository.h"
#include "repo/repository_impl.h"

namespace nightjar::repo {
namespace {

constexpr const char* kAuthor = "Nightjar";
constexpr const char* kAddress = "nightjar@localhost";
constexpr std::size_t kLineBytesMax = 1000;
constexpr std::size_t kLinesMax = 200;  // the latest stay
constexpr std::size_t kNoteBytesMax = std::size_t{1} << 20;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

Result<> check_request(const NoteRequest& request) {
  const bool one_line = !request.line.empty() && request.line.size() <= kLineBytesMax &&
                        is_utf8(request.line) && request.line.find('\n') == std::string::npos &&
                        request.line.find('\0') == std::string::npos;
  if (one_line) return ok;
  return {ErrorCode::invalid_input, "a line of a note must be UTF-8 text of 1 to " +
                                        std::to_string(kLineBytesMax) + " bytes"};
}

/// What the commit's note says now, "" without one.
Result<std::string> note_of(git_repository* git, const git_oid& commit) {
  git_note* raw = nullptr;
  const int code = git_note_read(&raw, git, kNotesReference, &commit);
  const NoteHandle note(raw);
  if (code == GIT_ENOTFOUND) return std::string();
  if (code < 0) return git_error_of(std::string("read the note in ") + kNotesReference, code);
  std::string text = git_note_message(note.get());
  if (text.size() > kNoteBytesMax || !is_utf8(text)) {
    return {ErrorCode::conflict, std::string("the note of this commit in ") + kNotesReference +
                                     " is not text that Nightjar wrote; remove it: `git notes "
                                     "--ref=nightjar remove COMMIT`"};
  }
  return text;
}

}  // namespace

Result<> Repository::write_note(const NoteRequest& request) {
  TRY(check_request(request));
  git_repository* git = impl_->git.get();
  TRY_INTO(const CommitHandle commit, impl_->commit(request.commit));
  const git_oid* id = git_commit_id(commit.get());
  TRY_INTO(const std::string before, note_of(git, *id));
  std::vector<std::string> lines = split_lines(before);
  if (std::ranges::find(lines, request.line) != lines.end()) return ok;
  lines.push_back(request.line);
  if (lines.size() > kLinesMax) lines.erase(lines.begin(), lines.end() - kLinesMax);

  git_signature* raw = nullptr;
  int code = git_signature_new(&raw, kAuthor, kAddress, request.at_utc_ns / kNsPerSecond, 0);
  const SignatureHandle signature(raw);
  if (code < 0) return git_error_of("make the author line", code);
  git_oid note;
  const std::string text = join(lines, "\n") + "\n";
  code = git_note_create(&note, git, kNotesReference, signature.get(), signature.get(), id,
                         text.c_str(), 1);
  if (code < 0) return git_error_of(std::string("write the note in ") + kNotesReference, code);
  return ok;
}

}  // namespace nightjar::repo
