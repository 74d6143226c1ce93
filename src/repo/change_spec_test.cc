#include "repo/change_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run_git;
using testing::ScratchFolder;
using testing::ScratchRepository;
using testing::snapshot_of;

Result<ResolvedChange> resolve(const std::string& folder, const ChangeRequest& request) {
  TRY_INTO(const Repository repository, Repository::open(folder));
  return resolve_change(repository, request);
}

/// A repository whose main has two commits, and a branch "fix" with two more.
class ResolveChange : public ::testing::Test {
 protected:
  ResolveChange() {
    git_.write("a", "1\n");
    git_.write("sub/b", "1\n");
    first_ = git_.commit_all("first");
    git_.write("a", "2\n");
    second_ = git_.commit_all("second");
    git_.git({"checkout", "-q", "-b", "fix"});
    git_.write("a", "3\n");
    fix1_ = git_.commit_all("fix 1");
    git_.write("sub/c", "new\r\n");
    fix2_ = git_.commit_all("fix 2");
  }

  /// main goes on after "fix" left it.
  std::string advance_main() const {
    git_.git({"checkout", "-q", "main"});
    git_.write("main-only", "x");
    const std::string commit = git_.commit_all("main goes on");
    git_.git({"checkout", "-q", "fix"});
    return commit;
  }
  Result<ResolvedChange> change(const std::string& text, const std::string& base = "") const {
    return resolve(git_.path(), {.change = text, .base = base, .patch_text = {}});
  }

  const Changes of_fix_ = {{"a", {"3\n"}}, {"sub/c", {"new\r\n"}}};
  ScratchRepository git_;
  std::string first_, second_, fix1_, fix2_;
};

#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().message

TEST_F(ResolveChange, ComparesABranchWithItsMergeBaseWithTheDefaultBranch) {
  advance_main();

  auto found = change("fix");

  ASSERT_OK(found);
  EXPECT_EQ(found->label, "branch fix");
  EXPECT_EQ(found->base_commit, second_);
  EXPECT_EQ(found->base_why, "merge base with main");
  EXPECT_EQ(found->change_commit, fix2_);
  EXPECT_EQ(found->changes, of_fix_);
  EXPECT_THAT(found->outside, IsEmpty());
}

TEST_F(ResolveChange, TakesTagsAndCommitsAndWhatGitCallsThem) {
  git_.git({"tag", "-a", "v1", "-m", "annotated", "fix"});

  for (const auto& [text, label] :
       std::map<std::string, std::string>{{"v1", "tag v1"},
                                          {"refs/heads/fix", "branch fix"},
                                          {"HEAD", "branch fix"},
                                          {fix2_, "commit " + fix2_.substr(0, 12)},
                                          {fix2_.substr(0, 10), "commit " + fix2_.substr(0, 12)}}) {
    auto found = change(text);
    ASSERT_OK(found);
    EXPECT_EQ(found->label, label);
    EXPECT_EQ(found->changes, of_fix_) << text;
  }
  auto parent = change("fix~1");
  ASSERT_OK(parent);
  EXPECT_EQ(parent->changes, (Changes{{"a", {"3\n"}}}));
}

TEST_F(ResolveChange, ComparesACommitOfTheDefaultBranchWithItsFirstParent) {
  auto tip = change("main");
  git_.git({"checkout", "-q", "main"});
  git_.git({"merge", "-q", "--no-ff", "-m", "merge", "fix"});
  auto merge = change("main");

  ASSERT_OK(tip);
  EXPECT_EQ(tip->base_commit, first_);
  EXPECT_EQ(tip->base_why, "the commit's first parent");
  EXPECT_EQ(tip->changes, (Changes{{"a", {"2\n"}}}));
  ASSERT_OK(merge);
  EXPECT_EQ(merge->base_commit, second_);
  EXPECT_EQ(merge->changes, of_fix_);
}

TEST_F(ResolveChange, RefusesTheFirstCommitOfAHistory) {
  auto found = change(first_);

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(found.error().message, HasSubstr("first commit"));
}

