// The published schema and the reader agree.
#include <gmock/gmock.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <set>

#include "base/file.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

namespace nightjar::scenario {
namespace {

using testing::IsEmpty;

class Schema {
 public:
  Schema() {
    const std::string path =
        std::string(NIGHTJAR_SOURCE_DIR) + "/docs/formats/scenario.schema.json";
    const Result<std::string> text = read_file(path, kFileBytesMax);
    CHECK(text);
    document_ = nlohmann::json::parse(*text, nullptr, false);
    CHECK(!document_.is_discarded());
    valijson::adapters::NlohmannJsonAdapter adapter(document_);
    valijson::SchemaParser parser;
    parser.populateSchema(adapter, schema_);
  }

  bool accepts(const Json& value) const {
    const nlohmann::json target = nlohmann::json::parse(value.dump(), nullptr, false);
    CHECK(!target.is_discarded());
    valijson::Validator validator;
    return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(target), nullptr);
  }

  const nlohmann::json& document() const { return document_; }

 private:
  nlohmann::json document_;
  valijson::Schema schema_;
};

bool schema_accepts(const Schema& schema, std::string_view yaml) {
  const auto documents = parse_yaml(yaml, "a.yaml");
  EXPECT_TRUE(documents) << yaml;
  if (!documents) return false;
  for (const YamlNode& document : *documents) {
    const Result<Json> json = json_of(document, "a.yaml");
    EXPECT_TRUE(json) << (json ? "" : json.error().message);
    if (!json || !schema.accepts(*json)) return false;
  }
  return true;
}

std::string step(const std::string& keys) {
  return "{scenario: x, steps: [{run: x, " + keys + "}]}";
}
std::string expecting(const std::string& keys) { return step("expect: {" + keys + "}"); }
std::string repeated(const std::string& part, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += part;
  return out;
}

std::vector<std::string> good_documents() {
  return {
      "{scenario: x, steps: [{run: x}]}",
      "{scenario: 7, steps: [{run: [x, 1, true, 2.5]}]}",
      "{scenario: a b, requirement: R1, tags: [a, b-c], trials: 100, steps: [{run: x}]}",
      "{scenario: x, requirement: [R1, AUTH-3], steps: [{run: x}, {run: [y]}]}",
      step("stdin: ''"),
      step("stdin: 5"),
      step("files: {a: b, 'c/d.e f': 1, ..a: x, a..: x, .b: x}"),
      step("env: {A: b, _c1: 2}"),
      step("cwd: a/b"),
      step("expect: {}"),
      expecting("exit: 255"),
      expecting("stdout: '', stderr: x"),
      expecting("stdout_contains: a, stderr_contains: [a, 1]"),
      expecting("stdout_matches: '^a', stderr_matches: a"),
      expecting("stdout_json: null, stderr_json: {a: [1, {}]}"),
      expecting("stdout_numbers: {values: []}"),
      expecting("stderr_numbers: {values: [1, -2.5e3, nan, 'inf', -inf], tolerance: 0}"),
      expecting("file: {a/b: c}"),
      expecting("within: 1.5s"),
      expecting("within: 10 min"),
      expecting("within: 0.5h"),
  };
}

std::vector<std::string> bad_documents() {
  return {
      "[]",
      "x",
      "{}",
      "{scenario: x}",
      "{steps: [{run: x}]}",
      "{scenario: x, steps: []}",
      "{scenario: x, steps: {run: x}}",
      "{scenario: '', steps: [{run: x}]}",
      "{scenario: ' x', steps: [{run: x}]}",
      "{scenario: \"a\\nb\", steps: [{run: x}]}",
      "{scenario: " + repeated("x", 201) + ", steps: [{run: x}]}",
      "{scenario: [x], steps: [{run: x}]}",
      "{scenario: x, steps: [{run: x}], more: 1}",
      "{scenario: x, requirement: 'R 1', steps: [{run: x}]}",
      "{scenario: x, requirement: [], steps: [{run: x}]}",
      "{scenario: x, tags: {a: b}, steps: [{run: x}]}",
      "{scenario: x, trials: 0, steps: [{run: x}]}",
      "{scenario: x, trials: 101, steps: [{run: x}]}",
      "{scenario: x, trials: '2', steps: [{run: x}]}",
      "{scenario: x, steps: [" + repeated("{run: x},", 101) + "]}",
      "{scenario: x, steps: [{stdin: x}]}",
      "{scenario: x, steps: [{run: ' '}]}",
      "{scenario: x, steps: [{run: []}]}",
      "{scenario: x, steps: [{run: [[x]]}]}",
      "{scenario: x, steps: [{run: null}]}",
      step("more: 1"),
      step("stdin: null"),
      step("files: [a]"),
      step("files: {../a: b}"),
      step("files: {/a: b}"),
      step("files: {a/./b: b}"),
      step("files: {a: null}"),
      step("env: {1A: b}"),
      step("env: {a-b: b}"),
      step("cwd: ."),
      step("cwd: a//b"),
      step("cwd: a/"),
      step("cwd: ''"),
      expecting("exit: 256"),
      expecting("exit: -1"),
      expecting("exit: 1.5"),
      expecting("stdout_contains: ''"),
      expecting("stdout_contains: []"),
      expecting("stdout_matches: [a]"),
      expecting("stdout_numbers: [1]"),
      expecting("stdout_numbers: {tolerance: 1}"),
      expecting("stdout_numbers: {values: [a]}"),
      expecting("stdout_numbers: {values: ['1']}"),
      expecting("stdout_numbers: {values: [1], tolerance: -1}"),
      expecting("stdout_numbers: {values: [1], more: 1}"),
      expecting("file: a"),
      expecting("file: {..: b}"),
      expecting("within: 2"),
      expecting("within: 2 weeks"),
      expecting("within: 0s"),
      expecting("within: -1s"),
      expecting("stdin: a"),
  };
}

/// What only the reader can refuse: the description of the schema says so.
std::vector<std::string> documents_bad_by_meaning() {
  return {
      expecting("stdout_matches: '(a'"),
      expecting("stdout_json: '{a'"),
      expecting("within: 9999999h"),
      "{scenario: x, steps: [{run: ['']}]}",
      "{scenario: x, steps: [{run: \"a\\0b\"}]}",
      step("files: {'" + repeated("x", 300) + "': b}"),
  };
}

TEST(Schema, AcceptsWhatTheReaderAccepts) {
  const Schema schema;
  for (const std::string& yaml : good_documents()) {
    EXPECT_TRUE(parse_scenarios(yaml, "a.yaml")) << yaml;
    EXPECT_TRUE(schema_accepts(schema, yaml)) << yaml;
  }
}

TEST(Schema, RefusesWhatTheReaderRefuses) {
  const Schema schema;
  for (const std::string& yaml : bad_documents()) {
    EXPECT_FALSE(parse_scenarios(yaml, "a.yaml")) << yaml;
    EXPECT_FALSE(schema_accepts(schema, yaml)) << yaml;
  }
}

TEST(Schema, LeavesMeaningToTheReader) {
  const Schema schema;
  for (const std::string& yaml : documents_bad_by_meaning()) {
    EXPECT_FALSE(parse_scenarios(yaml, "a.yaml")) << yaml;
    EXPECT_TRUE(schema_accepts(schema, yaml)) << yaml;
  }
}

// Goal: no key of the schema is unknown to the reader. Method: give each a value that is wrong, and
// see that the reader complains about something else than an unknown key.
TEST(Schema, HasNoKeyThatTheReaderDoesNotKnow) {
  const Schema schema;
  const nlohmann::json& definitions = schema.document()["$defs"];
  const auto check = [](const nlohmann::json& properties, const auto& document_with) {
    for (const auto& [key, value] : properties.items()) {
      const auto scenarios = parse_scenarios(document_with(key), "a.yaml");
      if (scenarios) continue;
      EXPECT_EQ(scenarios.error().message.find("unknown key"), std::string::npos) << key;
    }
  };

  check(schema.document()["properties"],
        [](const std::string& key) { return "{" + key + ": {}}"; });
  check(definitions["step"]["properties"],
        [](const std::string& key) { return "{scenario: x, steps: [{" + key + ": {}}]}"; });
  check(definitions["expect"]["properties"],
        [](const std::string& key) { return expecting(key + ": {}"); });
}

}  // namespace
}  // namespace nightjar::scenario
