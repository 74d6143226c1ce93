// The journal in one SQLite database on this machine (docs/formats/journal.md).
//
// Beside `path` lie `path`-wal, `path`-shm (SQLite's) and, with .db replaced, journal.heads: the
// anchored heads. One process writes (DataDir's lock sees to it), any number read at the same time.
// Commits of several threads share one sync. The file is readable by this user alone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "store/journal.h"

namespace nightjar::store {

struct SqliteOptions {
  /// The size that the -wal file is given when a journal is begun; commits then overwrite it.
  std::size_t wal_bytes = std::size_t{4} << 20;
};

/// Errors: unavailable (missing and read-only, not permitted, or of a newer format), corrupt (not a
/// journal, or one whose begin is damaged), exhausted (disk full). Damage further inside is named
/// by read_run(), commit() and verify(); the undamaged runs stay usable.
Result<std::unique_ptr<Journal>> open_sqlite_journal(const std::string& path, OpenMode mode,
                                                     const SqliteOptions& options = {});

/// Where the heads of the journal at `path` are anchored.
std::string heads_path_of(const std::string& path);

}  // namespace nightjar::store
