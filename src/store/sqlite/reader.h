// The connection that reads a journal: it sees what was committed and never waits for a writer.
//
// One thread at a time, for one call; the calls of one reading may be spread over many.
// Errors: as store/journal.h says.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/anchors.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/rows.h"

namespace nightjar::store {

/// The rows of `appends` that hold a run from some event on, oldest first.
struct RunPath {
  Anchor end{};                      // the run's head when the path was found
  Digest prev_hash{};                // hash of the event before the path's first row; zero: none
  std::uint64_t first_run_seq = 1;   // of the path's first row
  std::vector<std::int64_t> rows{};  // first_seq of each
};

class Reader {
 public:
  static Result<Reader> open(const std::string& path);
  /// Errors: not_found; corrupt, if rows are missing or `anchor` knows of more.
  Result<RunPath> find_path(const RunId& run, std::uint64_t from_run_seq,
                            const std::optional<Anchor>& anchor);
  /// The next rows of the path, from `*next_row` on, at most about 4 MB; moves the path's
  /// `prev_hash` and `first_run_seq` along. Events before a damage are returned with it.
  Unpacked read_chunk(RunPath& path, std::size_t* next_row);

  Result<std::vector<RunHead>> runs(std::size_t count_max);
  Result<std::vector<Posting>> postings(const RunId& run, const std::optional<Anchor>& anchor);
  Result<std::optional<WorkItem>> work_item(const WorkId& id);
  Result<bool> has_idempotency_key(const std::string& key);
  std::vector<Damage> verify(const std::map<RunId, Anchor>& anchors);

 private:
  explicit Reader(Connection connection) : connection_(std::move(connection)) {}
  Result<Statement*> prepared(const char* sql);

  Connection connection_;
  std::map<const char*, Statement> statements_;  // by the constant that holds the SQL
};

}  // namespace nightjar::store
