#include "store/sqlite/verify.h"

#include <string>
#include <string_view>
#include <utility>

#include "store/sqlite/rows.h"

namespace nightjar::store {
namespace {

/// One reading of a journal; each step notes what it finds and lets the next one look.
class Verification {
 public:
  Verification(Connection& connection, const std::map<RunId, Anchor>& anchors)
      : connection_(connection), anchors_(anchors) {}

  std::vector<Damage> run() {
    check_file();
    for_each("appends", kSelectAppends, [&](const Rows& rows) { check_append(rows); });
    for_each("heads", kSelectHeads, [&](const Rows& rows) { check_head(rows); });
    check_runs_without_head();
    check_anchors();
    for_each("postings",
             "SELECT run, number, debit, credit, unit, amount, memo FROM postings "
             "ORDER BY run, number",
             [&](const Rows& rows) { add_posting(rows); });
    check_postings();
    for_each("work_items", kSelectWorkItems, [&](const Rows& rows) { note(work_item_from(rows)); });
    for_each("leases", kSelectLeases, [&](const Rows& rows) { note(lease_from(rows)); });
    for_each("idempotency_keys", "SELECT key, digest FROM idempotency_keys", [&](const Rows& rows) {
      if (rows.bytes(1) != digest_of_key(rows.bytes(0))) {
        note(std::nullopt, 0, "an idempotency key is not what was written");
      }
    });
    return std::move(damages_);
  }

 private:
  /// What the events of a run, read in the order of the journal, add up to.
  struct Walk {
    std::uint64_t run_seq = 0;
    Digest hash;
    std::int64_t last_append = 0;
    bool has_head = false;
  };
  struct Ledger {
    std::uint64_t count = 0;
    Digest hash;
  };

  void note(const std::optional<RunId>& run, std::uint64_t run_seq, std::string what) {
    if (damages_.size() + 1 == kDamagesMax) what = "there is more damage than this list holds";
    if (damages_.size() < kDamagesMax) damages_.push_back({run, run_seq, std::move(what)});
  }
  void note_run(const RunId& run, std::uint64_t run_seq, std::string_view why) {
    note(std::optional(run), run_seq, damaged(run, run_seq, why).message);
  }
  template <typename Value>
  void note(const Result<Value>& result) {
    if (!result) note(std::nullopt, 0, result.error().message);
  }

  template <typename Check>
  void for_each(std::string_view table, const char* sql, const Check& check) {
    Result<Statement> statement = connection_.prepare(sql);
    if (!statement) return note(statement);
    Rows rows = statement->query();
    while (true) {
      const Result<bool> more = rows.next();
      if (!more) {
        note(std::nullopt, 0, "table " + std::string(table) + ": " + more.error().message);
        return;
      }
      if (!*more) return;
      check(rows);
    }
  }

  void check_file() {
    for_each("pages", "PRAGMA integrity_check(20)", [&](const Rows& rows) {
      if (rows.bytes(0) != "ok") note(std::nullopt, 0, "journal file: " + rows.text(0));
    });
  }

  void check_append(const Rows& rows) {
    const Result<AppendRow> row = append_from(rows);
    if (!row) {
      note(row);
      next_seq_ = 0;
      return;
    }
    if (next_seq_ != 0 && row->first_seq != next_seq_) {
      note(std::nullopt, 0,
           "journal positions " + std::to_string(next_seq_) + " to " +
               std::to_string(row->first_seq - 1) + " are missing");
    }
    next_seq_ = row->first_seq + static_cast<std::int64_t>(row->event_count);
    Walk& walk = walks_[row->run];
    if (row->first_run_seq != walk.run_seq + 1 || row->previous != walk.last_append) {
      note_run(row->run, walk.run_seq + 1, "it is missing, stands elsewhere or stands twice");
    }
    const bool follows = row->first_run_seq == walk.run_seq + 1;
    const Unpacked unpacked =
        unpack(*row, rows.bytes(6), follows ? walk.hash : prev_hash_in(rows.bytes(6)));
    if (unpacked.damage) {
      note(std::optional(row->run), unpacked.damaged_run_seq, unpacked.damage->message);
    }
    for (const event::Envelope& event : unpacked.events) check_against_anchor(event);
    walk.run_seq = row->first_run_seq + row->event_count - 1;
    walk.hash = row->hash;
    walk.last_append = row->first_seq;
  }

