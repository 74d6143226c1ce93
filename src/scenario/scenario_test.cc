#include "scenario/scenario.h"

#include <gmock/gmock.h>

#include "config/config.h"

namespace nightjar::scenario {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

std::vector<Scenario> scenarios_of(std::string_view yaml) {
  Result<std::vector<Scenario>> scenarios = parse_scenarios(yaml, "a.yaml");
  EXPECT_TRUE(scenarios) << (scenarios ? "" : scenarios.error().message) << "\n" << yaml;
  return scenarios ? *scenarios : std::vector<Scenario>{};
}

Scenario scenario_of(std::string_view yaml) {
  std::vector<Scenario> scenarios = scenarios_of(yaml);
  EXPECT_EQ(scenarios.size(), 1u);
  return scenarios.empty() ? Scenario{} : scenarios[0];
}

Error error_of(std::string_view yaml) {
  const Result<std::vector<Scenario>> scenarios = parse_scenarios(yaml, "a.yaml");
  EXPECT_FALSE(scenarios) << yaml;
  return scenarios ? Error{} : scenarios.error();
}

std::string refusal_of(std::string_view yaml) { return error_of(yaml).message; }

/// A scenario whose only step expects `expect`, which begins on line 4.
std::string expecting(std::string_view expect) {
  return "scenario: x\nsteps:\n  - run: ./x\n    expect: " + std::string(expect) + "\n";
}

TEST(Scenario, TakesEveryKey) {
  const Scenario scenario = scenario_of(R"(scenario: the median of three is the middle one
requirement: [R1, AUTH-3]
tags: quick
trials: 3
steps:
  - run: ./median
    stdin: "3 1 2\n"
    files: { in.txt: "a", "d/e f": "b" }
    env: { MODE: fast, N: 3 }
    cwd: d
    expect:
      exit: 2
      stdout: "2\n"
      stdout_contains: "2"
      stdout_matches: "^[0-9]+\n$"
      stdout_json: { a: [1, 2.5, "x", true, null, y] }
      stdout_numbers: { values: [1, -2.5e3, nan, -inf], tolerance: 0.01 }
      stderr: ""
      stderr_contains: [warn, "two"]
      file: { out.txt: "done\n" }
      within: 1.5s
  - run: [./median, -n, 3]
)");

  EXPECT_EQ(scenario.name, "the median of three is the middle one");
  EXPECT_THAT(scenario.requirements, ElementsAre("R1", "AUTH-3"));
  EXPECT_THAT(scenario.tags, ElementsAre("quick"));
  EXPECT_EQ(scenario.trials, 3);
  EXPECT_EQ(scenario.file, "a.yaml");
  EXPECT_EQ(scenario.line, 1);
  ASSERT_EQ(scenario.steps.size(), 2u);
  const Step& step = scenario.steps[0];
  EXPECT_EQ(step.line, 6);
  EXPECT_THAT(step.argv, ElementsAre("/bin/sh", "-c", "./median"));
  EXPECT_EQ(step.stdin_bytes, "3 1 2\n");
  EXPECT_THAT(step.files, ElementsAre(Pair("d/e f", "b"), Pair("in.txt", "a")));
  EXPECT_THAT(step.env, ElementsAre(Pair("MODE", "fast"), Pair("N", "3")));
  EXPECT_EQ(step.cwd, "d");
  const Expectation& expect = step.expect;
  EXPECT_EQ(expect.exit, 2);
  EXPECT_EQ(expect.stdout_text.equals, "2\n");
  EXPECT_THAT(expect.stdout_text.contains, ElementsAre("2"));
  EXPECT_EQ(expect.stdout_text.matches, "^[0-9]+\n$");
  EXPECT_EQ(expect.stdout_text.json->dump(), R"({"a":[1,2.5,"x",true,null,"y"]})");
  EXPECT_THAT(expect.stdout_text.numbers->values,
              ElementsAre(1, -2500, testing::NanSensitiveDoubleEq(std::nan("")), -INFINITY));
  EXPECT_EQ(expect.stdout_text.numbers->tolerance, 0.01);
  EXPECT_EQ(expect.stderr_text.equals, "");
  EXPECT_THAT(expect.stderr_text.contains, ElementsAre("warn", "two"));
  EXPECT_THAT(expect.files, ElementsAre(Pair("out.txt", "done\n")));
  EXPECT_EQ(expect.within, std::chrono::milliseconds(1500));
  EXPECT_THAT(scenario.steps[1].argv, ElementsAre("./median", "-n", "3"));
  EXPECT_EQ(scenario.steps[1].expect.exit, std::nullopt);
}

TEST(Scenario, ReadsSeveralDocumentsAndSkipsEmptyOnes) {
  const std::vector<Scenario> scenarios = scenarios_of(
      "---\nscenario: a\nsteps: [{run: x}]\n---\n# nothing\n---\nscenario: b\nsteps:\n- run: "
      "y\n---\n");

  ASSERT_EQ(scenarios.size(), 2u);
  EXPECT_EQ(scenarios[1].name, "b");
  EXPECT_EQ(scenarios[1].line, 7);
}

TEST(Scenario, KeepsTheTextOfUnquotedScalars) {
  const Scenario scenario = scenario_of(
      "scenario: 7\nsteps:\n  - run: [prog, 012, 1e3, true, 0x1F, yes]\n    stdin: 1.50\n"
      "    expect: {stdout: 012}\n");

  EXPECT_EQ(scenario.name, "7");
  EXPECT_THAT(scenario.steps[0].argv, ElementsAre("prog", "012", "1e3", "true", "0x1F", "yes"));
  EXPECT_EQ(scenario.steps[0].stdin_bytes, "1.50");
  EXPECT_EQ(scenario.steps[0].expect.stdout_text.equals, "012");
}

TEST(Scenario, KeepsZeroBytesAndUnicodeInStdin) {
  const Scenario scenario =
      scenario_of("scenario: x\nsteps:\n- run: ./x\n  stdin: \"a\\0b\\u00e9\\x0A\"\n");

  EXPECT_EQ(scenario.steps[0].stdin_bytes, std::string("a\0b\xC3\xA9\n", 6));
}

TEST(Scenario, ReadsWindowsLineEndsAndAByteOrderMark) {
  const Scenario scenario = scenario_of(
      "\xEF\xBB\xBFscenario: x\r\nsteps:\r\n- run: ./x\r\n  stdin: |\r\n    a\r\n    b\r\n");

  EXPECT_EQ(scenario.name, "x");
  EXPECT_EQ(scenario.steps[0].stdin_bytes, "a\nb\n");
}

TEST(Scenario, TakesJsonAsValueAndAsText) {
  const auto json_of_expect = [](const char* value) {
    const Scenario scenario = scenario_of(expecting("{stdout_json: " + std::string(value) + "}"));
    return scenario.steps.empty() ? "" : scenario.steps[0].expect.stdout_text.json->dump();
  };

  EXPECT_EQ(json_of_expect("[1, a]"), R"([1,"a"])");
  EXPECT_EQ(json_of_expect("'[1, \"a\"]'"), R"([1,"a"])");
  EXPECT_EQ(json_of_expect("\"text\""), R"("text")");
  EXPECT_EQ(json_of_expect("3"), "3");
  EXPECT_EQ(json_of_expect("\"3\""), R"("3")");
  EXPECT_EQ(json_of_expect("2023-05-10"), R"("2023-05-10")");
  EXPECT_EQ(json_of_expect("null"), "null");
}

TEST(Scenario, RefusesJsonThatReadersDisagreeAbout) {
  for (const char* value : {"yes", "No", "on", "TRUE", "012", "0x1F", "0o17", "+1", ".5", "1.",
                            "1_000", ".inf", "-.INF", ".nan", "9223372036854775808", "1e999"}) {
    EXPECT_THAT(refusal_of(expecting("{stdout_json: [" + std::string(value) + "]}")),
                AllOf(StartsWith("a.yaml:4: "), HasSubstr("quote it")))
        << value;
  }
  EXPECT_THAT(refusal_of(expecting("{stdout_json: '{a'}")), HasSubstr("looks like JSON"));
}

TEST(Scenario, RefusesAnUnknownKeyWithLineAndNearestName) {
  EXPECT_EQ(refusal_of("scenario: x\nsteps:\n- run: x\nrequirment: R1\n"),
            "a.yaml:4: unknown key \"requirment\" in a scenario; did you mean \"requirement\"?");
  EXPECT_EQ(refusal_of("scenario: x\nsteps:\n- run: x\n  stdn: a\n"),
            "a.yaml:4: unknown key \"stdn\" in a step; did you mean \"stdin\"?");
  EXPECT_EQ(
      refusal_of(expecting("{stdout_contain: a}")),
      "a.yaml:4: unknown key \"stdout_contain\" in expect; did you mean \"stdout_contains\"?");
  EXPECT_THAT(refusal_of(expecting("{quantum: a}")), HasSubstr("the keys there are exit, file"));
}

TEST(Scenario, RefusesWhatIsMissing) {
  EXPECT_THAT(refusal_of(""), StartsWith("a.yaml:1: the file holds no scenario"));
  EXPECT_THAT(refusal_of("# nothing\n---\n"), HasSubstr("holds no scenario"));
  EXPECT_THAT(refusal_of("steps: [{run: x}]\n"), HasSubstr("needs a name"));
  EXPECT_THAT(refusal_of("scenario: x\n"), HasSubstr("needs \"steps\""));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: []\n"), HasSubstr("needs \"steps\""));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: {run: x}\n"), HasSubstr("needs \"steps\""));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{stdin: x}]\n"), HasSubstr("needs \"run\""));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: []}]\n"), HasSubstr("run is empty"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: ''}]\n"), HasSubstr("run is empty"));
  EXPECT_THAT(refusal_of(expecting("{stdout: }")), HasSubstr("write \"\" for an empty text"));
  EXPECT_THAT(refusal_of(expecting("{stdout_contains: ''}")), HasSubstr("is empty"));
  EXPECT_THAT(refusal_of(expecting("{stdout_contains: []}")), HasSubstr("is an empty list"));
  EXPECT_THAT(refusal_of(expecting("{stdout_numbers: {tolerance: 1}}")),
              HasSubstr("needs \"values\""));
}

