#include "harness/events.h"

#include <gmock/gmock.h>

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = SessionEvent::Kind;

TEST(Events, AreReadFromTheReportersLines) {
  const ReportEvents report = parse_events(
      R"({"n":"x","e":"listed","id":"a[é]","file":"t.py","line":3,"selected":false}
{"n":"x","e":"start","id":"a"}
{"n":"x","e":"finish","id":"a","outcome":"xfailed","message":"known","ms":12,"flaky":true}
{"n":"x","e":"trouble","id":"u.py","message":"no numpy","missing":"numpy"}
{"n":"x","e":"cover","file":"a.py","executable":[1,2],"executed":[2]}
{"n":"x","e":"note","text":"doubt"}
{"n":"x","e":"forged","text":"told otherwise"}
{"n":"x","e":"end","tests":1,"status":5}
)",
      "x");

  EXPECT_EQ(report.problem, "");
  ASSERT_EQ(report.events.size(), 5U);
  EXPECT_EQ(report.events[0].kind, Kind::listed);
  EXPECT_EQ(report.events[0].id, "a[é]");
  EXPECT_FALSE(report.events[0].selected);
  EXPECT_EQ(report.events[2].outcome, TestOutcome::xfailed);
  EXPECT_EQ(report.events[2].wall_ms, 12);
  EXPECT_TRUE(report.events[2].flaky);
  EXPECT_EQ(report.events[4].kind, Kind::ended);
  EXPECT_EQ(report.counted, 1);
  EXPECT_EQ(report.status, 5);
  EXPECT_EQ(report.forged, "told otherwise");
  EXPECT_THAT(report.missing, ElementsAre("numpy"));
  EXPECT_THAT(report.notes, ElementsAre("doubt"));
  EXPECT_THAT(report.coverage.files.at("a.py").executed, ElementsAre(2));
}

TEST(Events, ThatOurReporterDidNotWriteAreToldAndNotUsed) {
  for (const char* line :
       {R"({"e":"finish","id":"a","outcome":"passed"})",
        R"({"n":"y","e":"finish","id":"a","outcome":"passed"})",
        R"({"n":"x","e":"finish","id":"a","outcome":"great"})",
        R"({"n":"x","e":"finish","outcome":"passed"})", R"({"n":"x","e":"start","id":""})",
        R"({"n":"x","e":"dance"})", R"({"n":"x","e":"cover","file":"a","executed":["1"]})",
        "1 passed", ""}) {
    const ReportEvents report = parse_events(std::string(line) + "\n", "x");
    EXPECT_THAT(report.events, IsEmpty()) << line;
    EXPECT_THAT(report.problem, HasSubstr("our reporter did not write")) << line;
  }
}

TEST(Events, MayEndInTheMiddleOfALine) {
  const ReportEvents report =
      parse_events("{\"n\":\"x\",\"e\":\"start\",\"id\":\"a\"}\n{\"n\":\"x\",\"e\":\"fin", "x");

  EXPECT_EQ(report.events.size(), 1U);
  EXPECT_EQ(report.problem, "");
}

TEST(Orders, AreOneObject) {
  const auto json = parse_json(orders_json({.nonce = "x",
                                            .only = std::vector<std::string>{"a\nb"},
                                            .shard = 1,
                                            .shards = 2,
                                            .coverage_files = {"src/a.py"},
                                            .root = "sub"}));

  ASSERT_TRUE(json);
  EXPECT_EQ(json->string_or("nonce", ""), "x");
  EXPECT_THAT(*json->get_strings("only"), ElementsAre("a\nb"));
  EXPECT_EQ(json->int_or("fd", 0), 3);
  EXPECT_EQ(json->string_or("root", ""), "sub");
  EXPECT_TRUE(parse_json(orders_json({.nonce = "x"}))->find("only")->is_null());
}

TEST(Nonce, IsNewEachTime) {
  EXPECT_EQ(new_nonce().size(), 32U);
  EXPECT_NE(new_nonce(), new_nonce());
}

}  // namespace
}  // namespace nightjar::harness