TEST_F(ResolveChange, TakesRangesAsGitDiffDoes) {
  const std::string tip = advance_main();

  auto two = change("main..fix");
  auto three = change("main...fix");
  auto open = change(first_ + "..");
  auto with_base = change("main..fix", "main");

  ASSERT_OK(two);
  EXPECT_EQ(two->base_commit, tip);
  EXPECT_EQ(two->changes, (Changes{{"a", {"3\n"}}, {"sub/c", {"new\r\n"}}, {"main-only", {}}}));
  ASSERT_OK(three);
  EXPECT_EQ(three->base_commit, second_);
  EXPECT_EQ(three->label, "range main...fix");
  EXPECT_EQ(three->changes, of_fix_);
  ASSERT_OK(open);
  EXPECT_EQ(open->change_commit, fix2_);
  ASSERT_FALSE(with_base);
  EXPECT_EQ(with_base.error().code, ErrorCode::invalid_input);
}

// Goal: what others merged to the base since is not taken for deleted by the change.
TEST_F(ResolveChange, ComparesWithTheMergeBaseOfANamedBase) {
  advance_main();

  auto diverged = change("fix", "main");
  auto ancestor = change("fix", first_);
  auto unknown = change("fix", "mian");

  ASSERT_OK(diverged);
  EXPECT_EQ(diverged->base_commit, second_);
  EXPECT_EQ(diverged->base_why, "merge base with --base main");
  EXPECT_EQ(diverged->changes, of_fix_);
  ASSERT_OK(ancestor);
  EXPECT_EQ(ancestor->base_commit, first_);
  EXPECT_EQ(ancestor->base_why, "--base");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  EXPECT_THAT(unknown.error().message, HasSubstr("did you mean 'main'?"));
}

TEST_F(ResolveChange, NamesTheNearestBranchWhenThereIsNone) {
  auto found = change("fxi");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("'fxi'; did you mean 'fix'?"));
}

TEST_F(ResolveChange, RefusesAFileOfACommit) {
  auto found = change("HEAD:a");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(found.error().message, HasSubstr("not a commit"));
}

TEST_F(ResolveChange, FindsPullAndMergeRequestsWhereverTheirRefsAre) {
  git_.git({"checkout", "-q", "main"});
  git_.git({"branch", "-q", "-D", "fix"});
  const std::map<std::string, std::vector<std::string>> forms = {
      {"refs/pull/5/head", {"pr/5", "#5", "refs/pull/5/head"}},
      {"refs/remotes/origin/pr/6", {"pr/6", "#6"}},
      {"refs/remotes/upstream/pull/7/head", {"pr/7", "#7", "refs/pull/7/head"}},
      {"refs/merge-requests/8/head", {"mr/8", "!8", "#8"}},
      {"refs/remotes/origin/merge-requests/9", {"mr/9", "#9"}}};

  for (const auto& [ref, texts] : forms) {
    git_.git({"update-ref", ref, fix2_});
    for (const std::string& text : texts) {
      auto found = change(text);
      ASSERT_OK(found);
      EXPECT_EQ(found->changes, of_fix_) << text;
      EXPECT_THAT(found->label, HasSubstr("request "));
    }
  }
}

TEST_F(ResolveChange, SaysHowToFetchARequestThatIsNotHere) {
  git_.git({"remote", "add", "upstream", "https://localhost/x"});

  auto pull = change("pr/12");
  auto merge = change("mr/12");
  git_.git({"update-ref", "refs/remotes/one/pr/3", fix1_});
  git_.git({"update-ref", "refs/remotes/two/pr/3", fix2_});
  auto unclear = change("#3");

  ASSERT_FALSE(pull);
  EXPECT_EQ(pull.error().code, ErrorCode::not_found);
  EXPECT_THAT(pull.error().message,
              HasSubstr("`git fetch upstream pull/12/head:refs/pull/12/head`"));
  ASSERT_FALSE(merge);
  EXPECT_THAT(merge.error().message,
              HasSubstr("`git fetch upstream merge-requests/12/head:refs/merge-requests/12/head`"));
  ASSERT_FALSE(unclear);
  EXPECT_EQ(unclear.error().code, ErrorCode::conflict);
}

