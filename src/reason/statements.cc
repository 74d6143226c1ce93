// Edits of statements that are there: dropped, moved, or given the `return` they lack.
#include <algorithm>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

// A longer statement is no slip any more.
constexpr std::size_t kStatementBytesMax = 600;
constexpr std::size_t kMoveBytesMax = 3000;
constexpr std::size_t kIndentStep = 4;

std::string reindented(const std::string& text, std::string_view old_indent,
                       std::string_view new_indent) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t newline = text.find('\n', at);
    const std::size_t stop = newline == std::string::npos ? text.size() : newline + 1;
    std::string line = text.substr(at, stop - at);
    if (at > 0 && line.starts_with(old_indent)) {
      line = std::string(new_indent) + line.substr(old_indent.size());
    }
    out += line;
    at = stop;
  }
  return out;
}

std::vector<NodeIndex> statements_of(const SyntaxTree& tree, NodeIndex block) {
  std::vector<NodeIndex> out;
  for (const NodeIndex child : tree.named_children(block)) {
    if (is_statement(tree, child)) out.push_back(child);
  }
  return out;
}

std::string text_between(const SyntaxTree& tree, std::uint32_t start, std::uint32_t end) {
  return tree.text().substr(start, end - start);
}

void emit_drop(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& node = tree[site.node];
  const std::string text = tree.text_of(site.node);
  if (text.size() > kStatementBytesMax || node.kind == "pass_statement") return;
  const std::string because = "the statement `" + snippet(text) + "` should not be there";
  const double extra = node.kind == "return_statement" || node.kind == "declaration" ? 0.5
                       : is_loop(tree, site.node)                                    ? 0.6
                                                                                     : 0.0;
  const bool python = tree.language() == Language::python;
  if (python && tree.named_children(node.parent).size() == 1) {
    out.splice(node.start, node.end, "pass", node.line, kStatementDrop, extra, because);
    return;
  }
  const auto indent = indent_of(tree, site.node);
  const std::string& all = tree.text();
  std::uint32_t line_end = node.end;
  if (line_end < all.size() && all[line_end] == '\r') ++line_end;
  if (indent && line_end < all.size() && all[line_end] == '\n') {
    const auto start = node.start - static_cast<std::uint32_t>(indent->size());
    out.splice(start, line_end + 1, "", node.line, kStatementDrop, extra, because);
  } else if (!python) {
    out.splice(node.start, node.end, "", node.line, kStatementDrop, extra, because);
  }
}

// A statement that is no block's child: `if (x) y = 1;`
void emit_unbraced_drop(const Site& site, Emitter& out) {
  const Node& node = site.tree[site.node];
  if (node.kind != "expression_statement" || is_block(site.tree, node.parent)) return;
  out.splice(node.start, node.end, ";", node.line, kStatementDrop, 0.2,
             "the statement `" + snippet(site.tree.text_of(site.node)) + "` should not be there");
}

void emit_swap_with_next(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const auto siblings = statements_of(tree, tree[site.node].parent);
  const auto self = std::find(siblings.begin(), siblings.end(), site.node);
  if (self == siblings.end() || self + 1 == siblings.end()) return;
  const Node& first = tree[site.node];
  const Node& second = tree[*(self + 1)];
  if (second.end - first.start > kMoveBytesMax) return;
  const std::string between = text_between(tree, first.end, second.start);
  const std::string swapped = tree.text_of(*(self + 1)) + between + tree.text_of(site.node);
  const bool declaration = first.kind == "declaration" || second.kind == "declaration";
  out.splice(first.start, second.end, swapped, first.line, kStatementMove, declaration ? 0.5 : 0.0,
             "`" + snippet(tree.text_of(*(self + 1))) + "` should come before `" +
                 snippet(tree.text_of(site.node)) + "`");
}

struct Nest {  // a loop or if, with its body's statements
  NodeIndex owner;
  NodeIndex body;
  std::vector<NodeIndex> inside;
};

std::optional<Nest> nest_at(const SyntaxTree& tree, NodeIndex node) {
  static const std::vector<std::string_view> kOwners = {"if_statement", "with_statement"};
  const bool owner = is_loop(tree, node) ||
                     std::find(kOwners.begin(), kOwners.end(), tree[node].kind) != kOwners.end();
  if (!owner || !is_statement(tree, node)) return std::nullopt;
  const NodeIndex body = body_of(tree, node);
  if (body == kNoNode) return std::nullopt;
  Nest nest{node, body, statements_of(tree, body)};
  if (nest.inside.empty()) return std::nullopt;
  return nest;
}

