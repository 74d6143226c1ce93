// What every store of blobs promises, and what the one in files adds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/file.h"
#include "store/blobs/file_blobs.h"
#include "store/memory/memory_blobs.h"
#include "store/testing/samples.h"

namespace nightjar::store {
namespace {

using store::testing::file_bytes;
using store::testing::ScratchDir;
using store::testing::write_bytes;

constexpr std::size_t kPlenty = 1 << 20;

enum class Kind { memory, files };

class BlobsTest : public ::testing::TestWithParam<Kind> {
 protected:
  BlobsTest()
      : blobs_(GetParam() == Kind::memory
                   ? make_memory_blobs()
                   : *open_file_blobs(folder_.file("blobs"), OpenMode::read_write)) {}
  ScratchDir folder_;
  std::unique_ptr<Blobs> blobs_;
};

TEST_P(BlobsTest, GivesBackWhatWasPutUnderItsName) {
  const std::string binary("a\0b\xff", 4);

  const auto name = blobs_->put(binary);

  ASSERT_TRUE(name);
  EXPECT_EQ(*name, blake3(binary));
  EXPECT_EQ(*blobs_->get(*name, kPlenty), binary);
  EXPECT_EQ(*blobs_->get(*blobs_->put(""), kPlenty), "");
}

TEST_P(BlobsTest, TakesTheSameContentAgain) {
  const Digest first = *blobs_->put("content");

  EXPECT_EQ(*blobs_->put("content"), first);
  EXPECT_EQ(*blobs_->get(first, kPlenty), "content");
}

TEST_P(BlobsTest, TakesManyAtOnceAndNamesThemInOrder) {
  const auto names = blobs_->put_all({"one", "two", "one", ""});

  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector{blake3("one"), blake3("two"), blake3("one"), blake3("")}));
  for (const Digest& name : *names) EXPECT_TRUE(blobs_->get(name, kPlenty));
}

TEST_P(BlobsTest, SaysWhatItDoesNotHoldAndWhatIsTooLarge) {
  const Digest name = *blobs_->put("12345678");

  EXPECT_EQ(blobs_->get(blake3("nobody put this"), kPlenty).error().code, ErrorCode::not_found);
  EXPECT_EQ(blobs_->get(name, 7).error().code, ErrorCode::exhausted);
  EXPECT_TRUE(blobs_->get(name, 8));
}

TEST_P(BlobsTest, TakesTheSameFromManyThreads) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < 10; ++n) EXPECT_TRUE(blobs_->put("blob " + std::to_string(n)));
      });
    }
  }
  for (int n = 0; n < 10; ++n) {
    EXPECT_TRUE(blobs_->get(blake3("blob " + std::to_string(n)), kPlenty));
  }
}

INSTANTIATE_TEST_SUITE_P(All, BlobsTest, ::testing::Values(Kind::memory, Kind::files),
                         [](const auto& suite) {
                           return suite.param == Kind::memory ? "memory" : "files";
                         });

std::string path_of(const ScratchDir& folder, const Digest& name) {
  return folder.path() + "/" + name.hex().substr(0, 2) + "/" + name.hex().substr(2);
}

TEST(FileBlobs, HoldsAfterReopeningWhatItHeldBefore) {
  const ScratchDir folder;
  const Digest name = *(*open_file_blobs(folder.path(), OpenMode::read_write))->put("content");

  const auto blobs = *open_file_blobs(folder.path(), OpenMode::read_only);

  EXPECT_EQ(*blobs->get(name, kPlenty), "content");
  EXPECT_EQ(blobs->put("more").error().code, ErrorCode::unavailable);
}

TEST(FileBlobs, IsReadableByItsUserAlone) {
  const ScratchDir folder;
  const auto blobs = *open_file_blobs(folder.file("blobs"), OpenMode::read_write);
  const std::string hex = blobs->put("secret")->hex();

  struct stat info{};
  ASSERT_EQ(::stat(folder.file("blobs").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  const std::string path = folder.file("blobs/" + hex.substr(0, 2) + "/" + hex.substr(2));
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

// Goal: damage is found when read and mended when put. Method: each way a file can be wrong.
TEST(FileBlobs, FindsADamagedBlobAndMendsItWhenPutAgain) {
  const ScratchDir folder;
  const auto blobs = *open_file_blobs(folder.path(), OpenMode::read_write);
  const Digest name = *blobs->put("content");
  const std::string path = path_of(folder, name);

  for (const char* damage : {"", "conten", "cOntent", "content and more"}) {
    write_bytes(path, damage);
    EXPECT_EQ(blobs->get(name, kPlenty).error().code, ErrorCode::corrupt) << damage;
    EXPECT_EQ(*blobs->put("content"), name);
    EXPECT_EQ(*blobs->get(name, kPlenty), "content");
  }
}

TEST(FileBlobs, SweepsWhatACrashLeftHalfWritten) {
  const ScratchDir folder;
  write_bytes(folder.file("new-a1b2c3"), "half a bl");

  const auto blobs = open_file_blobs(folder.path(), OpenMode::read_write);

  ASSERT_TRUE(blobs);
  EXPECT_FALSE(path_exists(folder.file("new-a1b2c3")));
}

TEST(FileBlobs, LeavesNothingBehindWhenTheDiskIsFull) {
  const ScratchDir folder;
  const auto blobs = *open_file_blobs(folder.path(), OpenMode::read_write);
  const std::string large(std::size_t{1} << 16, 'x');
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto signal = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);

  const auto refused = blobs->put(large);

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, signal);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted) << refused.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_TRUE(blobs->put(large)) << "and goes on when there is room";
}

}  // namespace
}  // namespace nightjar::store
