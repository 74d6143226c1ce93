#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "repo/repository.h"
#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::ScratchRepository;
using testing::snapshot_of;

constexpr std::int64_t kAt = 1'700'000'000'000'000'000;

BranchRequest request_on(const std::string& base, Changes changes) {
  return {.branch = "nightjar/work-1",
          .base_commit = base,
          .changes = std::move(changes),
          .message = "Repair the median\n\nR1: the middle value",
          .key = "run-1/7",
          .at_utc_ns = kAt};
}

Repository opened(const ScratchRepository& git, const std::string& project = "") {
  auto repository = Repository::open(git.path_of(project));
  EXPECT_TRUE(repository);
  return *std::move(repository);
}

TEST(WriteBranch, WritesOneCommitThatGitAccepts) {
  const ScratchRepository git;
  git.write("src/a.c", "old\n");
  git.write("src/gone.c", "x\n");
  git.write("keep/me", "x\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);

  auto commit = repository.write_branch(request_on(base, {{"src/a.c", {"new\n"}},
                                                          {"src/gone.c", {std::nullopt}},
                                                          {"new/dir/run", {"#!/bin/sh\n", true}}}));

  ASSERT_TRUE(commit) << commit.error().message;
  EXPECT_EQ(git.git({"rev-parse", "nightjar/work-1"}), *commit);
  EXPECT_EQ(git.git({"rev-parse", "nightjar/work-1^"}), base);
  EXPECT_EQ(git.git({"diff", "--name-status", base, *commit}),
            "A\tnew/dir/run\nM\tsrc/a.c\nD\tsrc/gone.c");
  EXPECT_EQ(git.git({"ls-tree", *commit, "new/dir/run"}).substr(0, 6), "100755");
  EXPECT_EQ(git.git({"show", "-s", "--format=%an <%ae> %at|%cn <%ce> %ct", *commit}),
            "Nightjar <nightjar@localhost> 1700000000|Nightjar <nightjar@localhost> 1700000000");
  EXPECT_EQ(git.git({"show", "-s", "--format=%B", *commit}),
            "Repair the median\n\nR1: the middle value\n\nNightjar-Key: run-1/7\n");
  EXPECT_EQ(git.git({"show", "-s", "--format=%(trailers:key=Nightjar-Key,valueonly)", *commit}),
            "run-1/7\n");
  EXPECT_THAT(git.git({"fsck", "--strict"}), ::testing::Not(HasSubstr("error")));
}

// Goal: the user's branch, index, HEAD and working tree stay as they were, byte for byte. Only new
// objects, the new branch and its log may appear.
TEST(WriteBranch, TouchesNothingOfTheUser) {
  const ScratchRepository git;
  git.write("a", "1\n");
  git.write("b", "1\n");
  const std::string base = git.commit_all();
  git.write("a", "dirty\n");
  git.write("staged", "x");
  git.git({"add", "staged"});
  const auto before = snapshot_of(git.path());
  Repository repository = opened(git);

  ASSERT_TRUE(repository.dirty_paths(10));
  ASSERT_TRUE(repository.write_branch(request_on(base, {{"a", {"repaired\n"}}})));

  auto after = snapshot_of(git.path());
  for (const auto& [path, content] : before) EXPECT_EQ(after[path], content) << path;
  for (const auto& [path, content] : after) {
    const bool expected = before.contains(path) || path.starts_with(".git/objects/") ||
                          path.starts_with(".git/refs/heads/nightjar") ||
                          path.starts_with(".git/logs/refs/heads/nightjar");
    EXPECT_TRUE(expected) << path << " appeared";
  }
}

TEST(WriteBranch, ReturnsTheSameCommitForTheSameKey) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);
  auto first = repository.write_branch(request_on(base, {{"a", {"2\n"}}}));
  BranchRequest again = request_on(base, {{"a", {"2\n"}}});
  again.at_utc_ns += 5'000'000'000;

  auto second = repository.write_branch(again);

  ASSERT_TRUE(first);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(*repository.branch_commit("nightjar/work-1"), *first);
}

TEST(WriteBranch, RefusesABranchWithAnotherKey) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);
  auto first = repository.write_branch(request_on(base, {{"a", {"2\n"}}}));
  BranchRequest other = request_on(base, {{"a", {"3\n"}}});
  other.key = "run-2/7";

  auto second = repository.write_branch(other);

  ASSERT_TRUE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("git branch -D nightjar/work-1"));
  EXPECT_EQ(*repository.branch_commit("nightjar/work-1"), *first);
}

TEST(WriteBranch, AddsTheKeyToTrailersThatAreThere) {
  const ScratchRepository git;
  const std::string base = git.commit_all();
  Repository repository = opened(git);
  BranchRequest request = request_on(base, {{"a", {"2\n"}}});
  request.message = "Repair\n\nNightjar-Run: 7\n";

  auto commit = repository.write_branch(request);

  ASSERT_TRUE(commit) << commit.error().message;
  EXPECT_EQ(git.git({"show", "-s", "--format=%B", *commit}),
            "Repair\n\nNightjar-Run: 7\nNightjar-Key: run-1/7\n");
}

TEST(WriteBranch, IsNotFooledByAKeyInTheMessage) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);
  BranchRequest request = request_on(base, {{"a", {"2\n"}}});
  request.message = "Repair\n\nNightjar-Key: run-9/9";

  ASSERT_TRUE(repository.write_branch(request));
  request.key = "run-9/9";
  auto forged = repository.write_branch(request);

  EXPECT_FALSE(forged);
}

