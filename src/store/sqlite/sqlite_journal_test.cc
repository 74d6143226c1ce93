// What only the journal on disk promises: other processes, formats, full disks, kills.
#include "store/sqlite/sqlite_journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>

#include "base/file.h"
#include "store/sqlite/schema.h"
#include "store/testing/samples.h"

namespace nightjar::store {
namespace {

using store::testing::file_bytes;
using store::testing::read_all;
using store::testing::run_number;
using store::testing::sample_posting;
using store::testing::sample_transaction;
using store::testing::sample_work_item;
using store::testing::ScratchDir;
using store::testing::write_bytes;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::unique_ptr<Journal> open_or_die(const std::string& path,
                                     OpenMode mode = OpenMode::read_write) {
  auto journal = open_sqlite_journal(path, mode, {.wal_bytes = 0});
  if (!journal) ADD_FAILURE() << journal.error().message;
  CHECK(journal);
  return *std::move(journal);
}

void execute(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  CHECK(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

/// The soft limit on file sizes, which stands in for a full disk: writes beyond it fail.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal_ = std::signal(SIGXFSZ, SIG_IGN);
    CHECK(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    CHECK(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    CHECK(::setrlimit(RLIMIT_FSIZE, &before_) == 0);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  struct rlimit before_{};
  void (*signal_)(int) = nullptr;
};

/// Runs `body` in a child process, as a plain user if we are root, and gives its exit code.
int exit_code_of_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(3);
    ::_exit(body() ? 0 : 1);
  }
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SqliteJournal, HoldsAfterReopeningAllThatItHeldBefore) {
  const ScratchDir folder;
  Transaction transaction = sample_transaction(run_number(1), 0, 3);
  transaction.postings = {sample_posting(run_number(1), 5)};
  transaction.work_items = {sample_work_item(1)};
  transaction.idempotency_keys = {"key"};
  std::vector<event::Envelope> recorded;
  std::uint64_t token = 0;
  {
    const auto journal = open_or_die(folder.file("journal.db"));
    recorded = *journal->commit(transaction);
    token = journal->acquire_lease(run_number(1), "a", 1, 2)->token;
  }

  const auto journal = open_or_die(folder.file("journal.db"));

  EXPECT_EQ(*read_all(*journal, run_number(1)), recorded);
  EXPECT_EQ(*journal->postings(run_number(1)), transaction.postings);
  EXPECT_EQ(**journal->work_item(sample_work_item(1).id), sample_work_item(1));
  EXPECT_TRUE(*journal->has_idempotency_key("key"));
  EXPECT_GT(journal->acquire_lease(run_number(1), "b", 3, 4)->token, token);
  EXPECT_EQ(journal->commit(sample_transaction(run_number(1), 3, 1))->front().seq, 4U);
  EXPECT_THAT(*journal->verify(), IsEmpty());
}

TEST(SqliteJournal, IsReadWhileItsWriterLives) {
  const ScratchDir folder;
  const auto writer = open_or_die(folder.file("journal.db"));
  ASSERT_TRUE(writer->commit(sample_transaction(run_number(1), 0, 2)));

  const auto reader = open_or_die(folder.file("journal.db"), OpenMode::read_only);
  EXPECT_THAT(*read_all(*reader, run_number(1)), SizeIs(2));
  ASSERT_TRUE(writer->commit(sample_transaction(run_number(1), 2, 1)));

  EXPECT_THAT(*read_all(*reader, run_number(1)), SizeIs(3)) << "a reader sees what came later";
  EXPECT_THAT(*reader->runs(10), SizeIs(1));
  EXPECT_THAT(*reader->verify(), IsEmpty());
}

TEST(SqliteJournal, WritesNothingWhenItIsOpenForReading) {
  const ScratchDir folder;
  open_or_die(folder.file("journal.db"));
  const auto reader = open_or_die(folder.file("journal.db"), OpenMode::read_only);

  EXPECT_EQ(reader->commit(sample_transaction(run_number(1), 0, 1)).error().code,
            ErrorCode::unavailable);
  EXPECT_EQ(reader->acquire_lease(run_number(1), "a", 1, 2).error().code, ErrorCode::unavailable);
  EXPECT_EQ(reader->release_lease({.run = run_number(1), .holder = "a"}).error().code,
            ErrorCode::unavailable);
}

TEST(SqliteJournal, IsNotThereForAReaderBeforeItWasBegun) {
  const ScratchDir folder;

  const auto opened = open_sqlite_journal(folder.file("journal.db"), OpenMode::read_only);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_found);
  EXPECT_FALSE(path_exists(folder.file("journal.db")));
}

TEST(SqliteJournal, RefusesANewerFormatAndSaysSo) {
  const ScratchDir folder;
  open_or_die(folder.file("journal.db"));
  execute(folder.file("journal.db"), "PRAGMA user_version = 2");

  for (const OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
    const auto opened = open_sqlite_journal(folder.file("journal.db"), mode);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unavailable);
    EXPECT_THAT(opened.error().message, HasSubstr("newer Nightjar"));
  }
}

TEST(SqliteJournal, RefusesWhatIsNoJournalAndLeavesItAlone) {
  const ScratchDir folder;
  const std::string database = folder.file("other.db");
  execute(database, "CREATE TABLE cats (name TEXT)");
  const std::string text = folder.file("text.db");
  write_bytes(text, "Dear diary, today I wrote a file that is no database at all.\n");

  for (const std::string& path : {database, text}) {
    const std::string before = file_bytes(path);
    const auto opened = open_sqlite_journal(path, OpenMode::read_write);
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << opened.error().message;
    EXPECT_FALSE(open_sqlite_journal(path, OpenMode::read_only));
    EXPECT_EQ(file_bytes(path), before);
    EXPECT_FALSE(path_exists(heads_path_of(path)));
  }
}

TEST(SqliteJournal, IsReadableByItsUserAlone) {
  const ScratchDir folder;
  const auto journal = open_or_die(folder.file("journal.db"));
  ASSERT_TRUE(journal->commit(sample_transaction(run_number(1), 0, 1)));

  for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm", "journal.heads"}) {
    struct stat info{};
    ASSERT_EQ(::stat(folder.file(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
}

TEST(SqliteJournal, KeepsWorkingUnderAPathThatUrisWouldMisread) {
  const ScratchDir folder;
  const std::string path = folder.file("a?mode=ro%41#b.db");
  {
    const auto journal = open_or_die(path);
    ASSERT_TRUE(journal->commit(sample_transaction(run_number(1), 0, 1)));
  }
  EXPECT_TRUE(path_exists(path));
  EXPECT_THAT(*read_all(*open_or_die(path, OpenMode::read_only), run_number(1)), SizeIs(1));
}

// Goal: a full disk costs the transaction and nothing else. Method: writes past a size limit fail.
TEST(SqliteJournal, LosesNothingWhenTheDiskIsFullAndGoesOnWhenThereIsRoom) {
  const ScratchDir folder;
  const auto journal = open_or_die(folder.file("journal.db"));
  std::uint64_t head = 0;
  Result<std::vector<event::Envelope>> refused = std::vector<event::Envelope>();
  {
    const FileSizeLimit limit(rlim_t{256} << 10);
    while (refused && head < 10'000) {
      refused = journal->commit(sample_transaction(run_number(1), head, 20));
      if (refused) head += 20;
    }
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::exhausted) << refused.error().message;
    EXPECT_THAT(*read_all(*journal, run_number(1)), SizeIs(head)) << "reading needs no room";
    EXPECT_EQ(journal->commit(sample_transaction(run_number(2), 0, 20)).error().code,
              ErrorCode::exhausted);
  }

  EXPECT_TRUE(journal->commit(sample_transaction(run_number(1), head, 20)));
  EXPECT_THAT(*read_all(*journal, run_number(1)), SizeIs(head + 20));
  EXPECT_THAT(*journal->verify(), IsEmpty());
}

TEST(SqliteJournal, IsOpenedFullOfWhatFitsWhenTheDiskStaysFull) {
  const ScratchDir folder;
  const std::string path = folder.file("journal.db");
  std::uint64_t head = 0;
  {
    const FileSizeLimit limit(rlim_t{256} << 10);
    const auto journal = open_or_die(path);
    while (journal->commit(sample_transaction(run_number(1), head, 20))) head += 20;
  }

  const auto journal = open_or_die(path);

  EXPECT_GT(head, 0U);
  EXPECT_THAT(*read_all(*journal, run_number(1)), SizeIs(head));
  EXPECT_TRUE(journal->commit(sample_transaction(run_number(1), head, 1)));
  EXPECT_THAT(*journal->verify(), IsEmpty());
}

// Goal: a folder that may not be written is said, and what is in it is still read.
TEST(SqliteJournal, IsReadInAFolderThatMayNotBeWritten) {
  const ScratchDir folder;
  const std::string path = folder.file("journal.db");
  {
    const auto journal = open_or_die(path);
    ASSERT_TRUE(journal->commit(sample_transaction(run_number(1), 0, 2)));
  }
  for (const char* name : {"journal.db", "journal.db-wal", "journal.heads"}) {
    ASSERT_EQ(::chmod(folder.file(name).c_str(), 0444), 0);
  }
  ::unlink(folder.file("journal.db-shm").c_str());
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);

  EXPECT_EQ(exit_code_of_child([&] {
              const auto written = open_sqlite_journal(path, OpenMode::read_write);
              return !written && written.error().code == ErrorCode::unavailable;
            }),
            0);
  EXPECT_EQ(exit_code_of_child([&] {
              const auto journal = open_sqlite_journal(path, OpenMode::read_only);
              if (!journal) return false;
              const auto events = read_all(**journal, run_number(1));
              return events && events->size() == 2 && (*journal)->verify()->empty();
            }),
            0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
}

// Goal: what was acknowledged is there after a kill. Method: a child commits and says so by a pipe.
TEST(SqliteJournal, HoldsEveryAcknowledgedCommitAfterItsProcessWasKilled) {
  const ScratchDir folder;
  const std::string path = folder.file("journal.db");
  std::uint64_t acknowledged = 0;
  for (unsigned round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto journal = open_sqlite_journal(path, OpenMode::read_write, {.wal_bytes = 0});
      if (!journal) ::_exit(1);
      const auto runs = (*journal)->runs(1);
      std::uint64_t head = runs && !runs->empty() ? runs->front().run_seq : 0;
      while ((*journal)->commit(sample_transaction(run_number(1), head, 3))) {
        head += 3;
        if (::write(ends[1], &head, sizeof(head)) != sizeof(head)) break;
      }
      ::_exit(2);
    }
    ::close(ends[1]);
    const std::uint64_t wanted = acknowledged + 3 * (1 + round * 7 % 11);
    while (acknowledged < wanted) {
      ASSERT_EQ(::read(ends[0], &acknowledged, sizeof(acknowledged)), 8) << "the child gave up";
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (::read(ends[0], &acknowledged, sizeof(acknowledged)) == 8) continue;
    ::close(ends[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);

    const auto journal = open_or_die(path);
    const auto events = read_all(*journal, run_number(1));
    ASSERT_TRUE(events) << events.error().message;
    EXPECT_GE(events->size(), acknowledged);
    EXPECT_EQ(events->size() % 3, 0U) << "a transaction is there whole or not at all";
    acknowledged = events->size();
    EXPECT_THAT(*journal->verify(), IsEmpty());
  }
}

TEST(SqliteJournal, GoesOnThroughManyCheckpointsWhileOthersRead) {
  const ScratchDir folder;
  const std::string path = folder.file("journal.db");
  const auto journal = open_or_die(path);
  const auto reader = open_or_die(path, OpenMode::read_only);
  std::atomic<bool> done = false;
  std::atomic<int> failures = 0;
  {
    const std::jthread reading([&] {
      while (!done) {
        const auto events = read_all(*reader, run_number(1));
        if (!events && events.error().code != ErrorCode::not_found) ++failures;
      }
    });
    Transaction large = sample_transaction(run_number(1), 0, 1);
    large.appends[0].drafts[0].payload.set("text", std::string(200'000, 'x'));
    for (std::uint64_t head = 0; head < 60; ++head) {
      large.appends[0].expected_run_seq = head;
      if (!journal->commit(large)) ++failures;
    }
    done = true;
  }

  EXPECT_EQ(failures, 0);
  EXPECT_THAT(*journal->verify(), IsEmpty());
  struct stat info{};
  ASSERT_EQ(::stat((path + "-wal").c_str(), &info), 0);
  EXPECT_LT(info.st_size, off_t{60} * 200'000) << "the -wal file does not grow for ever";
}

}  // namespace
}  // namespace nightjar::store
