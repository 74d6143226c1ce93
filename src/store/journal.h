// The journal: everything the factory decided, in the order it decided it. A run *is* its events.
//
// commit() is atomic and durable: when it returned, the transaction is on disk, whole; when it failed
// or the power went, none of it is. Events of a run are hash-chained; the head of each chain is kept
// apart from the events, so that lost or altered events are noticed and named.
// Threads: any; commits that wait at the same time share one sync (group commit).
// Fails with: conflict (another writer was first, or the key exists), exhausted (disk full),
// unavailable (I/O, read-only), corrupt (names run and event).
// Implementations: sqlite/ (docs/formats/journal.md), memory/ (tests and simulation).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "event/event.h"

namespace nightjar::store {

/// Events to append to one run. `expected_run_seq` is the head they were decided on (0: a new run);
/// another head is a conflict and nothing of the transaction is kept.
struct Append {
  RunId run;
  std::uint64_t expected_run_seq = 0;
  std::vector<event::Draft> drafts;
};

/// One posting of the double-entry ledger: `amount` of `unit` moves from `debit` to `credit`.
struct Posting {
  RunId run;
  std::string debit;   // account names: "budget", "reserved", "spent"
  std::string credit;
  std::string unit;    // "nano_usd", "cpu_ms", "wall_ms", "tokens", "bytes"
  std::int64_t amount = 0;  // > 0
  std::string memo;    // effect id: "run_seq" of the intent
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
};

struct Transaction {
  std::vector<Append> appends;
  std::vector<Posting> postings;
  std::vector<WorkItem> work_items;          // inserted, or state changed
  std::vector<std::string> idempotency_keys;  // each must be new, else conflict
};

struct RunHead {
  RunId run;
  std::uint64_t run_seq = 0;
  Digest hash;
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
  /// and its anchored head. An error from `visit` stops the reading and is returned.
  virtual Result<> read_run(const RunId& run, std::uint64_t from_run_seq,
                            const std::function<Result<>(const event::Envelope&)>& visit) const = 0;

  /// Newest first, at most `count_max`.
  virtual Result<std::vector<RunHead>> runs(std::size_t count_max) const = 0;
  virtual Result<std::vector<Posting>> postings(const RunId& run) const = 0;
  virtual Result<std::optional<WorkItem>> work_item(const WorkId& id) const = 0;
  virtual Result<bool> has_idempotency_key(const std::string& key) const = 0;

  /// Takes the lease, if nobody else's is still valid at `now_utc_ns`; else conflict, naming the holder.
  virtual Result<Lease> acquire_lease(const RunId& run, const std::string& holder,
                                      std::int64_t now_utc_ns, std::int64_t until_utc_ns) = 0;
  virtual Result<> release_lease(const Lease& lease) = 0;

  /// Reads everything; empty when all is as it was written.
  virtual Result<std::vector<Damage>> verify() const = 0;
};

/// Content-addressed, immutable. put() is durable on return; get() verifies what it read.
class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual Result<Digest> put(std::string_view content) = 0;
  virtual Result<std::string> get(const Digest& name, std::size_t bytes_max) const = 0;
};

}  // namespace nightjar::store
