// The data directory, opened: journal and blobs. One owner writes, any number reads.
//
// Threads: one at a time. Errors: timeout (another process owns it; names it), denied, exhausted,
// corrupt (a newer format, damage).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "store/data_dir.h"
#include "store/journal.h"

namespace nightjar::factory {

struct Home {
  std::optional<store::DataDir> directory;  // first: its lock outlives what it guards
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<store::Blobs> blobs;
  /// For readers: since when (UTC) another process works in it; 0: none does.
  std::int64_t owned_since_utc_ns = 0;
};

enum class HomeMode { owner, reader };

/// An owner waits for its turn at most `wait_max`; conflict names the process that owns it.
Result<Home> open_home(const std::string& path, HomeMode mode,
                       std::chrono::milliseconds wait_max = std::chrono::milliseconds(0));

}  // namespace nightjar::factory
