#include "govern/breakers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nightjar::govern {
namespace {

using ::testing::HasSubstr;

constexpr BreakerLimits kWide{.attempts_max = 100, .wall_ms_max = 1'000'000};

void fail(Breakers& breakers, const std::string& node, const std::string& fingerprint) {
  breakers.node_started(node);
  breakers.node_finished(node, fingerprint);
}

TEST(Breakers, AreClosedAtTheBeginning) {
  const Breakers breakers(kWide);

  EXPECT_TRUE(breakers.check("build", 0));
}

TEST(Breakers, AllowNothingWithoutLimits) {
  const Breakers breakers({});

  EXPECT_EQ(breakers.check("build", 0).error().code, ErrorCode::exhausted);
}

TEST(Breakers, OpenWhenANodeIsStartedTooOften) {
  Breakers breakers({.attempts_max = 2, .wall_ms_max = 1'000});
  breakers.node_started("build");
  breakers.node_started("build");
  EXPECT_TRUE(breakers.check("build", 0));

  breakers.node_started("build");
  auto open = breakers.check("build", 0);

  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::exhausted);
  EXPECT_THAT(open.error().message,
              HasSubstr("attempts: node build was started 3 times, its limit is 2"));
  EXPECT_TRUE(breakers.check("prove", 0));
}

TEST(Breakers, OpenWhenTheWallClockIsUsedUp) {
  const Breakers breakers({.attempts_max = 1, .wall_ms_max = 5'000});

  EXPECT_TRUE(breakers.check("build", 4'999));
  auto open = breakers.check("build", 5'000);

  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("wall clock"));
  EXPECT_THAT(open.error().message, HasSubstr("5.0 s"));
  EXPECT_THAT(open.error().message, HasSubstr("node build"));
}

TEST(Breakers, OpenAfterTheSameFailureThreeTimesInARow) {
  Breakers breakers(kWide);
  fail(breakers, "prove", "R1 off by one");
  fail(breakers, "prove", "R1 off by one");
  EXPECT_TRUE(breakers.check("prove", 0));

  fail(breakers, "prove", "R1 off by one");
  auto open = breakers.check("prove", 0);

  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::exhausted);
  EXPECT_THAT(open.error().message, HasSubstr("no progress: node prove failed 3 times"));
  EXPECT_TRUE(breakers.check("build", 0));
}

TEST(Breakers, BeginAnewWithAnotherFailureOrASuccess) {
  Breakers other(kWide);
  Breakers success(kWide);
  for (const char* fingerprint : {"a", "a", "b", "a", "a"}) fail(other, "prove", fingerprint);
  for (const char* fingerprint : {"a", "a", "", "a", "a"}) fail(success, "prove", fingerprint);

  EXPECT_TRUE(other.check("prove", 0));
  EXPECT_TRUE(success.check("prove", 0));
}

TEST(Breakers, CountEachNodeAlone) {
  Breakers breakers(kWide);
  for (const char* node : {"a", "b", "a", "b"}) fail(breakers, node, "same");

  EXPECT_TRUE(breakers.check("a", 0));
  EXPECT_TRUE(breakers.check("b", 0));
}

}  // namespace
}  // namespace nightjar::govern
