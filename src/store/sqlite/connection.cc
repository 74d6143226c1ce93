#include "store/sqlite/connection.h"

#include <sqlite3.h>

#include <cerrno>

#include "base/check.h"
#include "base/file.h"

namespace nightjar::store {
namespace {

constexpr int kBusyMs = 5000;  // For a reader's recovery or a second writer without our lock.

/// `left_errno`: what the failed call left in errno; SQLite keeps its own copy only of some
/// failures.
Error error_of(sqlite3* database, const std::string& path, int left_errno) {
  const int code = sqlite3_extended_errcode(database);
  const int kept_errno = sqlite3_system_errno(database);
  const int system_error = kept_errno != 0 ? kept_errno : left_errno;
  const std::string what = path + ": " + sqlite3_errmsg(database);
  const bool no_room = system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return {ErrorCode::exhausted,
              path + ": no room left on the disk; nothing of this was recorded; free some space"};
    case SQLITE_IOERR:
      if (no_room) {
        return {ErrorCode::exhausted, what + ": no room left; nothing of this was recorded"};
      }
      if (code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS) {
        return {ErrorCode::corrupt, what};
      }
      if (system_error == 0) return {ErrorCode::unavailable, what};
      return {ErrorCode::unavailable, errno_error(what, system_error).message};
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return {ErrorCode::exhausted, what};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return {ErrorCode::unavailable, what + ": check that the file and its folder are writable"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable, what + ": another process writes this journal"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:  // Our SQL fits our schema, so the schema is not ours.
      return {ErrorCode::corrupt, what};
    default: return {ErrorCode::unavailable, what};
  }
}

/// The path as a file: URI, where some characters mean something.
std::string uri_of(const std::string& path, std::string_view query) {
  std::string out = "file:";
  for (const char c : path) {
    if (c == '%') {
      out += "%25";
    } else if (c == '?') {
      out += "%3f";
    } else if (c == '#') {
      out += "%23";
    } else {
      out.push_back(c);
    }
  }
  return out + std::string(query);
}

}  // namespace

Rows::~Rows() { sqlite3_reset(statement_.statement_.get()); }

Result<bool> Rows::next() {
  sqlite3_stmt* statement = statement_.statement_.get();
  errno = 0;
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(sqlite3_db_handle(statement), statement_.path_, errno);
}

std::int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(statement_.statement_.get(), column);
}

std::string_view Rows::bytes(int column) const {
  sqlite3_stmt* statement = statement_.statement_.get();
  const void* data = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

void Connection::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Connection> Connection::open(const std::string& path, Access access) {
  const bool writes = access == Access::read_write;
  const std::string uri =
      uri_of(path, access == Access::immutable ? "?immutable=1" : std::string_view());
  const int flags = (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &opened, flags, nullptr);
  Connection connection(opened, path);
  if (opened == nullptr) return {ErrorCode::exhausted, path + ": no memory to open it"};
  if (code != SQLITE_OK) return connection.error();
  sqlite3_busy_timeout(opened, kBusyMs);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // The -wal file keeps its size: commits then overwrite blocks that the disk has given already.
  int keep = 1;
  sqlite3_file_control(opened, nullptr, SQLITE_FCNTL_PERSIST_WAL, &keep);
  TRY(connection.execute("PRAGMA cell_size_check = ON; PRAGMA cache_size = -16000"));
  return connection;
}

Result<> Connection::execute(const char* sql) {
  errno = 0;
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return ok;
}

Result<std::int64_t> Connection::integer(const char* sql) {
  TRY_INTO(Statement statement, prepare(sql));
  Rows rows = statement.query();
  TRY_INTO(const bool found, rows.next());
  return found ? rows.integer(0) : 0;
}

Result<std::string> Connection::text(const char* sql) {
  TRY_INTO(Statement statement, prepare(sql));
  Rows rows = statement.query();
  TRY_INTO(const bool found, rows.next());
  return found ? rows.text(0) : std::string();
}

Result<Statement> Connection::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return error();
  return Statement(statement, path_);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

Error Connection::error() const { return error_of(database_.get(), path_, errno); }

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::bind(int position, std::int64_t value) {
  CHECK(sqlite3_bind_int64(statement_.get(), position, value) == SQLITE_OK);
}

void Statement::bind(int position, std::string_view value) {
  CHECK(sqlite3_bind_text64(statement_.get(), position, value.data(), value.size(), SQLITE_STATIC,
                            SQLITE_UTF8) == SQLITE_OK);
}

void Statement::bind(int position, Bytes value) {
  CHECK(sqlite3_bind_blob64(statement_.get(), position, value.bytes.data(), value.bytes.size(),
                            SQLITE_STATIC) == SQLITE_OK);
}

Result<> Statement::finish(Rows& rows) {
  while (true) {
    TRY_INTO(const bool more, rows.next());
    if (!more) return ok;
  }
}

}  // namespace nightjar::store
