#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/bytes.h"
#include "repo/repository.h"
#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::read_text;
using testing::ScratchFolder;
using testing::ScratchRepository;

/// Exports HEAD of `git` into `target` under a new name.
Result<> export_head(const ScratchRepository& git, const std::string& target,
                     ExportLimits limits = {}) {
  TRY_INTO(const Repository repository, Repository::open(git.path()));
  TRY_INTO(const std::string head, repository.head_commit());
  TRY(repository.export_tree(head, target, limits));
  return ok;
}

/// A commit made of raw tree text, for names that git refuses to add.
std::string commit_of_tree(const ScratchRepository& git, const std::string& raw_tree) {
  const std::string tree =
      git.git({"hash-object", "-w", "-t", "tree", "--literally", "--stdin"}, raw_tree);
  const std::string commit = git.git({"commit-tree", tree, "-m", "made by hand"});
  git.git({"update-ref", "refs/heads/main", commit});
  return commit;
}

std::string raw_entry(const std::string& mode, const std::string& name, const std::string& hex) {
  return mode + " " + name + std::string(1, '\0') + *from_hex(hex);
}

TEST(ExportTree, WritesOrdinaryFilesWithTheirModes) {
  const ScratchRepository git;
  git.write("src/a.c", "int a;\r\n");
  git.write("run.sh", "#!/bin/sh\n");
  fs::permissions(git.path_of("run.sh"), fs::perms::owner_all);
  git.write("data.bin", std::string("\0\1\2", 3));
  git.write("with space/\xC3\xA9 \xE2\x98\x83\nline", "x");
  git.write("latin-\xE9", "x");
  git.write("empty", "");
  git.commit_all();
  const ScratchFolder folder;
  const std::string out = folder.path() + "/out";

  auto exported = export_head(git, out);

  ASSERT_TRUE(exported) << exported.error().message;
  EXPECT_EQ(read_text(out + "/src/a.c"), "int a;\r\n");
  EXPECT_EQ(read_text(out + "/data.bin"), std::string("\0\1\2", 3));
  EXPECT_EQ(read_text(out + "/with space/\xC3\xA9 \xE2\x98\x83\nline"), "x");
  EXPECT_EQ(read_text(out + "/latin-\xE9"), "x");
  EXPECT_FALSE(fs::exists(out + "/.git"));
  struct stat status{};
  ASSERT_EQ(::stat((out + "/run.sh").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0755U);
  ASSERT_EQ(::stat((out + "/src/a.c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644U);
}

TEST(ExportTree, AppliesNoLineEndingConversionAndNoKeywords) {
  const ScratchRepository git;
  git.write("a.txt", "one\ntwo\n");
  git.write("id.txt", "$Id$\n");
  git.write(".gitattributes",
            "a.txt text eol=crlf\nid.txt ident export-subst\na.txt export-ignore\n");
  git.commit_all();
  const ScratchFolder folder;

  ASSERT_TRUE(export_head(git, folder.path() + "/out"));

  EXPECT_EQ(read_text(folder.path() + "/out/a.txt"), "one\ntwo\n");
  EXPECT_EQ(read_text(folder.path() + "/out/id.txt"), "$Id$\n");
}

TEST(ExportTree, KeepsLinksThatStayInside) {
  const ScratchRepository git;
  git.write("real/file", "content");
  fs::create_directories(git.path_of("a/b"));
  fs::create_symlink("../../real/file", git.path_of("a/b/link"));
  fs::create_directory_symlink("real", git.path_of("folder-link"));
  fs::create_symlink("nowhere", git.path_of("dangling"));
  git.commit_all();
  const ScratchFolder folder;

  auto exported = export_head(git, folder.path() + "/out");

  ASSERT_TRUE(exported) << exported.error().message;
  EXPECT_EQ(read_text(folder.path() + "/out/a/b/link"), "content");
  EXPECT_EQ(read_text(folder.path() + "/out/folder-link/file"), "content");
}

// "s/down/../.." looks harmless in text, but s/down leads to the top, so it ends above it.
TEST(ExportTree, RefusesLinksOutOfTheTreeByName) {
  for (const char* target :
       {"/etc/passwd", "../x", "a/../../x", "..", "s/down/../..", "s/t/u/v/../.."}) {
    const ScratchRepository git;
    fs::create_symlink(target, git.path_of("bad-link"));
    git.commit_all();
    const ScratchFolder folder;

    auto exported = export_head(git, folder.path() + "/out");

    ASSERT_FALSE(exported) << target;
    EXPECT_EQ(exported.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(exported.error().message, HasSubstr("bad-link"));
  }
}

TEST(ExportTree, RefusesLinksOutOfAProjectInASubFolder) {
  const ScratchRepository git;
  git.write("shared/lib.py", "x");
  git.write("project/a", "x");
  fs::create_symlink("../shared/lib.py", git.path_of("project/lib.py"));
  const std::string commit = git.commit_all();
  const ScratchFolder folder;
  auto repository = Repository::open(git.path_of("project"));
  ASSERT_TRUE(repository);

  auto exported = repository->export_tree(commit, folder.path() + "/out", {});

  ASSERT_FALSE(exported);
  EXPECT_THAT(exported.error().message, HasSubstr("'lib.py' points out of the project"));
}

TEST(ExportTree, RefusesSubmodulesByName) {
  const ScratchRepository inner;
  inner.write("x", "x");
  inner.commit_all();
  const ScratchRepository git;
  git.git({"submodule", "add", "-q", inner.path(), "vendor/inner"});
  git.commit_all();
  const ScratchFolder folder;

  auto exported = export_head(git, folder.path() + "/out");

  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(exported.error().message, HasSubstr("'vendor/inner' is a git submodule"));
}

TEST(ExportTree, RefusesLfsPointersByName) {
  const ScratchRepository git;
  git.write(
      "model.bin",
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e"
      "adbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n");
  git.write("about.md", "version https://git-lfs.github.com/spec/v1 is how a pointer begins\n");
  const std::string commit = git.commit_all();
  const ScratchFolder folder;

  auto exported = export_head(git, folder.path() + "/out");
  auto read = Repository::open(git.path())->read_file(commit, "model.bin", 1000);

  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(exported.error().message, HasSubstr("'model.bin' is a Git LFS pointer"));
  EXPECT_EQ(read.error().code, ErrorCode::invalid_input);
}

TEST(ExportTree, StopsAtTheLimits) {
  const ScratchRepository git;
  git.write("a", std::string(600, 'a'));
  git.write("b", std::string(600, 'b'));
  git.commit_all();
  const ScratchFolder folder;

  auto files = export_head(git, folder.path() + "/1", {.files_max = 1, .bytes_max = 10'000});
  auto bytes = export_head(git, folder.path() + "/2", {.files_max = 10, .bytes_max = 1'000});

  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, ErrorCode::exhausted);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::exhausted);
  EXPECT_TRUE(export_head(git, folder.path() + "/3", {.files_max = 2, .bytes_max = 1'200}));
}

TEST(ExportTree, NeverWritesIntoAFolderThatHasContent) {
  const ScratchRepository git;
  git.write("a", "new");
  git.commit_all();
  const ScratchFolder folder;
  testing::write_text(folder.path() + "/out/a", "mine");

  auto exported = export_head(git, folder.path() + "/out");

  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::conflict);
  EXPECT_EQ(read_text(folder.path() + "/out/a"), "mine");
}

TEST(ExportTree, RefusesNamesThatNoWorkingTreeMayHave) {
  for (const std::string name : {"..", ".", ".git", ".GIT", "a/b", "../escape"}) {
    const ScratchRepository git;
    const std::string blob = git.git({"hash-object", "-w", "--stdin"}, "evil");
    commit_of_tree(git, raw_entry("100644", name, blob));
    const ScratchFolder folder;

    auto exported = export_head(git, folder.path() + "/out");

    ASSERT_FALSE(exported) << name;
    EXPECT_EQ(exported.error().code, ErrorCode::corrupt) << exported.error().message;
    EXPECT_FALSE(fs::exists(folder.path() + "/escape"));
  }
}

// Goal: a link and a folder of the same name cannot make us write through the link.
TEST(ExportTree, WritesNothingThroughALinkOfTheSameName) {
  const ScratchRepository git;
  const ScratchFolder outside;
  const std::string link = git.git({"hash-object", "-w", "--stdin"}, outside.path());
  const std::string blob = git.git({"hash-object", "-w", "--stdin"}, "evil");
  const std::string inner = git.git({"hash-object", "-w", "-t", "tree", "--literally", "--stdin"},
                                    raw_entry("100644", "f", blob));
  commit_of_tree(git, raw_entry("120000", "d", link) + raw_entry("40000", "d", inner));
  const ScratchFolder folder;

  auto exported = export_head(git, folder.path() + "/out");

  EXPECT_FALSE(exported);
  EXPECT_FALSE(fs::exists(outside.path() + "/f"));
}

// Goal: few objects that describe 10^30 files end at a limit. Method: trees of ten equal trees.
TEST(ExportTree, EndsWhenATreeRepeatsItself) {
  const ScratchRepository git;
  std::string id = git.git({"hash-object", "-w", "--stdin"}, "x");
  std::string mode = "100644";
  for (int level = 0; level < 30; ++level) {
    std::string tree;
    for (char c = 'a'; c <= 'j'; ++c) tree += raw_entry(mode, std::string(1, c), id);
    id = git.git({"hash-object", "-w", "-t", "tree", "--literally", "--stdin"}, tree);
    mode = "40000";
  }
  const std::string commit = git.git({"commit-tree", id, "-m", "bomb"});
  const ScratchFolder folder;
  auto repository = Repository::open(git.path());
  ASSERT_TRUE(repository);

  auto exported =
      repository->export_tree(commit, folder.path() + "/out", {.files_max = 50, .bytes_max = 1000});

  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::exhausted);
}

// Goal: several threads write what one would. Method: more files than one thread is for, in many
// folders, one of them two levels deep, compared with git's own checkout.
TEST(ExportTree, WritesManyFilesAsGitDoes) {
  ScratchRepository git;
  for (int i = 0; i < 2'100; ++i) {
    git.write("d" + std::to_string(i % 37) + "/s/f" + std::to_string(i),
              std::string(static_cast<std::size_t>(i % 50), 'x') + std::to_string(i));
  }
  git.write("run", "x");
  std::filesystem::permissions(git.path_of("run"), std::filesystem::perms(0755));
  std::filesystem::create_symlink("d1/s", git.path_of("link"));
  const std::string commit = git.commit_all();
  auto repository = Repository::open(git.path());
  ASSERT_TRUE(repository);
  ScratchFolder folder;
  const std::string out = folder.path() + "/out";

  auto exported = repository->export_tree(commit, out, {});
  auto too_small = repository->export_tree(commit, folder.path() + "/small",
                                           {.files_max = 10'000, .bytes_max = 20'000});

  ASSERT_TRUE(exported) << exported.error().message;
  std::filesystem::remove_all(git.path_of(".git"));
  EXPECT_EQ(testing::snapshot_of(out), testing::snapshot_of(git.path()));
  ASSERT_FALSE(too_small);
  EXPECT_EQ(too_small.error().code, ErrorCode::exhausted);
}

}  // namespace
}  // namespace nightjar::repo
