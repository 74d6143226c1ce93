#include "store/transaction.h"

#include <set>
#include <string_view>

#include "base/bytes.h"

namespace nightjar::store {
namespace {

Error invalid(std::string why) { return {ErrorCode::invalid_input, std::move(why)}; }

Result<> check_count(std::string_view what, std::size_t count, std::size_t count_max) {
  if (count <= count_max) return ok;
  return {ErrorCode::exhausted, "one transaction holds at most " + std::to_string(count_max) + " " +
                                    std::string(what) + ", not " + std::to_string(count)};
}

Result<> check_name(std::string_view field, std::string_view name) {
  if (!name.empty() && name.size() <= kNameBytesMax && is_utf8(name)) return ok;
  return invalid(std::string(field) + " must be 1 to " + std::to_string(kNameBytesMax) +
                 " bytes of UTF-8: " + printable(name, 80));
}

Result<> check_posting(const Posting& posting) {
  TRY(check_name("posting: debit", posting.debit));
  TRY(check_name("posting: credit", posting.credit));
  TRY(check_name("posting: unit", posting.unit));
  if (!posting.memo.empty()) TRY(check_name("posting: memo", posting.memo));
  if (posting.debit == posting.credit) return invalid("posting: debit and credit are one account");
  if (posting.amount <= 0) return invalid("posting: the amount must be above zero");
  return ok;
}

Result<> check_work_item(const WorkItem& item) {
  TRY(check_name("work item: source", item.source));
  TRY(check_name("work item: state", item.state));
  if (item.text.size() > kWorkTextBytesMax) {
    return {ErrorCode::exhausted, "work item: the text is larger than 1 MiB"};
  }
  if (!is_utf8(item.text)) return invalid("work item: the text is not UTF-8");
  return ok;
}

}  // namespace

Result<> check(const Transaction& transaction) {
  TRY(check_count("appends", transaction.appends.size(), kAppendsMax));
  TRY(check_count("postings", transaction.postings.size(), kPostingsMax));
  TRY(check_count("work items", transaction.work_items.size(), kWorkItemsMax));
  TRY(check_count("idempotency keys", transaction.idempotency_keys.size(), kIdempotencyKeysMax));
  std::set<RunId> runs;
  std::size_t drafts = 0;
  for (const Append& append : transaction.appends) {
    if (!runs.insert(append.run).second) {
      return invalid("run " + append.run.str() + " stands twice in one transaction");
    }
    drafts += append.drafts.size();
  }
  TRY(check_count("events", drafts, kDraftsMax));
  for (const Posting& posting : transaction.postings) TRY(check_posting(posting));
  std::set<WorkId> items;
  for (const WorkItem& item : transaction.work_items) {
    TRY(check_work_item(item));
    if (!items.insert(item.id).second) {
      return invalid("work item " + item.id.str() + " stands twice in one transaction");
    }
  }
  std::set<std::string_view> keys;
  for (const std::string& key : transaction.idempotency_keys) {
    TRY(check_name("idempotency key", key));
    if (!keys.insert(key).second) return key_conflict(key);
  }
  return ok;
}

void ChainedAppend::chain_to(const Digest& head_before) {
  constexpr std::size_t kLengthBytes = 4;
  constexpr std::size_t kRestBytes = 160;  // of a usual record, beside its payload
  std::size_t bytes = 0;
  for (const event::Envelope& event : events) bytes += event.payload.size() + kRestBytes;
  records.clear();
  records.reserve(bytes);
  head = head_before;
  for (event::Envelope& event : events) {
    event.prev_hash = head;
    const std::size_t at = records.size();
    records.append(kLengthBytes, '\0');
    event::encode_onto(records, event);
    const std::string_view record = std::string_view(records).substr(at + kLengthBytes);
    head = blake3(record);
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
      records[at + i] = static_cast<char>((record.size() >> (8 * i)) & 0xFFU);
    }
  }
}

std::vector<event::Envelope> take_events(std::vector<ChainedAppend> appends) {
  std::vector<event::Envelope> events;
  if (appends.size() == 1) {  // Nearly always.
    for (event::Envelope& event : appends[0].events) event.seq = appends[0].first_seq++;
    return std::move(appends[0].events);
  }
  for (ChainedAppend& append : appends) {
    for (event::Envelope& event : append.events) {
      events.push_back(std::move(event));
      events.back().seq = append.first_seq++;
    }
  }
  return events;
}

Result<std::vector<ChainedAppend>> seal_appends(const Transaction& transaction) {
  std::vector<ChainedAppend> sealed;
  sealed.reserve(transaction.appends.size());
  std::size_t bytes = 0;
  for (const Append& append : transaction.appends) {
    ChainedAppend& out = sealed.emplace_back();
    out.run = append.run;
    out.expected_run_seq = append.expected_run_seq;
    out.events.reserve(append.drafts.size());
    for (const event::Draft& draft : append.drafts) {
      const std::uint64_t run_seq = append.expected_run_seq + 1 + out.events.size();
      TRY_INTO(event::Envelope event, event::seal(draft, append.run, run_seq, {}));
      bytes += event.payload.size();
      out.events.push_back(std::move(event));
    }
  }
  if (bytes > kRecordBytesMax) {
    return {ErrorCode::exhausted, "one transaction holds at most 8 MiB of events, not " +
                                      std::to_string(bytes) + " bytes"};
  }
  return sealed;
}

Error head_conflict(const RunId& run, std::uint64_t expected_run_seq, std::uint64_t run_seq) {
  return {ErrorCode::conflict, "run " + run.str() + " is at event " + std::to_string(run_seq) +
                                   ", not at " + std::to_string(expected_run_seq) +
                                   ": somebody else advanced it; read it again"};
}

Error run_not_found(const RunId& run) {
  return {ErrorCode::not_found, "no run " + run.str() + " in the journal"};
}

Error key_conflict(const std::string& key) {
  return {ErrorCode::conflict, "idempotency key exists already: " + printable(key, 80)};
}

Result<> check_work_item_change(const WorkItem& stored, const WorkItem& changed) {
  WorkItem expected = stored;
  expected.state = changed.state;
  if (changed == expected) return ok;
  return {ErrorCode::conflict,
          "work item " + changed.id.str() + " exists already; only its state may change"};
}

Result<Lease> next_lease(const std::optional<Lease>& stored, const Lease& wanted,
                         std::int64_t now_utc_ns) {
  TRY(check_name("lease: holder", wanted.holder));
  if (wanted.until_utc_ns <= now_utc_ns) return invalid("lease: it would end before it begins");
  if (stored && stored->holder != wanted.holder && stored->until_utc_ns > now_utc_ns) {
    return {ErrorCode::conflict, "run " + wanted.run.str() + " is held by " +
                                     printable(stored->holder, 80) + " until " +
                                     rfc3339(stored->until_utc_ns)};
  }
  Lease next = wanted;
  next.token = (stored ? stored->token : 0) + 1;
  return next;
}

Error lease_conflict(const Lease& lease) {
  return {ErrorCode::conflict, "lease " + std::to_string(lease.token) + " of run " +
                                   lease.run.str() + " is no longer the newest; it was taken over"};
}

}  // namespace nightjar::store