// Goal: the remote's word counts. Method: its HEAD names a branch of an unusual name.
TEST_F(ResolveChange, KnowsTheDefaultBranchOfTheRemote) {
  git_.git({"update-ref", "refs/remotes/origin/release/9", fix1_});
  git_.git({"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/9"});

  auto found = change("fix");

  ASSERT_OK(found);
  EXPECT_EQ(found->base_commit, fix1_);
  EXPECT_EQ(found->base_why, "merge base with origin/release/9");
}

TEST_F(ResolveChange, ComparesUnpushedCommitsOfTheDefaultBranchWithThePushedOne) {
  git_.git({"update-ref", "refs/remotes/origin/main", first_});
  git_.git({"checkout", "-q", "main"});

  auto unpushed = change("main");
  auto branch = change("fix");  // left the local main, which is later than the remote's

  ASSERT_OK(unpushed);
  EXPECT_EQ(unpushed->base_commit, first_);
  EXPECT_EQ(unpushed->base_why, "merge base with origin/main");
  ASSERT_OK(branch);
  EXPECT_EQ(branch->base_commit, second_);
  EXPECT_EQ(branch->base_why, "merge base with main");
}

TEST_F(ResolveChange, AsksForABaseWhenThereIsNoDefaultBranch) {
  git_.git({"branch", "-q", "-m", "main", "one"});
  git_.git({"branch", "-q", "-m", "fix", "two"});

  auto found = change("two");
  git_.git({"checkout", "-q", "--detach", "one"});
  git_.git({"merge", "-q", "--no-ff", "-m", "as a host tries it out", "two"});
  auto merge = change("HEAD");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("--base"));
  ASSERT_OK(merge);
  EXPECT_EQ(merge->base_commit, second_);
  EXPECT_EQ(merge->changes, of_fix_);
}

TEST_F(ResolveChange, RefusesUnrelatedHistories) {
  git_.git({"checkout", "-q", "--orphan", "other"});
  git_.commit_all("another beginning");

  auto by_default = change("other");
  auto by_base = change("other", "main");

  ASSERT_FALSE(by_default);
  EXPECT_EQ(by_default.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(by_default.error().message, HasSubstr("no common history"));
  ASSERT_FALSE(by_base);
  EXPECT_EQ(by_base.error().code, ErrorCode::invalid_input);
}

TEST_F(ResolveChange, TellsAShallowCloneHowToGetTheRest) {
  git_.git({"checkout", "-q", "main"});  // A clone's default branch is what is checked out here.
  ScratchFolder folder;
  const auto clone = [&](const std::string& name, const std::string& depth) {
    EXPECT_EQ(run_git(folder.path(), {"clone", "-q", "--depth", depth, "--no-single-branch",
                                      "file://" + git_.path(), name})
                  .exit_code,
              0);
    return folder.path() + "/" + name;
  };
  const std::string cut = clone("cut", "1");
  const std::string enough = clone("enough", "3");

  auto parent = resolve(cut, {.change = "origin/main", .base = {}, .patch_text = {}});
  auto base = resolve(cut, {.change = "origin/fix", .base = {}, .patch_text = {}});
  auto whole = resolve(enough, {.change = "origin/fix", .base = {}, .patch_text = {}});
  auto named = resolve(enough, {.change = "origin/fix", .base = "origin/fix~1", .patch_text = {}});

  for (const auto* result : {&parent, &base}) {
    ASSERT_FALSE(*result);
    EXPECT_EQ(result->error().code, ErrorCode::invalid_input);
    EXPECT_THAT(result->error().message, HasSubstr("git fetch --unshallow"));
    EXPECT_THAT(result->error().message, HasSubstr("fetch-depth: 0"));
  }
  ASSERT_OK(whole);
  EXPECT_EQ(whole->changes, of_fix_);
  ASSERT_OK(named);
  EXPECT_EQ(named->changes, (Changes{{"sub/c", {"new\r\n"}}}));
}

TEST_F(ResolveChange, IsEmptyForACommitThatChangesNothing) {
  git_.commit_all("nothing");

  auto found = change("HEAD", "HEAD~1");

  ASSERT_OK(found);
  EXPECT_THAT(found->changes, IsEmpty());
}

TEST_F(ResolveChange, HoldsRenamesModesDeletionsAndFilesThatBecomeFolders) {
  git_.write("tool", "x");
  git_.write("becomes", "a file");
  git_.write("folder/f", "f");
  fs::create_symlink("a", git_.path_of("link"));
  const std::string before = git_.commit_all("before");
  fs::permissions(git_.path_of("tool"), fs::perms::owner_all);
  fs::create_directories(git_.path_of("moved"));
  git_.git({"mv", "a", "moved/\xC3\xA9\xFF\n"});
  git_.git({"rm", "-q", "becomes", "folder/f", "link"});
  git_.write("becomes/now", "a folder");
  git_.write("folder", "a file");
  git_.commit_all("after");

  auto found = change(before + "..HEAD");

  ASSERT_OK(found);
  const Changes expected = {{"tool", {"x", true}},
                            {"a", {}},
                            {"moved/\xC3\xA9\xFF\n", {"3\n"}},
                            {"becomes", {}},
                            {"becomes/now", {"a folder"}},
                            {"folder/f", {}},
                            {"folder", {"a file"}},
                            {"link", {}}};
  EXPECT_EQ(found->changes, expected);
}

TEST_F(ResolveChange, ListsWhatChangesOutsideOfTheProjectFolder) {
  git_.write("sub2/near", "x");
  git_.commit_all();

  auto found = resolve(git_.path_of("sub"), {.change = "fix", .base = {}, .patch_text = {}});

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"c", {"new\r\n"}}}));
  EXPECT_THAT(found->outside, ElementsAre("a", "sub2/near"));
}