TEST(WriteBranch, SaysWhenABranchStandsInTheWay) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  git.git({"branch", "nightjar"});
  Repository repository = opened(git);

  auto commit = repository.write_branch(request_on(base, {{"a", {"2\n"}}}));

  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().code, ErrorCode::conflict);
  EXPECT_THAT(commit.error().message, HasSubstr("git branch -m nightjar"));
}

TEST(WriteBranch, WritesBelowTheProjectFolderOnly) {
  const ScratchRepository git;
  git.write("apps/tool/a", "1\n");
  git.write("apps/other/a", "1\n");
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git, "apps/tool");

  auto commit = repository.write_branch(request_on(base, {{"a", {"2\n"}}, {"b/c", {"3\n"}}}));

  ASSERT_TRUE(commit) << commit.error().message;
  EXPECT_EQ(git.git({"diff", "--name-status", base, *commit}), "M\tapps/tool/a\nA\tapps/tool/b/c");
}

TEST(WriteBranch, WritesATreeWithNothingLeft) {
  const ScratchRepository git;
  git.write("a/b/c", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);

  auto commit = repository.write_branch(request_on(base, {{"a/b/c", {std::nullopt}}}));

  ASSERT_TRUE(commit) << commit.error().message;
  EXPECT_EQ(git.git({"ls-tree", "-r", *commit}), "");
}

TEST(WriteBranch, RefusesPathsAndNamesThatReachElsewhere) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);

  for (const std::string path :
       {"../x", "/x", "a/../b", ".git/config", "sub/.Git/x", "", "a//b", "./a", "a/"}) {
    auto commit = repository.write_branch(request_on(base, {{path, {"x"}}}));
    ASSERT_FALSE(commit) << path;
    EXPECT_EQ(commit.error().code, ErrorCode::invalid_input) << path;
  }
  for (const std::string branch :
       {"main", "nightjar/../main", "nightjar/a b", "nightjar/", "nightjar/x.lock", ""}) {
    BranchRequest request = request_on(base, {{"a", {"2"}}});
    request.branch = branch;
    auto commit = repository.write_branch(request);
    ASSERT_FALSE(commit) << branch;
    EXPECT_EQ(commit.error().code, ErrorCode::invalid_input) << branch;
  }
  EXPECT_EQ(git.git({"branch", "--format=%(refname:short)"}), "main");
}

TEST(WriteBranch, RefusesAFileBelowAFile) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  Repository repository = opened(git);

  EXPECT_FALSE(repository.write_branch(request_on(base, {{"a/b", {"2"}}})));
  EXPECT_FALSE(repository.write_branch(request_on(base, {{"x", {"2"}}, {"x/y", {"2"}}})));
}

TEST(WriteBranch, FailsWithAClearErrorWhenTheRepositoryIsReadOnly) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string base = git.commit_all();
  // A file in the place of the folder blocks root as well.
  git.write(".git/refs/heads/nightjar", "");
  Repository repository = opened(git);

  auto commit = repository.write_branch(request_on(base, {{"a", {"2\n"}}}));

  ASSERT_FALSE(commit);
  EXPECT_THAT(commit.error().message, HasSubstr("nightjar"));
}

// Goal: our diffs are what git makes of them. Method: apply each to the base, compare with the
// tree.
TEST(DiffOfChanges, IsAppliedByGit) {
  const ScratchRepository git;
  git.write("p/text", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
  git.write("p/crlf", "a\r\nb\r\n");
  git.write("p/no-newline", "a\nb");
  git.write("p/gone", "x\n");
  git.write("p/mode", "x\n");
  git.write("p/with space \xC3\xA9\n.c", "x\n");
  git.write(".gitattributes", "*.c diff=cpp\n");
  const std::string base = git.commit_all();
  const Changes changes = {{"text", {"1\n2\nthree\n4\n5\n6\n7\n8\n9\n10\n11\n"}},
                           {"crlf", {"a\r\nB\r\n"}},
                           {"no-newline", {"a\nc"}},
                           {"gone", {std::nullopt}},
                           {"mode", {"x\n", true}},
                           {"new/file", {"fresh\n"}},
                           {"with space \xC3\xA9\n.c", {"y\n"}}};
  Repository repository = opened(git, "p");
  const auto before = snapshot_of(git.path());

  auto diff = repository.diff(base, changes);

  ASSERT_TRUE(diff) << diff.error().message;
  EXPECT_EQ(snapshot_of(git.path()), before);  // Not even an object was written.
  git.git({"apply", "--index", "--directory=p", "-"}, *diff);
  git.git({"commit", "-q", "-m", "by git"});
  auto branch = repository.write_branch(request_on(base, changes));
  ASSERT_TRUE(branch);
  EXPECT_EQ(git.git({"rev-parse", "HEAD^{tree}"}), git.git({"rev-parse", *branch + "^{tree}"}));
}

TEST(DiffOfChanges, OnlySaysThatBinaryFilesDiffer) {
  const ScratchRepository git;
  git.write("a", std::string("\0a", 2));
  const std::string base = git.commit_all();

  auto diff = opened(git).diff(base, {{"a", {std::string("\0b", 2)}}});

  ASSERT_TRUE(diff);
  EXPECT_THAT(*diff, HasSubstr("Binary files a/a and b/a differ"));
  EXPECT_EQ(*opened(git).diff(base, {}), "");
}

}  // namespace
}  // namespace nightjar::repo
