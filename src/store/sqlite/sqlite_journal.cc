#include "store/sqlite/sqlite_journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "store/sqlite/anchors.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/writer.h"
#include "store/transaction.h"

namespace nightjar::store {
namespace {

constexpr std::size_t kWaitingMax = 1024;  // threads that wait to commit; so many share one sync

/// Transactions that go into the journal together, and what their threads wait for.
struct Batch {
  std::vector<CommitRequest*> requests{};
  std::promise<void> lead{};  // the first: it is its turn to write the batch
  std::promise<void> done{};  // the others: their outcomes are set
  std::shared_future<void> is_done = done.get_future().share();
};

struct Queue {
  Batch next{};
  bool is_led = false;  // A thread writes the batch before.
};

Error read_only_error(const std::string& path) {
  return {ErrorCode::unavailable, path + " is open for reading only"};
}

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(std::string path, OpenMode mode, Anchors anchors)
      : path_(std::move(path)), mode_(mode), anchors_(std::move(anchors)) {}

  /// Once, before anything else.
  Result<> open(const SqliteOptions& options);

  Result<std::vector<event::Envelope>> commit(const Transaction& transaction) override;
  Result<> read_run(const RunId& run, std::uint64_t from_run_seq,
                    const std::function<Result<>(const event::Envelope&)>& visit) const override;
  Result<std::vector<RunHead>> runs(std::size_t count_max) const override {
    return reader_.with([&](auto& reader) { return reader->runs(count_max); });
  }
  Result<std::vector<Posting>> postings(const RunId& run) const override {
    const std::optional<Anchor> anchor = anchor_of(run);
    return reader_.with([&](auto& reader) { return reader->postings(run, anchor); });
  }
  Result<std::optional<WorkItem>> work_item(const WorkId& id) const override {
    return reader_.with([&](auto& reader) { return reader->work_item(id); });
  }
  Result<bool> has_idempotency_key(const std::string& key) const override {
    return reader_.with([&](auto& reader) { return reader->has_idempotency_key(key); });
  }
  Result<Lease> acquire_lease(const RunId& run, const std::string& holder, std::int64_t now_utc_ns,
                              std::int64_t until_utc_ns) override;
  Result<> release_lease(const Lease& lease) override;
  Result<std::vector<Damage>> verify() const override;

 private:
  std::optional<Anchor> anchor_of(const RunId& run) const {
    return anchors_.with([&](const Anchors& anchors) { return anchors.find(run); });
  }
  void write_batch();