TEST_F(ResolveChange, HoldsAChangeThatDeletesTheWholeProject) {
  git_.git({"rm", "-q", "-r", "sub"});
  git_.commit_all();

  auto found = resolve(git_.path_of(""), {.change = "HEAD", .base = "main", .patch_text = {}});
  git_.write("sub/untracked", "x");  // The folder has to be there to be opened.
  auto below = resolve(git_.path_of("sub"), {.change = "HEAD", .base = "main", .patch_text = {}});

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"a", {"3\n"}}, {"sub/b", {}}}));
  ASSERT_OK(below);
  EXPECT_EQ(below->changes, (Changes{{"b", {}}}));
}

TEST_F(ResolveChange, RefusesNewAndChangedLinksByName) {
  fs::create_symlink("a", git_.path_of("inside"));
  const std::string inside = git_.commit_all();
  fs::create_symlink("../../etc/passwd", git_.path_of("sub/leaves"));
  git_.commit_all();

  auto stays = change(inside);
  auto leaves = change("HEAD", inside);

  ASSERT_FALSE(stays);
  EXPECT_EQ(stays.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(stays.error().message, HasSubstr("'inside' is a new or changed link"));
  ASSERT_FALSE(leaves);
  EXPECT_THAT(leaves.error().message, HasSubstr("'sub/leaves' is a link that points out of"));
}

TEST_F(ResolveChange, RefusesSubmodulesByNameInTheProjectAlone) {
  git_.git({"update-index", "--add", "--cacheinfo", "160000," + first_ + ",vendored"});
  git_.git({"commit", "-q", "-m", "add a submodule"});

  auto found = change("HEAD");
  auto elsewhere = resolve(git_.path_of("sub"), {.change = "HEAD", .base = {}, .patch_text = {}});

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(found.error().message, HasSubstr("submodule 'vendored'"));
  ASSERT_OK(elsewhere);
  EXPECT_THAT(elsewhere->outside, ElementsAre("a", "vendored"));
}

TEST_F(ResolveChange, CarriesLfsPointersAsText) {
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') +
      "\nsize 12\n";
  git_.write("big.bin", pointer);
  git_.commit_all();

  auto found = change("HEAD", "HEAD~1");

  ASSERT_OK(found);
  EXPECT_EQ(found->changes, (Changes{{"big.bin", {pointer}}}));
}

TEST_F(ResolveChange, RefusesAFileThatIsTooLargeByNameAndLimit) {
  git_.write("sub/huge.bin", std::string(kChangedFileBytesMax + 1, 'x'));
  git_.commit_all();

  auto found = change("HEAD");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::exhausted);
  EXPECT_THAT(found.error().message, HasSubstr("'sub/huge.bin'"));
  EXPECT_THAT(found.error().message, HasSubstr(std::to_string(kChangedFileBytesMax)));
}

