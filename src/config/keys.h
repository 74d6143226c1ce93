// The table of configuration keys: where each may stand, its type, default and meaning.
//
// One table reads the files, checks the ranges, narrows, and writes docs/configuration.md (a golden
// test compares). To add a key, add a row in keys.cc. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace nightjar::config {

enum class KeyType {
  text,
  name,
  engineer,
  duration,
  size,
  count,
  money,
  truth,
  folder,
  mounts,
  texts,     // a list of texts
  paths,     // a list of paths in the project
  names,     // a list of names of toolchains or services
  text_map,  // a table of texts
  place,     // a folder in the project
};
enum class KeyPlace { project, user, both };

/// A row says where its value goes by the pointers that are set.
struct Key {
  std::string_view section;
  std::string_view name;  // "<name>": any that no other row of the section has
  KeyType type;
  KeyPlace place;
  std::string_view fallback;  // As written in a file; empty: none.
  std::string_view meaning;

  std::string Project::* text = nullptr;
  std::optional<std::int64_t> Project::* asked = nullptr;
  std::int64_t Limits::* limit = nullptr;
  std::int64_t Budget::* budget = nullptr;
  std::vector<std::string> Project::* texts = nullptr;
  std::map<std::string, std::string> Project::* map = nullptr;
  bool Settings::* truth = nullptr;
  std::int64_t Settings::* number = nullptr;
  std::string ProjectSuite::* suite_text = nullptr;
  std::map<std::string, std::string> ProjectSuite::* suite_map = nullptr;

  std::string path() const { return std::string(section) + "." + std::string(name); }
};

std::span<const Key> keys();

/// Stands once for each suite: [[suite]].
inline constexpr std::string_view kSuiteSection = "suite";

/// The number of a duration, size, count or money key from its text in a file or the environment.
/// Errors: invalid_input without a place.
Result<std::int64_t> parse_number(const Key& key, std::string_view text);
/// Refuses a number outside the range of the key's type.
Result<> check_range(const Key& key, std::int64_t number);
/// The number as a file would say it.
std::string number_text(const Key& key, std::int64_t number);

/// docs/configuration.md.
std::string reference_page();

}  // namespace nightjar::config
