#include "store/sqlite/rows.h"

#include <algorithm>

#include "base/bytes.h"

namespace nightjar::store {
namespace {

constexpr std::size_t kRowDigestBytes = 16;

/// Collects fields so that no two different rows give the same bytes.
class RowBytes {
 public:
  explicit RowBytes(std::string_view kind) {
    constexpr std::size_t kUsualBytes = 224;
    out_.reserve(kUsualBytes);
    add(kind);
  }
  RowBytes& add(std::string_view field) {
    add(static_cast<std::int64_t>(field.size()));
    out_ += field;
    return *this;
  }
  RowBytes& add(Bytes field) { return add(field.bytes); }
  RowBytes& add(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (unsigned shift = 0; shift < 64; shift += 8) {
      out_.push_back(static_cast<char>((bits >> shift) & 0xFFU));
    }
    return *this;
  }
  Digest digest() const { return blake3(out_); }
  std::string row_digest() const { return std::string(digest().view().substr(0, kRowDigestBytes)); }

 private:
  std::string out_;
};

template <typename Tag>
bool read_id(std::string_view bytes, Id<Tag>& id) {
  if (bytes.size() != id.value.bytes.size()) return false;
  std::copy(bytes.begin(), bytes.end(), id.value.bytes.begin());
  return true;
}

bool read_digest(std::string_view bytes, Digest& digest) {
  if (bytes.size() != digest.bytes.size()) return false;
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return true;
}

std::uint32_t record_size(std::string_view bytes) {
  std::uint32_t size = 0;
  for (std::size_t i = 4; i > 0; --i) size = size << 8U | static_cast<std::uint8_t>(bytes[i - 1]);
  return size;
}

Error nameless(std::string_view what) {
  return {ErrorCode::corrupt, std::string(what) + " is not what was written"};
}

/// Keeps of `out` the events whose hash the next event (or, of the last, the row) names, and names
/// the one that breaks the chain: of two neighbours that disagree, the one its own successor
/// disowns.
void check_chain(const AppendRow& row, const Digest& prev_hash, const std::vector<Digest>& hashes,
                 Unpacked& out) {
  const auto is_named = [&](std::size_t i) {
    if (i + 1 < hashes.size()) return hashes[i] == out.events[i + 1].prev_hash;
    return hashes[i] == row.hash;
  };
  const std::size_t whole = hashes.size() - (out.damage && !hashes.empty() ? 1 : 0);
  const auto stop = [&](std::size_t kept, std::uint64_t run_seq) {
    out.events.resize(kept);
    out.damaged_run_seq = run_seq;
    out.damage = damaged(row.run, run_seq, "its hash is not the one that its chain names");
  };
  if (!hashes.empty() && out.events.front().prev_hash != prev_hash) {
    const bool blames_before = is_named(0) && row.first_run_seq > 1;
    return stop(0, blames_before ? row.first_run_seq - 1 : row.first_run_seq);
  }
  for (std::size_t i = 0; i < whole; ++i) {
    if (is_named(i)) continue;
    const bool blames_next = i + 1 < whole && !is_named(i + 1);
    return stop(i, row.first_run_seq + i + (blames_next ? 1 : 0));
  }
  // What stands before unreadable bytes is vouched for by nothing.
  out.events.resize(whole);
}

}  // namespace

Error damaged(const RunId& run, std::uint64_t run_seq, std::string_view why) {
  std::string message = "run " + run.str();
  if (run_seq != 0) message += ", event " + std::to_string(run_seq);
  return {ErrorCode::corrupt, message + ": " + std::string(why)};
}

Result<bool> step(Rows& rows, const RunId& run, std::uint64_t run_seq) {
  Result<bool> found = rows.next();
  if (!found && found.error().code == ErrorCode::corrupt) {
    return damaged(run, run_seq, found.error().message);
  }
  return found;
}

std::string digest_of(const Head& head) {
  return RowBytes("head")
      .add(bytes_of(head.anchor.run))
      .add(static_cast<std::int64_t>(head.anchor.run_seq))
      .add(bytes_of(head.anchor.hash))
      .add(head.last_append)
      .add(static_cast<std::int64_t>(head.anchor.posting_count))
      .add(bytes_of(head.anchor.posting_hash))
      .row_digest();
}

Result<Head> head_from(const Rows& rows) {
  Head head;
  const bool sized = read_id(rows.bytes(0), head.anchor.run) &&
                     read_digest(rows.bytes(2), head.anchor.hash) &&
                     read_digest(rows.bytes(5), head.anchor.posting_hash);
  head.anchor.run_seq = static_cast<std::uint64_t>(rows.integer(1));
  head.last_append = rows.integer(3);
  head.anchor.posting_count = static_cast<std::uint64_t>(rows.integer(4));
  if (!sized || rows.bytes(6) != digest_of(head)) {
    return damaged(head.anchor.run, 0, "the head of its chain is not what was written");
  }
  return head;
}

Result<Head> read_head(Statement& select_head, const RunId& run,
                       const std::optional<Anchor>& anchor) {
  Head head{.anchor = {.run = run}};
  Rows rows = select_head.query(bytes_of(run));
  TRY_INTO(const bool found, step(rows, run, 0));
  if (found) {
    TRY_INTO(head, head_from(rows));
    if (head.anchor.run != run) return damaged(run, 0, "the head of its chain is another run's");
  }
  if (!anchor) return head;
  if (anchor->run_seq > head.anchor.run_seq) {
    return damaged(run, head.anchor.run_seq + 1,
                   "the journal lost it and what follows up to event " +
                       std::to_string(anchor->run_seq) + ", which was anchored");
  }
  if (anchor->posting_count > head.anchor.posting_count) {
    return damaged(run, 0, "the journal lost postings that were anchored");
  }
  if (anchor->run_seq == head.anchor.run_seq && anchor->hash != head.anchor.hash) {
    return damaged(run, anchor->run_seq, "it is not the event that was anchored");
  }
  if (anchor->posting_count == head.anchor.posting_count &&
      anchor->posting_hash != head.anchor.posting_hash) {
    return damaged(run, 0, "its postings are not those that were anchored");
  }
  return head;
}

Result<AppendRow> append_from(const Rows& rows) {
  AppendRow row;
  row.first_seq = rows.integer(0);
  row.first_run_seq = static_cast<std::uint64_t>(rows.integer(2));
  row.event_count = static_cast<std::uint64_t>(rows.integer(3));
  row.previous = rows.integer(4);
  if (!read_id(rows.bytes(1), row.run) || !read_digest(rows.bytes(5), row.hash) ||
      row.event_count == 0 || row.event_count > kDraftsMax || row.first_run_seq == 0 ||
      row.previous < 0 || row.previous >= row.first_seq ||
      (row.previous == 0) != (row.first_run_seq == 1)) {
    return nameless("journal position " + std::to_string(row.first_seq));
  }
  return row;
}

Digest prev_hash_in(std::string_view records) {
  if (records.size() < 4) return {};
  const Result<event::Envelope> first =
      event::decode_verified(records.substr(4, record_size(records)));
  return first ? first->prev_hash : Digest();
}

Result<RunId> run_id_from(std::string_view bytes) {
  RunId run;
  if (!read_id(bytes, run)) return nameless("a run id");
  return run;
}

Unpacked unpack(const AppendRow& row, std::string_view records, const Digest& prev_hash) {
  Unpacked out;
  const auto stop = [&](std::uint64_t index, std::string_view why) {
    out.damaged_run_seq = row.first_run_seq + index;
    out.damage = damaged(row.run, out.damaged_run_seq, why);
  };
  // Of a record we cannot read: its hash stands in the next one, whatever that one's layout.
  const auto is_vouched_for = [&](std::string_view record) {
    const Digest hash = blake3(record);
    return hash == row.hash || records.find(hash.view()) != std::string_view::npos;
  };
  std::vector<Digest> hashes;
  for (std::uint64_t i = 0; i < row.event_count && !out.damage; ++i) {
    if (records.size() < 4 || record_size(records) > records.size() - 4) {
      stop(i, "its record is cut off");
      break;
    }
    const std::string_view record = records.substr(4, record_size(records));
    records.remove_prefix(4 + record.size());
    Result<event::Envelope> event = event::decode_verified(record);
    if (!event && event.error().code != ErrorCode::corrupt && is_vouched_for(record)) {
      out.damage = event.error();  // A newer format is no damage.
      out.damaged_run_seq = row.first_run_seq + i;
    } else if (!event) {
      stop(i, event.error().message);
    } else if (event->run != row.run || event->run_seq != row.first_run_seq + i) {
      stop(i, "it stands in the place of another event");
    } else {
      event->seq = static_cast<std::uint64_t>(row.first_seq) + i;
      hashes.push_back(blake3(record));
      out.events.push_back(*std::move(event));
    }
  }
  if (!out.damage && !records.empty()) stop(row.event_count - 1, "bytes follow its record");
  check_chain(row, prev_hash, hashes, out);
  return out;
}

Digest posting_hash_of(const Digest& before, const Posting& posting) {
  return RowBytes("posting")
      .add(bytes_of(before))
      .add(bytes_of(posting.run))
      .add(posting.debit)
      .add(posting.credit)
      .add(posting.unit)
      .add(posting.amount)
      .add(posting.memo)
      .digest();
}

Posting posting_from(const RunId& run, const Rows& rows) {
  return {.run = run,
          .debit = rows.text(2),
          .credit = rows.text(3),
          .unit = rows.text(4),
          .amount = rows.integer(5),
          .memo = rows.text(6)};
}

std::string digest_of(const WorkItem& item) {
  return RowBytes("work item")
      .add(bytes_of(item.id))
      .add(bytes_of(item.project))
      .add(item.text)
      .add(item.source)
      .add(item.state)
      .add(item.created_at_utc_ns)
      .row_digest();
}

Result<WorkItem> work_item_from(const Rows& rows) {
  WorkItem item;
  const bool sized = read_id(rows.bytes(0), item.id) && read_id(rows.bytes(1), item.project);
  item.text = rows.text(2);
  item.source = rows.text(3);
  item.state = rows.text(4);
  item.created_at_utc_ns = rows.integer(5);
  if (!sized || rows.bytes(6) != digest_of(item)) return nameless("work item " + item.id.str());
  return item;
}

std::string digest_of_key(std::string_view key) {
  return RowBytes("idempotency key").add(key).row_digest();
}

std::string digest_of(const Lease& lease) {
  return RowBytes("lease")
      .add(bytes_of(lease.run))
      .add(lease.holder)
      .add(static_cast<std::int64_t>(lease.token))
      .add(lease.until_utc_ns)
      .row_digest();
}

Result<Lease> lease_from(const Rows& rows) {
  Lease lease;
  const bool sized = read_id(rows.bytes(0), lease.run);
  lease.holder = rows.text(1);
  lease.token = static_cast<std::uint64_t>(rows.integer(2));
  lease.until_utc_ns = rows.integer(3);
  if (!sized || rows.bytes(4) != digest_of(lease))
    return nameless("lease of run " + lease.run.str());
  return lease;
}

}  // namespace nightjar::store
