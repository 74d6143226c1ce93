// The factory's data directory: {format, lock, journal.db, journal.heads, blobs/, keys/, context/,
// holdouts/}, for this user alone (mode 0700).
//
// One process owns it for writing, by flock on `lock`, for as long as the DataDir lives; readers
// need no lock. Layout: docs/formats/journal.md. One thread. Fails with: conflict (another process
// owns it: names its pid), unavailable (newer format), corrupt (format unreadable), denied (others
// may write there), not_found (read_only and missing).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/file.h"
#include "store/journal.h"

namespace nightjar::store {

class DataDir {
 public:
  /// With read_write: makes what is missing and waits at most `lock_wait_max` for the lock.
  static Result<DataDir> open(const std::string& path, OpenMode mode,
                              std::chrono::milliseconds lock_wait_max);

  const std::string& path() const { return path_; }
  OpenMode mode() const { return mode_; }
  std::string journal_path() const { return path_ + "/journal.db"; }
  std::string blobs_path() const { return path_ + "/blobs"; }
  std::string keys_path() const { return path_ + "/keys"; }
  std::string context_path() const { return path_ + "/context"; }
  std::string holdouts_path() const { return path_ + "/holdouts"; }

  /// In the mode of the directory. At most one of each at a time when writing.
  Result<std::unique_ptr<Journal>> open_journal() const;
  Result<std::unique_ptr<Blobs>> open_blobs() const;

 private:
  DataDir(std::string path, OpenMode mode) : path_(std::move(path)), mode_(mode) {}
  Result<> take_lock(std::chrono::milliseconds lock_wait_max);
  Result<> check_format() const;

  std::string path_;
  OpenMode mode_;
  UniqueFd lock_;
};

}  // namespace nightjar::store
