#include "store/testing/failing_journal.h"

#include <utility>

namespace nightjar::store::testing {

void FailingJournal::fail_at(std::uint64_t commit_number, Fault fault, Error error) {
  state_.with([&](State& state) {
    state.fails_at = state.commits + commit_number;
    state.fault = fault;
    state.error = std::move(error);
  });
}

bool FailingJournal::crashed() const {
  return state_.with([](const State& state) { return state.crashed; });
}

void FailingJournal::restart() {
  state_.with([](State& state) { state.crashed = false; });
}

std::uint64_t FailingJournal::commit_count() const {
  return state_.with([](const State& state) { return state.commits; });
}

Result<> FailingJournal::alive() const {
  if (!crashed()) return ok;
  return {ErrorCode::unavailable, "the process of this journal crashed"};
}

Result<std::vector<event::Envelope>> FailingJournal::commit(const Transaction& transaction) {
  TRY(alive());
  const auto fault = state_.with([](State& state) -> std::optional<Fault> {
    if (++state.commits != state.fails_at) return std::nullopt;
    state.crashed = state.fault != Fault::refuse;
    return state.fault;
  });
  if (!fault) return inner_.commit(transaction);
  if (*fault == Fault::refuse) return state_.with([](const State& state) { return state.error; });
  if (*fault == Fault::crash_after) TRY(inner_.commit(transaction));
  return Error{ErrorCode::unavailable, "the process of this journal crashed"};
}

Result<> FailingJournal::read_run(
    const RunId& run, std::uint64_t from_run_seq,
    const std::function<Result<>(const event::Envelope&)>& visit) const {
  TRY(alive());
  return inner_.read_run(run, from_run_seq, visit);
}

Result<std::vector<RunHead>> FailingJournal::runs(std::size_t count_max) const {
  TRY(alive());
  return inner_.runs(count_max);
}

Result<std::vector<Posting>> FailingJournal::postings(const RunId& run) const {
  TRY(alive());
  return inner_.postings(run);
}

Result<std::optional<WorkItem>> FailingJournal::work_item(const WorkId& id) const {
  TRY(alive());
  return inner_.work_item(id);
}

Result<bool> FailingJournal::has_idempotency_key(const std::string& key) const {
  TRY(alive());
  return inner_.has_idempotency_key(key);
}

Result<Lease> FailingJournal::acquire_lease(const RunId& run, const std::string& holder,
                                            std::int64_t now_utc_ns, std::int64_t until_utc_ns) {
  TRY(alive());
  return inner_.acquire_lease(run, holder, now_utc_ns, until_utc_ns);
}

Result<> FailingJournal::release_lease(const Lease& lease) {
  TRY(alive());
  return inner_.release_lease(lease);
}

Result<std::vector<Damage>> FailingJournal::verify() const {
  TRY(alive());
  return inner_.verify();
}

}  // namespace nightjar::store::testing
