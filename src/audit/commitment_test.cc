#include <gtest/gtest.h>

#include "audit/evidence.h"
#include "base/bytes.h"

namespace nightjar::audit {
namespace {

std::string hash(const std::string& bytes) { return from_hex(sha256_hex(bytes)).value(); }
std::string leaf(const std::string& salt, const std::string& content) {
  std::string bytes(8, '\0');
  bytes += static_cast<char>(salt.size());
  return hash(bytes + salt + content);
}
std::string node(const std::string& left, const std::string& right) {
  return hash("\x01" + left + right);
}

// FIPS 180-4, example B.1.
TEST(Sha256, GivesTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// Goal: anybody can compute it again. Method: the tree written out by hand.
TEST(Commitment, IsTheRootOfAMerkleTree) {
  std::string a = leaf("s", "a");
  std::string b = leaf("s", "b");
  if (b < a) std::swap(a, b);
  const std::string first = leaf("s", "");

  EXPECT_EQ(commit_to({}, "s"), to_hex(first));
  EXPECT_EQ(commit_to({"a", "b"}, "s"), to_hex(node(node(first, a), b)));
}

TEST(Commitment, DependsOnEveryContentAndTheSalt) {
  const std::string root = commit_to({"a", "b", "c"}, "salt");

  EXPECT_NE(commit_to({"a", "b"}, "salt"), root);
  EXPECT_NE(commit_to({"a", "b", "d"}, "salt"), root);
  EXPECT_NE(commit_to({"a", "b", "c", "c"}, "salt"), root);
  EXPECT_NE(commit_to({"a", "b", "c"}, "other"), root);
  EXPECT_NE(commit_to({}, "salt"), commit_to({""}, "salt"));
}

TEST(Commitment, DoesNotDependOnTheOrder) {
  EXPECT_EQ(commit_to({"a", "b", "c"}, "salt"), commit_to({"c", "a", "b"}, "salt"));
}

TEST(Commitment, MovesNoByteBetweenSaltAndContent) {
  EXPECT_NE(commit_to({"bc"}, "a"), commit_to({"c"}, "ab"));
}

TEST(Commitment, ToNothingLooksLikeAnyOther) {
  EXPECT_NE(commit_to({}, "one"), commit_to({}, "two"));
}

TEST(Salt, IsNewEveryTime) {
  const auto one = new_salt();
  const auto two = new_salt();

  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->size(), 64U);
  EXPECT_NE(*one, *two);
}

}  // namespace
}  // namespace nightjar::audit
