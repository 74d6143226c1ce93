#include "store/memory/memory_journal.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/guarded.h"
#include "store/transaction.h"

namespace nightjar::store {
namespace {

struct RunRecord {
  std::vector<event::Envelope> events;
  Digest head;
};

struct State {
  std::uint64_t seq = 0;
  std::map<RunId, RunRecord> runs;
  std::vector<RunId> runs_by_start;
  std::map<RunId, std::vector<Posting>> postings;
  std::map<WorkId, WorkItem> work_items;
  std::set<std::string> idempotency_keys;
  std::map<RunId, Lease> leases;
};

/// Nothing is changed unless all of it is accepted.
Result<> check_against(const State& state, const Transaction& transaction) {
  for (const Append& append : transaction.appends) {
    const auto found = state.runs.find(append.run);
    const std::uint64_t run_seq = found == state.runs.end() ? 0 : found->second.events.size();
    if (run_seq != append.expected_run_seq) {
      return head_conflict(append.run, append.expected_run_seq, run_seq);
    }
  }
  for (const std::string& key : transaction.idempotency_keys) {
    if (state.idempotency_keys.contains(key)) return key_conflict(key);
  }
  for (const WorkItem& item : transaction.work_items) {
    const auto found = state.work_items.find(item.id);
    if (found != state.work_items.end()) TRY(check_work_item_change(found->second, item));
  }
  return ok;
}

std::vector<event::Envelope> apply(State& state, const Transaction& transaction,
                                   std::vector<ChainedAppend> appends) {
  for (ChainedAppend& append : appends) {
    if (append.events.empty()) continue;
    RunRecord& run = state.runs[append.run];
    if (run.events.empty()) state.runs_by_start.push_back(append.run);
    append.chain_to(run.head);
    run.head = append.head;
    append.first_seq = state.seq + 1;
    for (const event::Envelope& event : append.events) {
      run.events.push_back(event);
      run.events.back().seq = ++state.seq;
    }
  }
  for (const Posting& posting : transaction.postings) {
    state.postings[posting.run].push_back(posting);
  }
  for (const WorkItem& item : transaction.work_items) state.work_items[item.id] = item;
  state.idempotency_keys.insert(transaction.idempotency_keys.begin(),
                                transaction.idempotency_keys.end());
  return take_events(std::move(appends));
}

class MemoryJournal final : public Journal {
 public:
  Result<std::vector<event::Envelope>> commit(const Transaction& transaction) override {
    TRY(check(transaction));
    TRY_INTO(std::vector<ChainedAppend> appends, seal_appends(transaction));
    return state_.with([&](State& state) -> Result<std::vector<event::Envelope>> {
      TRY(check_against(state, transaction));
      return apply(state, transaction, std::move(appends));
    });
  }

  Result<> read_run(const RunId& run, std::uint64_t from_run_seq,
                    const std::function<Result<>(const event::Envelope&)>& visit) const override {
    using Events = std::vector<event::Envelope>;
    const auto events = state_.with([&](const State& state) -> Result<Events> {
      const auto found = state.runs.find(run);
      if (found == state.runs.end()) return run_not_found(run);
      const Events& all = found->second.events;
      const std::size_t skipped = from_run_seq == 0 ? 0 : from_run_seq - 1;
      return skipped >= all.size()
                 ? Events()
                 : Events(all.begin() + static_cast<std::ptrdiff_t>(skipped), all.end());
    });
    if (!events) return events.error();
    for (const event::Envelope& event : *events) TRY(visit(event));
    return ok;
  }

  Result<std::vector<RunHead>> runs(std::size_t count_max) const override {
    return state_.with([&](const State& state) {
      std::vector<RunHead> out;
      for (auto run = state.runs_by_start.rbegin();
           run != state.runs_by_start.rend() && out.size() < count_max; ++run) {
        const RunRecord& record = state.runs.at(*run);
        out.push_back({.run = *run, .run_seq = record.events.size(), .hash = record.head});
      }
      return out;
    });
  }

  Result<std::vector<Posting>> postings(const RunId& run) const override {
    return state_.with([&](const State& state) {
      const auto found = state.postings.find(run);
      return found == state.postings.end() ? std::vector<Posting>() : found->second;
    });
  }

  Result<std::optional<WorkItem>> work_item(const WorkId& id) const override {
    return state_.with([&](const State& state) -> std::optional<WorkItem> {
      const auto found = state.work_items.find(id);
      if (found == state.work_items.end()) return std::nullopt;
      return found->second;
    });
  }

  Result<bool> has_idempotency_key(const std::string& key) const override {
    return state_.with([&](const State& state) { return state.idempotency_keys.contains(key); });
  }

  Result<Lease> acquire_lease(const RunId& run, const std::string& holder, std::int64_t now_utc_ns,
                              std::int64_t until_utc_ns) override {
    const Lease wanted{.run = run, .holder = holder, .until_utc_ns = until_utc_ns};
    return state_.with([&](State& state) -> Result<Lease> {
      const auto found = state.leases.find(run);
      const auto stored =
          found == state.leases.end() ? std::nullopt : std::optional<Lease>(found->second);
      TRY_INTO(Lease lease, next_lease(stored, wanted, now_utc_ns));
      state.leases[run] = lease;
      return lease;
    });
  }

  Result<> release_lease(const Lease& lease) override {
    return state_.with([&](State& state) -> Result<> {
      const auto found = state.leases.find(lease.run);
      if (found == state.leases.end() || found->second.token != lease.token) {
        return lease_conflict(lease);
      }
      found->second.until_utc_ns = 0;  // The token stays: it must never be given again.
      return ok;
    });
  }

  Result<std::vector<Damage>> verify() const override { return std::vector<Damage>(); }

 private:
  Guarded<State> state_;
};

}  // namespace

std::unique_ptr<Journal> make_memory_journal() { return std::make_unique<MemoryJournal>(); }

}  // namespace nightjar::store
