#include "repo/ignore_rules.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "repo/testing/scratch_repository.h"

namespace nightjar::repo {
namespace {

/// What walking down the path decides: a folder on the way that is ignored ends the question.
bool ignored_on_the_way(const IgnoreRules& rules, const std::string& path) {
  const std::vector<std::string> parts = split(path, '/');
  std::string at;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    at += (i == 0 ? "" : "/") + parts[i];
    const auto kind = i + 1 < parts.size() ? IgnoreRules::Kind::folder : IgnoreRules::Kind::file;
    if (rules.ignores(at, kind)) return true;
  }
  return false;
}

// Goal: the same answers as git. Method: ask `git check-ignore` about every path.
TEST(IgnoreRules, AgreeWithGit) {
  const std::string top =
      "*.o\n!keep.o\n/build\nlogs/\ndoc/*.txt\n**/cache\na/**/z\nfoo/**\n# "
      "comment\n\\#hash\nspace\\ \n"
      "trail   \n[ab]x\n[!c]y.t\nq?z\n\\!bang\nout/*\n!out/kept\n\n/\n*.c\xC3\xA9\n[z\nm[a-c-]n\n";
  const std::string sub = "!special.o\n/only\n*.gen\r\ndeep/er\n";
  const std::vector<std::string> paths = {"a.o",
                                          "keep.o",
                                          "sub/keep.o",
                                          "sub/special.o",
                                          "special.o",
                                          "build",
                                          "build/x",
                                          "sub/build",
                                          "logs",
                                          "logs/x",
                                          "sub/logs/x",
                                          "doc/a.txt",
                                          "doc/sub/a.txt",
                                          "sub/doc/a.txt",
                                          "cache",
                                          "x/y/cache/f",
                                          "a/z",
                                          "a/b/z",
                                          "a/b/c/z",
                                          "b/a/z",
                                          "foo",
                                          "foo/x",
                                          "#hash",
                                          "space ",
                                          "space",
                                          "trail",
                                          "trail   ",
                                          "ax",
                                          "cx",
                                          "cy.t",
                                          "dy.t",
                                          "qaz",
                                          "qz",
                                          "!bang",
                                          "out/kept",
                                          "out/lost",
                                          "out/kept/x",
                                          "sub/only",
                                          "sub/x/only",
                                          "only",
                                          "sub/a.gen",
                                          "a.gen",
                                          "sub/deep/er",
                                          "sub/x/deep/er",
                                          "x.c\xC3\xA9",
                                          "[z",
                                          "mbn",
                                          "m-n",
                                          "mdn",
                                          "sub/sub/special.o"};
  const testing::ScratchRepository git;
  git.write(".gitignore", top);
  git.write("sub/.gitignore", sub);
  IgnoreRules rules;

  ASSERT_TRUE(rules.add("", top));
  ASSERT_TRUE(rules.add("sub", sub));

  for (const std::string& path : paths) {
    const bool git_ignores =
        testing::run_git(git.path(), {"check-ignore", "-q", "--no-index", "--", path}).exit_code ==
        0;
    EXPECT_EQ(ignored_on_the_way(rules, path), git_ignores) << path;
  }
}

TEST(IgnoreRules, TakeNoExponentialTimeForManyStars) {
  IgnoreRules rules;
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  ASSERT_TRUE(rules.add("", pattern + "b\n" + "**/x/**/x/**/x/**/x/**/x/**/y\n"));
  std::string path = "x";
  for (int i = 0; i < 100; ++i) path += "/x";

  EXPECT_FALSE(rules.ignores(std::string(250, 'a'), IgnoreRules::Kind::file));
  EXPECT_FALSE(rules.ignores(path, IgnoreRules::Kind::file));
}

TEST(IgnoreRules, RefuseMoreRulesThanTheLimit) {
  IgnoreRules rules;
  std::string text;
  for (std::size_t i = 0; i <= kIgnoreRulesMax; ++i) text += "x\n";

  auto added = rules.add("", text);

  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::exhausted);
}

}  // namespace
}  // namespace nightjar::repo
