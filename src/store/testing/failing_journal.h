// A journal that fails, or seems to lose its process, at a chosen commit. For tests and the
// simulation.
//
// Any thread. After a crash every call fails with unavailable until restart(); what the journal
// beneath had committed is there then, and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "store/journal.h"

namespace nightjar::store::testing {

enum class Fault {
  refuse,        // the commit fails and keeps nothing; later ones work
  crash_before,  // the process dies before the commit
  crash_after,   // the process dies after it: recorded, but the caller never heard
};

class FailingJournal final : public Journal {
 public:
  /// `inner` outlives this.
  explicit FailingJournal(Journal& inner) : inner_(inner) {}

  /// The n-th commit from now (1: the next) meets the fault, with this error for `refuse`.
  void fail_at(std::uint64_t commit_number, Fault fault,
               Error error = {ErrorCode::exhausted, "no room left on the disk"});
  bool crashed() const;
  void restart();
  std::uint64_t commit_count() const;  // tried so far, with those that failed

  Result<std::vector<event::Envelope>> commit(const Transaction& transaction) override;
  Result<> read_run(const RunId& run, std::uint64_t from_run_seq,
                    const std::function<Result<>(const event::Envelope&)>& visit) const override;
  Result<std::vector<RunHead>> runs(std::size_t count_max) const override;
  Result<std::vector<Posting>> postings(const RunId& run) const override;
  Result<std::optional<WorkItem>> work_item(const WorkId& id) const override;
  Result<bool> has_idempotency_key(const std::string& key) const override;
  Result<Lease> acquire_lease(const RunId& run, const std::string& holder, std::int64_t now_utc_ns,
                              std::int64_t until_utc_ns) override;
  Result<> release_lease(const Lease& lease) override;
  Result<std::vector<Damage>> verify() const override;

 private:
  struct State {
    std::uint64_t commits = 0;
    std::uint64_t fails_at = 0;  // 0: never
    Fault fault = Fault::refuse;
    Error error;
    bool crashed = false;
  };
  Result<> alive() const;

  Journal& inner_;
  Guarded<State> state_;
};

}  // namespace nightjar::store::testing
