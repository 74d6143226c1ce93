#include "reason/syntax.h"

#include <tree_sitter/api.h>

#include <algorithm>
#include <memory>
#include <utility>

extern "C" {
const TSLanguage* nightjar_language_c();
const TSLanguage* nightjar_language_python();
}

namespace nightjar::reason {
namespace {

struct ParserDeleter {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
};
struct TreeDeleter {
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};
using TreePointer = std::unique_ptr<TSTree, TreeDeleter>;

TreePointer parse(Language language, std::string_view text) {
  const std::unique_ptr<TSParser, ParserDeleter> parser(ts_parser_new());
  CHECK(ts_parser_set_language(
      parser.get(), language == Language::c ? nightjar_language_c() : nightjar_language_python()));
  return TreePointer(ts_parser_parse_string(parser.get(), nullptr, text.data(),
                                            static_cast<std::uint32_t>(text.size())));
}

bool is_mistake(TSNode node) { return ts_node_is_error(node) || ts_node_is_missing(node); }

// Visits every node in preorder without recursion: strangers choose how deep their code nests.
template <typename Enter, typename Leave>
void walk(const TSTree* tree, Enter&& enter, Leave&& leave) {
  TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
  bool more = true;
  while (more) {
    if (enter(cursor) && ts_tree_cursor_goto_first_child(&cursor)) continue;
    leave();
    while (more && !ts_tree_cursor_goto_next_sibling(&cursor)) {
      more = ts_tree_cursor_goto_parent(&cursor);
      if (more) leave();
    }
  }
  ts_tree_cursor_delete(&cursor);
}

bool has_suffix(std::string_view path, std::string_view suffix) {
  return path.size() > suffix.size() && path.ends_with(suffix);
}

Node node_of(const TSTreeCursor& cursor) {
  const TSNode raw = ts_tree_cursor_current_node(&cursor);
  const char* field = ts_tree_cursor_current_field_name(&cursor);
  Node node;
  node.kind = ts_node_type(raw);
  if (field != nullptr) node.field = field;
  node.start = ts_node_start_byte(raw);
  node.end = ts_node_end_byte(raw);
  node.line = static_cast<int>(ts_node_start_point(raw).row) + 1;
  // A node that ends with a line break (a macro's definition) does not reach into the next line.
  const TSPoint end = ts_node_end_point(raw);
  node.end_line = std::max(node.line, static_cast<int>(end.row) + (end.column == 0 ? 0 : 1));
  node.named = ts_node_is_named(raw);
  return node;
}

}  // namespace

std::optional<Language> language_of(std::string_view path, std::string_view text) {
  if (has_suffix(path, ".c") || has_suffix(path, ".h")) return Language::c;
  if (has_suffix(path, ".py")) return Language::python;
  if (!text.starts_with("#!")) return std::nullopt;
  const std::string_view first = text.substr(0, text.find('\n'));
  if (first.find("python") == std::string_view::npos) return std::nullopt;
  return Language::python;
}

std::string SyntaxTree::text_of(NodeIndex index) const {
  if (index == kNoNode) return {};
  return text_.substr(nodes_[index].start, nodes_[index].end - nodes_[index].start);
}

bool SyntaxTree::is(NodeIndex index, std::string_view kind) const {
  return index != kNoNode && nodes_[index].kind == kind;
}

NodeIndex SyntaxTree::child(NodeIndex index, std::string_view field) const {
  if (index == kNoNode) return kNoNode;
  for (const NodeIndex child : nodes_[index].children) {
    if (nodes_[child].field == field) return child;
  }
  return kNoNode;
}

std::vector<NodeIndex> SyntaxTree::named_children(NodeIndex index) const {
  std::vector<NodeIndex> out;
  if (index == kNoNode) return out;
  for (const NodeIndex child : nodes_[index].children) {
    if (nodes_[child].named && nodes_[child].kind != "comment") out.push_back(child);
  }
  return out;
}

NodeIndex SyntaxTree::parent(NodeIndex index) const {
  return index == kNoNode ? kNoNode : nodes_[index].parent;
}

NodeIndex SyntaxTree::ancestor(NodeIndex index,
                               std::initializer_list<std::string_view> kinds) const {
  for (NodeIndex at = parent(index); at != kNoNode; at = nodes_[at].parent) {
    if (std::find(kinds.begin(), kinds.end(), nodes_[at].kind) != kinds.end()) return at;
  }
  return kNoNode;
}

Result<SyntaxTree> parse_source(Language language, std::string text) {
  if (text.size() > kSourceBytesMax) {
    return Error{ErrorCode::exhausted, "a source file of more than 512 KiB is not searched"};
  }
  const TreePointer raw = parse(language, text);
  CHECK(raw != nullptr);  // Only without a language or when cancelled.

  SyntaxTree tree;
  tree.language_ = language;
  std::vector<NodeIndex> open;
  walk(
      raw.get(),
      [&](const TSTreeCursor& cursor) {
        const auto index = static_cast<NodeIndex>(tree.nodes_.size());
        Node node = node_of(cursor);
        if (is_mistake(ts_tree_cursor_current_node(&cursor))) ++tree.mistakes_;
        if (!open.empty()) {
          node.parent = open.back();
          tree.nodes_[open.back()].children.push_back(index);
        }
        tree.nodes_.push_back(std::move(node));
        open.push_back(index);
        return tree.nodes_.size() < kNodesMax;
      },
      [&] {
        tree.nodes_[open.back()].last = static_cast<NodeIndex>(tree.nodes_.size() - 1);
        open.pop_back();
      });
  if (tree.nodes_.size() >= kNodesMax) {
    return Error{ErrorCode::exhausted,
                 "a source file with more than 500,000 tokens is not searched"};
  }
  tree.text_ = std::move(text);
  return tree;
}

int count_mistakes(Language language, std::string_view text) {
  const TreePointer tree = parse(language, text);
  CHECK(tree != nullptr);
  if (!ts_node_has_error(ts_tree_root_node(tree.get()))) return 0;
  int mistakes = 0;
  walk(
      tree.get(),
      [&](const TSTreeCursor& cursor) {
        const TSNode node = ts_tree_cursor_current_node(&cursor);
        if (is_mistake(node)) ++mistakes;
        return ts_node_has_error(node);
      },
      [] {});
  return mistakes;
}

}  // namespace nightjar::reason
