#include "sandbox/tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace nightjar::sandbox {
namespace {

using ::testing::ElementsAre;

constexpr TreeLimits kLimits = {.files_max = 100, .bytes_max = 10'000, .depth_max = 8};

// A folder to work in and, beside it, a secret that nothing may reach.
class TreeTest : public ::testing::Test {
 protected:
  TreeTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tree-XXXXXX").string();
    base_ = ::mkdtemp(pattern.data());
    ::mkdir(path("in").c_str(), 0755);
    EXPECT_TRUE(write_file_atomically(path("secret"), "secret", 0644));
    folder_ = UniqueFd(::open(path("in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~TreeTest() override { (void)remove_tree(base_); }

  std::string path(const std::string& name) const { return base_ + "/" + name; }
  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), path("in/" + name).c_str()), 0);
  }
  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file_at(fd(), name, text, FileMode::regular));
  }
  int fd() const { return folder_.get(); }

  std::string base_;
  UniqueFd folder_;
};

TEST(RelativePath, IsRefusedWhenItCouldLeaveOrMisleads) {
  for (const std::string& path :
       {std::string(""), std::string("/a"), std::string("a/../b"), std::string("."),
        std::string("a//b"), std::string("a/"), std::string("a\0b", 3), std::string(5000, 'a'),
        std::string(256, 'a')}) {
    EXPECT_FALSE(check_relative_path(path)) << path;
  }
  EXPECT_TRUE(check_relative_path("a/b.c/..d"));
}

TEST_F(TreeTest, ReadsBackWhatWasWritten) {
  ASSERT_TRUE(write_file_at(fd(), "a/b/run.sh", "text", FileMode::executable));

  EXPECT_EQ(read_file_at(fd(), "a/b/run.sh", 4).value(), "text");
  struct stat info{};
  ASSERT_EQ(::stat(path("in/a/b/run.sh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0755U);
}

TEST_F(TreeTest, DoesNotReadThroughLinks) {
  link("../secret", "file");
  link("..", "folder");
  link("/proc/self/root", "magic");

  for (const char* name : {"file", "folder/secret", "magic/etc/passwd"}) {
    const auto content = read_file_at(fd(), name, 100);
    ASSERT_FALSE(content) << name;
    EXPECT_EQ(content.error().code, ErrorCode::invalid_input);
  }
}

TEST_F(TreeTest, DoesNotWriteThroughLinks) {
  link("../secret", "file");
  link("..", "folder");

  EXPECT_TRUE(write_file_at(fd(), "file", "new", FileMode::regular));
  EXPECT_FALSE(write_file_at(fd(), "folder/secret", "new", FileMode::regular));

  EXPECT_EQ(read_file(path("secret"), 100).value(), "secret");
  EXPECT_EQ(read_file_at(fd(), "file", 100).value(), "new");
}

TEST_F(TreeTest, RefusesFifosWithoutWaiting) {
  ASSERT_EQ(::mkfifo(path("in/fifo").c_str(), 0644), 0);

  const auto content = read_file_at(fd(), "fifo", 100);

  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::invalid_input);
}

TEST_F(TreeTest, RefusesAFileAboveTheLimitBeforeReadingIt) {
  write("big", "12345");
  ASSERT_EQ(::truncate(path("in/big").c_str(), off_t{1} << 40), 0);  // A sparse terabyte.

  const auto content = read_file_at(fd(), "big", 1000);

  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::exhausted);
}

TEST_F(TreeTest, KeepsAFolderThatAFileWouldReplace) {
  write("d/inner", "1");

  const auto written = write_file_at(fd(), "d", "2", FileMode::regular);

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::conflict);
  EXPECT_EQ(read_file_at(fd(), "d/inner", 10).value(), "1");
}

TEST_F(TreeTest, WalksInOrderParentsFirstAndSkipsFifos) {
  write("b/z", "1");
  write("b/a", "22");
  write("c", "333");
  link("/etc/passwd", "a");
  ASSERT_EQ(::mkfifo(path("in/fifo").c_str(), 0644), 0);

  std::vector<std::string> seen;
  for (int round = 0; round < 2; ++round) {  // The same descriptor can be walked twice.
    seen.clear();
    ASSERT_TRUE(walk_tree(fd(), kLimits, [&](const TreeEntry& entry) -> Result<> {
      seen.push_back(entry.path + ":" + std::to_string(entry.bytes) + entry.link_target);
      return ok;
    }));
  }

  EXPECT_THAT(seen, ElementsAre("a:0/etc/passwd", "b:0", "b/a:2", "b/z:1", "c:3"));
}

TEST_F(TreeTest, StopsTheWalkAtEachLimit) {
  for (int i = 0; i < 5; ++i) write("d/e/f" + std::to_string(i), "1234567890");
  const auto visit = [](const TreeEntry&) -> Result<> { return ok; };

  const std::vector<TreeLimits> too_small = {{.files_max = 6, .bytes_max = 1000, .depth_max = 8},
                                             {.files_max = 100, .bytes_max = 49, .depth_max = 8},
                                             {.files_max = 100, .bytes_max = 1000, .depth_max = 1}};
  for (const TreeLimits& limits : too_small) {
    const auto walked = walk_tree(fd(), limits, visit);
    ASSERT_FALSE(walked);
    EXPECT_EQ(walked.error().code, ErrorCode::exhausted);
  }
  EXPECT_TRUE(walk_tree(fd(), {.files_max = 7, .bytes_max = 50, .depth_max = 2}, visit));
}

TEST_F(TreeTest, ExportsLinksAsLinks) {
  write("src/main.c", "int main;");
  ASSERT_TRUE(write_file_at(fd(), "run", "#!", FileMode::executable));
  link("../secret", "leak");

  ASSERT_TRUE(export_workspace(fd(), path("out"), kLimits));

  EXPECT_EQ(read_file(path("out/src/main.c"), 100).value(), "int main;");
  EXPECT_EQ(std::filesystem::read_symlink(path("out/leak")), "../secret");
  EXPECT_EQ(::access(path("out/run").c_str(), X_OK), 0);
}

TEST_F(TreeTest, KeepsTheDatesOfExportedFiles) {
  write("old", "1");
  const auto then = std::filesystem::file_time_type(std::chrono::hours(24 * 365 * 20));
  std::filesystem::last_write_time(path("in/old"), then);

  ASSERT_TRUE(export_workspace(fd(), path("out"), kLimits));

  EXPECT_EQ(std::filesystem::last_write_time(path("out/old")), then);
}

TEST_F(TreeTest, LeavesNothingBehindWhenAnExportFails) {
  write("a", "1");
  write("b", std::string(500, 'x'));

  const auto exported =
      export_workspace(fd(), path("out"), {.files_max = 10, .bytes_max = 100, .depth_max = 4});

  ASSERT_FALSE(exported);
  EXPECT_FALSE(path_exists(path("out")));
}

TEST_F(TreeTest, DoesNotExportOverAFolderThatExists) {
  ASSERT_EQ(::mkdir(path("out").c_str(), 0755), 0);

  const auto exported = export_workspace(fd(), path("out"), kLimits);

  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace nightjar::sandbox
