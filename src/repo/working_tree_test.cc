#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "repo/change_spec.h"
#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScratchRepository;

#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().message

class WorkingTree : public ::testing::Test {
 protected:
  WorkingTree() {
    git_.write("a", "1\n");
    git_.write("sub/b", "1\n");
    git_.write(".gitignore", "*.o\n");
    first_ = git_.commit_all("first");
  }
  Result<ResolvedChange> change(const std::string& text = "working-tree",
                                const std::string& folder = "") const {
    TRY_INTO(const Repository repository, Repository::open(git_.path_of(folder)));
    return resolve_change(repository, {.change = text, .base = {}, .patch_text = {}});
  }

  ScratchRepository git_;
  std::string first_;
};

TEST_F(WorkingTree, HoldsTrackedStagedAndUntrackedFilesButNoIgnoredOnes) {
  git_.write("a", "edited\n");
  git_.write("staged", "s\n");
  git_.git({"add", "staged"});
  git_.write("new/\xC3\xA9\xFF", "u\r\n");
  git_.write("x.o", "ignored");
  fs::permissions(git_.path_of("sub/b"), fs::perms::owner_all);

  auto found = change();

  ASSERT_OK(found);
  EXPECT_EQ(found->label, "working tree");
  EXPECT_EQ(found->base_commit, first_);
  EXPECT_EQ(found->base_why, "HEAD");
  EXPECT_EQ(found->change_commit, "");
  EXPECT_EQ(found->changes, (Changes{{"a", {"edited\n"}},
                                     {"staged", {"s\n"}},
                                     {"new/\xC3\xA9\xFF", {"u\r\n"}},
                                     {"sub/b", {"1\n", true}}}));
}

TEST_F(WorkingTree, IsWhatCountsWhenItDiffersFromHead) {
  git_.write("a", "2\n");
  const std::string second = git_.commit_all("second");

  auto clean = change("");
  git_.write("a", "3\n");
  auto dirty = change("");

  ASSERT_OK(clean);
  EXPECT_EQ(clean->change_commit, second);
  EXPECT_EQ(clean->changes, (Changes{{"a", {"2\n"}}}));
  ASSERT_OK(dirty);
  EXPECT_EQ(dirty->label, "working tree");
  EXPECT_EQ(dirty->changes, (Changes{{"a", {"3\n"}}}));
}

TEST_F(WorkingTree, HoldsTheCommitsOfItsBranchToo) {
  git_.git({"checkout", "-q", "-b", "fix"});
  git_.write("a", "2\n");
  git_.write("c", "2\n");
  git_.commit_all();
  git_.write("a", "1\n");  // as main has it
  git_.write("d", "4\n");

  auto found = change();

  ASSERT_OK(found);
  EXPECT_EQ(found->base_commit, first_);
  EXPECT_EQ(found->base_why, "merge base with main");
  EXPECT_EQ(found->changes, (Changes{{"c", {"2\n"}}, {"d", {"4\n"}}}));
}

TEST_F(WorkingTree, IsEmptyWhenNothingDiffers) {
  auto found = change("worktree");

  ASSERT_OK(found);
  EXPECT_THAT(found->changes, IsEmpty());
}

TEST_F(WorkingTree, HoldsDeletionsOfEveryKind) {
  git_.write("kept.o", "x");
  git_.git({"add", "-f", "kept.o"});
  git_.commit_all();
  fs::remove(git_.path_of("a"));
  git_.git({"rm", "-q", "sub/b"});
  git_.git({"rm", "-q", "--cached", "kept.o"});  // ignored from now on, and still there
  git_.write("staged", "x");
  git_.git({"add", "staged"});
  fs::remove(git_.path_of("staged"));

  auto found = change();

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"a", {}}, {"sub/b", {}}, {"kept.o", {}}}));
}

TEST_F(WorkingTree, HoldsAFileThatBecameAFolder) {
  fs::remove(git_.path_of("a"));
  git_.write("a/inner", "x");
  fs::remove_all(git_.path_of("sub"));
  git_.write("sub", "y");

  auto found = change();

  ASSERT_OK(found);
  EXPECT_EQ(found->changes,
            (Changes{{"a", {}}, {"a/inner", {"x"}}, {"sub/b", {}}, {"sub", {"y"}}}));
}

