// Damage on disk: whatever bytes are lost or altered, what is read is a prefix of what was written,
// the damage is named, and the rest can be appended to, or the journal is refused with a reason.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "base/bytes.h"
#include "base/file.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/sqlite_journal.h"
#include "store/testing/samples.h"

namespace nightjar::store {
namespace {

using store::testing::file_bytes;
using store::testing::run_number;
using store::testing::sample_posting;
using store::testing::sample_transaction;
using store::testing::sample_work_item;
using store::testing::ScratchDir;
using store::testing::write_bytes;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::size_t kPageBytes = 8192;
constexpr std::size_t kFrameHeaderBytes = 24;
const char* const kFiles[] = {"journal.db", "journal.db-wal", "journal.heads"};

using Files = std::map<std::string, std::string>;  // by name
using Runs = std::map<RunId, std::vector<event::Envelope>>;

/// A small journal, its files as a kill left them and as its close left them.
struct Sample {
  Runs runs;
  Files killed;
  Files killed_before_last;  // without the last transaction, which was of run 1
  Files closed;
};

Files copy_files(const ScratchDir& folder) {
  Files files;
  for (const char* name : kFiles) files[name] = file_bytes(folder.file(name));
  return files;
}

void restore_files(const ScratchDir& folder, const Files& files) {
  for (const auto& [name, bytes] : files) write_bytes(folder.file(name), bytes);
  ::unlink(folder.file("journal.db-shm").c_str());
}

const Sample& sample() {
  static const Sample made = [] {
    Sample out;
    const ScratchDir folder;
    {
      auto journal =
          *open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});
      const auto commit = [&](const Transaction& transaction) {
        const std::vector<event::Envelope> events = *journal->commit(transaction);
        for (const event::Envelope& event : events) out.runs[event.run].push_back(event);
      };
      Transaction first = sample_transaction(run_number(1), 0, 2);
      first.postings = {sample_posting(run_number(1), 5)};
      first.work_items = {sample_work_item(1)};
      first.idempotency_keys = {"key"};
      commit(first);
      commit(sample_transaction(run_number(2), 0, 1));
      CHECK(journal->acquire_lease(run_number(1), "a", 1, 2));
      commit(sample_transaction(run_number(1), 2, 1));
      out.killed_before_last = copy_files(folder);
      commit(sample_transaction(run_number(1), 3, 1));
      out.killed = copy_files(folder);
    }
    out.closed = copy_files(folder);
    return out;
  }();
  return made;
}

/// What a look at a damaged journal found.
struct Found {
  std::optional<Error> refusal{};
  Runs runs{};
  std::map<RunId, Error> errors{};
  std::vector<Damage> damages{};

  bool names(const RunId& run, std::uint64_t run_seq) const {
    return std::any_of(damages.begin(), damages.end(), [&](const Damage& damage) {
      return damage.run == run && damage.run_seq == run_seq;
    });
  }
  bool is_whole() const {
    return !refusal && errors.empty() && damages.empty() && runs == sample().runs;
  }
};

Found look_at(const Journal& journal) {
  Found found;
  for (const auto& [run, events] : sample().runs) {
    const Result<> read = journal.read_run(run, 1, [&](const event::Envelope& event) -> Result<> {
      found.runs[run].push_back(event);
      return ok;
    });
    if (!read) found.errors.emplace(run, read.error());
  }
  found.damages = *journal.verify();
  return found;
}

/// The promise: events that were read are those that were written, and what is missing is named.
void expect_prefix(const Found& found, const std::string& what) {
  for (const auto& [run, events] : sample().runs) {
    const auto read = found.runs.find(run);
    const std::size_t count = read == found.runs.end() ? 0 : read->second.size();
    ASSERT_LE(count, events.size()) << what;
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(read->second[i], events[i]) << what;
    if (count == events.size()) continue;
    ASSERT_THAT(found.damages, Not(IsEmpty())) << what;
    ASSERT_TRUE(found.errors.contains(run)) << what << ": a short run looked whole";
    ASSERT_THAT(found.errors.at(run).message, HasSubstr(run.str())) << what;
  }
}

