#include "base/json.h"

#include <gmock/gmock.h>

namespace nightjar {
namespace {

TEST(Json, KeepsMemberOrderAndWholeNumbersExactly) {
  const Result<Json> parsed = parse_json(R"({"z":9223372036854775807,"a":[1.5,true,null,"x"]})");

  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->dump(), R"({"z":9223372036854775807,"a":[1.5,true,null,"x"]})");
  EXPECT_EQ(parsed->get_int("z").value_or(0), 9223372036854775807);
}

TEST(Json, RefusesWhatAnotherReaderCouldReadDifferently) {
  for (const char* text : {"", "{", "{\"a\":1,\"a\":2}", "18446744073709551615", "[1] [2]",
                           "\"\xff\"", "nul", "NaN"}) {
    const Result<Json> parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_input) << text;
  }
}

TEST(Json, RefusesNestingDeeperThanTheLimit) {
  EXPECT_TRUE(parse_json(std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']')));
  EXPECT_FALSE(
      parse_json(std::string(kJsonDepthMax + 1, '[') + std::string(kJsonDepthMax + 1, ']')));
}

TEST(Json, NamesTheMissingOrMistypedMember) {
  const Json value = Json::object({{"n", 1}});

  EXPECT_EQ(value.get_string("n").error().message, "\"n\" must be a string, not a number");
  EXPECT_EQ(value.get_string("m").error().message, "\"m\" is missing");
}

TEST(Json, ReplacesInvalidUtf8WhenItWrites) {
  EXPECT_EQ(Json("a\xff").dump(), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace nightjar
