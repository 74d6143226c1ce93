// SQLite behind values: one connection, prepared statements, errors with the code that fits.
//
// A Connection and its statements belong to one thread at a time. SQL is ours alone; values are
// always bound. The only files that include sqlite3.h lie in this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nightjar::store {

/// Bytes for a BLOB column; a std::string_view goes into a TEXT column.
struct Bytes {
  std::string_view bytes;
};

class Statement;

/// The rows of one execution; ends it (and its read of the database) when destroyed.
class Rows {
 public:
  explicit Rows(Statement& statement) : statement_(statement) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  /// True: there is a row, whose columns are valid until the next call.
  Result<bool> next();
  std::int64_t integer(int column) const;
  std::string_view bytes(int column) const;  // of BLOB and TEXT
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  Statement& statement_;
};

class Connection {
 public:
  enum class Access { read_write, read_only, immutable };

  /// `immutable`: nobody can be writing; the file's folder need not be writable.
  static Result<Connection> open(const std::string& path, Access access);
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;
  ~Connection() = default;

  Result<> execute(const char* sql);
  /// The first column of the first row; for pragmas.
  Result<std::int64_t> integer(const char* sql);
  Result<std::string> text(const char* sql);
  Result<Statement> prepare(const char* sql);

  bool in_transaction() const;
  /// The last failure on this connection.
  Error error() const;
  sqlite3* get() const { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Connection(sqlite3* database, std::string path) : database_(database), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> database_;
  std::string path_;
};

class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;
  ~Statement() = default;

  /// Binds the values in order. What they view must stay until the Rows are gone.
  template <typename... Values>
  Rows query(const Values&... values) {
    int position = 0;
    (bind(++position, values), ...);
    return Rows(*this);
  }
  /// For statements without rows.
  template <typename... Values>
  Result<> run(const Values&... values) {
    Rows rows = query(values...);
    return finish(rows);
  }

 private:
  friend class Connection;
  friend class Rows;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, std::string path)
      : statement_(statement), path_(std::move(path)) {}
  void bind(int position, std::int64_t value);
  void bind(int position, std::string_view value);
  void bind(int position, const std::string& value) { bind(position, std::string_view(value)); }
  void bind(int position, Bytes value);
  static Result<> finish(Rows& rows);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string path_;
};

}  // namespace nightjar::store
