#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "repo/repository.h"
#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScratchFolder;
using testing::ScratchRepository;
using testing::write_text;

/// A repository with one commit and the export of it that a stranger may write to.
class ChangesIn : public ::testing::Test {
 protected:
  void commit_and_export(const std::string& project = "") {
    commit_ = git_.commit_all();
    auto repository = Repository::open(git_.path_of(project));
    ASSERT_TRUE(repository);
    repository_ = std::make_unique<Repository>(*std::move(repository));
    auto exported = repository_->export_tree(commit_, workspace(), {});
    ASSERT_TRUE(exported) << exported.error().message;
  }
  std::string workspace(const std::string& file = "") const {
    return folder_.path() + "/out" + (file.empty() ? "" : "/" + file);
  }
  Result<Changes> changes(ExportLimits limits = {}) const {
    return repository_->changes_in(commit_, workspace(), limits);
  }

  ScratchRepository git_;
  ScratchFolder folder_;
  std::string commit_;
  std::unique_ptr<Repository> repository_;
};

TEST_F(ChangesIn, IsEmptyRightAfterTheExport) {
  git_.write("a", "1\r\n");
  git_.write("sub/b", std::string("\0", 1));
  fs::create_symlink("a", git_.path_of("link"));
  git_.write("run", "x");
  fs::permissions(git_.path_of("run"), fs::perms::owner_all);
  commit_and_export();

  auto found = changes();

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, IsEmpty());
}

TEST_F(ChangesIn, FindsWhatIsChangedAddedDeletedAndMadeExecutable) {
  git_.write("changed", "1\n");
  git_.write("same-size", "abc");
  git_.write("gone/file", "1\n");
  git_.write("mode", "1\n");
  fs::create_symlink("mode", git_.path_of("link"));
  commit_and_export();
  write_text(workspace("changed"), "two\n");
  write_text(workspace("same-size"), "abd");
  write_text(workspace("new/\xC3\xA9\n\xFF"), "3\n");
  fs::remove_all(workspace("gone"));
  fs::permissions(workspace("mode"), fs::perms::owner_all);
  fs::remove(workspace("link"));

  auto found = changes();

  ASSERT_TRUE(found) << found.error().message;
  const Changes expected = {{"changed", {"two\n"}},          {"same-size", {"abd"}},
                            {"new/\xC3\xA9\n\xFF", {"3\n"}}, {"gone/file", {std::nullopt}},
                            {"mode", {"1\n", true}},         {"link", {std::nullopt}}};
  EXPECT_EQ(*found, expected);
}

TEST_F(ChangesIn, IgnoresWhatTheCommitIgnoresAndNothingElse) {
  git_.write(".gitignore", "*.o\nbuild/\n");
  git_.write("sub/.gitignore", "!keep.o\n");
  git_.write("tracked.o", "1");
  git_.git({"add", "-f", "tracked.o"});
  commit_and_export();
  write_text(workspace("a.o"), "x");
  write_text(workspace("build/deep/x.c"), "x");
  write_text(workspace("sub/keep.o"), "x");
  write_text(workspace("tracked.o"), "2");
  // The stranger's own rules count for nothing.
  write_text(workspace(".gitignore"), "*\n");
  write_text(workspace("hidden.c"), "x");

  auto found = changes();

  ASSERT_TRUE(found) << found.error().message;
  const Changes expected = {
      {".gitignore", {"*\n"}}, {"hidden.c", {"x"}}, {"sub/keep.o", {"x"}}, {"tracked.o", {"2"}}};
  EXPECT_EQ(*found, expected);
}

TEST_F(ChangesIn, ReadsTheRulesAboveAProjectInASubFolder) {
  git_.write(".gitignore", "*.o\n/apps/tool/made\n");
  git_.write("apps/.gitignore", "*.log\n");
  git_.write("apps/tool/a.c", "x");
  commit_and_export("apps/tool");
  write_text(workspace("a.o"), "x");
  write_text(workspace("a.log"), "x");
  write_text(workspace("made"), "x");
  write_text(workspace("b.c"), "x");

  auto found = changes();

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, (Changes{{"b.c", {"x"}}}));
}

TEST_F(ChangesIn, SkipsGitFoldersFifosAndSockets) {
  git_.write("a", "x");
  commit_and_export();
  write_text(workspace(".git/config"), "x");
  write_text(workspace("sub/.GIT/hooks/post-checkout"), "x");
  ASSERT_EQ(::mkfifo(workspace("fifo").c_str(), 0666), 0);

  auto found = changes();

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, IsEmpty());
}

// Goal: no byte outside the folder is read. Method: links to a secret, as file and as folder.
TEST_F(ChangesIn, FollowsNoLinkAndNamesIt) {
  write_text(folder_.path() + "/secret/key", "secret");
  git_.write("a/f", "x");
  commit_and_export();
  fs::create_symlink(folder_.path() + "/secret/key", workspace("stolen"));
  auto file_link = changes();
  fs::remove(workspace("stolen"));
  fs::remove_all(workspace("a"));
  fs::create_directory_symlink(folder_.path() + "/secret", workspace("a"));
  auto folder_link = changes();

  ASSERT_FALSE(file_link);
  EXPECT_EQ(file_link.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(file_link.error().message, HasSubstr("'stolen'"));
  ASSERT_FALSE(folder_link);
  EXPECT_THAT(folder_link.error().message, HasSubstr("'a'"));
}

TEST_F(ChangesIn, StopsAtTheLimits) {
  commit_and_export();
  for (int i = 0; i < 20; ++i)
    write_text(workspace("f" + std::to_string(i)), std::string(100, 'x'));

  auto files = changes({.files_max = 19, .bytes_max = 100'000});
  auto bytes = changes({.files_max = 100, .bytes_max = 1'999});

  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, ErrorCode::exhausted);
  EXPECT_THAT(files.error().message, HasSubstr(".gitignore"));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::exhausted);
  EXPECT_EQ(changes({.files_max = 20, .bytes_max = 2'000})->size(), 20U);
}

TEST_F(ChangesIn, StopsAtAFolderThatIsTooDeep) {
  git_.write("a", "x");
  commit_and_export();
  std::string path = workspace("d");
  for (int i = 0; i < 200; ++i) path += "/d";
  fs::create_directories(path);

  auto found = changes();

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::exhausted);
}

TEST_F(ChangesIn, TurnsAFileIntoAFolder) {
  git_.write("a", "x");
  git_.write("b/c", "x");
  commit_and_export();
  fs::remove(workspace("a"));
  write_text(workspace("a/inner"), "y");
  fs::remove_all(workspace("b"));
  write_text(workspace("b"), "z");

  auto found = changes();

  ASSERT_TRUE(found);
  const Changes expected = {
      {"a", {std::nullopt}}, {"a/inner", {"y"}}, {"b", {"z"}}, {"b/c", {std::nullopt}}};
  EXPECT_EQ(*found, expected);
  auto branch = repository_->write_branch({.branch = "nightjar/w",
                                           .base_commit = commit_,
                                           .changes = *found,
                                           .message = "m",
                                           .key = "k"});
  ASSERT_TRUE(branch) << branch.error().message;
  EXPECT_EQ(git_.git({"ls-tree", "-r", "--name-only", "nightjar/w"}), "a/inner\nb");
}

}  // namespace
}  // namespace nightjar::repo