TEST(Scenario, RefusesWrongTypesAndRanges) {
  EXPECT_THAT(refusal_of("- a\n"), HasSubstr("a scenario must be a map of keys, not a list"));
  EXPECT_THAT(refusal_of("scenario: [x]\nsteps: [{run: x}]\n"), HasSubstr("must be a text"));
  EXPECT_THAT(refusal_of("scenario: \"a\\nb\"\nsteps: [{run: x}]\n"), HasSubstr("one line"));
  EXPECT_THAT(refusal_of("scenario: x\ntrials: 0\nsteps: [{run: x}]\n"),
              HasSubstr("from 1 to 100"));
  EXPECT_THAT(refusal_of("scenario: x\ntrials: 010\nsteps: [{run: x}]\n"),
              HasSubstr("from 1 to 100"));
  EXPECT_THAT(refusal_of("scenario: x\ntrials: '3'\nsteps: [{run: x}]\n"),
              HasSubstr("without quotes"));
  EXPECT_THAT(refusal_of("scenario: x\nrequirement: \"R 1\"\nsteps: [{run: x}]\n"),
              HasSubstr("requirement"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: [{a: b}]}]\n"), HasSubstr("must be a text"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: \"a\\0b\"}]\n"), HasSubstr("NUL"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: x, env: {1A: x}}]\n"), HasSubstr("variable"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: x, files: [a]}]\n"),
              HasSubstr("must be a map"));
  EXPECT_THAT(refusal_of(expecting("{exit: 256}")), HasSubstr("from 0 to 255"));
  EXPECT_THAT(refusal_of(expecting("{exit: -1}")), HasSubstr("from 0 to 255"));
  EXPECT_THAT(refusal_of(expecting("{exit: 1.0}")), HasSubstr("whole number"));
  EXPECT_THAT(refusal_of(expecting("{within: 2}")), HasSubstr("ms, s, min, h"));
  EXPECT_THAT(refusal_of(expecting("{within: 0s}")), HasSubstr("longer than nothing"));
  EXPECT_THAT(refusal_of(expecting("{stdout_numbers: {values: [x]}}")), HasSubstr("is no number"));
  EXPECT_THAT(refusal_of(expecting("{stdout_numbers: {values: ['1']}}")),
              HasSubstr("is no number"));
  EXPECT_THAT(refusal_of(expecting("{stdout_numbers: {values: [1], tolerance: -1}}")),
              HasSubstr("at least 0"));
  EXPECT_THAT(refusal_of(expecting("{stdout_matches: '(a'}")), HasSubstr("not an RE2 pattern"));
}

