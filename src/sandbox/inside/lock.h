// The last steps before strangers' code runs: lock() takes from the calling process all it will not
// need, in an order that is part of the design. Runs in a freshly forked, single-threaded child of a
// sandbox's first process; what it does cannot be undone by the program that follows.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace nightjar::sandbox::inside {

struct Lock {
  std::uint32_t processes_max = 0;
  std::uint64_t disk_bytes_max = 0;
  std::uint64_t cpu_seconds_max = 0;
  std::vector<std::string> mounts;  // of the user, read-only
  const std::vector<sock_filter>* filter = nullptr;
};

/// The single files below /dev that a sandbox has.
const std::vector<std::string>& device_names();

/// Everything after the streams are in place and before exec. An error names the wall that failed.
Result<> lock(const Lock& lock);

}  // namespace nightjar::sandbox::inside