// The last statement of the body goes behind the loop, or the first one before it.
void emit_move_out(const Site& site, const Nest& nest, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& owner = tree[nest.owner];
  const auto outer = indent_of(tree, nest.owner);
  if (!outer || nest.inside.size() < 2 || owner.end - owner.start > kMoveBytesMax) return;
  const NodeIndex first = nest.inside.front();
  const NodeIndex last = nest.inside.back();
  const auto inner = indent_of(tree, last);
  if (!inner || !indent_of(tree, first)) return;
  const std::string name = is_loop(tree, nest.owner) ? "loop" : "block";

  const std::uint32_t before_last = tree[nest.inside[nest.inside.size() - 2]].end;
  const std::string moved = reindented(tree.text_of(last), *inner, *outer);
  const std::string tail = text_between(tree, tree[last].end, owner.end);
  out.splice(before_last, owner.end, tail + "\n" + std::string(*outer) + moved, tree[last].line,
             kStatementMove, 0, "`" + snippet(moved) + "` should stand behind the " + name);

  const std::uint32_t second = tree[nest.inside[1]].start;
  const std::string head = text_between(tree, owner.start, tree[first].start);
  const std::string lifted = reindented(tree.text_of(first), *inner, *outer);
  out.splice(owner.start, second, lifted + "\n" + std::string(*outer) + head, tree[first].line,
             kStatementMove, 0, "`" + snippet(lifted) + "` should stand before the " + name);
}

std::string inner_indent(const SyntaxTree& tree, const Nest& nest, std::string_view outer) {
  const auto inner = indent_of(tree, nest.inside.front());
  return inner ? std::string(*inner) : std::string(outer) + std::string(kIndentStep, ' ');
}

// The statement behind the loop goes to the end of its body, or the one before it to the start.
void emit_move_in(const Site& site, const Nest& nest, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& owner = tree[nest.owner];
  const auto outer = indent_of(tree, nest.owner);
  if (!outer || owner.end - owner.start > kMoveBytesMax) return;
  const std::string inner = inner_indent(tree, nest, *outer);
  const std::string name = is_loop(tree, nest.owner) ? "loop" : "block";
  const auto siblings = statements_of(tree, owner.parent);
  const auto self = std::find(siblings.begin(), siblings.end(), nest.owner);
  if (self == siblings.end()) return;

  if (self + 1 != siblings.end() && tree[*(self + 1)].end - owner.end < kStatementBytesMax) {
    const Node& next = tree[*(self + 1)];
    const std::uint32_t last_end = tree[nest.inside.back()].end;
    const std::string moved = reindented(tree.text_of(*(self + 1)), *outer, inner);
    out.splice(last_end, next.end, "\n" + inner + moved + text_between(tree, last_end, owner.end),
               next.line, kStatementMove, 0,
               "`" + snippet(moved) + "` should stand in the " + name + " before it");
  }
  if (self != siblings.begin() && owner.start - tree[*(self - 1)].start < kStatementBytesMax) {
    const Node& previous = tree[*(self - 1)];
    const std::uint32_t first = tree[nest.inside.front()].start;
    const std::string moved = reindented(tree.text_of(*(self - 1)), *outer, inner);
    out.splice(previous.start, first, text_between(tree, owner.start, first) + moved + "\n" + inner,
               previous.line, kStatementMove, 0.1,
               "`" + snippet(moved) + "` should stand in the " + name + " behind it");
  }
}

// A value that is computed and forgotten: `f(n - 1) * n;`
void emit_forgotten_value(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& node = tree[site.node];
  if (node.kind != "expression_statement" || function_around(tree, site.node) == kNoNode) return;
  const auto inner = tree.named_children(site.node);
  if (inner.size() != 1 || assignment_at(tree, inner.front())) return;
  if (tree.is(inner.front(), "string") || tree.is(inner.front(), "yield")) return;
  const bool pure = tree.is(inner.front(), "identifier") || binary_at(tree, inner.front());
  out.splice(node.start, node.end, "return " + tree.text_of(site.node), node.line, kReturn,
             pure ? -0.5 : 0.0, "`" + snippet(tree.text_of(site.node)) + "` should be returned");
}

// `return` without a value, or with the wrong one.
void emit_return_value(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& node = tree[site.node];
  const NodeIndex function = function_around(tree, site.node);
  if (node.kind != "return_statement" || function == kNoNode) return;
  const std::string end = tree.language() == Language::c ? ";" : "";
  const bool has_value = !tree.named_children(site.node).empty();
  std::vector<std::string> values = {"0", "1", "-1"};
  if (tree.language() == Language::python) values = {"None", "True", "False", "0", "[]", "1", "-1"};
  for (NodeIndex at = function; at <= tree[function].last; ++at) {
    if (!tree.is(at, "return_statement")) continue;
    const auto inner = tree.named_children(at);
    if (inner.size() == 1 && tree[inner.front()].end - tree[inner.front()].start < 80) {
      values.push_back(tree.text_of(inner.front()));
    }
  }
  if (!has_value) {
    for (const Variable& variable : visible_at(site.names, node.start)) {
      if (!variable.global) values.push_back(variable.name);
    }
  }
  for (const std::string& value : values) {
    out.replace(site.node, "return " + value + end, kReturn, has_value ? 0.3 : 0.0);
  }
}

}  // namespace

void emit_statement_edits(const Site& site, Emitter& out) {
  emit_unbraced_drop(site, out);
  emit_forgotten_value(site, out);
  emit_return_value(site, out);
  if (!is_statement(site.tree, site.node)) return;
  emit_drop(site, out);
  emit_swap_with_next(site, out);
  if (const auto nest = nest_at(site.tree, site.node)) {
    emit_move_out(site, *nest, out);
    emit_move_in(site, *nest, out);
  }
}

}  // namespace nightjar::reason
