#include "store/sqlite/schema.h"

#include <string>
#include <vector>

namespace nightjar::store {
namespace {

// Each statement stands in sqlite_schema exactly as here, and is compared when a journal is opened.
constexpr const char* kTables[] = {
    "CREATE TABLE appends (first_seq INTEGER PRIMARY KEY, run BLOB NOT NULL, "
    "first_run_seq INTEGER NOT NULL, event_count INTEGER NOT NULL, previous INTEGER NOT NULL, "
    "hash BLOB NOT NULL, records BLOB NOT NULL) STRICT",
    "CREATE INDEX run_starts ON appends (first_seq) WHERE previous = 0",
    "CREATE TABLE heads (run BLOB PRIMARY KEY, run_seq INTEGER NOT NULL, hash BLOB NOT NULL, "
    "last_append INTEGER NOT NULL, posting_count INTEGER NOT NULL, posting_hash BLOB NOT NULL, "
    "digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE postings (run BLOB NOT NULL, number INTEGER NOT NULL, debit TEXT NOT NULL, "
    "credit TEXT NOT NULL, unit TEXT NOT NULL, amount INTEGER NOT NULL, memo TEXT NOT NULL, "
    "PRIMARY KEY (run, number)) STRICT, WITHOUT ROWID",
    "CREATE TABLE work_items (id BLOB PRIMARY KEY, project BLOB NOT NULL, text TEXT NOT NULL, "
    "source TEXT NOT NULL, state TEXT NOT NULL, created_at_utc_ns INTEGER NOT NULL, "
    "digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY, digest BLOB NOT NULL) "
    "STRICT, WITHOUT ROWID",
    "CREATE TABLE leases (run BLOB PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, "
    "until_utc_ns INTEGER NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID",
};

Result<> compare(Connection& connection) {
  TRY_INTO(
      Statement statement,
      connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"));
  Rows rows = statement.query();
  for (const char* table : kTables) {
    TRY_INTO(const bool found, rows.next());
    if (!found || rows.bytes(0) != table) {
      return {ErrorCode::corrupt, "the tables of the journal are not those of format 1"};
    }
  }
  TRY_INTO(const bool more, rows.next());
  if (more) return {ErrorCode::corrupt, "the journal has a table that format 1 does not know"};
  return ok;
}

}  // namespace

Result<> create_schema(Connection& connection) {
  const std::string stamp = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                            "; PRAGMA user_version = " + std::to_string(kJournalFormat);
  TRY(connection.execute("BEGIN IMMEDIATE"));
  for (const char* table : kTables) TRY(connection.execute(table));
  TRY(connection.execute(stamp.c_str()));
  return connection.execute("COMMIT");
}

Result<Contents> examine_schema(Connection& connection) {
  TRY_INTO(const std::int64_t application_id, connection.integer("PRAGMA application_id"));
  TRY_INTO(const std::int64_t format, connection.integer("PRAGMA user_version"));
  TRY_INTO(const std::int64_t tables, connection.integer("SELECT count(*) FROM sqlite_schema"));
  if (application_id == 0 && format == 0 && tables == 0) return Contents::fresh;
  if (application_id != kApplicationId) {
    return {ErrorCode::corrupt, "this is not a Nightjar journal"};
  }
  if (format > kJournalFormat) {
    return {ErrorCode::unavailable,
            "the journal has format " + std::to_string(format) + ", this Nightjar knows up to " +
                std::to_string(kJournalFormat) + ": use the newer Nightjar that wrote it"};
  }
  if (format != kJournalFormat) {
    return {ErrorCode::corrupt,
            "the journal has format " + std::to_string(format) + ", which never was"};
  }
  TRY(compare(connection));
  return Contents::existing;
}

}  // namespace nightjar::store