TEST(Scenario, RefusesPathsThatLeaveTheProject) {
  for (const char* path : {"../x", "/etc/passwd", "a/../b", ".", "a//b", "a/", "''"}) {
    EXPECT_THAT(
        refusal_of("scenario: x\nsteps: [{run: x, files: {" + std::string(path) + ": y}}]\n"),
        HasSubstr("inside the project"));
    EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: x, cwd: " + std::string(path) + "}]\n"),
                HasSubstr("inside the project"));
    EXPECT_THAT(refusal_of(expecting("{file: {" + std::string(path) + ": y}}")),
                HasSubstr("inside the project"));
  }
}

TEST(Scenario, RefusesWhatMakesYamlAmbiguous) {
  EXPECT_EQ(refusal_of("scenario: x\nscenario: y\n"),
            "a.yaml:2: key \"scenario\" stands twice; remove one");
  EXPECT_THAT(refusal_of("scenario: x\nsteps:\n- run: &a x\n"), StartsWith("a.yaml:3: an anchor"));
  EXPECT_THAT(refusal_of("scenario: &a x\nsteps: [{run: *a}]\n"), HasSubstr("anchor"));
  EXPECT_THAT(refusal_of("scenario: !!str x\n"), HasSubstr("a tag"));
  EXPECT_THAT(refusal_of("scenario: ! x\n"), HasSubstr("a tag"));
  EXPECT_THAT(refusal_of("scenario: ! 'x'\n"), HasSubstr("a tag"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: ! [{run: x}]\n"), HasSubstr("a tag"));
  EXPECT_THAT(refusal_of("scenario: x\n<<: {a: b}\n"), HasSubstr("merge key"));
  EXPECT_THAT(refusal_of("? [a]\n: b\n"), HasSubstr("cannot be a key"));
  EXPECT_THAT(refusal_of("~: b\n"), HasSubstr("a key is missing or null"));
  EXPECT_THAT(refusal_of("{scenario: x, steps: [{run: x}]} {scenario: y, steps: [{run: x}]}\n"),
              HasSubstr("after the end of the document"));
}

TEST(Scenario, RefusesDamagedFilesWithTheLine) {
  EXPECT_THAT(refusal_of("scenario: x\nsteps:\n\t- run: x\n"), StartsWith("a.yaml:3: not YAML"));
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [\n"), HasSubstr("not YAML"));
  EXPECT_THAT(refusal_of("scenario: a: b\n"), HasSubstr("not YAML"));
  EXPECT_THAT(refusal_of("scenario: x\n  \xff\n"), StartsWith("a.yaml:2: not UTF-8"));
  EXPECT_THAT(refusal_of(std::string_view("a\n\0", 3)), StartsWith("a.yaml:2: a control byte"));
  EXPECT_THAT(refusal_of("a: x\rb: y\n"), HasSubstr("carriage return"));
}

TEST(Scenario, BoundsNestingAndSize) {
  EXPECT_THAT(refusal_of(std::string(100'000, '[') + std::string(100'000, ']')),
              HasSubstr("nested deeper than 60"));
  std::string dashes;
  for (int i = 0; i < 50'000; ++i) dashes += "- ";
  EXPECT_THAT(refusal_of(dashes), HasSubstr("nested deeper than 60"));
  const Error large = error_of(std::string(kFileBytesMax + 1, '#'));
  EXPECT_EQ(large.code, ErrorCode::exhausted);
  EXPECT_THAT(large.message, HasSubstr("1048576 bytes"));
}

TEST(Scenario, BoundsTheNumberOfThings) {
  std::string steps = "scenario: x\nsteps:\n";
  for (std::size_t i = 0; i <= kStepsMax; ++i) steps += "- run: x\n";
  EXPECT_THAT(refusal_of(steps), HasSubstr("more than 100 steps"));

  std::string entries;
  for (std::size_t i = 0; i <= kMapEntriesMax; ++i) entries += "f" + std::to_string(i) + ": x, ";
  EXPECT_THAT(refusal_of("scenario: x\nsteps: [{run: x, files: {" + entries + "}}]\n"),
              HasSubstr("more than 64 entries"));

  std::string documents;
  for (std::size_t i = 0; i <= kScenariosMax; ++i)
    documents += "---\nscenario: x\nsteps: [{run: x}]\n";
  EXPECT_EQ(error_of(documents).code, ErrorCode::exhausted);
}

Scenario named(std::string name, std::vector<std::string> requirements = {}) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.requirements = std::move(requirements);
  scenario.file = "scenarios/" + scenario.name + ".yaml";
  scenario.line = 3;
  return scenario;
}

TEST(Library, AcceptsScenariosOfKnownRequirements) {
  EXPECT_TRUE(check_library({named("a", {"R1"}), named("b", {"R1", "R2"}), named("c")},
                            {.requirement_ids = {"R1", "R2"}}));
}

TEST(Library, RefusesTwoScenariosOfOneName) {
  const Result<> checked = check_library({named("a"), named("b"), named("a")}, {});

  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "scenarios/a.yaml:3: a scenario named \"a\" stands already at scenarios/a.yaml:3; "
            "rename one");
}

TEST(Library, RefusesARequirementThatNoSpecHas) {
  const Result<> near =
      check_library({named("a", {"AUTH-33"})}, {.requirement_ids = {"R1", "AUTH-3"}});
  const Result<> none = check_library({named("a", {"R1"})}, {});

  ASSERT_FALSE(near);
  EXPECT_EQ(
      near.error().message,
      "scenarios/a.yaml:3: requirement \"AUTH-33\" stands in no spec; did you mean \"AUTH-3\"?");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("specs/*.md holds no requirement"));
}

TEST(Library, SaysHowToSealAHoldoutInTheTree) {
  Scenario scenario = named("a");
  scenario.tags = {"slow", "holdout"};

  const Result<> checked = check_library({scenario}, {});

  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message,
              AllOf(StartsWith("scenarios/a.yaml:3: "), HasSubstr("nightjar holdout add")));
}

}  // namespace
}  // namespace nightjar::scenario