  const std::string path_;
  const OpenMode mode_;
  Guarded<Anchors> anchors_;
  Guarded<Queue> queue_;
  // Readers first: the writer's last checkpoint must not meet one of ours.
  Guarded<std::optional<Writer>> writer_;
  mutable Guarded<std::optional<Reader>> reader_;
};

Result<> SqliteJournal::open(const SqliteOptions& options) {
  if (mode_ == OpenMode::read_write) {
    TRY_INTO(Writer writer, Writer::open(path_, anchors_, options.wal_bytes));
    writer_.with([&](auto& slot) { slot.emplace(std::move(writer)); });
  }
  TRY_INTO(Reader reader, Reader::open(path_));
  reader_.with([&](auto& slot) { slot.emplace(std::move(reader)); });
  return ok;
}

// The thread that finds no leader leads: it writes all that wait, which is its own transaction
// alone or with those of others, hands the lead to the first that came meanwhile, and wakes its
// batch at once. So nobody waits longer than two batches, and a transaction alone waits for nobody.
Result<std::vector<event::Envelope>> SqliteJournal::commit(const Transaction& transaction) {
  if (mode_ == OpenMode::read_only) return read_only_error(path_);
  TRY(check(transaction));
  CommitRequest request{.transaction = &transaction};
  TRY_INTO(request.appends, seal_appends(transaction));
  for (ChainedAppend& append : request.appends) {
    // Nearly always the head is the anchored one; hashing here keeps it out of the leader's way.
    const std::optional<Anchor> anchor = anchor_of(append.run);
    append.chain_to(anchor ? anchor->hash : Digest());
  }

  std::future<void> lead;
  std::shared_future<void> done;
  const bool joined = queue_.with([&](Queue& queue) {
    Batch& batch = queue.next;
    if (batch.requests.size() >= kWaitingMax) return false;
    batch.requests.push_back(&request);
    if (batch.requests.size() > 1) {
      done = batch.is_done;
    } else if (std::exchange(queue.is_led, true)) {
      lead = batch.lead.get_future();
    }
    return true;
  });
  if (!joined) return {ErrorCode::exhausted, path_ + ": too many threads wait to commit"};
  if (done.valid()) {
    done.wait();
  } else {
    if (lead.valid()) lead.wait();
    write_batch();
  }
  TRY(request.outcome);
  return take_events(std::move(request.appends));
}

void SqliteJournal::write_batch() {
  Batch batch = queue_.with([](Queue& queue) { return std::exchange(queue.next, Batch()); });
  const bool is_full = writer_.with([&](auto& writer) {
    writer->write(batch.requests);
    return writer->begin_checkpoint();
  });
  if (is_full) {
    batch.done.set_value();  // Theirs is durable; only the next batch waits for the checkpoint.
    writer_.with([](auto& writer) { writer->finish_checkpoint(); });
  }
  queue_.with([](Queue& queue) {
    queue.is_led = !queue.next.requests.empty();
    if (queue.is_led) queue.next.lead.set_value();
  });
  if (!is_full) batch.done.set_value();
}

Result<> SqliteJournal::read_run(
    const RunId& run, std::uint64_t from_run_seq,
    const std::function<Result<>(const event::Envelope&)>& visit) const {
  // Taken before the journal is looked at, for an anchor may lag but never run ahead.
  const std::optional<Anchor> anchor = anchor_of(run);
  TRY_INTO(RunPath path, reader_.with([&](auto& reader) {
    return reader->find_path(run, from_run_seq, anchor);
  }));
  std::size_t next_row = 0;
  while (next_row < path.rows.size()) {
    // `visit` runs between two looks at the journal, so that it may call us.
    const Unpacked chunk =
        reader_.with([&](auto& reader) { return reader->read_chunk(path, &next_row); });
    for (const event::Envelope& event : chunk.events) {
      if (anchor && event.run_seq == anchor->run_seq + 1 && event.prev_hash != anchor->hash) {
        return damaged(run, anchor->run_seq, "it is not the event that was anchored");
      }
      if (event.run_seq >= from_run_seq) TRY(visit(event));
    }
    if (chunk.damage) return *chunk.damage;
  }
  return ok;
}

Result<Lease> SqliteJournal::acquire_lease(const RunId& run, const std::string& holder,
                                           std::int64_t now_utc_ns, std::int64_t until_utc_ns) {
  const Lease wanted{.run = run, .holder = holder, .until_utc_ns = until_utc_ns};
  if (mode_ == OpenMode::read_only) return read_only_error(path_);
  return writer_.with([&](auto& writer) { return writer->acquire_lease(wanted, now_utc_ns); });
}

Result<> SqliteJournal::release_lease(const Lease& lease) {
  if (mode_ == OpenMode::read_only) return read_only_error(path_);
  return writer_.with([&](auto& writer) { return writer->release_lease(lease); });
}

Result<std::vector<Damage>> SqliteJournal::verify() const {
  std::string_view fault;
  const auto anchors = anchors_.with([&](const Anchors& known) {
    if (known.damaged()) fault = " is not what was written";
    if (!known.existed() && mode_ == OpenMode::read_only) fault = " is missing";
    return known.all();
  });
  auto damages = reader_.with([&](auto& reader) { return reader->verify(anchors); });
  if (!fault.empty()) {
    damages.push_back({std::nullopt, 0, heads_path_of(path_) + std::string(fault)});
  }
  return damages;
}

/// Ours alone, before SQLite makes it with the mode of the umask.
Result<> create_private(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    const Error error = errno_error("open " + path, errno);
    return {error.code == ErrorCode::exhausted ? error.code : ErrorCode::unavailable,
            error.message};
  }
  return ok;
}

/// Before anything is written: a file that is not ours stays as it is, and a journal with events
/// must have its anchors.
Result<> check_before_writing(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || info.st_size == 0) return ok;
  // A power cut while the file was made; the writer's connection undoes what was half made.
  if (path_exists(path + "-journal")) return ok;
  TRY_INTO(Connection connection, Connection::open(path, Connection::Access::read_only));
  TRY_INTO(const Contents contents, examine_schema(connection).with_context(path));
  if (contents == Contents::fresh || path_exists(heads_path_of(path))) return ok;
  TRY_INTO(const std::int64_t heads, connection.integer("SELECT EXISTS (SELECT 1 FROM heads)"));
  if (heads == 0) return ok;
  return {ErrorCode::corrupt, heads_path_of(path) + " is missing, so nobody can tell whether " +
                                  path +
                                  " is whole: restore it, or create it empty to take the "
                                  "journal as it is"};
}

}  // namespace

std::string heads_path_of(const std::string& path) {
  const bool has_suffix = path.ends_with(".db");
  return path.substr(0, path.size() - (has_suffix ? 3 : 0)) + ".heads";
}

Result<std::unique_ptr<Journal>> open_sqlite_journal(const std::string& path, OpenMode mode,
                                                     const SqliteOptions& options) {
  if (mode == OpenMode::read_only && !path_exists(path)) {
    return {ErrorCode::not_found, path + ": there is no journal yet"};
  }
  if (mode == OpenMode::read_write) {
    TRY(create_private(path));
    TRY(check_before_writing(path));
  }
  TRY_INTO(Anchors anchors, Anchors::open(heads_path_of(path), mode));
  auto journal = std::make_unique<SqliteJournal>(path, mode, std::move(anchors));
  TRY(journal->open(options));
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace nightjar::store
