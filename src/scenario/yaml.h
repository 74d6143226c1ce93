// A strict part of YAML 1.2 as plain values with line numbers. The one file that sees yaml-cpp is
// yaml.cc.
//
// Refused: duplicate keys, keys that are no text, merge keys, anchors, aliases, tags, control
// bytes, what is not UTF-8, nesting deeper than kYamlDepthMax, more than kYamlNodesMax values.
// Pure; any thread. Errors: invalid_input (file:line: what, what next), exhausted (a size limit).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nightjar::scenario {

inline constexpr int kYamlDepthMax = 60;
inline constexpr std::size_t kYamlNodesMax = 200'000;
inline constexpr std::size_t kYamlJsonMembersMax = 1'000;  // of one map in json_of

struct YamlMember;

/// A scalar keeps the text that stands in the file: nothing is guessed here, so `012` stays "012".
struct YamlNode {
  enum class Kind { null, plain, quoted, list, map };
  Kind kind = Kind::null;
  std::string text;  // of a plain or quoted scalar; a block scalar counts as quoted
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;
  int line = 0;  // from 1

  bool is_scalar() const { return kind == Kind::plain || kind == Kind::quoted; }
  const YamlMember* find(std::string_view key) const;
};

struct YamlMember {
  std::string key;
  int line = 0;
  YamlNode value;
};

/// "nothing", "a text", "a list", "a map" for messages.
std::string_view name_of(YamlNode::Kind kind);

/// The documents of the file; an empty document is a node of kind null.
Result<std::vector<YamlNode>> parse_yaml(std::string_view text, std::string_view file_name);

/// The value as JSON. A plain scalar is null, true, false or a number where JSON has it so, else a
/// string; what other YAML readers would take for something else (`yes`, `012`, `.5`) is refused
/// with the advice to quote it.
Result<Json> json_of(const YamlNode& node, std::string_view file_name);

/// "file:line: what", invalid_input.
Error refuse_at(std::string_view file_name, int line, const std::string& what);

}  // namespace nightjar::scenario
