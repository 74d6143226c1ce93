// What the processes of a sandbox have used, counted by its first process. One thread.
#pragma once

#include <cstdint>

namespace nightjar::sandbox::inside {

struct Usage {
  std::uint64_t cpu_ns = 0;
  std::uint64_t memory_bytes = 0;
};

/// Of all living processes but the first, with the children they have waited for.
Usage usage_of_all_processes();

/// Of all processes that this one has waited for, with theirs.
std::uint64_t cpu_ns_of_children();

}  // namespace nightjar::sandbox::inside
