// Finding files in a sandbox's workspace, for runners. Hostile content: no link is followed, what
// is found is bounded.
//
// Threads: as the sandbox's. Errors: failures of the host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

/// '*' and '?' stay within a part of a path, "**" does not.
bool matches(std::string_view glob, std::string_view path);

/// Regular files of the workspace that match one of the globs (relative to the project), sorted; at
/// most `files_max`. `.git` is not looked into.
Result<std::vector<std::string>> find_files(const sandbox::Sandbox& sandbox,
                                            const std::vector<std::string>& globs,
                                            std::size_t files_max);

}  // namespace nightjar::harness
