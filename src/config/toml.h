// TOML 1.0 as plain values with line numbers. The one file that sees toml++ is toml.cc.
//
// Pure; any thread. Errors: invalid_input (file:line: what), exhausted (kFileBytesMax).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::config {

struct TomlMember;

/// A value of a kind that no key of ours takes (dates) is `other`.
struct TomlValue {
  enum class Kind { text, integer, real, truth, list, table, other };
  Kind kind = Kind::other;
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
  bool truth = false;
  std::vector<TomlValue> items;
  std::vector<TomlMember> members;
  int line = 0;  // from 1

  const TomlValue* find(std::string_view key) const;
};

struct TomlMember {
  std::string key;
  TomlValue value;
};

/// "a text", "an integer", … for messages.
std::string_view name_of(TomlValue::Kind kind);

/// The whole file as a table. Refuses what is not UTF-8, holds NUL or control bytes, or is nested
/// deeper than 8 levels.
Result<TomlValue> parse_toml(std::string_view text, std::string_view file_name);

}  // namespace nightjar::config
