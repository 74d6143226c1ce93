#include <gtest/gtest.h>

#include "repo/repository.h"

namespace nightjar::repo {
namespace {

TEST(UnifiedDiff, IsEmptyWhenTheTextsAreEqual) {
  auto diff = unified_diff("a.c", "one\n", "one\n");

  ASSERT_TRUE(diff);
  EXPECT_EQ(*diff, "");
}

TEST(UnifiedDiff, ShowsTheLineThatChangedWithThreeLinesOfContext) {
  auto diff =
      unified_diff("src/a.c", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n");

  ASSERT_TRUE(diff);
  EXPECT_NE(
      diff->find(
          "--- a/src/a.c\n+++ b/src/a.c\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"),
      std::string::npos)
      << *diff;
}

TEST(UnifiedDiff, SaysWhenTheLastLineHasNoNewline) {
  auto diff = unified_diff("a", "x\n", "x");

  ASSERT_TRUE(diff);
  EXPECT_NE(diff->find("-x\n+x\n\\ No newline at end of file\n"), std::string::npos) << *diff;
}

TEST(UnifiedDiff, AcceptsAnEmptyTextOnEitherSide) {
  auto added = unified_diff("a", {}, "x\n");
  auto removed = unified_diff("a", "x\n", {});

  ASSERT_TRUE(added);
  ASSERT_TRUE(removed);
  EXPECT_NE(added->find("@@ -0,0 +1 @@\n+x\n"), std::string::npos) << *added;
  EXPECT_NE(removed->find("@@ -1 +0,0 @@\n-x\n"), std::string::npos) << *removed;
}

TEST(UnifiedDiff, OnlySaysThatBinaryFilesDiffer) {
  auto diff = unified_diff("a.bin", std::string_view("a\0b", 3), std::string_view("a\0c", 3));

  ASSERT_TRUE(diff);
  EXPECT_NE(diff->find("Binary files a/a.bin and b/a.bin differ"), std::string::npos) << *diff;
}

}  // namespace
}  // namespace nightjar::repo
