#include "store/sqlite/writer.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "store/sqlite/schema.h"

namespace nightjar::store {
namespace {

// Of 8 KiB; then a checkpoint begins. Below SqliteOptions::wal_bytes, so that there is room
// meanwhile.
constexpr int kWalPagesMax = 400;

int note_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

/// Gives the -wal file its full size, so that commits overwrite instead of growing it, which costs
/// the file system a second write each. A failure costs speed alone.
void preallocate(const std::string& path, std::size_t bytes) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) return;
  const std::string zeros(std::size_t{64} * 1024, '\0');
  auto at = static_cast<std::size_t>(info.st_size);
  if (at >= bytes) return;
  while (at < bytes) {
    const std::size_t size = std::min(zeros.size(), bytes - at);
    if (::pwrite(fd.get(), zeros.data(), size, static_cast<off_t>(at)) <= 0) break;
    at += size;
  }
  ::fsync(fd.get());
}

/// After a complete checkpoint the frames in the -wal file are history. Clearing its header keeps a
/// later flipped bit from bringing a part of that history back.
void clear_header(const std::string& path) {
  constexpr std::size_t kHeaderBytes = 32;
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) return;
  if (info.st_size < static_cast<off_t>(kHeaderBytes)) return;
  const std::string zeros(kHeaderBytes, '\0');
  if (::pwrite(fd.get(), zeros.data(), zeros.size(), 0) > 0) ::fdatasync(fd.get());
}

}  // namespace

struct Writer::Statements {
  Statement begin;
  Statement commit;
  Statement rollback;
  Statement data_version;
  Statement last_append;
  Statement select_head;
  Statement save_head;
  Statement insert_append;
  Statement insert_posting;
  Statement select_work_item;
  Statement save_work_item;
  Statement select_key;
  Statement insert_key;
  Statement select_lease;
  Statement save_lease;

  static Result<Statements> prepare(Connection& connection);
};

