// The heads of all chains, in a file of their own beside the journal (journal.heads).
//
// SQLite cannot notice a flipped bit or a lost tail in its own files; this file lets us. It may lag
// behind the journal, never run ahead: an anchored event must be in its chain with the same hash.
// Bytes: docs/formats/journal.md. One thread at a time.
// Fails with: corrupt (not such a file), unavailable, exhausted (disk full).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "store/journal.h"

namespace nightjar::store {

struct Anchor {
  RunId run{};
  std::uint64_t run_seq = 0;
  Digest hash{};
  std::uint64_t posting_count = 0;
  Digest posting_hash{};
  friend bool operator==(const Anchor&, const Anchor&) = default;
};

class Anchors {
 public:
  /// A missing file is empty; with read_write it is created and synced.
  static Result<Anchors> open(const std::string& path, OpenMode mode);

  bool existed() const { return existed_; }
  /// Something inside the file (not at its end, where a crash may cut) is not what was written.
  bool damaged() const { return damaged_; }
  std::optional<Anchor> find(const RunId& run) const;
  const std::map<RunId, Anchor>& all() const { return anchors_; }

  /// Not synced: after a power cut the file may lag. After an error too; a later append catches up.
  Result<> append(const std::vector<Anchor>& anchors);
  Result<> sync();

 private:
  Result<> load(OpenMode mode);
  bool is_due_for_rewrite() const;
  Result<> open_for_append();
  Result<> rewrite();

  std::string path_;
  UniqueFd fd_;
  std::map<RunId, Anchor> anchors_;
  std::uint64_t record_count_ = 0;  // in the file
  bool existed_ = false;
  bool damaged_ = false;
  bool behind_ = false;  // what the file holds is not all, or not whole: only a rewrite mends it
};

}  // namespace nightjar::store