Found look_read_only(const ScratchDir& folder, const std::string& what) {
  const auto journal = open_sqlite_journal(folder.file("journal.db"), OpenMode::read_only);
  if (!journal) {
    EXPECT_THAT(journal.error().message, Not(IsEmpty())) << what;
    return {.refusal = journal.error()};
  }
  Found found = look_at(**journal);
  expect_prefix(found, what);
  return found;
}

/// Opens for writing, looks, and appends to an old and to a new run.
Found look_and_append(const ScratchDir& folder, const std::string& what) {
  const auto journal =
      open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});
  if (!journal) {
    EXPECT_THAT(journal.error().code, AnyOf(Eq(ErrorCode::corrupt), Eq(ErrorCode::unavailable)))
        << what << ": " << journal.error().message;
    return {.refusal = journal.error()};
  }
  Found found = look_at(**journal);
  expect_prefix(found, what);
  const RunId fresh = run_number(77);
  const auto begun = (*journal)->commit(sample_transaction(fresh, 0, 2));
  if (begun) {
    EXPECT_EQ(*store::testing::read_all(**journal, fresh), *begun) << what;
  } else {
    EXPECT_THAT(begun.error().code, AnyOf(Eq(ErrorCode::corrupt), Eq(ErrorCode::unavailable)))
        << what << ": " << begun.error().message;
  }
  const RunId old = run_number(1);
  const std::size_t head = found.runs[old].size();
  const auto continued = (*journal)->commit(sample_transaction(old, head, 1));
  if (continued && !found.errors.contains(old)) {
    EXPECT_THAT(*store::testing::read_all(**journal, old), SizeIs(head + 1)) << what;
  } else if (!continued) {
    EXPECT_THAT(continued.error().code, AnyOf(Eq(ErrorCode::corrupt), Eq(ErrorCode::conflict)))
        << what << ": " << continued.error().message;
  }
  return found;
}

/// Changes one byte of a file in place.
void poke(const std::string& path, std::size_t at, char byte) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  CHECK(fd && ::pwrite(fd.get(), &byte, 1, static_cast<off_t>(at)) == 1);
}

char flipped(char byte, unsigned bit) { return static_cast<char>(byte ^ (1 << bit)); }

void execute(const ScratchDir& folder, const char* sql) {
  sqlite3* database = nullptr;
  CHECK(sqlite3_open(folder.file("journal.db").c_str(), &database) == SQLITE_OK);
  char* message = nullptr;
  sqlite3_exec(database, sql, nullptr, nullptr, &message);
  EXPECT_EQ(message, nullptr) << message;
  sqlite3_close(database);
}

TEST(JournalDamage, IsNotFoundWhereThereIsNone) {
  const ScratchDir folder;

  restore_files(folder, sample().killed);
  EXPECT_TRUE(look_read_only(folder, "killed").is_whole());
  EXPECT_TRUE(look_and_append(folder, "killed").is_whole());
  restore_files(folder, sample().closed);
  EXPECT_TRUE(look_read_only(folder, "closed").is_whole());
  EXPECT_TRUE(look_and_append(folder, "closed").is_whole());
}

// Goal: a cut -wal file, as bit rot or a hasty copy leaves it, loses whole transactions and says
// which.
TEST(JournalDamage, IsNamedWhenTheTailOfTheLogIsCutOff) {
  const std::string& log = sample().killed.at("journal.db-wal");
  const std::size_t last = sample().killed_before_last.at("journal.db-wal").size();
  ASSERT_LT(last, log.size());
  const ScratchDir folder;
  for (std::size_t size = last; size < log.size(); ++size) {
    // Every byte of the frames' headers and of where things lie in pages; of the rest some.
    const std::size_t in_frame = (size - last) % (kFrameHeaderBytes + kPageBytes);
    if (in_frame > kFrameHeaderBytes + 16 && size + 16 < log.size() && size % 127 != 0) continue;
    const std::string what = "cut to " + std::to_string(size);
    Files files = sample().killed;
    files["journal.db-wal"].resize(size);
    restore_files(folder, files);

    const Found found = look_and_append(folder, what);

    ASSERT_FALSE(found.refusal) << what << ": " << found.refusal->message;
    EXPECT_TRUE(found.names(run_number(1), 4)) << what;
    EXPECT_EQ(found.runs.at(run_number(2)), sample().runs.at(run_number(2))) << what;
    EXPECT_EQ(found.errors.at(run_number(1)).code, ErrorCode::corrupt) << what;
    EXPECT_THAT(found.errors.at(run_number(1)).message, HasSubstr("event 4")) << what;
  }
}

