// Source text as a tree: the nodes of a C or Python file with their kinds, fields and positions.
//
// The only reader of tree-sitter. Trees are values (a flat list in preorder) and keep no parser
// alive. A text with mistakes still gives a tree; `mistakes` counts them. Any thread. Fails with:
// exhausted (more bytes or nodes than the limits below).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::reason {

inline constexpr std::size_t kSourceBytesMax = std::size_t{512} << 10;
inline constexpr std::size_t kNodesMax = 500'000;

enum class Language { c, python };

/// By suffix (.c .h .py), else by a first line that names python; nothing for other files.
std::optional<Language> language_of(std::string_view path, std::string_view text);

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = UINT32_MAX;

struct Node {
  std::string_view kind;    // the grammar's word: "binary_expression"; static
  std::string_view field;   // in the parent: "left"; empty without one; static
  std::uint32_t start = 0;  // bytes
  std::uint32_t end = 0;
  int line = 0;  // from 1
  int end_line = 0;
  bool named = false;
  NodeIndex parent = kNoNode;
  NodeIndex last = 0;  // the last descendant in preorder; itself for a leaf
  std::vector<NodeIndex> children;
};

class SyntaxTree {
 public:
  const std::string& text() const { return text_; }
  Language language() const { return language_; }
  int mistakes() const { return mistakes_; }

  std::size_t size() const { return nodes_.size(); }
  const Node& operator[](NodeIndex index) const { return nodes_[index]; }
  std::string text_of(NodeIndex index) const;
  bool is(NodeIndex index, std::string_view kind) const;
  /// The first child with that field, or kNoNode. `index` may be kNoNode.
  NodeIndex child(NodeIndex index, std::string_view field) const;
  std::vector<NodeIndex> named_children(NodeIndex index) const;  // without comments
  NodeIndex parent(NodeIndex index) const;
  /// The nearest node above (not itself) of one of the kinds, or kNoNode.
  NodeIndex ancestor(NodeIndex index, std::initializer_list<std::string_view> kinds) const;

 private:
  friend Result<SyntaxTree> parse_source(Language language, std::string text);
  Language language_ = Language::c;
  std::string text_;
  std::vector<Node> nodes_;  // [0] is the root
  int mistakes_ = 0;
};

Result<SyntaxTree> parse_source(Language language, std::string text);

/// How many mistakes a text has, without building a tree. Cheaper than parse_source.
int count_mistakes(Language language, std::string_view text);

}  // namespace nightjar::reason
