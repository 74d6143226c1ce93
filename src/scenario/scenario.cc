#include "scenario/scenario.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "config/units.h"
#include "sandbox/tree.h"
#include "scenario/match.h"
#include "scenario/yaml.h"

namespace nightjar::scenario {
namespace {

using Texts = std::map<std::string, std::string>;

const std::vector<std::string>& stream_keys(const std::string& stream) {
  static const auto keys_of = [](const std::string& name) {
    std::vector<std::string> keys = {name};
    for (const char* suffix : {"_contains", "_matches", "_json", "_numbers"}) {
      keys.push_back(name + suffix);
    }
    return keys;
  };
  static const std::vector<std::string> kStdout = keys_of("stdout");
  static const std::vector<std::string> kStderr = keys_of("stderr");
  return stream == "stdout" ? kStdout : kStderr;
}

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// Reads the documents of one file. Each function names the key it reads in its errors.
class Reader {
 public:
  explicit Reader(std::string_view file_name) : file_name_(file_name) {}

  Result<Scenario> scenario(const YamlNode& node) const {
    Scenario scenario;
    scenario.file = file_name_;
    scenario.line = node.line;
    TRY(check_map(node, "a scenario", {"scenario", "requirement", "tags", "trials", "steps"}));
    const YamlMember* name = node.find("scenario");
    if (name == nullptr) {
      return refuse(node.line, "a scenario needs a name; add \"scenario: what must hold\"");
    }
    TRY_INTO(scenario.name, scenario_name(*name));
    if (const YamlMember* member = node.find("requirement")) {
      TRY_INTO(scenario.requirements, words(*member));
    }
    if (const YamlMember* member = node.find("tags")) {
      TRY_INTO(scenario.tags, words(*member));
    }
    if (const YamlMember* member = node.find("trials")) {
      TRY_INTO(scenario.trials, whole(*member, 1, kTrialsMax));
    }
    const YamlMember* steps = node.find("steps");
    if (steps == nullptr || steps->value.kind != YamlNode::Kind::list ||
        steps->value.items.empty()) {
      return refuse(steps == nullptr ? node.line : steps->line,
                    "a scenario needs \"steps\", a list with at least one \"- run: …\"");
    }
    if (steps->value.items.size() > kStepsMax) {
      return refuse(steps->line,
                    "more than " + std::to_string(kStepsMax) + " steps; split the scenario");
    }
    for (const YamlNode& item : steps->value.items) {
      TRY_INTO(Step step, this->step(item));
      scenario.steps.push_back(std::move(step));
    }
    return scenario;
  }

 private:
  Error refuse(int line, const std::string& what) const {
    return refuse_at(file_name_, line, what);
  }

  Result<> check_map(const YamlNode& node, const std::string& what,
                     const std::vector<std::string>& known) const {
    if (node.kind != YamlNode::Kind::map) {
      return refuse(node.line,
                    what + " must be a map of keys, not " + std::string(name_of(node.kind)));
    }
    for (const YamlMember& member : node.members) {
      if (std::ranges::find(known, member.key) != known.end()) continue;
      const std::string near = nearest_name(member.key, known);
      return refuse(member.line, "unknown key \"" + printable(member.key, 60) + "\" in " + what +
                                     (near.empty() ? "; the keys there are " + join(known, ", ")
                                                   : "; did you mean \"" + near + "\"?"));
    }
    return ok;
  }

  /// Any scalar as the text that stands there: 3 is "3" and 012 stays "012".
  Result<std::string> text(const std::string& key, const YamlNode& node) const {
    if (node.is_scalar()) return node.text;
    if (node.kind == YamlNode::Kind::null) {
      return refuse(node.line, key + " has no value; write \"\" for an empty text, and quote null");
    }
    return refuse(node.line, key + " must be a text, not " + std::string(name_of(node.kind)));
  }

