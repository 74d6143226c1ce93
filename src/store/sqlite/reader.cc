#include "store/sqlite/reader.h"

#include <algorithm>

#include "store/sqlite/schema.h"
#include "store/sqlite/verify.h"
#include "store/transaction.h"

namespace nightjar::store {
namespace {

constexpr std::size_t kChunkBytesMax = std::size_t{4} << 20;
constexpr std::size_t kWalBytesReadMax = std::size_t{1} << 30;

constexpr const char* kSelectRuns =
    "SELECT heads.run, run_seq, heads.hash, last_append, posting_count, posting_hash, digest "
    "FROM appends JOIN heads ON heads.run = appends.run WHERE appends.previous = 0 "
    "ORDER BY first_seq DESC LIMIT ?1";
constexpr const char* kSelectKey = "SELECT 1 FROM idempotency_keys WHERE key = ?1";

/// Nothing in the -wal file counts any more: its header was cleared, or it was never written.
bool wal_is_spent(const std::string& path) {
  if (!path_exists(path)) return true;
  const Result<std::string> content = read_file(path, kWalBytesReadMax);
  return content && std::all_of(content->begin(),
                                content->begin() + static_cast<std::ptrdiff_t>(
                                                       std::min<std::size_t>(32, content->size())),
                                [](char c) { return c == '\0'; });
}

Result<Connection> open_checked(const std::string& path, Connection::Access access) {
  TRY_INTO(Connection connection, Connection::open(path, access));
  TRY_INTO(const Contents contents, examine_schema(connection).with_context(path));
  if (contents == Contents::fresh) {
    return {ErrorCode::corrupt, path + " is empty: it was cut off, or never begun"};
  }
  return connection;
}

}  // namespace

Result<Reader> Reader::open(const std::string& path) {
  Result<Connection> connection = open_checked(path, Connection::Access::read_only);
  // SQLite wants to write beside the journal to read it, unless nobody can be writing.
  if (!connection && connection.error().code == ErrorCode::unavailable &&
      wal_is_spent(path + "-wal")) {
    Result<Connection> immutable = open_checked(path, Connection::Access::immutable);
    if (immutable) connection = std::move(immutable);
  }
  if (!connection) return std::move(connection).error();
  return Reader(*std::move(connection));
}

Result<Statement*> Reader::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return &found->second;
  TRY_INTO(Statement statement, connection_.prepare(sql));
  return &statements_.emplace(sql, std::move(statement)).first->second;
}

Result<RunPath> Reader::find_path(const RunId& run, std::uint64_t from_run_seq,
                                  const std::optional<Anchor>& anchor) {
  TRY_INTO(Statement * select_head, prepared(kSelectHead));
  TRY_INTO(Statement * select_append, prepared(kSelectAppend));
  TRY_INTO(const Head head, read_head(*select_head, run, anchor));
  RunPath path{.end = head.anchor};
  if (head.anchor.run_seq == 0) return run_not_found(run);

  std::uint64_t last_run_seq = head.anchor.run_seq;  // of the row at `at`
  std::int64_t at = head.last_append;
  bool needs_hash = false;  // the row at `at` is the one before the path
  while (at != 0 && (needs_hash || last_run_seq >= from_run_seq)) {
    Rows rows = select_append->query(at);
    TRY_INTO(const bool found, step(rows, run, last_run_seq));
    if (!found) return damaged(run, last_run_seq, "it is missing from the journal");
    Result<AppendRow> row = append_from(rows);
    if (!row || row->run != run || row->first_run_seq + row->event_count - 1 != last_run_seq) {
      return damaged(run, last_run_seq, "another event stands in its place");
    }
    if (needs_hash) {
      path.prev_hash = row->hash;
      break;
    }
    if (path.rows.empty() && row->hash != head.anchor.hash) {
      return damaged(run, last_run_seq, "its hash is not that of the head of its chain");
    }
    path.rows.push_back(at);
    path.first_run_seq = row->first_run_seq;
    last_run_seq = row->first_run_seq - 1;
    at = row->previous;
    needs_hash = last_run_seq < from_run_seq;
  }
  std::reverse(path.rows.begin(), path.rows.end());
  return path;
}

