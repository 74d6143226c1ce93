#include "govern/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace nightjar::govern {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Requirement> parse(std::string_view markdown) {
  auto found = parse_spec(markdown, "spec.md");
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found ? *found : std::vector<Requirement>{};
}

std::vector<std::string> ids_of(std::string_view markdown) {
  std::vector<std::string> out;
  for (const Requirement& requirement : parse(markdown)) out.push_back(requirement.id);
  return out;
}

TEST(ParseSpec, FindsRequirementsInItemsAndHeadings) {
  const auto found = parse(
      "# A title\n\nProse about R9.\n\n- R1: first\n* **R2** second\n+ `R3` third\n"
      "1. R4 fourth\n2) R5. fifth\n\n## R6 Sixth ##\n\nBody.\n\nR7: Seventh\n===========\n");

  ASSERT_EQ(found.size(), 7U);
  EXPECT_EQ(found[0].id, "R1");
  EXPECT_EQ(found[0].text, "first");
  EXPECT_EQ(found[0].file, "spec.md");
  EXPECT_EQ(found[0].line, 5);
  EXPECT_EQ(found[1].text, "second");
  EXPECT_EQ(found[2].text, "third");
  EXPECT_EQ(found[3].text, "fourth");
  EXPECT_EQ(found[4].text, "fifth");
  EXPECT_EQ(found[5].text, "Sixth\n\nBody.");
  EXPECT_EQ(found[5].line, 11);
  EXPECT_EQ(found[6].id, "R7");
}

TEST(ParseSpec, ReadsManyWaysToWriteAnId) {
  EXPECT_THAT(ids_of("- AUTH-3: a\n- REQ-LOGIN-12 b\n- **R1:** c\n- **R2: d**\n- __R3__ e\n- R4.1: "
                     "f\n- R4.2. g\n"
                     "- [ ] R5: h\n- [x] **R6** i\n- A2B-7) j\n- R7\n"),
              ElementsAre("AUTH-3", "REQ-LOGIN-12", "R1", "R2", "R3", "R4.1", "R4.2", "R5", "R6",
                          "A2B-7", "R7"));
  EXPECT_EQ(parse("- **R1:** bold colon")[0].text, "bold colon");
  EXPECT_EQ(parse("- **R1: all bold**")[0].text, "all bold");
  EXPECT_EQ(parse("- **R1**: colon after")[0].text, "colon after");
}

TEST(ParseSpec, SkipsWhatOnlyLooksLikeARequirement) {
  EXPECT_THAT(
      ids_of(
          "R1: prose, no list\n\n- r2: small\n- REQ: no digit\n- R3a glued\n- R4/R5 either\n-R6 no "
          "blank\n"
          "- see R7\n- 8R: digit first\n#R9 no blank\n* * *\n- X86_64 builds\n\n[R10]: http://x\n"),
      IsEmpty());
}

TEST(ParseSpec, IgnoresCodeAndComments) {
  EXPECT_THAT(
      ids_of(
          "```\n- R1: in a fence\n~~~\n- R2\n```\n- R3: real\n\n~~~~ text\n```\n- R4\n~~~\n~~~~\n"
          "<!-- - R5: hidden\n- R6: hidden -->\n- R7: real\n\nEnd.\n\n    - R8: indented code\n"),
      ElementsAre("R3", "R7"));
}

TEST(ParseSpec, KeepsWhatBelongsToAnItem) {
  const auto found = parse(
      "- R1: first line\n  goes on\nlazily\n\n  Second paragraph.\n  - a detail\n    - R2: nested\n"
      "      too\n- no id\n  of nobody\n\nProse.\n- R3: last\n\nProse after.\n");

  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].text, "first line\ngoes on\nlazily\n\nSecond paragraph.\n- a detail");
  EXPECT_EQ(found[1].text, "nested\ntoo");
  EXPECT_EQ(found[2].text, "last");
}

TEST(ParseSpec, KeepsWhatBelongsToAHeading) {
  const auto found = parse(
      "## R1 Fields\nBody.\n- a\n- b\n### Details\nMore.\n```\nx -> y\n```\n## Other\nNot R1.\n");

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, "Fields\nBody.\n- a\n- b\nDetails\nMore.\n```\nx -> y\n```");
}

TEST(ParseSpec, NamesBothLinesOfADuplicate) {
  auto found = parse_spec("- R1: a\n\n- R2: b\n\n## R1 again\n", "specs/x.md");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(found.error().message,
              HasSubstr("specs/x.md:5: requirement R1 is there already, in line 1"));
}

TEST(ParseSpec, ReadsWindowsLinesAndAByteOrderMark) {
  const auto found = parse("\xEF\xBB\xBF- R1: a\r\n  b\r\n- R2: c\r\n");

  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].text, "a\nb");
}

TEST(ParseSpec, RefusesWhatIsNoText) {
  auto bytes = parse_spec("fine\n\xFF\xFE\n", "x.md");
  auto nul = parse_spec(std::string_view("a\nb\0", 4), "x.md");

  EXPECT_EQ(bytes.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(bytes.error().message, HasSubstr("x.md:2:"));
  EXPECT_THAT(nul.error().message, HasSubstr("x.md:2:"));
}

TEST(ParseSpec, StopsAtItsLimits) {
  std::string many;
  for (int i = 0; i <= 10'000; ++i) many += "- R" + std::to_string(i) + "\n";

  EXPECT_EQ(parse_spec(std::string(kSpecBytesMax + 1, 'x'), "x").error().code,
            ErrorCode::exhausted);
  EXPECT_EQ(parse_spec(many, "x").error().code, ErrorCode::exhausted);
  EXPECT_THAT(ids_of(""), IsEmpty());
  EXPECT_THAT(ids_of(std::string(kSpecBytesMax, '>')), IsEmpty());
}

TEST(ParseSpec, ReadsTheExamples) {
  for (const char* name : {"freeslots", "nextrun", "slowlog"}) {
    const std::string path =
        std::string(NIGHTJAR_SOURCE_DIR) + "/examples/" + name + "/project/specs/" + name + ".md";
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_THAT(ids_of(text), ElementsAre("R1", "R2", "R3", "R4", "R5", "R6", "R7")) << path;
  }
}

}  // namespace
}  // namespace nightjar::govern
