// Text hunks on a text. Pure. Not for other parts.
//
// A hunk must fit exactly, as for `git apply`: its context and its removed lines byte by byte,
// where its header says or, with context, at the nearest place after the hunk before it.
// Errors: invalid_input (which hunk, what is there instead), exhausted (the search takes too long).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "repo/patch_text.h"

namespace nightjar::repo {

/// `steps_left` bounds the search of all hunks of a patch.
Result<std::string> apply_hunks(std::string_view before, const std::vector<PatchHunk>& hunks,
                                std::uint64_t& steps_left);

inline constexpr std::uint64_t kPatchStepsMax = 400'000'000;

}  // namespace nightjar::repo