Result<Writer::Statements> Writer::Statements::prepare(Connection& connection) {
  TRY_INTO(Statement begin, connection.prepare("BEGIN IMMEDIATE"));
  TRY_INTO(Statement commit, connection.prepare("COMMIT"));
  TRY_INTO(Statement rollback, connection.prepare("ROLLBACK"));
  TRY_INTO(Statement data_version, connection.prepare("PRAGMA data_version"));
  TRY_INTO(Statement last_append, connection.prepare("SELECT first_seq + event_count FROM appends "
                                                     "ORDER BY first_seq DESC LIMIT 1"));
  TRY_INTO(Statement select_head, connection.prepare(kSelectHead));
  TRY_INTO(Statement save_head,
           connection.prepare("INSERT INTO heads VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                              "ON CONFLICT (run) DO UPDATE SET run_seq = ?2, hash = ?3, "
                              "last_append = ?4, posting_count = ?5, posting_hash = ?6, "
                              "digest = ?7"));
  TRY_INTO(Statement insert_append,
           connection.prepare("INSERT INTO appends VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  TRY_INTO(Statement insert_posting,
           connection.prepare("INSERT INTO postings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  TRY_INTO(Statement select_work_item, connection.prepare(kSelectWorkItem));
  TRY_INTO(Statement save_work_item,
           connection.prepare("INSERT INTO work_items VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                              "ON CONFLICT (id) DO UPDATE SET state = ?5, digest = ?7"));
  TRY_INTO(Statement select_key,
           connection.prepare("SELECT 1 FROM idempotency_keys WHERE key = ?1"));
  TRY_INTO(Statement insert_key,
           connection.prepare("INSERT INTO idempotency_keys VALUES (?1, ?2)"));
  TRY_INTO(Statement select_lease, connection.prepare(kSelectLease));
  TRY_INTO(Statement save_lease,
           connection.prepare("INSERT INTO leases VALUES (?1, ?2, ?3, ?4, ?5) "
                              "ON CONFLICT (run) DO UPDATE SET holder = ?2, token = ?3, "
                              "until_utc_ns = ?4, digest = ?5"));
  return Statements{std::move(begin),          std::move(commit),
                    std::move(rollback),       std::move(data_version),
                    std::move(last_append),    std::move(select_head),
                    std::move(save_head),      std::move(insert_append),
                    std::move(insert_posting), std::move(select_work_item),
                    std::move(save_work_item), std::move(select_key),
                    std::move(insert_key),     std::move(select_lease),
                    std::move(save_lease)};
}

Writer::Writer(Connection connection, std::string path, Guarded<Anchors>& anchors,
               std::size_t wal_bytes)
    : path_(std::move(path)),
      anchors_(&anchors),
      wal_bytes_(wal_bytes),
      connection_(std::move(connection)),
      checkpointer_(std::make_unique<Checkpointer>(path_)),
      wal_pages_(std::make_unique<int>(0)) {}

Result<Writer> Writer::open(const std::string& path, Guarded<Anchors>& anchors,
                            std::size_t wal_bytes) {
  TRY_INTO(Connection connection, Connection::open(path, Connection::Access::read_write));
  TRY_INTO(const Contents contents, examine_schema(connection).with_context(path));
  if (contents == Contents::fresh && anchors.with([](Anchors& a) { return !a.all().empty(); })) {
    return {ErrorCode::corrupt, path +
                                    " is empty, but events of it were anchored: restore it from "
                                    "a copy, or move its folder away to begin anew"};
  }
  // EXTRA, not FULL: making a fresh file deletes a rollback journal, and were that deletion lost in
  // a power cut, the next opener would roll back to an empty file. For commits the two are the
  // same.
  TRY(connection.execute("PRAGMA synchronous = EXTRA; PRAGMA wal_autocheckpoint = 0"));
  // Of a fresh file. Larger than usual, for most pages are written once, full of new events.
  TRY(connection.execute("PRAGMA page_size = 8192"));
  TRY_INTO(const std::string mode, connection.text("PRAGMA journal_mode = WAL"));
  if (mode != "wal") {
    return {ErrorCode::unavailable,
            path + ": SQLite cannot keep a write-ahead log here: is the folder writable?"};
  }
  if (contents == Contents::fresh) TRY(create_schema(connection).with_context(path));
  Writer writer(std::move(connection), path, anchors, wal_bytes);
  TRY_INTO(Statements statements, Statements::prepare(writer.connection_));
  writer.statements_ = std::make_unique<Statements>(std::move(statements));
  sqlite3_wal_hook(writer.connection_.get(), note_wal_pages, writer.wal_pages_.get());
  preallocate(path + "-wal", wal_bytes);
  return writer;
}

Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Writer::~Writer() {
  if (!statements_) return;
  checkpointer_.reset();
  checkpoint_and_reset();
}

void Writer::write(const std::vector<CommitRequest*>& batch) {
  const Result<> written = write_once(batch);
  if (written) return;
  if (batch.size() == 1) {
    batch.front()->outcome = written.error();
    return;
  }
  // One of them broke the transaction of all: each gets its own.
  for (CommitRequest* request : batch) write({request});
}

Result<> Writer::write_once(const std::vector<CommitRequest*>& batch) {
  const Result<> done = in_transaction([&]() -> Result<> {
    TRY(begin_batch());
    for (CommitRequest* request : batch) {
      if (Result<> checked = check_one(*request); !checked) {
        if (!connection_.in_transaction()) return checked;  // SQLite gave up the whole batch.
        request->outcome = checked.error();
        continue;
      }
      TRY(apply_one(*request));
    }
    return save_heads();
  });
  if (done) {
    anchor_heads();
  } else {
    heads_.clear();  // They may stand where the rollback undid them.
  }
  return done;
}

/// Keeps the heads that earlier batches read or wrote, as long as nobody else wrote meanwhile.
Result<> Writer::begin_batch() {
  constexpr std::size_t kHeadsKept = 4096;
  Rows version = statements_->data_version.query();
  TRY_INTO(const bool known, version.next());
  if (!known || version.integer(0) != data_version_ || heads_.size() > kHeadsKept) heads_.clear();
  data_version_ = known ? version.integer(0) : 0;
  Rows last = statements_->last_append.query();
  TRY_INTO(const bool found, last.next());
  next_seq_ = found ? last.integer(0) : 1;
  return ok;
}

template <typename Work>
Result<> Writer::in_transaction(const Work& work) {
  TRY(statements_->begin.run());
  Result<> done = work();
  if (done) done = statements_->commit.run();
  if (!done && connection_.in_transaction()) {
    // Its failure is the next BEGIN's, which then says that a transaction is open.
    const Result<> undone = statements_->rollback.run();
    if (!undone) return undone;
  }
  return done;
}

Result<Writer::BatchHead*> Writer::head_of(const RunId& run) {
  const auto found = heads_.find(run);
  if (found != heads_.end()) return &found->second;
  const auto anchor = anchors_->with([&](Anchors& anchors) { return anchors.find(run); });
  TRY_INTO(Head head, read_head(statements_->select_head, run, anchor));
  return &heads_.emplace(run, BatchHead{.head = head}).first->second;
}

/// Reads only, so that a refusal leaves nothing to undo.
Result<> Writer::check_one(const CommitRequest& request) {
  for (const Append& append : request.transaction->appends) {
    TRY_INTO(const BatchHead* known, head_of(append.run));
    const std::uint64_t run_seq = known->head.anchor.run_seq;
    if (run_seq != append.expected_run_seq) {
      return head_conflict(append.run, append.expected_run_seq, run_seq);
    }
  }
  for (const Posting& posting : request.transaction->postings) TRY(head_of(posting.run));
  for (const std::string& key : request.transaction->idempotency_keys) {
    Rows rows = statements_->select_key.query(key);
    TRY_INTO(const bool found, rows.next());
    if (found) return key_conflict(key);
  }
  for (const WorkItem& item : request.transaction->work_items) TRY(check_work_item(item));
  return ok;
}

Result<> Writer::check_work_item(const WorkItem& item) {
  Rows rows = statements_->select_work_item.query(bytes_of(item.id));
  TRY_INTO(const bool found, rows.next());
  if (!found) return ok;
  TRY_INTO(const WorkItem stored, work_item_from(rows));
  return check_work_item_change(stored, item);
}

Result<> Writer::apply_one(CommitRequest& request) {
  for (ChainedAppend& append : request.appends) TRY(append_events(append));
  TRY(apply_postings(request.transaction->postings));
  for (const WorkItem& item : request.transaction->work_items) {
    TRY(statements_->save_work_item.run(bytes_of(item.id), bytes_of(item.project), item.text,
                                        item.source, item.state, item.created_at_utc_ns,
                                        Bytes{digest_of(item)}));
  }
  for (const std::string& key : request.transaction->idempotency_keys) {
    TRY(statements_->insert_key.run(key, Bytes{digest_of_key(key)}));
  }
  request.outcome = ok;
  return ok;
}

Result<> Writer::append_events(ChainedAppend& append) {
  if (append.events.empty()) return ok;
  TRY_INTO(BatchHead * known, head_of(append.run));
  known->changed = true;
  Head* head = &known->head;
  if (append.records.empty() || append.events.front().prev_hash != head->anchor.hash) {
    append.chain_to(head->anchor.hash);
  }
  const auto count = static_cast<std::int64_t>(append.events.size());
  TRY(statements_->insert_append.run(
      next_seq_, bytes_of(append.run), static_cast<std::int64_t>(head->anchor.run_seq + 1), count,
      head->last_append, bytes_of(append.head), Bytes{append.records}));
  append.first_seq = static_cast<std::uint64_t>(next_seq_);
  head->last_append = next_seq_;
  head->anchor.run_seq += append.events.size();
  head->anchor.hash = append.head;
  next_seq_ += count;
  return ok;
}

Result<> Writer::apply_postings(const std::vector<Posting>& postings) {
  for (const Posting& posting : postings) {
    TRY_INTO(BatchHead * known, head_of(posting.run));
    known->changed = true;
    Anchor& anchor = known->head.anchor;
    anchor.posting_count += 1;
    anchor.posting_hash = posting_hash_of(anchor.posting_hash, posting);
    TRY(statements_->insert_posting.run(
        bytes_of(posting.run), static_cast<std::int64_t>(anchor.posting_count), posting.debit,
        posting.credit, posting.unit, posting.amount, posting.memo));
  }
  return ok;
}

/// Once a batch, however many of its transactions advanced a run.
Result<> Writer::save_heads() {
  for (const auto& [run, known] : heads_) {
    if (!known.changed) continue;
    const Head& head = known.head;
    TRY(statements_->save_head.run(bytes_of(run), static_cast<std::int64_t>(head.anchor.run_seq),
                                   bytes_of(head.anchor.hash), head.last_append,
                                   static_cast<std::int64_t>(head.anchor.posting_count),
                                   bytes_of(head.anchor.posting_hash), Bytes{digest_of(head)}));
  }
  return ok;
}

/// After the commit: an anchor must never name what the journal may not hold.
void Writer::anchor_heads() {
  std::vector<Anchor> changed;
  for (auto& [run, known] : heads_) {
    if (std::exchange(known.changed, false)) changed.push_back(known.head.anchor);
  }
  if (changed.empty()) return;
  // A failure leaves the anchors behind the journal, which is allowed; they remember to catch up.
  anchors_->with([&](Anchors& anchors) { return anchors.append(changed).has_value(); });
}

Result<Lease> Writer::acquire_lease(const Lease& wanted, std::int64_t now_utc_ns) {
  Lease lease;
  TRY(in_transaction([&]() -> Result<> {
    std::optional<Lease> stored;
    {
      Rows rows = statements_->select_lease.query(bytes_of(wanted.run));
      TRY_INTO(const bool found, rows.next());
      if (found) {
        TRY_INTO(stored, lease_from(rows));
      }
    }
    TRY_INTO(lease, next_lease(stored, wanted, now_utc_ns));
    return statements_->save_lease.run(bytes_of(lease.run), lease.holder,
                                       static_cast<std::int64_t>(lease.token), lease.until_utc_ns,
                                       Bytes{digest_of(lease)});
  }));
  return lease;
}

Result<> Writer::release_lease(const Lease& lease) {
  return in_transaction([&]() -> Result<> {
    Lease released;
    {
      Rows rows = statements_->select_lease.query(bytes_of(lease.run));
      TRY_INTO(const bool found, rows.next());
      if (!found) return lease_conflict(lease);
      TRY_INTO(released, lease_from(rows));
    }
    if (released.token != lease.token) return lease_conflict(lease);
    released.until_utc_ns = 0;  // The token stays: it must never be given again.
    return statements_->save_lease.run(bytes_of(released.run), released.holder,
                                       static_cast<std::int64_t>(released.token),
                                       released.until_utc_ns, Bytes{digest_of(released)});
  });
}

// Most pages are moved beside the commits; the few that came meanwhile are left for the end, for
// the -wal file starts again at its begin only when all are moved.
bool Writer::begin_checkpoint() {
  if (*wal_pages_ < kWalPagesMax) return false;
  if (*wal_pages_ >= 4 * kWalPagesMax) return true;  // Commits are faster than the other thread.
  if (!checkpoint_is_begun_) {
    checkpointer_->request();
    checkpoint_is_begun_ = true;
    return false;
  }
  return checkpointer_->is_done();
}

void Writer::finish_checkpoint() {
  checkpoint_is_begun_ = false;
  // A failure (a reader in the way, a full disk) leaves all in the -wal file; the next try may
  // work.
  sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                            nullptr);
  anchors_->with([](Anchors& anchors) { return anchors.sync().has_value(); });
}

void Writer::checkpoint_and_reset() {
  sqlite3_busy_timeout(connection_.get(),
                       100);  // A reader may finish; else the next opener does it.
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_RESTART,
                                             nullptr, nullptr);
  if (code == SQLITE_OK) clear_header(path_ + "-wal");
  anchors_->with([](Anchors& anchors) { return anchors.sync().has_value(); });
}

}  // namespace nightjar::store
