#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "repo/repository.h"
#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

using ::testing::HasSubstr;
using testing::ScratchRepository;
using testing::snapshot_of;

class WriteNote : public ::testing::Test {
 protected:
  WriteNote() {
    git_.write("a", "1\n");
    commit_ = git_.commit_all();
    auto opened = Repository::open(git_.path());
    EXPECT_TRUE(opened);
    repository_.emplace(*std::move(opened));
  }

  Result<> write(const std::string& line) {
    return repository_->write_note({.commit = commit_, .line = line, .at_utc_ns = 1});
  }
  std::string shown() { return git_.git({"notes", "--ref=nightjar", "show", commit_}); }

  ScratchRepository git_;
  std::string commit_;
  std::optional<Repository> repository_;
};

TEST_F(WriteNote, IsWhatGitShows) {
  ASSERT_TRUE(write("PROVEN run 1"));
  ASSERT_TRUE(write("PROVEN run 2"));

  EXPECT_EQ(shown(), "PROVEN run 1\nPROVEN run 2");
  EXPECT_THAT(git_.git({"log", "-1", "--notes=nightjar"}), HasSubstr("PROVEN run 2"));
}

TEST_F(WriteNote, WritesALineOnce) {
  ASSERT_TRUE(write("PROVEN run 1"));
  ASSERT_TRUE(write("PROVEN run 1"));

  EXPECT_EQ(shown(), "PROVEN run 1");
}

TEST_F(WriteNote, TouchesNothingOfTheUser) {
  git_.write("a", "dirty\n");
  const auto before = snapshot_of(git_.path());

  ASSERT_TRUE(write("PROVEN run 1"));

  auto after = snapshot_of(git_.path());
  for (const auto& [path, content] : before) EXPECT_EQ(after[path], content) << path;
  for (const auto& [path, content] : after) {
    const bool expected = before.contains(path) || path.starts_with(".git/objects/") ||
                          path.starts_with(".git/refs/notes") ||
                          path.starts_with(".git/logs/refs/notes");
    EXPECT_TRUE(expected) << path << " appeared";
  }
}

TEST_F(WriteNote, KeepsTheLatestLines) {
  std::string lines;
  for (int i = 0; i < 202; ++i) lines += "run " + std::to_string(i) + "\n";
  git_.git({"-c", "user.name=T", "-c", "user.email=t@example.org", "notes", "--ref=nightjar", "add",
            "-m", lines, commit_});

  ASSERT_TRUE(write("run 202"));

  EXPECT_TRUE(shown().starts_with("run 3\n"));
  EXPECT_TRUE(shown().ends_with("run 202"));
}

TEST_F(WriteNote, RefusesWhatIsNoLine) {
  for (const std::string& line : {std::string(), std::string("a\nb"), std::string("\xff"),
                                  std::string("a\0b", 3), std::string(1001, 'x')}) {
    const auto result = write(line);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
  }
}

TEST_F(WriteNote, SaysWhichCommitIsNotThere) {
  const auto result =
      repository_->write_note({.commit = std::string(40, 'a'), .line = "PROVEN", .at_utc_ns = 1});

  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("aaaaaaaaaaaa"));
}

}  // namespace
}  // namespace nightjar::repo
