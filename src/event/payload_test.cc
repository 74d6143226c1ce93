#include "event/payload.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace nightjar::event {
namespace {

TEST(Payload, IsTheTextThatItsValueDumps) {
  const Json payload = Json::object(
      {{"text", "größer \"quoted\" \\ \n\t\x01\x7f"},
       {"key with \"", "plain"},
       {"numbers", Json(Json::Array{std::numeric_limits<std::int64_t>::min(), 0, 7, -1.5, 1e300})},
       {"invalid", std::string("\xff")},
       {"empty", Json::object({{"list", Json::array()}, {"text", ""}})},
       {"rest", Json(Json::Array{true, false, nullptr, Json::object()})}});

  const Result<std::string> text = payload_text(payload);

  ASSERT_TRUE(text);
  EXPECT_EQ(*text, payload.dump());
  EXPECT_TRUE(parse_json(*text));
}

TEST(Payload, IsRefusedWhenAKeyStandsTwiceAmongFewOrMany) {
  Json::Object few = {{"a", 1}, {"b", 2}, {"a", 3}};
  Json many = Json::object();
  for (int i = 0; i < 40; ++i) many.set("k" + std::to_string(i), i);
  Json inside = Json::object({{"x", Json::object({{"a", 1}, {"a", 2}})}});

  EXPECT_FALSE(payload_text(Json::object({few[0], few[1], few[2]})));
  EXPECT_TRUE(payload_text(many));
  EXPECT_FALSE(payload_text(inside));
}

TEST(Payload, IsRefusedWhenItWouldNotReadBack) {
  Json deepest = Json::object();
  for (int i = 1; i < kJsonDepthMax; ++i) deepest = Json::object({{"in", deepest}});

  EXPECT_TRUE(parse_json(*payload_text(deepest)));
  EXPECT_FALSE(payload_text(Json::object({{"in", deepest}})));
  EXPECT_FALSE(payload_text(Json::object({{"\xff", 1}})));
  EXPECT_FALSE(payload_text(Json::object({{"x", std::numeric_limits<double>::quiet_NaN()}})));
  EXPECT_FALSE(payload_text(Json(7)));
}

}  // namespace
}  // namespace nightjar::event