  /// A text that goes to the kernel: arguments, environment, paths.
  Result<std::string> plain_text(const std::string& key, const YamlNode& node) const {
    TRY_INTO(std::string value, text(key, node));
    if (value.find('\0') != std::string::npos) {
      return refuse(node.line, key + " holds a NUL byte, which no program can receive");
    }
    if (value.size() > kArgumentBytesMax) {
      return refuse(node.line, key + " is longer than " + std::to_string(kArgumentBytesMax) +
                                   " bytes; pass it by stdin or files");
    }
    return value;
  }

  Result<int> whole(const YamlMember& member, int least, int most) const {
    const std::string& digits = member.value.text;
    int number = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool canonical = failure == std::errc() && end == digits.data() + digits.size() &&
                           std::to_string(number) == digits;
    if (member.value.kind != YamlNode::Kind::plain || !canonical || number < least ||
        number > most) {
      return refuse(member.line, member.key + " must be a whole number from " +
                                     std::to_string(least) + " to " + std::to_string(most) +
                                     ", without quotes");
    }
    return number;
  }

  Result<std::string> scenario_name(const YamlMember& member) const {
    TRY_INTO(std::string name, text(member.key, member.value));
    if (trim(name).empty() || name.size() > kNameBytesMax || has_control_bytes(name) ||
        trim(name).size() != name.size()) {
      return refuse(member.line, "the name of a scenario is one line of at most " +
                                     std::to_string(kNameBytesMax) +
                                     " bytes without spaces around it");
    }
    return name;
  }

  /// One text or a list of texts.
  Result<std::vector<std::string>> texts(const YamlMember& member) const {
    std::vector<std::string> out;
    if (member.value.kind != YamlNode::Kind::list) {
      TRY_INTO(std::string value, text(member.key, member.value));
      return std::vector<std::string>{std::move(value)};
    }
    if (member.value.items.empty()) {
      return refuse(member.line, member.key + " is an empty list; write a value or leave it out");
    }
    if (member.value.items.size() > kListItemsMax) {
      return refuse(member.line,
                    member.key + " has more than " + std::to_string(kListItemsMax) + " items");
    }
    for (const YamlNode& item : member.value.items) {
      TRY_INTO(std::string value, text(member.key, item));
      out.push_back(std::move(value));
    }
    return out;
  }

  /// Ids and tags.
  Result<std::vector<std::string>> words(const YamlMember& member) const {
    TRY_INTO(std::vector<std::string> values, texts(member));
    for (const std::string& value : values) {
      const bool allowed = std::ranges::all_of(value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
      });
      if (!allowed || value.empty() || value.size() > 64) {
        return refuse(member.line, member.key + ": \"" + printable(value, 80) +
                                       "\" must be letters, digits, '-', '_' or '.', at most 64");
      }
    }
    return values;
  }

  Result<Step> step(const YamlNode& node) const {
    Step step;
    step.line = node.line;
    TRY(check_map(node, "a step", {"run", "stdin", "files", "env", "cwd", "expect"}));
    const YamlMember* run = node.find("run");
    if (run == nullptr) {
      return refuse(node.line,
                    "a step needs \"run\": a list of arguments, or a text for the shell");
    }
    TRY_INTO(step.argv, argv(*run));
    if (const YamlMember* member = node.find("stdin")) {
      TRY_INTO(step.stdin_bytes, text(member->key, member->value));
    }
    if (const YamlMember* member = node.find("files")) {
      TRY_INTO(step.files, files(*member));
    }
    if (const YamlMember* member = node.find("env")) {
      TRY_INTO(step.env, environment(*member));
    }
    if (const YamlMember* member = node.find("cwd")) {
      TRY_INTO(step.cwd, plain_text(member->key, member->value));
      TRY(check_path(*member, step.cwd, member->line));
    }
    if (const YamlMember* member = node.find("expect")) {
      TRY_INTO(step.expect, expectation(member->value));
    }
    return step;
  }

