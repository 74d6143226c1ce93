#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "base/bounded_queue.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"

namespace nightjar {
namespace {

using testing::ElementsAre;

TEST(Result, ReadsFromTheOutsideIn) {
  const Result<int> failed =
      Result<int>(ErrorCode::denied, "no permission").with_context("open log");

  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "open log: no permission");
  EXPECT_EQ(name_of(failed.error().code), "denied");
  EXPECT_EQ(error_code_from("corrupt"), ErrorCode::corrupt);
  EXPECT_EQ(error_code_from("other"), std::nullopt);
}

// Test vector: the reference implementation's digest of the empty input.
TEST(Digest, IsBlake3) {
  EXPECT_EQ(blake3("").name(),
            "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(*parse_digest(blake3("x").name()), blake3("x"));
  EXPECT_FALSE(parse_digest("blake3:af13"));
}

TEST(Id, SortsByTimeAndRoundTrips) {
  const RunId early = RunId::make(1'000'000'000'000);
  const RunId late = RunId::make(2'000'000'000'000);

  EXPECT_LT(early, late);
  EXPECT_EQ(*RunId::parse(early.str()), early);
  EXPECT_EQ(early.str().at(14), '7');
  EXPECT_FALSE(RunId::parse("not-an-id"));
  EXPECT_FALSE(RunId::parse(early.str() + "0"));
}

TEST(Printable, LeavesNoControlCharacterForTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2J\n\xff é\xc2\x9b", 80), "a\\x1b[2J\\n\\xff é\\xc2\\x9b");
  EXPECT_EQ(printable_block("a\n\tb\r", 80), "a\n\tb\\x0d");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
}

TEST(Utf8, RefusesOverlongSurrogatesAndBeyondTheLastPlane) {
  EXPECT_TRUE(is_utf8("grüße \xF0\x9F\xA6\x89"));
  for (const char* text : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
  }
}

TEST(NearestName, FindsTypingMistakesOnly) {
  EXPECT_EQ(nearest_name("comand", {"command", "default"}), "command");
  EXPECT_EQ(nearest_name("quux", {"command", "default"}), "");
}

TEST(Rfc3339, WritesMillisecondsInUtc) {
  EXPECT_EQ(rfc3339(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123Z");
}

TEST(BoundedQueue, RefusesWhenFullAndDrainsWhenClosed) {
  BoundedQueue<int> queue(2);
  int one = 1, two = 2, three = 3;

  EXPECT_TRUE(queue.push(one));
  EXPECT_TRUE(queue.push(two));
  EXPECT_FALSE(queue.push(three));
  queue.close();

  EXPECT_FALSE(queue.push(three));
  EXPECT_THAT(queue.pop_all(std::chrono::milliseconds(0), 10), ElementsAre(1, 2));
}

class FileTest : public testing::Test {
 protected:
  FileTest() : folder_(testing::TempDir() + "nightjar_file_test_" + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FileTest, WritesAtomicallyAndReadsWithinTheLimit) {
  const std::string path = folder_ + "/a";
  ASSERT_TRUE(write_file_atomically(path, "one", 0600));
  ASSERT_TRUE(write_file_atomically(path, "three", 0600));

  EXPECT_EQ(*read_file(path, 5), "three");
  EXPECT_EQ(read_file(path, 4).error().code, ErrorCode::exhausted);
  EXPECT_EQ(read_file(folder_ + "/b", 4).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(folder_, 4).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, RemovesALinkAndNotWhatItPointsTo) {
  std::filesystem::create_directories(folder_ + "/kept");
  std::filesystem::create_directories(folder_ + "/gone");
  std::filesystem::create_directory_symlink(folder_ + "/kept", folder_ + "/gone/link");

  ASSERT_TRUE(remove_tree(folder_ + "/gone"));

  EXPECT_TRUE(path_exists(folder_ + "/kept"));
  EXPECT_FALSE(path_exists(folder_ + "/gone"));
}

}  // namespace
}  // namespace nightjar
