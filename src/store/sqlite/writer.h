// The one connection that writes a journal: batches of transactions with one sync, leases,
// checkpoints, anchored heads.
//
// One thread at a time. Errors: as store/journal.h says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "store/sqlite/anchors.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/rows.h"
#include "store/transaction.h"

namespace nightjar::store {

/// One transaction on its way into the journal.
struct CommitRequest {
  const Transaction* transaction = nullptr;
  std::vector<ChainedAppend>
      appends{};  // chained to the heads that were last seen, perhaps outdated
  Result<> outcome = ok;
};

class Writer {
 public:
  /// `anchors` outlives the writer. `wal_bytes`: the size that the -wal file is given at once.
  static Result<Writer> open(const std::string& path, Guarded<Anchors>& anchors,
                             std::size_t wal_bytes);
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  /// Sets each outcome. All that succeed are durable, by one sync; a conflict keeps nothing of its
  /// own transaction and leaves the others alone.
  void write(const std::vector<CommitRequest*>& batch);

  Result<Lease> acquire_lease(const Lease& wanted, std::int64_t now_utc_ns);
  Result<> release_lease(const Lease& lease);

  /// Looks after the size of the -wal file; true: finish_checkpoint() is due.
  bool begin_checkpoint();
  /// Moves the rest of what the -wal file holds, so that commits overwrite it from its begin.
  void finish_checkpoint();

 private:
  struct Statements;
  struct BatchHead {
    Head head;
    bool changed = false;
  };
  Writer(Connection connection, std::string path, Guarded<Anchors>& anchors, std::size_t wal_bytes);

  Result<> write_once(const std::vector<CommitRequest*>& batch);
  Result<> check_one(const CommitRequest& request);
  Result<> apply_one(CommitRequest& request);
  Result<> begin_batch();
  Result<BatchHead*> head_of(const RunId& run);
  Result<> check_work_item(const WorkItem& item);
  Result<> append_events(ChainedAppend& append);
  Result<> apply_postings(const std::vector<Posting>& postings);
  Result<> save_heads();
  void anchor_heads();
  template <typename Work>
  Result<> in_transaction(const Work& work);
  void checkpoint_and_reset();

  std::string path_;
  Guarded<Anchors>* anchors_;
  std::size_t wal_bytes_;
  Connection connection_;
  std::unique_ptr<Statements> statements_;
  std::unique_ptr<Checkpointer> checkpointer_;
  bool checkpoint_is_begun_ = false;
  std::unique_ptr<int> wal_pages_;    // SQLite's hook writes it; a stable address
  std::map<RunId, BatchHead> heads_;  // of the runs that the last batches advanced
  std::int64_t data_version_ = 0;     // of the journal when they were read
  std::int64_t next_seq_ = 0;
};

}  // namespace nightjar::store