TEST_F(WorkingTree, ListsWhatLiesOutsideOfTheProject) {
  git_.write("a", "2\n");
  git_.write("sub/new", "n\n");

  auto found = change("working-tree", "sub");

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"new", {"n\n"}}}));
  EXPECT_THAT(found->outside, ElementsAre("a"));
}

// Goal: no program of the repository's configuration runs. Method: a filter and an fsmonitor that
// would leave a trace.
TEST_F(WorkingTree, RunsNoConfiguredProgram) {
  const std::string trace = git_.path_of("../trace");
  const std::string command = "touch " + trace + "; cat";
  git_.write(".gitattributes", "*.txt filter=evil\n");
  git_.write("t.txt", "1\n");
  git_.commit_all();
  git_.git({"config", "filter.evil.clean", command});
  git_.git({"config", "filter.evil.process", command});
  git_.git({"config", "core.fsmonitor", command});
  git_.write("t.txt", "2\n");
  git_.write("u.txt", "3\n");

  auto found = change();

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"t.txt", {"2\n"}}, {"u.txt", {"3\n"}}}));
  EXPECT_FALSE(fs::exists(trace));
}

// Goal: what `git add` would store, as attributes say; bytes as they are where they say nothing.
TEST_F(WorkingTree, StoresLineEndsAsGitAddWould) {
  git_.write(".gitattributes", "*.bat text eol=crlf\n");
  git_.write("same.bat", "1\r\n");
  git_.write("raw", "1\r\n");
  git_.commit_all();
  git_.write("same.bat", "1\r\n2\r\n");
  git_.write("raw", "1\r\n2\r\n");

  auto found = change();

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"same.bat", {"1\n2\n"}}, {"raw", {"1\r\n2\r\n"}}}));
}

TEST_F(WorkingTree, RefusesLinksConflictsAndNestedRepositoriesByName) {
  git_.write("nested/f", "x");
  git_.git({"init", "-q", "nested"});
  auto nested = change();
  fs::remove_all(git_.path_of("nested"));
  fs::create_symlink("/etc/passwd", git_.path_of("stolen"));
  auto link = change();
  fs::remove(git_.path_of("stolen"));
  git_.git({"checkout", "-q", "-b", "other"});
  git_.write("a", "theirs\n");
  git_.commit_all();
  git_.git({"checkout", "-q", "main"});
  git_.write("a", "ours\n");
  git_.commit_all();
  testing::run_git(git_.path(), {"merge", "other"});
  auto conflict = change();

  for (const auto& [result, name] : {std::pair(&nested, "'nested/'"), std::pair(&link, "'stolen'"),
                                     std::pair(&conflict, "'a'")}) {
    ASSERT_FALSE(*result) << name;
    EXPECT_EQ(result->error().code, ErrorCode::invalid_input);
    EXPECT_THAT(result->error().message, HasSubstr(name));
  }
}

TEST_F(WorkingTree, RefusesAFileOfOneGibibyteWithoutReadingIt) {
  git_.write("huge", "");
  fs::resize_file(git_.path_of("huge"), std::uintmax_t{1} << 30);

  auto found = change();

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::exhausted);
  EXPECT_THAT(found.error().message, HasSubstr("'huge' has 1073741824 bytes"));
  EXPECT_THAT(found.error().message, HasSubstr(std::to_string(kChangedFileBytesMax)));
}

TEST_F(WorkingTree, AsksForACommitInANewRepository) {
  ScratchRepository empty;
  empty.write("a", "x");
  auto repository = Repository::open(empty.path());
  ASSERT_OK(repository);

  auto found = resolve_change(*repository, {});

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("has no commit yet"));
}

TEST_F(WorkingTree, LeavesOutWhatASparseCheckoutLeftOut) {
  git_.git({"sparse-checkout", "set", "--no-cone", "/a"});
  ASSERT_FALSE(fs::exists(git_.path_of("sub/b")));

  auto found = change();

  ASSERT_OK(found);
  EXPECT_THAT(found->changes, IsEmpty());
}

}  // namespace
}  // namespace nightjar::repo
