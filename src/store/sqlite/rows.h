// Rows of the journal as values, each verified against its own digest when it is read.
//
// Errors: corrupt, naming the run, event or item. Values; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "store/journal.h"
#include "store/sqlite/anchors.h"
#include "store/sqlite/connection.h"

namespace nightjar::store {

/// "run R, event N: why"; position 0 leaves the event out.
Error damaged(const RunId& run, std::uint64_t run_seq, std::string_view why);

/// The next row of a query about `run`; what SQLite finds damaged there is named.
Result<bool> step(Rows& rows, const RunId& run, std::uint64_t run_seq);

template <typename Tag>
Bytes bytes_of(const Id<Tag>& id) {
  return {{reinterpret_cast<const char*>(id.value.bytes.data()), id.value.bytes.size()}};
}
inline Bytes bytes_of(const Digest& digest) { return {digest.view()}; }

/// Where the chains of a run end.
struct Head {
  Anchor anchor{};               // of a run without a row: all zero but the run
  std::int64_t last_append = 0;  // first_seq of the run's newest row in `appends`
};

inline constexpr const char* kSelectHead =
    "SELECT run, run_seq, hash, last_append, posting_count, posting_hash, digest FROM heads "
    "WHERE run = ?1";
inline constexpr const char* kSelectHeads =
    "SELECT run, run_seq, hash, last_append, posting_count, posting_hash, digest FROM heads "
    "ORDER BY run";
std::string digest_of(const Head& head);
Result<Head> head_from(const Rows& rows);
/// The run's head, all zero if it has none. Errors also: corrupt, if `anchor` knows of more.
Result<Head> read_head(Statement& select_head, const RunId& run,
                       const std::optional<Anchor>& anchor);

/// One row of `appends`.
struct AppendRow {
  std::int64_t first_seq = 0;
  RunId run;
  std::uint64_t first_run_seq = 0;
  std::uint64_t event_count = 0;
  std::int64_t previous = 0;  // first_seq of the run's row before this one; 0: none
  Digest hash;                // of its last event
};
inline constexpr const char* kSelectAppend =
    "SELECT first_seq, run, first_run_seq, event_count, previous, hash, records FROM appends "
    "WHERE first_seq = ?1";
inline constexpr const char* kSelectAppends =
    "SELECT first_seq, run, first_run_seq, event_count, previous, hash, records FROM appends "
    "ORDER BY first_seq";
Result<AppendRow> append_from(const Rows& rows);
/// What the first event of a row says that it follows; zero if that cannot be read.
Digest prev_hash_in(std::string_view records);
Result<RunId> run_id_from(std::string_view bytes);
/// The row's events, which must follow the event `prev_hash` and end in the row's hash.
struct Unpacked {
  std::vector<event::Envelope> events;  // those before the damage, if any
  std::optional<Error> damage;
  std::uint64_t damaged_run_seq = 0;
};
Unpacked unpack(const AppendRow& row, std::string_view records, const Digest& prev_hash);

Digest posting_hash_of(const Digest& before, const Posting& posting);
inline constexpr const char* kSelectPostings =
    "SELECT run, number, debit, credit, unit, amount, memo FROM postings WHERE run = ?1 "
    "ORDER BY number";
Posting posting_from(const RunId& run, const Rows& rows);

std::string digest_of(const WorkItem& item);
inline constexpr const char* kSelectWorkItem =
    "SELECT id, project, text, source, state, created_at_utc_ns, digest FROM work_items "
    "WHERE id = ?1";
inline constexpr const char* kSelectWorkItems =
    "SELECT id, project, text, source, state, created_at_utc_ns, digest FROM work_items";
Result<WorkItem> work_item_from(const Rows& rows);

std::string digest_of_key(std::string_view key);

std::string digest_of(const Lease& lease);
inline constexpr const char* kSelectLease =
    "SELECT run, holder, token, until_utc_ns, digest FROM leases WHERE run = ?1";
inline constexpr const char* kSelectLeases =
    "SELECT run, holder, token, until_utc_ns, digest FROM leases";
Result<Lease> lease_from(const Rows& rows);

}  // namespace nightjar::store
