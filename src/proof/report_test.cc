// Reports of a finished proof, read back by the programs' own formats.
#include "proof/report.h"

#include <gmock/gmock.h>

#include <pugixml.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/file.h"

namespace nightjar::proof {
namespace {

using harness::TestOutcome;
using harness::Transition;
using testing::HasSubstr;
using testing::Not;

/// A proof with one of everything, with names that a hostile project would choose.
Proof a_proof() {
  Proof proof{.run = "01a2",
              .change = "branch <script>",
              .base_commit = std::string(40, 'a'),
              .change_commit = std::string(40, 'b'),
              .facts = {},
              .judgement = {},
              .recipe_reasons = {"Python: a | b"},
              .toolchains = {"python 3.11.2"},
              .walls = {"pid namespace"},
              .not_enforced = {},
              .wall_ms = 1234};
  SuiteEvidence suite{.id = "pytest",
                      .runner = "pytest",
                      .why = "pytest.ini",
                      .ran_base = true,
                      .ran_change = true,
                      .complete_base = true,
                      .complete_change = true,
                      .tests_base = 3,
                      .tests_change = 3,
                      .doubts = {"exit status 0 although 1 test failed"},
                      .judged_by = {"listing"},
                      .kept = 1};
  suite.changes = {{.suite = "pytest",
                    .test = "tests/a b.py::test[<script>]\x01",
                    .transition = Transition::broken,
                    .before = TestOutcome::passed,
                    .after = TestOutcome::failed,
                    .message = "assert ]]> & \"x\"\nsecond line",
                    .file = "tests/a b.py",
                    .line = 3},
                   {.suite = "pytest",
                    .test = "t::new",
                    .transition = Transition::added_good,
                    .before = TestOutcome::not_run,
                    .after = TestOutcome::passed}};
  suite.demonstrated = {"t::new"};
  proof.facts.suites.push_back(std::move(suite));
  proof.facts.inspection.findings = {{.rule = "test-skipped",
                                      .severity = Finding::Severity::serious,
                                      .file = "tests/a b.py",
                                      .line = 7,
                                      .what = "test `t` is skipped: `@skip`"}};
  proof.facts.inspection.review.by_kind["source"] = {.files = 1, .added = 2, .removed = 1};
  proof.facts.lines = {.total = 4, .executed = 2, .measured = true, .missed = {"a.py:3-4"}};
  proof.judgement = judge(proof.facts);
  return proof;
}

TEST(VerdictJson, FitsItsPublishedSchema) {
  const Result<std::string> text =
      read_file(std::string(NIGHTJAR_SOURCE_DIR) + "/docs/formats/verdict.schema.json", 1 << 20);
  ASSERT_TRUE(text) << text.error().message;
  const nlohmann::json document = nlohmann::json::parse(*text);
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(document),
                                          schema);
  const auto problems_of = [&](const Json& value) {
    const nlohmann::json target = nlohmann::json::parse(value.dump());
    valijson::ValidationResults results;
    valijson::Validator().validate(schema, valijson::adapters::NlohmannJsonAdapter(target),
                                   &results);
    std::string problems;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) problems += error.description + "\n";
    return problems;
  };

  EXPECT_EQ(problems_of(verdict_json(a_proof())), "");
  Proof empty = a_proof();
  empty.facts = {};
  empty.facts.problem = "the change is empty";
  empty.judgement = judge(empty.facts);
  EXPECT_EQ(problems_of(verdict_json(empty)), "");
  Json wrong = verdict_json(a_proof());
  wrong.set("verdict", "MAYBE");
  EXPECT_NE(problems_of(wrong), "");
}

TEST(VerdictJson, SaysWhatMatters) {
  const Json json = verdict_json(a_proof());

  EXPECT_EQ(json.string_or("verdict", ""), "NOT_PROVEN");
  EXPECT_EQ(json.find("tests")->find("counts")->int_or("broken", 0), 1);
  EXPECT_EQ(json.find("changed_lines")->int_or("executed", 0), 2);
  EXPECT_EQ(json.find("tampering")->as_array().size(), 1U);
}

TEST(JunitXml, IsReadByAnXmlParserWithEveryTest) {
  const std::string text = junit_xml(a_proof());

  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_string(text.c_str());
  ASSERT_TRUE(parsed) << parsed.description() << "\n" << text;
  int cases = 0;
  int failures = 0;
  for (const pugi::xpath_node& node : document.select_nodes("//testcase")) {
    ++cases;
    failures += node.node().child("failure") ? 1 : 0;
  }
  EXPECT_EQ(document.child("testsuites").attribute("tests").as_int(), cases);
  EXPECT_EQ(document.child("testsuites").attribute("failures").as_int(), failures);
  EXPECT_GE(failures, 1);
  EXPECT_THAT(text, Not(HasSubstr("\x01")));
}

TEST(SarifJson, PlacesEachResult) {
  const Json sarif = sarif_json(a_proof());

  const Json& run = sarif.find("runs")->as_array().at(0);
  const Json::Array& results = run.find("results")->as_array();
  ASSERT_GE(results.size(), 2U);
  const Json::Array& rules = run.find("tool")->find("driver")->find("rules")->as_array();
  for (const Json& result : results) {
    const std::int64_t index = result.int_or("ruleIndex", -1);
    ASSERT_LT(static_cast<std::size_t>(index), rules.size());
    EXPECT_EQ(rules[static_cast<std::size_t>(index)].string_or("id", ""),
              result.string_or("ruleId", "?"));
  }
  EXPECT_THAT(sarif.dump(), HasSubstr("\"uri\":\"tests/a%20b.py\""));
}

// What a project names must not become markup of the page that shows it.
TEST(Markdown, ShowsNamesAsText) {
  const std::string text = markdown(a_proof());

  EXPECT_THAT(text, HasSubstr("NOT_PROVEN"));
  EXPECT_THAT(text, Not(HasSubstr("branch <script>")));
  EXPECT_THAT(text, HasSubstr("test-skipped"));
}

}  // namespace
}  // namespace nightjar::proof
