#include "store/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/testing/samples.h"

namespace nightjar::store {
namespace {

using namespace std::chrono_literals;
using store::testing::file_bytes;
using store::testing::read_all;
using store::testing::run_number;
using store::testing::sample_transaction;
using store::testing::ScratchDir;
using store::testing::write_bytes;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(DataDir, IsMadeForItsUserAloneWithAllItsParts) {
  const ScratchDir folder;
  const std::string path = folder.file("share/nightjar");

  const auto made = DataDir::open(path, OpenMode::read_write, 0ms);

  ASSERT_TRUE(made) << made.error().message;
  for (const char* name : {"", "/blobs", "/keys", "/context", "/holdouts"}) {
    struct stat info{};
    ASSERT_EQ(::stat((path + name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0700U) << name;
  }
  EXPECT_EQ(file_bytes(path + "/format"), "nightjar-data 1\n");
  EXPECT_EQ(file_bytes(path + "/lock"), std::to_string(::getpid()) + "\n");
}

TEST(DataDir, OpensItsJournalAndBlobsInItsOwnMode) {
  const ScratchDir folder;
  {
    const auto owner = *DataDir::open(folder.file("d"), OpenMode::read_write, 0ms);
    ASSERT_TRUE((*owner.open_journal())->commit(sample_transaction(run_number(1), 0, 2)));
    ASSERT_TRUE((*owner.open_blobs())->put("content"));
  }

  const auto reader = *DataDir::open(folder.file("d"), OpenMode::read_only, 0ms);

  const auto journal = *reader.open_journal();
  EXPECT_THAT(*read_all(*journal, run_number(1)), SizeIs(2));
  EXPECT_FALSE(journal->commit(sample_transaction(run_number(1), 2, 1)));
  EXPECT_EQ(*(*reader.open_blobs())->get(blake3("content"), 100), "content");
}

TEST(DataDir, HasOneOwnerAndNamesItToOthers) {
  const ScratchDir folder;
  const auto owner = DataDir::open(folder.file("d"), OpenMode::read_write, 0ms);
  ASSERT_TRUE(owner);

  const auto second = DataDir::open(folder.file("d"), OpenMode::read_write, 30ms);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("process " + std::to_string(::getpid())));
  EXPECT_THAT(second.error().message, HasSubstr("NIGHTJAR_DATA_DIR"));
  EXPECT_TRUE(DataDir::open(folder.file("d"), OpenMode::read_only, 0ms)) << "readers need no lock";
}

TEST(DataDir, IsFreeAgainWhenItsOwnerIsGone) {
  const ScratchDir folder;
  { ASSERT_TRUE(DataDir::open(folder.file("d"), OpenMode::read_write, 0ms)); }

  EXPECT_TRUE(DataDir::open(folder.file("d"), OpenMode::read_write, 0ms));
}

// Goal: who waits gets it as soon as the owner ends. Method: a child owns it until its pipe closes.
TEST(DataDir, IsWaitedForUntilItsOwnerEnds) {
  const ScratchDir folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto owner = DataDir::open(folder.file("d"), OpenMode::read_write, 0ms);
    const bool said = ::write(ready[1], owner ? "y" : "n", 1) == 1;
    ::poll(nullptr, 0, 30);
    ::_exit(said ? 0 : 1);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');

  const auto second = DataDir::open(folder.file("d"), OpenMode::read_write, 20s);

  EXPECT_TRUE(second) << second.error().message;
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(DataDir, IsNotMadeForAReader) {
  const ScratchDir folder;

  const auto opened = DataDir::open(folder.file("d"), OpenMode::read_only, 0ms);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_found);
  EXPECT_FALSE(path_exists(folder.file("d")));
}

TEST(DataDir, RefusesANewerFormatAndWhatNamesNone) {
  const ScratchDir folder;
  const std::string path = folder.file("d");
  ASSERT_TRUE(DataDir::open(path, OpenMode::read_write, 0ms));

  write_bytes(path + "/format", "nightjar-data 2\n");
  const auto newer = DataDir::open(path, OpenMode::read_write, 0ms);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(newer.error().message, HasSubstr("newer Nightjar"));
  for (const char* format : {"", "nightjar", "nightjar-data", "nightjar-data x", "nightjar-data 0",
                             "nightjar-data -1", "nightjar-data 1 2", "\xff\xff"}) {
    write_bytes(path + "/format", format);
    EXPECT_EQ(DataDir::open(path, OpenMode::read_only, 0ms).error().code, ErrorCode::corrupt)
        << format;
  }
}

TEST(DataDir, RefusesAFolderThatOthersMayWrite) {
  const ScratchDir folder;
  ASSERT_EQ(::mkdir(folder.file("d").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(folder.file("d").c_str(), 0777), 0);

  const auto opened = DataDir::open(folder.file("d"), OpenMode::read_write, 0ms);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::denied);
  EXPECT_THAT(opened.error().message, HasSubstr("chmod go-w"));
}

TEST(DataDir, RefusesAFileInItsPlace) {
  const ScratchDir folder;
  write_bytes(folder.file("d"), "x");

  EXPECT_EQ(DataDir::open(folder.file("d"), OpenMode::read_write, 0ms).error().code,
            ErrorCode::conflict);
}

}  // namespace
}  // namespace nightjar::store
