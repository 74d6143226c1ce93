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

enum class KeyType { text, name, engineer, duration, size, count, money, truth, folder, mounts };
enum class KeyPlace { project, user, both };

/// A row says where its value goes by the pointers that are set.
struct Key {
  std::string_view section;
  std::string_view name;
  KeyType type;
  KeyPlace place;
  std::string_view fallback;  // As written in a file; empty: none.
  std::string_view meaning;

  std::string Project::* text = nullptr;
  std::optional<std::int64_t> Project::* asked = nullptr;
  std::int64_t Limits::* limit = nullptr;
  std::int64_t Budget::* budget = nullptr;

  std::string path() const { return std::string(section) + "." + std::string(name); }
};

std::span<const Key> keys();

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