  Result<std::vector<std::string>> argv(const YamlMember& member) const {
    if (member.value.kind != YamlNode::Kind::list) {
      TRY_INTO(std::string command, plain_text(member.key, member.value));
      if (trim(command).empty()) return refuse(member.line, "run is empty; write a command");
      return std::vector<std::string>{"/bin/sh", "-c", std::move(command)};
    }
    std::vector<std::string> out;
    if (member.value.items.size() > kListItemsMax) {
      return refuse(member.line, "run has more than " + std::to_string(kListItemsMax) +
                                     " arguments; use a file");
    }
    for (const YamlNode& item : member.value.items) {
      TRY_INTO(std::string argument, plain_text(member.key, item));
      out.push_back(std::move(argument));
    }
    if (out.empty() || out[0].empty()) {
      return refuse(member.line, "run is empty; its first item is the program");
    }
    return out;
  }

  Result<> check_path(const YamlMember& member, const std::string& path, int line) const {
    if (sandbox::check_relative_path(path)) return ok;
    return refuse(line, member.key + ": \"" + printable(path, 120) +
                            "\" must be a path inside the project: relative, without \".\", "
                            "\"..\" or empty parts");
  }

  Result<> check_entries(const YamlMember& member) const {
    if (member.value.kind != YamlNode::Kind::map) {
      return refuse(member.line,
                    member.key + " must be a map, not " + std::string(name_of(member.value.kind)));
    }
    if (member.value.members.size() > kMapEntriesMax) {
      return refuse(member.line,
                    member.key + " has more than " + std::to_string(kMapEntriesMax) + " entries");
    }
    return ok;
  }

  Result<Texts> files(const YamlMember& member) const {
    TRY(check_entries(member));
    Texts out;
    for (const YamlMember& file : member.value.members) {
      TRY(check_path(member, file.key, file.line));
      TRY_INTO(out[file.key], text(member.key + " " + printable(file.key, 60), file.value));
    }
    return out;
  }

