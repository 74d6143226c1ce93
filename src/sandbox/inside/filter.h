// The seccomp filter: an allow-list of system calls, compiled once when the helper starts and
// inherited by every process of every sandbox. Which calls and why: docs/sandbox.md.
// One thread. Never allocates after build_filter.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <vector>

#include "base/result.h"

namespace nightjar::sandbox::inside {

/// A binary search over the call's number, so that no call costs more than some nine comparisons.
std::vector<sock_filter> build_filter();

/// How many calls are allowed, those with conditions on their arguments included.
std::size_t allowed_call_count();

/// Binds the calling process and all it will start. Needs no_new_privs.
Result<> install_filter(const std::vector<sock_filter>& filter);

}  // namespace nightjar::sandbox::inside
