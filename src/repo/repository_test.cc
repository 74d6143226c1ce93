#include "repo/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/bytes.h"
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
using testing::write_text;

Repository opened(const std::string& path) {
  auto repository = Repository::open(path);
  EXPECT_TRUE(repository) << (repository ? "" : repository.error().message);
  return *std::move(repository);
}

TEST(Repository, NamesTheWayOutWhenThereIsNone) {
  const ScratchFolder folder;

  auto repository = Repository::open(folder.path());

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::not_found);
  EXPECT_THAT(repository.error().message, HasSubstr("git init"));
}

TEST(Repository, RefusesAPathThatDoesNotExist) {
  auto repository = Repository::open("/nonexistent/project");

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::not_found);
}

TEST(Repository, SaysThatThereIsNoCommitYet) {
  const ScratchRepository git;
  const Repository repository = opened(git.path());

  auto head = repository.head_commit();

  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, ErrorCode::not_found);
  EXPECT_THAT(head.error().message, HasSubstr("no commit yet"));
  EXPECT_EQ(*repository.current_branch(), "main");
}

TEST(Repository, RefusesABareRepository) {
  const ScratchFolder folder;
  ASSERT_EQ(run_git(folder.path(), {"init", "-q", "--bare"}).exit_code, 0);

  auto repository = Repository::open(folder.path());

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(repository.error().message, HasSubstr("bare"));
}

TEST(Repository, RefusesTheGitFolderAsAProject) {
  const ScratchRepository git;
  git.commit_all();

  auto repository = Repository::open(git.path_of(".git/refs"));

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::invalid_input);
}

TEST(Repository, RefusesSha256ByName) {
  const ScratchRepository git({"--object-format=sha256"});
  git.commit_all();

  auto repository = Repository::open(git.path());

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(repository.error().message, HasSubstr("SHA-256"));
}

TEST(Repository, RefusesWorktreeConfigurationByName) {
  const ScratchRepository git;
  git.commit_all();
  git.git({"config", "core.repositoryformatversion", "1"});
  git.git({"config", "extensions.worktreeConfig", "true"});

  auto repository = Repository::open(git.path());

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(repository.error().message, HasSubstr("extensions.worktreeConfig"));
}

TEST(Repository, RefusesAWorkingTreeThatLiesElsewhere) {
  const ScratchRepository git;
  git.commit_all();
  const ScratchFolder elsewhere;
  git.git({"config", "core.worktree", elsewhere.path()});

  auto repository = Repository::open(git.path());

  ASSERT_FALSE(repository);
  EXPECT_EQ(repository.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(repository.error().message, HasSubstr("core.worktree"));
}

TEST(Repository, KnowsHeadRootAndBranch) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string first = git.commit_all("first");
  git.write("a", "2\n");
  const std::string second = git.commit_all("second");
  const Repository repository = opened(git.path());

  EXPECT_EQ(*repository.head_commit(), second);
  EXPECT_EQ(*repository.root_commit(second), first);
  EXPECT_EQ(*repository.current_branch(), "main");
  EXPECT_EQ(repository.top(), git.path());
  EXPECT_EQ(repository.project_folder(), "");
}

TEST(Repository, ReadsADetachedHead) {
  const ScratchRepository git;
  git.write("a", "1\n");
  const std::string first = git.commit_all();
  git.git({"checkout", "-q", "--detach"});
  const Repository repository = opened(git.path());

  EXPECT_EQ(*repository.head_commit(), first);
  EXPECT_EQ(*repository.current_branch(), "HEAD");
}

TEST(Repository, ReadsAProjectInASubFolder) {
  const ScratchRepository git;
  git.write("other/x", "x\n");
  git.write("apps/tool/src/a.c", "int a;\n");
  git.write("apps/tool/b.txt", "b\n");
  const std::string commit = git.commit_all();
  const Repository repository = opened(git.path_of("apps/tool/"));

  EXPECT_EQ(repository.project_folder(), "apps/tool");
  EXPECT_THAT(*repository.list_files(commit, ""), ElementsAre("b.txt", "src/a.c"));
  EXPECT_THAT(*repository.list_files(commit, "src"), ElementsAre("src/a.c"));
  EXPECT_EQ(*repository.read_file(commit, "src/a.c", 100), "int a;\n");
}