// Goal: where the anchors lag as after a power cut, a cut tail is a shorter journal, and lawful.
TEST(JournalDamage, LeavesAShorterJournalThatGoesOnWhenTheAnchorsLag) {
  const std::string& log = sample().killed.at("journal.db-wal");
  const std::size_t last = sample().killed_before_last.at("journal.db-wal").size();
  const ScratchDir folder;
  for (std::size_t size = last; size < log.size(); size += 331) {
    Files files = sample().killed;
    files["journal.db-wal"].resize(size);
    files["journal.heads"] = sample().killed_before_last.at("journal.heads");
    restore_files(folder, files);

    const auto journal =
        open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});

    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_THAT(*(*journal)->verify(), IsEmpty());
    EXPECT_THAT(*store::testing::read_all(**journal, run_number(1)), SizeIs(3));
    EXPECT_TRUE((*journal)->commit(sample_transaction(run_number(1), 3, 1)));
  }
}

TEST(JournalDamage, IsNamedOrRefusedWhenTheJournalFileIsCutOff) {
  const std::string& bytes = sample().closed.at("journal.db");
  const ScratchDir folder;
  for (std::size_t size = 0; size < bytes.size(); size += size < 128 ? 1 : 509) {
    Files files = sample().closed;
    files["journal.db"].resize(size);
    restore_files(folder, files);

    const Found found = look_and_append(folder, "cut to " + std::to_string(size));

    EXPECT_FALSE(found.is_whole()) << size;
  }
}

// Goal: each bit of an event counts, and the damage names that event. Method: every bit of its
// record.
TEST(JournalDamage, NamesTheEventInWhichABitFlipped) {
  const ScratchDir folder;
  restore_files(folder, sample().closed);
  const std::string path = folder.file("journal.db");
  const std::string bytes = sample().closed.at("journal.db");
  const event::Envelope& event = sample().runs.at(run_number(1))[1];
  const std::string record = event::encode(event);
  const std::size_t begin = bytes.find(record);
  ASSERT_NE(begin, std::string::npos);

  for (std::size_t at = begin; at < begin + record.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::string what =
          "bit " + std::to_string(bit) + " of byte " + std::to_string(at - begin);
      poke(path, at, flipped(bytes[at], bit));
      const auto journal = open_sqlite_journal(path, OpenMode::read_only);
      ASSERT_TRUE(journal) << what;

      const auto damages = (*journal)->verify();

      const bool named = std::any_of(damages->begin(), damages->end(), [&](const Damage& damage) {
        return damage.run == run_number(1) && damage.run_seq == 2;
      });
      ASSERT_TRUE(named) << what << ": " << (damages->empty() ? "nothing" : damages->front().what);
    }
    poke(path, at, bytes[at]);
  }
}

// Goal: no flipped bit anywhere gives other events than were written, or a crash. Method: one bit
// of each byte that is used (which one depends on a seed), of the journal's file as its close left
// it.
TEST(JournalDamage, NeverGivesOtherEventsWhenABitFlips) {
  const ScratchDir folder;
  restore_files(folder, sample().closed);
  const std::string path = folder.file("journal.db");
  const std::string& bytes = sample().closed.at("journal.db");
  std::mt19937 random(20'261);
  int unnoticed = 0;
  int flips = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] == '\0' && at % kPageBytes > 8 && at % 97 != 0) continue;
    if (random() % 2 != 0) continue;
    const unsigned bit = random() % 8;
    poke(path, at, flipped(bytes[at], bit));

    const Found found =
        look_read_only(folder, "bit " + std::to_string(bit) + " of byte " + std::to_string(at));

    unnoticed += found.is_whole() ? 1 : 0;
    ++flips;
    poke(path, at, bytes[at]);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(flips, 1000);
  EXPECT_LT(unnoticed, flips / 4) << "free space and counters alone may flip unnoticed";
}