  Result<Texts> environment(const YamlMember& member) const {
    TRY(check_entries(member));
    Texts out;
    for (const YamlMember& variable : member.value.members) {
      const std::string& name = variable.key;
      const bool allowed = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
      });
      if (!allowed || name.empty() || name.size() > 256 || (name[0] >= '0' && name[0] <= '9')) {
        return refuse(variable.line, "env: \"" + printable(name, 80) +
                                         "\" is no name of a variable: letters, digits, '_'");
      }
      TRY_INTO(out[name], plain_text("env " + name, variable.value));
    }
    return out;
  }

  Result<Expectation> expectation(const YamlNode& node) const {
    std::vector<std::string> known = {"exit", "file", "within"};
    for (const char* stream : {"stdout", "stderr"}) {
      known.insert(known.end(), stream_keys(stream).begin(), stream_keys(stream).end());
    }
    TRY(check_map(node, "expect", known));
    Expectation expect;
    if (const YamlMember* member = node.find("exit")) {
      TRY_INTO(expect.exit, whole(*member, 0, 255));
    }
    TRY_INTO(expect.stdout_text, text_expectation(node, "stdout"));
    TRY_INTO(expect.stderr_text, text_expectation(node, "stderr"));
    if (const YamlMember* member = node.find("file")) {
      TRY_INTO(expect.files, files(*member));
    }
    if (const YamlMember* member = node.find("within")) {
      TRY_INTO(expect.within, within(*member));
    }
    return expect;
  }

  Result<TextExpectation> text_expectation(const YamlNode& node, const std::string& stream) const {
    TextExpectation expect;
    const std::vector<std::string>& keys = stream_keys(stream);
    if (const YamlMember* member = node.find(keys[0])) {
      TRY_INTO(expect.equals, text(member->key, member->value));
    }
    if (const YamlMember* member = node.find(keys[1])) {
      TRY_INTO(expect.contains, texts(*member));
      if (std::ranges::find(expect.contains, "") != expect.contains.end()) {
        return refuse(member->line, member->key + " is empty: any output contains that");
      }
    }
    if (const YamlMember* member = node.find(keys[2])) {
      TRY_INTO(expect.matches, text(member->key, member->value));
      Result<> usable = check_pattern(*expect.matches);
      if (!usable) return refuse(member->line, member->key + ": " + usable.error().message);
    }
    if (const YamlMember* member = node.find(keys[3])) {
      TRY_INTO(expect.json, json(*member));
    }
    if (const YamlMember* member = node.find(keys[4])) {
      TRY_INTO(expect.numbers, numbers(*member));
    }
    return expect;
  }

  /// The value itself, or a text with JSON in it.
  Result<Json> json(const YamlMember& member) const {
    const std::string_view text = trim(member.value.text);
    const bool looks_like_json = text.starts_with('{') || text.starts_with('[');
    if (member.value.kind != YamlNode::Kind::quoted || !looks_like_json) {
      return json_of(member.value, file_name_);
    }
    Result<Json> value = parse_json(text);
    if (value) return value;
    return refuse(member.line, member.key + " looks like JSON, but is none: " +
                                   printable(value.error().message, 120));
  }

  Result<Numbers> numbers(const YamlMember& member) const {
    TRY(check_map(member.value, member.key, {"values", "tolerance"}));
    const YamlMember* values = member.value.find("values");
    if (values == nullptr || values->value.kind != YamlNode::Kind::list) {
      return refuse(member.line, member.key + " needs \"values\", a list of numbers");
    }
    if (values->value.items.size() > kNumbersMax) {
      return refuse(member.line,
                    member.key + " has more than " + std::to_string(kNumbersMax) + " values");
    }
    Numbers out;
    for (const YamlNode& item : values->value.items) {
      TRY_INTO(const double value, number(member, item));
      out.values.push_back(value);
    }
    if (const YamlMember* tolerance = member.value.find("tolerance")) {
      TRY_INTO(out.tolerance, number(member, tolerance->value));
      if (!(out.tolerance >= 0) || std::isinf(out.tolerance)) {
        return refuse(tolerance->line, "tolerance must be a number of at least 0");
      }
    }
    return out;
  }

  Result<double> number(const YamlMember& member, const YamlNode& node) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (node.is_scalar() && node.text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (node.is_scalar() && node.text == "inf") return kInfinity;
    if (node.is_scalar() && node.text == "-inf") return -kInfinity;
    if (node.kind == YamlNode::Kind::plain) {
      const Result<Json> value = json_of(node, file_name_);
      if (value && value->is_number()) return value->as_double();
    }
    return refuse(node.line, member.key + ": \"" + printable(node.text, 40) +
                                 "\" is no number; write it as JSON does, or nan, inf, -inf");
  }

  Result<std::chrono::milliseconds> within(const YamlMember& member) const {
    TRY_INTO(const std::string text, this->text(member.key, member.value));
    const Result<std::int64_t> duration = config::parse_duration_ms(text);
    if (!duration) return refuse(member.line, "within: " + duration.error().message);
    if (*duration == 0) return refuse(member.line, "within must be longer than nothing");
    return std::chrono::milliseconds(*duration);
  }

  std::string file_name_;
};

}  // namespace

bool Scenario::is_holdout_tagged() const {
  return std::ranges::find(tags, "holdout") != tags.end();
}

Result<std::vector<Scenario>> parse_scenarios(std::string_view yaml, std::string_view file_name) {
  TRY_INTO(const std::vector<YamlNode> documents, parse_yaml(yaml, file_name));
  const Reader reader(file_name);
  std::vector<Scenario> scenarios;
  for (const YamlNode& document : documents) {
    if (document.kind == YamlNode::Kind::null) continue;  // A line "---" too many.
    if (scenarios.size() >= kScenariosMax) {
      return {ErrorCode::exhausted,
              refuse_at(file_name, document.line,
                        "more than " + std::to_string(kScenariosMax) + " scenarios")
                  .message};
    }
    TRY_INTO(Scenario scenario, reader.scenario(document));
    scenarios.push_back(std::move(scenario));
  }
  if (scenarios.empty()) {
    return refuse_at(file_name, 1, "the file holds no scenario; write one or delete the file");
  }
  return scenarios;
}

}  // namespace nightjar::scenario
