// Git's binary patches. Pure. Not for other parts.
// Errors: invalid_input (damage), exhausted (more bytes than a file may have, also when the patch
// says otherwise).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "repo/patch_text.h"

namespace nightjar::repo {

/// The file that the patch makes of `before`.
Result<std::string> apply_binary(const BinaryPatch& patch, std::string_view before,
                                 std::uint64_t bytes_max);

}  // namespace nightjar::repo
