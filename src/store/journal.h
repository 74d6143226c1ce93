// The journal: everything the factory decided, in the order it decided it. A run *is* its events.
//
// commit() is atomic and durable: when it returned, the transaction is on disk, whole; when it
// failed or the power went, none of it is. Events of a run are hash-chained; the head of each chain
// is kept apart from the events, so that lost or altered events are noticed and named. Threads:
// any; commits that wait at the same time share one sync (group commit). Fails with: conflict
// (another writer was first, or the key exists), exhausted (disk full, or over one of the limits
// below), unavailable (I/O, read-only), corrupt (names run and event), invalid_input (a draft,
// posting, work item or key that no journal takes). Implementations: sqlite/
// (docs/formats/journal.md), memory/ (tests and simulation).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace nightjar::store {

enum class OpenMode { read_write, read_only };

// What one transaction may hold.
inline constexpr std::size_t kAppendsMax = 1024;
inline constexpr std::size_t kDraftsMax = 4096;                       // of all appends together
inline constexpr std::size_t kRecordBytesMax = std::size_t{8} << 20;  // likewise, as recorded
inline constexpr std::size_t kPostingsMax = 4096;
inline constexpr std::size_t kWorkItemsMax = 1024;
inline constexpr std::size_t kIdempotencyKeysMax = 1024;
inline constexpr std::size_t kNameBytesMax =
    256;  // account, unit, memo, source, state, key, holder
inline constexpr std::size_t kWorkTextBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kBlobBytesMax = std::size_t{1} << 30;

/// Events to append to one run. `expected_run_seq` is the head they were decided on (0: a new run);
/// another head is a conflict and nothing of the transaction is kept. A run stands at most once in
/// a transaction.
struct Append {
  RunId run;
  std::uint64_t expected_run_seq = 0;
  std::vector<event::Draft> drafts;
};

/// One posting of the double-entry ledger: `amount` of `unit` moves from `debit` to `credit`.
struct Posting {
  RunId run;
  std::string debit;  // account names: "budget", "reserved", "spent"
  std::string credit;
  std::string unit;         // "nano_usd", "cpu_ms", "wall_ms", "tokens", "bytes"
  std::int64_t amount = 0;  // > 0
  std::string memo;         // effect id: "run_seq" of the intent; may be empty
  friend bool operator==(const Posting&, const Posting&) = default;
};

/// One thing to be done, from any intake.
struct WorkItem {
  WorkId id;
  ProjectId project;
  std::string text;
  std::string source;  // "cli"
  std::string state;   // "open", "running", "done", "failed"
  std::int64_t created_at_utc_ns = 0;
  friend bool operator==(const WorkItem&, const WorkItem&) = default;
};

/// The right to advance a run, with a fencing token that grows with each holder.
struct Lease {
  RunId run;
  std::string holder;
  std::uint64_t token = 0;
  std::int64_t until_utc_ns = 0;
  friend bool operator==(const Lease&, const Lease&) = default;
};

struct Transaction {
  std::vector<Append> appends;
  std::vector<Posting> postings;
  std::vector<WorkItem> work_items;           // inserted, or state changed; all else is immutable
  std::vector<std::string> idempotency_keys;  // each must be new, else conflict
};

struct RunHead {
  RunId run;
  std::uint64_t run_seq = 0;
  Digest hash;
  friend bool operator==(const RunHead&, const RunHead&) = default;
};

/// One place where stored bytes are not what was written.
struct Damage {
  std::optional<RunId> run;
  std::uint64_t run_seq = 0;  // 0: the run or the file as a whole
  std::string what;           // for a person
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// The events as recorded, in the order given.
  virtual Result<std::vector<event::Envelope>> commit(const Transaction& transaction) = 0;

  /// Calls `visit` for each event of the run from `from_run_seq` on, in order, verifying the chain
  /// and its anchored head. An error from `visit` stops the reading and is returned. Events that
  /// were visited before an error are as recorded. A run nobody recorded: not_found.
  /// `visit` may call the journal.
  virtual Result<> read_run(const RunId& run, std::uint64_t from_run_seq,
                            const std::function<Result<>(const event::Envelope&)>& visit) const = 0;

  /// Those with events; the one that began last comes first; at most `count_max`.
  virtual Result<std::vector<RunHead>> runs(std::size_t count_max) const = 0;
  virtual Result<std::vector<Posting>> postings(const RunId& run) const = 0;
  virtual Result<std::optional<WorkItem>> work_item(const WorkId& id) const = 0;
  virtual Result<bool> has_idempotency_key(const std::string& key) const = 0;

  /// Takes or renews the lease, if nobody else's is still valid at `now_utc_ns`; else conflict,
  /// naming the holder. Each time the token grows, so that only the newest Lease can be released.
  virtual Result<Lease> acquire_lease(const RunId& run, const std::string& holder,
                                      std::int64_t now_utc_ns, std::int64_t until_utc_ns) = 0;
  /// A lease that is no longer the newest: conflict.
  virtual Result<> release_lease(const Lease& lease) = 0;

  /// Reads everything; empty when all is as it was written.
  virtual Result<std::vector<Damage>> verify() const = 0;
};

/// Content-addressed, immutable. put() is durable on return; get() verifies what it read.
class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual Result<Digest> put(std::string_view content) = 0;
  /// Several at once for fewer waits; the names in the order given. After an error some may be
  /// stored.
  virtual Result<std::vector<Digest>> put_all(const std::vector<std::string_view>& contents) = 0;
  /// Errors: not_found, corrupt (what is stored is not what the name says), exhausted (too large).
  virtual Result<std::string> get(const Digest& name, std::size_t bytes_max) const = 0;
};

}  // namespace nightjar::store