TEST(Repository, SaysThatTheProjectIsNotInTheCommit) {
  const ScratchRepository git;
  const std::string commit = git.commit_all();
  git.write("new/a", "a");
  const Repository repository = opened(git.path_of("new"));

  auto files = repository.list_files(commit, "");

  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, ErrorCode::not_found);
  EXPECT_THAT(files.error().message, HasSubstr("git add"));
  EXPECT_THAT(*repository.dirty_paths(10), ElementsAre("."));
}

TEST(Repository, ReadsALinkedWorktree) {
  const ScratchRepository git;
  git.write("a", "1\n");
  git.commit_all();
  const ScratchFolder folder;
  git.git({"worktree", "add", "-q", "-b", "side", folder.path() + "/tree"});
  Repository repository = opened(folder.path() + "/tree");
  const std::string head = *repository.head_commit();

  auto branch = repository.write_branch({.branch = "nightjar/w",
                                         .base_commit = head,
                                         .changes = {{"a", {.content = "2\n"}}},
                                         .message = "m",
                                         .key = "k"});

  ASSERT_TRUE(branch) << branch.error().message;
  EXPECT_EQ(*repository.current_branch(), "side");
  EXPECT_EQ(repository.top(), folder.path() + "/tree");
  EXPECT_EQ(git.git({"rev-parse", "nightjar/w"}), *branch);
}

TEST(Repository, ReadsShallowClonesAlternatesAndPacks) {
  const ScratchRepository git;
  for (const char* text : {"1\n", "2\n", "3\n"}) {
    git.write("a", text);
    git.commit_all(text);
  }
  git.git({"gc", "-q"});
  git.git({"pack-refs", "--all"});
  const ScratchFolder folder;
  ASSERT_EQ(
      run_git(folder.path(), {"clone", "-q", "--depth", "1", "file://" + git.path(), "shallow"})
          .exit_code,
      0);
  ASSERT_EQ(run_git(folder.path(), {"clone", "-q", "--shared", git.path(), "shared"}).exit_code, 0);

  for (const std::string& path :
       {git.path(), folder.path() + "/shallow", folder.path() + "/shared"}) {
    const Repository repository = opened(path);
    auto head = repository.head_commit();
    ASSERT_TRUE(head) << path;
    EXPECT_EQ(*repository.read_file(*head, "a", 10), "3\n") << path;
    auto root = repository.root_commit(*head);
    ASSERT_TRUE(root) << path << root.error().message;
    EXPECT_EQ(*root == *head, path.ends_with("shallow")) << path;
    auto diff = repository.diff(*head, {{"a", {.content = "4\n"}}});
    ASSERT_TRUE(diff) << path << diff.error().message;
    EXPECT_THAT(*diff, HasSubstr("-3\n+4\n"));
  }
}

TEST(Repository, ListsWhatIsNotCommitted) {
  const ScratchRepository git;
  git.write("p/same", "1\n");
  git.write("p/changed", "1\n");
  git.write("p/gone", "1\n");
  git.write("outside", "1\n");
  git.write(".gitignore", "*.o\n");
  git.commit_all();
  git.write("p/changed", "2\n");
  git.write("p/new", "1\n");
  git.write("p/staged", "1\n");
  git.write("p/ignored.o", "1\n");
  git.write("outside", "2\n");
  fs::remove(git.path_of("p/gone"));
  git.git({"add", "p/staged"});
  const Repository repository = opened(git.path_of("p"));

  EXPECT_THAT(*repository.dirty_paths(100),
              ::testing::UnorderedElementsAre("changed", "gone", "new", "staged"));
  EXPECT_EQ(repository.dirty_paths(2)->size(), 2U);
}

TEST(Repository, IsCleanRightAfterACommit) {
  const ScratchRepository git;
  git.write("a", "1\n");
  git.commit_all();

  EXPECT_THAT(*opened(git.path()).dirty_paths(10), IsEmpty());
}

TEST(Repository, ReadsNoFileAboveTheLimit) {
  const ScratchRepository git;
  git.write("big", std::string(1000, 'x'));
  const std::string commit = git.commit_all();
  const Repository repository = opened(git.path());

  auto content = repository.read_file(commit, "big", 999);

  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::exhausted);
  EXPECT_EQ(repository.read_file(commit, "big", 1000)->size(), 1000U);
}

