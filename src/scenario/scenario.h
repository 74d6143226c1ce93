// Scenarios: end-to-end stories with steps and expectations, in YAML.
//
// The format is docs/formats/scenario.schema.json (JSON Schema 2020-12) and docs/scenarios.md.
// Reading is strict: unknown keys, duplicate keys, anchors, aliases and tags are errors with file,
// line and the nearest known key.
// Values; any thread. Errors: invalid_input, exhausted (a size limit).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nightjar::scenario {

inline constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kScenariosMax = 2000;
inline constexpr int kTrialsMax = 100;
inline constexpr std::size_t kStepsMax = 100;      // of a scenario
inline constexpr std::size_t kListItemsMax = 256;  // of argv, contains, requirements, tags
inline constexpr std::size_t kMapEntriesMax = 64;  // of files, env, expect.file
inline constexpr std::size_t kNumbersMax = 10'000;
inline constexpr std::size_t kNameBytesMax = 200;          // of a scenario's name
inline constexpr std::size_t kArgumentBytesMax = 100'000;  // one argument; the kernel takes 131,071

struct Numbers {
  std::vector<double> values;
  double tolerance = 0;  // absolute
};

/// What one output stream must look like; everything given must hold.
struct TextExpectation {
  std::optional<std::string> equals;
  std::vector<std::string> contains;
  std::optional<std::string> matches;  // RE2, unanchored
  std::optional<Json> json;            // equal as JSON values
  std::optional<Numbers> numbers;      // the numbers in the text, in order
};

struct Expectation {
  std::optional<int> exit;  // absent: 0 is expected
  TextExpectation stdout_text;
  TextExpectation stderr_text;
  std::map<std::string, std::string> files;  // path → exact content
  std::optional<std::chrono::milliseconds> within;
};

struct Step {
  std::vector<std::string> argv;  // a string in the file becomes {"/bin/sh", "-c", text}
  std::string stdin_bytes;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> env;
  std::string cwd;
  Expectation expect;
  int line = 0;
};

struct Scenario {
  std::string name;
  std::vector<std::string> requirements;  // `requirement:` takes an id or a list of ids
  std::vector<std::string> tags;
  std::vector<Step> steps;
  int trials = 1;
  std::string file;
  int line = 0;

  bool is_holdout_tagged() const;
};

Result<std::vector<Scenario>> parse_scenarios(std::string_view yaml, std::string_view file_name);

/// Errors that only show when all files are together: two scenarios of one name, a requirement that
/// no spec has (with the nearest id), a `holdout` tag in the tree (says how to seal it).
struct Known {
  std::vector<std::string> requirement_ids;
};
Result<> check_library(const std::vector<Scenario>& scenarios, const Known& known);

}  // namespace nightjar::scenario