Unpacked Reader::read_chunk(RunPath& path, std::size_t* next_row) {
  Unpacked chunk;
  const auto fail = [&](Error error) {
    chunk.damage = std::move(error);
    return chunk;
  };
  Result<Statement*> select_append = prepared(kSelectAppend);
  if (!select_append) return fail(select_append.error());
  for (std::size_t bytes = 0; *next_row < path.rows.size() && bytes < kChunkBytesMax; ++*next_row) {
    Rows rows = (*select_append)->query(path.rows[*next_row]);
    const Result<bool> found = step(rows, path.end.run, path.first_run_seq);
    if (!found) return fail(found.error());
    Result<AppendRow> row = *found ? append_from(rows) : Result<AppendRow>(AppendRow());
    if (!row || row->run != path.end.run || row->first_run_seq != path.first_run_seq) {
      return fail(damaged(path.end.run, path.first_run_seq, "another event stands in its place"));
    }
    const std::string_view records = rows.bytes(6);
    bytes += records.size();
    Unpacked unpacked = unpack(*row, records, path.prev_hash);
    std::move(unpacked.events.begin(), unpacked.events.end(), std::back_inserter(chunk.events));
    if (unpacked.damage) return fail(*unpacked.damage);
    path.prev_hash = row->hash;
    path.first_run_seq += row->event_count;
  }
  return chunk;
}

Result<std::vector<RunHead>> Reader::runs(std::size_t count_max) {
  TRY_INTO(Statement * select, prepared(kSelectRuns));
  constexpr std::size_t kCountMost = 1'000'000;
  Rows rows = select->query(static_cast<std::int64_t>(std::min(count_max, kCountMost)));
  std::vector<RunHead> out;
  while (true) {
    TRY_INTO(const bool more, rows.next());
    if (!more) return out;
    TRY_INTO(const Head head, head_from(rows));
    out.push_back(
        {.run = head.anchor.run, .run_seq = head.anchor.run_seq, .hash = head.anchor.hash});
  }
}

Result<std::vector<Posting>> Reader::postings(const RunId& run,
                                              const std::optional<Anchor>& anchor) {
  TRY_INTO(Statement * select_head, prepared(kSelectHead));
  TRY_INTO(Statement * select_postings, prepared(kSelectPostings));
  // One snapshot for both: a commit in between would look like damage.
  TRY(connection_.execute("BEGIN"));
  const auto read = [&]() -> Result<std::vector<Posting>> {
    TRY_INTO(const Head head, read_head(*select_head, run, anchor));
    Rows rows = select_postings->query(bytes_of(run));
    std::vector<Posting> out;
    Digest hash;
    while (true) {
      TRY_INTO(const bool more, step(rows, run, 0));
      if (!more) break;
      out.push_back(posting_from(run, rows));
      hash = posting_hash_of(hash, out.back());
    }
    if (out.size() != head.anchor.posting_count || hash != head.anchor.posting_hash) {
      return damaged(run, 0, "its postings are not what was written");
    }
    return out;
  };
  Result<std::vector<Posting>> out = read();
  TRY(connection_.execute("COMMIT"));
  return out;
}

Result<std::optional<WorkItem>> Reader::work_item(const WorkId& id) {
  TRY_INTO(Statement * select, prepared(kSelectWorkItem));
  Rows rows = select->query(bytes_of(id));
  TRY_INTO(const bool found, rows.next());
  if (!found) return std::optional<WorkItem>();
  TRY_INTO(WorkItem item, work_item_from(rows));
  return std::optional<WorkItem>(std::move(item));
}

Result<bool> Reader::has_idempotency_key(const std::string& key) {
  TRY_INTO(Statement * select, prepared(kSelectKey));
  Rows rows = select->query(key);
  return rows.next();
}

std::vector<Damage> Reader::verify(const std::map<RunId, Anchor>& anchors) {
  return verify_journal(connection_, anchors);
}

}  // namespace nightjar::store