TEST(Repository, TellsAMissingFileFromAFolderAndALink) {
  const ScratchRepository git;
  git.write("folder/a", "a");
  fs::create_symlink("folder/a", git.path_of("link"));
  const std::string commit = git.commit_all();
  const Repository repository = opened(git.path());

  EXPECT_EQ(repository.read_file(commit, "none", 9).error().code, ErrorCode::not_found);
  EXPECT_EQ(repository.read_file(commit, "folder", 9).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(repository.read_file(commit, "link", 9).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(repository.read_file("nonsense", "a", 9).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(repository.read_file(std::string(40, '0'), "a", 9).error().code, ErrorCode::not_found);
}

TEST(Repository, NamesDamageWhenAnObjectIsMissingOrChanged) {
  const ScratchRepository git;
  git.write("a", "some content\n");
  const std::string commit = git.commit_all();
  const std::string id = git.git({"rev-parse", "HEAD:a"});
  const std::string object = git.path_of(".git/objects/" + id.substr(0, 2) + "/" + id.substr(2));
  const std::string other_id = git.git({"hash-object", "-w", "--stdin"}, "other content\n");
  fs::permissions(object, fs::perms::owner_all);
  fs::copy_file(git.path_of(".git/objects/" + other_id.substr(0, 2) + "/" + other_id.substr(2)),
                object, fs::copy_options::overwrite_existing);

  auto changed = opened(git.path()).read_file(commit, "a", 100);
  fs::remove(object);
  auto missing = opened(git.path()).read_file(commit, "a", 100);

  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::corrupt) << changed.error().message;
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::corrupt) << missing.error().message;
  EXPECT_THAT(missing.error().message, HasSubstr("git fsck"));
}

// Goal: nothing of a hostile repository runs. Method: every setting that makes git run a program
// creates a marker; then everything this part can do is done.
TEST(Repository, RunsNothingThatTheRepositoryConfigures) {
  const ScratchRepository git;
  git.write("a.txt", "1\n");
  git.write(".gitattributes", "*.txt filter=evil diff=evil merge=evil\n");
  git.write("b.txt", "1\n");
  const std::string commit = git.commit_all();
  const std::string marker = git.path_of("../marker");
  const std::string script = "sh -c 'touch " + marker + "; cat'";
  for (const char* key :
       {"core.fsmonitor", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process",
        "diff.external", "diff.evil.command", "diff.evil.textconv", "merge.evil.driver",
        "core.pager", "core.editor", "core.sshCommand", "gpg.program", "core.askPass",
        "credential.helper", "alias.status"}) {
    git.git({"config", key, script});
  }
  git.git({"config", "core.hooksPath", git.path_of("hooks")});
  git.git({"config", "commit.gpgSign", "true"});
  for (const char* hook : {"pre-commit", "post-commit", "reference-transaction", "post-checkout",
                           "prepare-commit-msg", "commit-msg", "post-index-change"}) {
    for (const char* folder : {"hooks/", ".git/hooks/"}) {
      git.write(std::string(folder) + hook, "#!/bin/sh\ntouch " + marker + "\n");
      fs::permissions(git.path_of(std::string(folder) + hook), fs::perms::all);
    }
  }
  git.write("a.txt", "2\n");
  const ScratchFolder folder;

  Repository repository = opened(git.path());
  ASSERT_TRUE(repository.dirty_paths(10));
  ASSERT_TRUE(repository.export_tree(commit, folder.path() + "/out", {}));
  write_text(folder.path() + "/out/a.txt", "3\n");
  auto changes = repository.changes_in(commit, folder.path() + "/out", {});
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->size(), 1U);
  ASSERT_TRUE(repository.diff(commit, *changes));
  auto branch = repository.write_branch({.branch = "nightjar/x",
                                         .base_commit = commit,
                                         .changes = *changes,
                                         .message = "m",
                                         .key = "k"});

  ASSERT_TRUE(branch) << branch.error().message;
  EXPECT_FALSE(fs::exists(marker));
  // The counterparty: git itself falls for it, so the marker can appear.
  run_git(git.path(), {"status"});
  EXPECT_TRUE(fs::exists(marker));
}

TEST(UnifiedDiff, IsAcceptedByGitApply) {
  const ScratchRepository git;
  const std::string before = "1\n2\n3\n4\n5\n6\n7\n8\nlast";
  git.write("dir with space/\xC3\xA9\nx.c", before);
  auto diff =
      unified_diff("dir with space/\xC3\xA9\nx.c", before, "1\n2\n3\nfour\n5\n6\n7\n8\nlast\n");

  ASSERT_TRUE(diff);
  EXPECT_EQ(git.git({"apply", "--check", "-"}, *diff), "");
}

}  // namespace
}  // namespace nightjar::repo