TEST(JournalDamage, StopsNoOtherRunWhenABitFlips) {
  const ScratchDir folder;
  std::mt19937 random(20'262);
  for (const Files* files : {&sample().closed, &sample().killed}) {
    for (const char* name : {"journal.db", "journal.db-wal"}) {
      const std::string& bytes = files->at(name);
      for (int i = 0; i < 80 && !bytes.empty(); ++i) {
        std::size_t at = random() % bytes.size();
        while (bytes[at] == '\0') at = (at + 1) % bytes.size();
        Files damaged = *files;
        damaged[name][at] = flipped(bytes[at], random() % 8);
        restore_files(folder, damaged);

        look_and_append(folder, std::string(name) + ", byte " + std::to_string(at));

        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(JournalDamage, OfTheAnchorsNeverHidesOrChangesEvents) {
  const ScratchDir folder;
  restore_files(folder, sample().closed);
  const std::string path = folder.file("journal.heads");
  const std::string& bytes = sample().closed.at("journal.heads");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    poke(path, at, flipped(bytes[at], at % 8));
    const Found found = look_read_only(folder, "anchors, byte " + std::to_string(at));
    if (found.refusal) {
      EXPECT_EQ(found.refusal->code, ErrorCode::unavailable) << "only the format may do that";
    } else {
      EXPECT_EQ(found.runs, sample().runs) << at;
    }
    poke(path, at, bytes[at]);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_bytes(path, std::string_view(bytes).substr(0, size));
    const Found found = look_read_only(folder, "anchors cut to " + std::to_string(size));
    EXPECT_TRUE(found.is_whole()) << size << ": a file that lags is lawful";
  }
}

TEST(JournalDamage, IsRefusedWhenTheAnchorsAreGoneUntilAPersonDecides) {
  const ScratchDir folder;
  restore_files(folder, sample().closed);
  ::unlink(folder.file("journal.heads").c_str());

  const auto refused = open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("journal.heads is missing"));
  EXPECT_THAT(look_read_only(folder, "no anchors").damages, SizeIs(1));

  write_bytes(folder.file("journal.heads"), "");
  EXPECT_TRUE(look_and_append(folder, "anchors emptied").is_whole());
}

TEST(JournalDamage, IsNamedWhenTheJournalIsReplacedByAnOlderCopy) {
  const ScratchDir folder;
  Files files = sample().killed_before_last;
  files["journal.heads"] = sample().killed.at("journal.heads");
  restore_files(folder, files);

  const Found found = look_and_append(folder, "older copy");

  EXPECT_TRUE(found.names(run_number(1), 4));
  EXPECT_FALSE(found.errors.contains(run_number(2)));
}

// Goal: rows taken out, put in or moved by another program are named. Method: SQL, and what it must
// name.
TEST(JournalDamage, IsNamedWhenRowsAreDeletedDoubledOrMoved) {
  struct Case {
    const char* sql;
    std::uint64_t run_seq;  // of run 1; 0: the run as a whole
  };
  const Case cases[] = {
      {"DELETE FROM appends WHERE first_seq = 1", 1},
      {"DELETE FROM appends WHERE first_seq = 4", 3},
      {"DELETE FROM appends WHERE first_seq = 5", 4},
      {"DELETE FROM appends WHERE first_seq = 5; UPDATE heads SET run_seq = 3, last_append = 4 "
       "WHERE run_seq = 4",
       4},
      {"INSERT INTO appends SELECT 6, run, first_run_seq, event_count, previous, hash, records "
       "FROM appends WHERE first_seq = 5",
       5},
      {"UPDATE appends SET first_seq = 9 WHERE first_seq = 4; UPDATE appends SET first_seq = 4 "
       "WHERE first_seq = 5; UPDATE appends SET first_seq = 5 WHERE first_seq = 9",
       4},
      {"UPDATE appends SET records = (SELECT records FROM appends WHERE first_seq = 5) "
       "WHERE first_seq = 4",
       3},
      {"UPDATE appends SET hash = zeroblob(32) WHERE first_seq = 4", 3},
      {"DELETE FROM heads WHERE run_seq = 4", 0},
      {"DELETE FROM postings", 0},
      {"UPDATE postings SET amount = 6", 0},
      {"INSERT INTO postings SELECT run, 2, debit, credit, unit, amount, memo FROM postings", 0},
  };
  const ScratchDir folder;
  for (const Case& damage : cases) {
    restore_files(folder, sample().closed);
    execute(folder, damage.sql);

    const Found found = look_read_only(folder, damage.sql);

    EXPECT_TRUE(found.names(run_number(1), damage.run_seq)) << damage.sql;
    EXPECT_EQ(found.runs.at(run_number(2)), sample().runs.at(run_number(2))) << damage.sql;
    restore_files(folder, sample().closed);
    execute(folder, damage.sql);
    look_and_append(folder, damage.sql);
  }
}

// Goal: an event that a newer program wrote is no damage. Method: the last record gets a newer
// format and a chain that fits it.
TEST(JournalDamage, IsNotWhatAnEventOfANewerFormatIsCalled) {
  const ScratchDir folder;
  Files files = sample().closed;
  files["journal.heads"].clear();
  restore_files(folder, files);
  std::string record = event::encode(sample().runs.at(run_number(1)).back());
  record[0] = static_cast<char>(event::kRecordFormat + 1);
  const std::string records = std::string({static_cast<char>(record.size()), 0, 0, 0}) + record;
  Head head{.anchor = {.run = run_number(1),
                       .run_seq = 4,
                       .hash = blake3(record),
                       .posting_count = 1,
                       .posting_hash = posting_hash_of({}, sample_posting(run_number(1), 5))},
            .last_append = 5};
  const std::string sql =
      "UPDATE appends SET records = x'" + to_hex(records) + "', hash = x'" +
      head.anchor.hash.hex() + "' WHERE first_seq = 5; UPDATE heads SET hash = x'" +
      head.anchor.hash.hex() + "', digest = x'" + to_hex(digest_of(head)) + "' WHERE run_seq = 4";
  execute(folder, sql.c_str());

  const auto journal = *open_sqlite_journal(folder.file("journal.db"), OpenMode::read_only);
  std::size_t visited = 0;
  const Result<> read = journal->read_run(run_number(1), 1, [&](const auto&) -> Result<> {
    ++visited;
    return ok;
  });

  ASSERT_LT(record.size(), 128U);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::unavailable) << read.error().message;
  EXPECT_THAT(read.error().message, HasSubstr("newer Nightjar"));
  EXPECT_EQ(visited, 3U);
}

TEST(JournalDamage, IsFoundInWorkItemsKeysAndLeases) {
  const ScratchDir folder;
  for (const char* sql :
       {"UPDATE work_items SET state = 'done'", "UPDATE work_items SET text = 'else'",
        "UPDATE idempotency_keys SET key = 'other'", "UPDATE leases SET token = 0",
        "UPDATE leases SET holder = 'b'"}) {
    restore_files(folder, sample().closed);
    execute(folder, sql);

    EXPECT_THAT(look_read_only(folder, sql).damages, SizeIs(1)) << sql;
  }
  restore_files(folder, sample().closed);
  execute(folder, "UPDATE work_items SET state = 'done'; UPDATE leases SET token = 0");
  const auto journal =
      open_sqlite_journal(folder.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});
  EXPECT_EQ((*journal)->work_item(sample_work_item(1).id).error().code, ErrorCode::corrupt);
  EXPECT_EQ((*journal)->acquire_lease(run_number(1), "b", 5, 6).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace nightjar::store
