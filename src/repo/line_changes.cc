#include "repo/change_spec.h"
#include "repo/git_handles.h"

namespace nightjar::repo {

Result<LineChanges> line_changes(std::string_view before, std::string_view after) {
  TRY(start_libgit2());
  LineChanges out;
  if (before == after) return out;

  // A null pointer would mean "no file" to libgit2; an empty text is a file.
  const auto bytes = [](std::string_view text) {
    return text.data() == nullptr ? "" : text.data();
  };
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.context_lines = 0;
  options.flags = GIT_DIFF_FORCE_TEXT;  // Bytes that look binary have lines as well.
  const auto note = [](const git_diff_delta*, const git_diff_hunk*, const git_diff_line* line,
                       void* to) -> int {
    auto& changes = *static_cast<LineChanges*>(to);
    if (line->origin == GIT_DIFF_LINE_ADDITION) changes.added.push_back(line->new_lineno);
    if (line->origin == GIT_DIFF_LINE_DELETION) changes.removed.push_back(line->old_lineno);
    return 0;
  };
  const int code =
      git_diff_buffers(bytes(before), before.size(), "before", bytes(after), after.size(), "after",
                       &options, nullptr, nullptr, nullptr, note, &out);
  if (code < 0) return git_error_of("compare two versions of a file", code);
  return out;
}

}  // namespace nightjar::repo