  void check_head(const Rows& rows) {
    const Result<Head> head = head_from(rows);
    if (!head) return note(head);
    const RunId& run = head->anchor.run;
    Walk& walk = walks_[run];
    walk.has_head = true;
    ledgers_wanted_[run] = {head->anchor.posting_count, head->anchor.posting_hash};
    if (walk.run_seq < head->anchor.run_seq) {
      note_run(run, walk.run_seq + 1,
               "it and what follows up to event " + std::to_string(head->anchor.run_seq) +
                   " is missing");
    } else if (walk.run_seq > head->anchor.run_seq || walk.hash != head->anchor.hash ||
               walk.last_append != head->last_append) {
      note_run(run, walk.run_seq, "it is not the head of its chain");
    }
  }

  void check_runs_without_head() {
    std::vector<RunId> headless;
    for (const auto& [run, walk] : walks_) {
      if (!walk.has_head && walk.run_seq > 0) headless.push_back(run);
    }
    for (const RunId& run : headless) note_run(run, 0, "the head of its chain is missing");
  }

  void check_against_anchor(const event::Envelope& event) {
    const auto anchor = anchors_.find(event.run);
    if (anchor == anchors_.end() || anchor->second.run_seq != event.run_seq) return;
    if (event::hash_of(event) != anchor->second.hash) {
      note_run(event.run, event.run_seq, "it is not the event that was anchored");
    }
  }

  void check_anchors() {
    for (const auto& [run, anchor] : anchors_) {
      const auto walk = walks_.find(run);
      const std::uint64_t run_seq = walk == walks_.end() ? 0 : walk->second.run_seq;
      if (run_seq < anchor.run_seq) {
        note_run(run, run_seq + 1,
                 "the journal lost it and what follows up to event " +
                     std::to_string(anchor.run_seq) + ", which was anchored");
      }
      const auto wanted = ledgers_wanted_.find(run);
      const std::uint64_t postings = wanted == ledgers_wanted_.end() ? 0 : wanted->second.count;
      if (postings < anchor.posting_count) {
        note_run(run, 0, "the journal lost postings that were anchored");
      }
    }
  }

  void add_posting(const Rows& rows) {
    Result<RunId> run = run_id_from(rows.bytes(0));
    if (!run) return note(run);
    Ledger& ledger = ledgers_[*run];
    ledger.count += 1;
    ledger.hash = posting_hash_of(ledger.hash, posting_from(*run, rows));
  }

  void check_postings() {
    for (const auto& [run, wanted] : ledgers_wanted_) {
      const Ledger& found = ledgers_[run];
      if (found.count != wanted.count || found.hash != wanted.hash) {
        note_run(run, 0, "its postings are not what was written");
      }
    }
    for (const auto& [run, found] : ledgers_) {
      if (!ledgers_wanted_.contains(run)) note_run(run, 0, "its postings belong to no head");
    }
  }

  Connection& connection_;
  const std::map<RunId, Anchor>& anchors_;
  std::vector<Damage> damages_;
  std::int64_t next_seq_ = 1;  // 0: not known, after damage
  std::map<RunId, Walk> walks_;
  std::map<RunId, Ledger> ledgers_;
  std::map<RunId, Ledger> ledgers_wanted_;
};

}  // namespace

std::vector<Damage> verify_journal(Connection& connection, const std::map<RunId, Anchor>& anchors) {
  const Result<> begun = connection.execute("BEGIN");
  if (!begun) return {{std::nullopt, 0, begun.error().message}};
  std::vector<Damage> damages = Verification(connection, anchors).run();
  if (const Result<> ended = connection.execute("COMMIT"); !ended) {
    damages.push_back({std::nullopt, 0, ended.error().message});
  }
  return damages;
}

}  // namespace nightjar::store
