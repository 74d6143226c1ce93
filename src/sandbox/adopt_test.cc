#include "sandbox/adopt.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "sandbox/launcher.h"
#include "sandbox/testing/fixture.h"

namespace nightjar::sandbox {
namespace {

struct stat status_of(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info;
}

TEST(Adopt, GivesTheTreeToTheSandboxsUser) {
  const testing::ScratchFolder scratch;
  const std::string tree = scratch.path() + "/tree";
  ASSERT_TRUE(make_directories(tree + "/a/b", 0755));
  ASSERT_TRUE(write_file_atomically(tree + "/a/b/file", "1", 0400));
  ASSERT_EQ(::chmod((tree + "/a/b").c_str(), 0500), 0);

  const auto adopted = adopt_tree(tree);

  ASSERT_TRUE(adopted) << adopted.error().message;
  const uid_t expected = ::geteuid() == 0 ? kSandboxUid : ::geteuid();
  for (const char* name : {"", "/a", "/a/b", "/a/b/file"}) {
    EXPECT_EQ(status_of(tree + name).st_uid, expected) << name;
  }
  EXPECT_EQ(status_of(tree + "/a/b").st_mode & 0700U, 0700U);
  EXPECT_EQ(status_of(tree + "/a/b/file").st_mode & 0777U, 0600U);
}

TEST(Adopt, ChangesNothingBehindALink) {
  const testing::ScratchFolder scratch;
  ASSERT_TRUE(make_directories(scratch.path() + "/tree", 0755));
  ASSERT_TRUE(write_file_atomically(scratch.path() + "/outside", "1", 0400));
  ASSERT_EQ(::symlink("../outside", (scratch.path() + "/tree/link").c_str()), 0);
  ASSERT_EQ(::symlink("..", (scratch.path() + "/tree/up").c_str()), 0);

  ASSERT_TRUE(adopt_tree(scratch.path() + "/tree"));

  EXPECT_EQ(status_of(scratch.path() + "/outside").st_uid, ::geteuid());
  EXPECT_EQ(status_of(scratch.path() + "/outside").st_mode & 0777U, 0400U);
}

TEST(Adopt, RefusesAFileThatHasAnotherNameElsewhere) {
  const testing::ScratchFolder scratch;
  ASSERT_TRUE(make_directories(scratch.path() + "/tree", 0755));
  ASSERT_TRUE(write_file_atomically(scratch.path() + "/outside", "1", 0600));
  ASSERT_EQ(::link((scratch.path() + "/outside").c_str(), (scratch.path() + "/tree/in").c_str()),
            0);

  const auto adopted = adopt_tree(scratch.path() + "/tree");

  ASSERT_FALSE(adopted);
  EXPECT_EQ(adopted.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(status_of(scratch.path() + "/outside").st_uid, ::geteuid());
}

TEST(Adopt, RefusesALinkAndAFolderThatIsNotThere) {
  const testing::ScratchFolder scratch;
  ASSERT_EQ(::symlink("/etc", (scratch.path() + "/tree").c_str()), 0);

  EXPECT_FALSE(adopt_tree(scratch.path() + "/tree"));
  EXPECT_EQ(adopt_tree(scratch.path() + "/none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace nightjar::sandbox
