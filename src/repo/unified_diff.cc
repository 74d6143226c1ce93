#include "repo/git_handles.h"
#include "repo/repository.h"

namespace nightjar::repo {

Result<std::string> unified_diff(const std::string& path, std::string_view before,
                                 std::string_view after) {
  TRY(start_libgit2());
  if (before == after) return std::string();

  // A null pointer would mean "no file" to libgit2; an empty text is a file.
  const auto bytes = [](std::string_view text) {
    return text.data() == nullptr ? "" : text.data();
  };
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.context_lines = 3;
  git_patch* raw = nullptr;
  int code = git_patch_from_buffers(&raw, bytes(before), before.size(), path.c_str(), bytes(after),
                                    after.size(), path.c_str(), &options);
  const PatchHandle patch(raw);
  if (code < 0) return git_error_of("compare two versions of a file", code);

  Buffer text;
  code = git_patch_to_buf(text.out(), patch.get());
  if (code < 0) return git_error_of("write the difference of a file", code);
  return text.str();
}

}  // namespace nightjar::repo
