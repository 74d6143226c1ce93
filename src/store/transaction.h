// What every journal does before it writes: refuse what no journal takes, and chain the events.
//
// Pure functions on values; any thread.
#pragma once

#include <string>
#include <vector>

#include "store/journal.h"

namespace nightjar::store {

/// Errors: invalid_input or exhausted, naming the field and the limit.
Result<> check(const Transaction& transaction);

/// One append, ready to be written.
struct ChainedAppend {
  RunId run;
  std::uint64_t expected_run_seq = 0;
  std::vector<event::Envelope> events;  // with seq 0
  std::string records;  // each event: its record's length (4 bytes, little-endian), its record
  Digest head;          // hash of the last event; of no events: the head they follow
  std::uint64_t first_seq = 0;  // of the first event, once it was written

  /// Links the events to `head_before`, which is the hash of event `expected_run_seq`.
  void chain_to(const Digest& head_before);
};

/// The events of appends that were written, in order.
std::vector<event::Envelope> take_events(std::vector<ChainedAppend> appends);

/// The appends of a checked transaction, not chained yet. Errors: of event::seal, or exhausted.
Result<std::vector<ChainedAppend>> seal_appends(const Transaction& transaction);

Error head_conflict(const RunId& run, std::uint64_t expected_run_seq, std::uint64_t run_seq);
Error run_not_found(const RunId& run);
Error key_conflict(const std::string& key);
/// Errors: conflict, when `changed` differs from `stored` in more than its state.
Result<> check_work_item_change(const WorkItem& stored, const WorkItem& changed);

/// The lease that follows `stored` (nothing: the run never had one). Errors: conflict, naming the
/// holder; invalid_input.
Result<Lease> next_lease(const std::optional<Lease>& stored, const Lease& wanted,
                         std::int64_t now_utc_ns);
Error lease_conflict(const Lease& lease);

}  // namespace nightjar::store
