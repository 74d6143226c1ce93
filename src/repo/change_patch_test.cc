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
using testing::ScratchFolder;
using testing::ScratchRepository;
using testing::write_text;

#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().message

std::string numbered(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

class Patch : public ::testing::Test {
 protected:
  Patch() {
    git_.write("a", numbered(30));
    git_.write("sub/b", "1\r\n2\r\n3\r\n");
    git_.write("no-newline", "x");
    base_ = git_.commit_all("base");
  }
  Result<ResolvedChange> apply(const std::string& text, const std::string& folder = "") const {
    TRY_INTO(const Repository repository, Repository::open(git_.path_of(folder)));
    return resolve_change(repository, {.change = "-", .base = {}, .patch_text = text});
  }
  /// What the edits of the working tree become when git writes them as a patch and we apply it on
  /// the base, which must be the same tree as git's own commit of them.
  void expect_round_trip(const std::vector<std::string>& options = {}) {
    git_.commit_all("after");
    std::vector<std::string> words = {"diff", "--binary"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {base_, "HEAD"});
    const std::string patch = git_.git(words) + "\n";
    const std::string tree = git_.git({"rev-parse", "HEAD^{tree}"});
    git_.git({"reset", "-q", "--hard", base_});

    auto found = apply(patch);

    ASSERT_OK(found);
    EXPECT_EQ(found->base_commit, base_);
    auto repository = Repository::open(git_.path());
    ASSERT_OK(repository);
    auto id = tree_id(*repository, base_, found->changes);
    ASSERT_OK(id);
    EXPECT_EQ(*id, tree) << patch;
  }
  void edit_everything() const {
    git_.write("a", replaced(replaced(numbered(30), "line 2\n", ""), "line 28\n", "new\nnewer\n"));
    git_.write("sub/b", "1\r\ntwo\r\n3\r\n");
    git_.write("no-newline", "y");
    git_.write("created \xC3\xA9\xFF\n\"q\"", "c\n");
    git_.write("empty", "");
    git_.write("tool", "#!/bin/sh\n");
    fs::permissions(git_.path_of("tool"), fs::perms::owner_all);
  }

  ScratchRepository git_;
  std::string base_;
};

TEST_F(Patch, MakesTheTreeThatGitMakes) {
  edit_everything();
  expect_round_trip();
}

TEST_F(Patch, MakesTheTreeThatGitMakesInEachOfItsForms) {
  for (const char* option : {"--no-prefix", "-U0", "-U1", "-U100", "--full-index", "--patience",
                             "--src-prefix=i/", "--no-renames", "-M10%"}) {
    SCOPED_TRACE(option);
    edit_everything();
    fs::remove(git_.path_of("empty"));
    expect_round_trip({option});
  }
}

TEST_F(Patch, RenamesCopiesAndSwapsFiles) {
  git_.write("one", "1" + numbered(20));
  git_.write("two", "2" + numbered(20));
  base_ = git_.commit_all("base");
  git_.git({"mv", "a", "moved"});
  git_.write("moved", replaced(numbered(30), "line 9\n", "nine\n"));
  git_.write("copied", replaced(numbered(30), "line 9\n", "neuf\n"));
  git_.write("one", "2" + numbered(20));
  git_.write("two", "1" + numbered(20));
  expect_round_trip({"-M", "-C", "--find-copies-harder", "-B"});
}

TEST_F(Patch, ChangesModesAndDeletes) {
  fs::permissions(git_.path_of("a"), fs::perms::owner_all);
  fs::remove(git_.path_of("sub/b"));
  fs::remove(git_.path_of("no-newline"));
  git_.write("no-newline/f", "a folder now\n");
  expect_round_trip();
}

// Goal: git's binary patches, as whole files and as deltas. Method: bytes that do not compress,
// then a small edit of many of them.
TEST_F(Patch, AppliesBinaryPatches) {
  std::string noise;
  unsigned state = 1;
  for (int i = 0; i < 100'000; ++i) {
    state = state * 1664525U + 1013904223U;
    noise += static_cast<char>(state >> 24U);
  }
  git_.write("edited.bin", noise);
  git_.write("gone.bin", noise.substr(0, 900));
  base_ = git_.commit_all("base");
  git_.write("edited.bin", noise.substr(0, 50'000) + "inserted" + noise.substr(50'000));
  git_.write("new.bin", noise.substr(3, 5'000));
  fs::remove(git_.path_of("gone.bin"));
  expect_round_trip();
}

TEST_F(Patch, AppliesASeriesOfMailsOneOnTopOfTheOther) {
  git_.write("a", replaced(numbered(30), "line 5\n", "five\n"));
  git_.commit_all("first");
  git_.git({"mv", "a", "moved"});
  git_.write("moved", replaced(git_.git({"show", "HEAD:a"}) + "\n", "five\n", "FIVE\n"));
  git_.commit_all("second\n\n--- a line that looks like a header\n+++ and another");
  const std::string mails = git_.git({"format-patch", "--stdout", base_});
  git_.git({"reset", "-q", "--hard", base_});

  auto found = apply(mails);

  ASSERT_OK(found);
  EXPECT_EQ(found->changes,
            (Changes{{"a", {}}, {"moved", {replaced(numbered(30), "line 5\n", "FIVE\n")}}}));
}

TEST_F(Patch, TakesPlainUnifiedDiffs) {
  auto found = apply(
      "Only in new: x\ndiff -ruN old/sub/b new/sub/b\n"
      "--- old/sub/b\t2026-01-01 00:00:00.000000000 +0000\n"
      "+++ new/sub/b\t2026-01-02 00:00:00.000000000 +0000\n"
      "@@ -1,3 +1,3 @@\n 1\r\n-2\r\n+two\r\n 3\r\n"
      "--- /dev/null\n+++ b/sub/new\n@@ -0,0 +1 @@\n+n\n"
      "--- no-newline\n+++ no-newline\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n");

  ASSERT_OK(found);
  EXPECT_EQ(
      found->changes,
      (Changes{{"sub/b", {"1\r\ntwo\r\n3\r\n"}}, {"sub/new", {"n\n"}}, {"no-newline", {"y\n"}}}));
}

TEST_F(Patch, AppliesWhereTheContextIsWhenLinesHaveMoved) {
  git_.write("a", replaced(numbered(30), "line 20\n", "twenty\n"));
  const std::string patch = git_.git({"diff"}) + "\n";
  git_.write("a", "new first line\nand second\n" + numbered(30));
  base_ = git_.commit_all("moved");

  auto found = apply(patch);

  ASSERT_OK(found);
  EXPECT_EQ(*found->changes["a"].content,
            "new first line\nand second\n" + replaced(numbered(30), "line 20\n", "twenty\n"));
}

TEST_F(Patch, SaysWhichFileAndHunkDoesNotApplyAndWhy) {
  std::string edited = replaced(numbered(30), "line 2\n", "two\n");
  git_.write("a", replaced(edited, "line 25\n", "x\n"));
  const std::string patch = git_.git({"diff"}) + "\n";
  git_.write("a", replaced(numbered(30), "line 25\n", "other\n"));
  base_ = git_.commit_all("other");

  auto found = apply(patch);

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(found.error().message, HasSubstr("does not apply to 'a'"));
  EXPECT_THAT(found.error().message, HasSubstr("hunk 2 (@@ -22,7 +22,7 @@)"));
  EXPECT_THAT(found.error().message, HasSubstr("line 25 is 'other', the patch expects 'line 25'"));
  EXPECT_THAT(found.error().message, HasSubstr(base_.substr(0, 12)));
}

TEST_F(Patch, SaysWhenItIsAppliedAlreadyOrItsFileIsMissing) {
  git_.write("a", replaced(numbered(30), "line 15\n", "x\n"));
  const std::string patch = git_.git({"diff"}) + "\n";
  git_.commit_all("applied");
  auto applied = apply(patch);
  auto missing = apply(
      replaced(replaced(patch, "a/a b/a", "a/z b/z"), "--- a/a\n+++ b/a", "--- a/z\n+++ b/z"));
  auto exists = apply("--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n");
  auto no_data = apply("diff --git a/a b/a\nindex 1..2 100644\nBinary files a/a and b/a differ\n");

  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("is there already"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message,
              HasSubstr("'z' (line 1 of the patch): the base has no such"));
  ASSERT_FALSE(exists);
  EXPECT_THAT(exists.error().message, HasSubstr("which is there already"));
  ASSERT_FALSE(no_data);
  EXPECT_THAT(no_data.error().message, HasSubstr("git diff --binary"));
}

TEST_F(Patch, RefusesDamagedText) {
  for (const auto& [text, part] : std::map<std::string, std::string>{
           {"hello", "holds no patch"},
           {"@@ -1 +1 @@\n-x\n+y\n", "hunk without a file"},
           {"--- a/a\n+++ b/a\n@@ -1,5 +1,5 @@\n line 1\n", "other numbers of lines"},
           {"--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n+y\n+z\n@@ -9 +9 @@\n-x\n+y\n",
            "belongs to no file"},
           {"--- \n+++ \n@@ -1 +1 @@\n-x\n+y\n", "without a name"},
           {"diff --cc a\n", "combined diff"},
           {"diff --git a/x b/x\nGIT binary patch\nliteral 9\nzcm\n", "cut"},
           {"diff --git a/../x b/../x\nnew file mode 100644\n", "'../x'"},
           {"diff --git a/.git/x b/.git/x\nnew file mode 100644\n", "'.git/x'"},
           {"diff --git a/a/x b/a/x\nnew file mode 100644\n", "'a' is a file"},
           {"diff --git a/sub b/sub\nnew file mode 100644\n", "'sub' a file"}}) {
    auto found = apply(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, ErrorCode::invalid_input) << text;
    EXPECT_THAT(found.error().message, HasSubstr(part));
  }
}

// Goal: a few bytes cannot fill the memory. Method: zeros, said to be 3 bytes or more than allowed.
TEST_F(Patch, RefusesABinaryPatchThatInflatesToMoreThanItSays) {
  git_.write("z.bin", std::string(100'000, '\0'));
  git_.git({"add", "-A"});
  const std::string patch = git_.git({"diff", "--binary", "--cached"}) + "\n\n";
  ASSERT_OK(apply(patch));

  auto liar = apply(replaced(patch, "literal 100000", "literal 3"));
  auto huge = apply(replaced(patch, "literal 100000", "literal 100000000"));

  ASSERT_FALSE(liar);
  EXPECT_EQ(liar.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(liar.error().message, HasSubstr("'z.bin'"));
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, ErrorCode::exhausted);
}

TEST_F(Patch, RefusesLinksAndSubmodulesByName) {
  fs::create_symlink("/etc/passwd", git_.path_of("leaves"));
  git_.git({"add", "-A"});
  const std::string link = git_.git({"diff", "--cached"}) + "\n";
  git_.git({"reset", "-q", "--hard"});
  git_.git({"update-index", "--add", "--cacheinfo", "160000," + base_ + ",module"});
  const std::string module = git_.git({"diff", "--cached"}) + "\n";
  git_.git({"reset", "-q", "--hard"});

  auto leaves = apply(link);
  auto below = apply(module);

  ASSERT_FALSE(leaves);
  EXPECT_THAT(leaves.error().message, HasSubstr("'leaves' is a link that points out"));
  ASSERT_FALSE(below);
  EXPECT_THAT(below.error().message, HasSubstr("submodule 'module'"));
}

TEST_F(Patch, AppliesInAProjectFolderFromTheTopOrFromTheFolder) {
  git_.write("sub/b", "1\r\n2\r\nthree\r\n");
  git_.write("no-newline", "y");
  const std::string whole = git_.git({"diff"}) + "\n";
  const std::string relative = git_.git({"diff", "--relative=sub"}) + "\n";
  git_.git({"reset", "-q", "--hard"});

  auto from_top = apply(whole, "sub");
  auto from_folder = apply(relative, "sub");

  ASSERT_OK(from_top);
  EXPECT_EQ(from_top->changes, (Changes{{"b", {"1\r\n2\r\nthree\r\n"}}}));
  EXPECT_THAT(from_top->outside, ElementsAre("no-newline"));
  ASSERT_OK(from_folder);
  EXPECT_EQ(from_folder->changes, from_top->changes);
}

TEST_F(Patch, IsFoundAsAFileAndKeepsItsName) {
  git_.write("a", replaced(numbered(30), "line 1\n", "x\n"));
  ScratchFolder folder;
  write_text(folder.path() + "/x.patch", git_.git({"diff"}) + "\n");
  write_text(folder.path() + "/empty.patch", "");
  auto repository = Repository::open(git_.path());
  ASSERT_OK(repository);
  const auto file = [&](const std::string& name) {
    return resolve_change(*repository,
                          {.change = folder.path() + name, .base = "main", .patch_text = {}});
  };

  auto found = file("/x.patch");
  auto odd = file("/../" + folder.path().substr(folder.path().rfind('/') + 1) + "/x.patch");
  auto empty = file("/empty.patch");

  ASSERT_OK(found);
  EXPECT_EQ(found->label, "x.patch");
  EXPECT_EQ(found->base_why, "--base");
  EXPECT_EQ(found->change_commit, "");
  EXPECT_EQ(found->changes, (Changes{{"a", {replaced(numbered(30), "line 1\n", "x\n")}}}));
  ASSERT_OK(odd);
  ASSERT_OK(empty);
  EXPECT_THAT(empty->changes, IsEmpty());
}

}  // namespace
}  // namespace nightjar::repo