TEST_F(ResolveChange, WritesNothingToTheRepository) {
  git_.write("untracked", "x");
  git_.git({"status"});
  const auto before = snapshot_of(git_.path());

  for (const char* text : {"", "fix", "main", "main...fix", "working-tree", "nothing"}) {
    static_cast<void>(change(text));
  }
  auto repository = Repository::open(git_.path());
  ASSERT_OK(repository);
  ASSERT_OK(tree_id(*repository, first_, of_fix_));

  EXPECT_EQ(snapshot_of(git_.path()), before);
}

// --- tree_id ---------------------------------------------------------------------------------

TEST_F(ResolveChange, HasTheTreeIdThatGitGivesIt) {
  git_.write("sub/run", "x");
  fs::permissions(git_.path_of("sub/run"), fs::perms::owner_all);
  git_.git({"rm", "-q", "a"});
  git_.commit_all();

  for (const auto& [folder, spec] :
       std::map<std::string, std::string>{{"", "HEAD^{tree}"}, {"sub", "HEAD:sub"}}) {
    auto repository = Repository::open(git_.path_of(folder));
    ASSERT_OK(repository);
    auto found = resolve_change(*repository, {.change = "HEAD", .base = {}, .patch_text = {}});
    ASSERT_OK(found);
    auto id = tree_id(*repository, found->base_commit, found->changes);
    ASSERT_OK(id);
    EXPECT_EQ(*id, git_.git({"rev-parse", spec}));
    auto base = tree_id(*repository, found->change_commit, {});
    ASSERT_OK(base);
    EXPECT_EQ(*base, *id);
  }
}

// --- line_changes ----------------------------------------------------------------------------

TEST(LineChanges, NumbersAddedAndRemovedLines) {
  auto found = line_changes("a\nb\nc\nd\n", "a\nB\nB2\nc\n");

  ASSERT_OK(found);
  EXPECT_THAT(found->added, ElementsAre(2, 3));
  EXPECT_THAT(found->removed, ElementsAre(2, 4));
}

TEST(LineChanges, KnowsNewDeletedAndEqualFilesAndMissingNewlines) {
  auto created = line_changes("", "a\nb");
  auto deleted = line_changes("a\nb", {});
  auto equal = line_changes("a\n", "a\n");
  auto newline = line_changes("a\nb", "a\nb\n");
  auto bytes = line_changes(std::string_view("a\0\nb\n", 5), std::string_view("a\0\nc\n", 5));

  ASSERT_OK(created);
  EXPECT_THAT(created->added, ElementsAre(1, 2));
  EXPECT_THAT(created->removed, IsEmpty());
  ASSERT_OK(deleted);
  EXPECT_THAT(deleted->added, IsEmpty());
  EXPECT_THAT(deleted->removed, ElementsAre(1, 2));
  ASSERT_OK(equal);
  EXPECT_THAT(equal->added, IsEmpty());
  ASSERT_OK(newline);
  EXPECT_THAT(newline->added, ElementsAre(2));
  ASSERT_OK(bytes);
  EXPECT_THAT(bytes->added, ElementsAre(2));
  EXPECT_THAT(bytes->removed, ElementsAre(2));
}

}  // namespace
}  // namespace nightjar::repo
