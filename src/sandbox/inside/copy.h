// Copies folder trees inside a sandbox, for kernels whose overlay cannot be used there: before
// Linux 6.6 a tmpfs has no user attributes, without which an overlay cannot replace a folder. Runs
// in a sandbox's first process. One thread.
#pragma once

#include <string>

#include "base/result.h"

namespace nightjar::sandbox::inside {

/// Files with mode and time, links as links; other things are left out. What is there already
/// stays, so the topmost of several trees is copied first. exhausted: no space, or nested too
/// deeply.
Result<> copy_tree(const std::string& from, const std::string& to);

}  // namespace nightjar::sandbox::inside
