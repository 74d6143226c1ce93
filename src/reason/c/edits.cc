// Edits that only C has: formats, casts, branches of if and switch, initial values, string ends,
// sizes.
#include <array>
#include <utility>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason::c {
namespace {

using Swap = std::pair<std::string_view, std::string_view>;

void emit_formats(const Site& site, Emitter& out) {
  static constexpr std::array<Swap, 26> kSwaps = {{
      {"%d", "%c"},   {"%c", "%d"},   {"%d", "%ld"},  {"%d", "%u"},     {"%u", "%d"},
      {"%ld", "%d"},  {"%ld", "%lu"}, {"%lu", "%zu"}, {"%d", "%f"},     {"%f", "%d"},
      {"%f", "%lf"},  {"%lf", "%f"},  {"%d", "%x"},   {"%x", "%d"},     {"%x", "%02x"},
      {"%d", "%02d"}, {"%d", "%s"},   {"%s", "%c"},   {"%.1f", "%.2f"}, {"%.2f", "%.1f"},
      {"%f", "%.2f"}, {"%d", "%lld"}, {"%lld", "%d"}, {"%.2f", "%.0f"}, {"%.2f", "%.3f"},
      {"%i", "%d"},
  }};
  const std::string text = site.tree.text_of(site.node);
  for (const auto& [from, to] : kSwaps) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
      std::string changed = text;
      changed.replace(at, from.size(), to);
      out.replace(site.node, changed, kText, 0.2);
    }
  }
  if (text.find("\\n\"") == std::string::npos) {
    out.replace(site.node, text.substr(0, text.size() - 1) + "\\n\"", kText, 0.1);
  } else {
    out.replace(site.node, text.substr(0, text.size() - 3) + "\"", kText, 0.2);
  }
}

// (double)a / b, and a value taken as another type.
void emit_casts(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (const auto binary = binary_at(tree, site.node)) {
    const std::string op = tree.text_of(binary->op);
    if (op != "/" && op != "*" && op != "-" && op != "+") return;
    const double extra = op == "/" ? -0.3 : 0.3;
    for (const char* type : {"(double)", "(long long)"}) {
      const bool plain = !binary_at(tree, binary->left).has_value();
      const std::string left = tree.text_of(binary->left);
      out.replace(binary->left, type + (plain ? left : "(" + left + ")"), kWrap, extra);
    }
  }
  if (tree.is(site.node, "cast_expression")) {
    out.replace(site.node, tree.text_of(tree.child(site.node, "value")), kOperandDrop, 0.1);
  }
  const bool character =
      tree.is(site.node, "subscript_expression") || tree.is(site.node, "pointer_expression");
  if (character && tree.is(tree.parent(site.node), "argument_list")) {
    out.replace(site.node, "(unsigned char)" + tree.text_of(site.node), kWrap);
  }
}

void emit_pointers(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (tree.is(site.node, "pointer_expression")) {
    out.replace(site.node, tree.text_of(tree.child(site.node, "argument")), kUnary, 0.1);
  }
  if (!is_read_variable(tree, site.node)) return;
  const std::string name = tree.text_of(site.node);
  const Variable* variable = find_visible(site.names, name, tree[site.node].start);
  if (variable == nullptr) return;
  const Shape shape = shape_of(variable->type);
  const NodeIndex parent = tree.parent(site.node);
  if (shape == Shape::pointer) out.replace(site.node, "*" + name, kUnary, 0.3);
  if (shape != Shape::number) return;
  if (tree.is(parent, "argument_list")) out.replace(site.node, "&" + name, kUnary, 0.3);
  const auto binary = binary_at(tree, parent);
  if (binary && is_comparison(tree.text_of(binary->op))) {
    out.replace(site.node, "!" + name, kUnary, 0.5);
  }
  out.replace(site.node, "-" + name, kUnary, 0.4);
  out.replace(site.node, "abs(" + name + ")", kWrap, 0.3);
}

void emit_sizes(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (tree.is(site.node, "sizeof_expression")) {
    const NodeIndex value = tree.child(site.node, "value");
    if (tree.is(value, "parenthesized_expression")) {
      const auto inner = tree.named_children(value);
      if (inner.size() == 1) {
        const std::string name = tree.text_of(inner.front());
        out.replace(site.node, "sizeof(*" + name + ")", kOperandDrop, -0.2);
        out.replace(site.node, "sizeof(" + name + ") / sizeof(" + name + "[0])", kWrap);
      }
    }
  }
  const auto call = call_at(tree, site.node);
  if (!call || call->arguments.empty()) return;
  const std::string function = tree.text_of(call->function);
  if (function != "malloc" && function != "realloc") return;
  const NodeIndex size = call->arguments.back();
  if (binary_at(tree, size)) return;
  for (const char* type : {"int", "char", "double", "void *"}) {
    out.replace(size, tree.text_of(size) + " * sizeof(" + type + ")", kWrap, 0.2);
  }
}

void emit_branches(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& node = tree[site.node];
  if (node.kind == "else_clause") {
    const auto inner = tree.named_children(site.node);
    if (inner.empty()) return;
    const Node& body = tree[inner.front()];
    out.splice(node.start, body.start, "", node.line, kBranch, 0.2,
               "the branch should not depend on `else`");
    if (body.kind == "if_statement") {
      const NodeIndex consequence = tree.child(inner.front(), "consequence");
      if (consequence == kNoNode) return;
      out.splice(body.start, tree[consequence].start, "", node.line, kBranch, 0.1,
                 "`" +
                     snippet(tree.text().substr(node.start, tree[consequence].start - node.start)) +
                     "` should be `else`");
    }
  }
  const bool after_if = node.kind == "if_statement" && is_statement(tree, site.node);
  if (after_if) {
    out.splice(node.start, node.start, "else ", node.line, kBranch, 0.1,
               "`" + snippet(tree.text_of(site.node)) + "` should be the `else` of the one before");
  }
  if (node.kind == "while_statement") {
    out.splice(node.start, node.start + 5, "if", node.line, kBranch, 0.6, "`while` should be `if`");
  }
  if (node.kind == "if_statement" && tree.child(site.node, "alternative") == kNoNode) {
    out.splice(node.start, node.start + 2, "while", node.line, kBranch, 0.2,
               "`if` should be `while`");
  }
}

// A local variable without its first value.
void emit_initial_values(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (!tree.is(site.node, "declaration")) return;
  if (function_around(tree, site.node) == kNoNode) return;
  for (const NodeIndex child : tree[site.node].children) {
    if (tree[child].field != "declarator") continue;
    const std::string text = tree.text_of(child);
    if (tree.is(child, "identifier")) {
      out.replace(child, text + " = 0", kConstant, 0.1);
      out.replace(child, text + " = 1", kConstant, 0.3);
    }
    if (tree.is(child, "pointer_declarator")) out.replace(child, text + " = NULL", kConstant, 0.2);
    if (tree.is(child, "array_declarator")) out.replace(child, text + " = {0}", kConstant, 0.2);
  }
}

// An array that is too small by one, and text without its end.
void emit_array_sizes(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (tree.is(site.node, "array_declarator")) {
    const NodeIndex size = tree.child(site.node, "size");
    if (size != kNoNode && !tree.is(size, "number_literal")) {
      out.replace(size, tree.text_of(size) + " + 1", kOffByOne);
    }
  }
  if (!is_statement(tree, site.node) || tree.is(site.node, "declaration")) return;
  const auto indent = indent_of(tree, site.node);
  if (!indent) return;
  for (NodeIndex at = site.node; at <= tree[site.node].last; ++at) {
    if (!tree.is(at, "subscript_expression")) continue;
    const std::string array = tree.text_of(tree.child(at, "argument"));
    const Variable* variable = find_visible(site.names, array, tree[at].start);
    if (variable == nullptr || !variable->type.starts_with("char")) continue;
    std::string index = tree.text_of(tree.child(at, "index"));
    if (index.ends_with("++")) index.resize(index.size() - 2);
    const std::string text = array + "[" + index + "] = '\\0';";
    const Node& node = tree[site.node];
    out.splice(node.end, node.end, "\n" + std::string(*indent) + text, node.line, kStatementCopy,
               -0.3, "`" + text + "` is missing behind `" + snippet(tree.text_of(site.node)) + "`");
  }
}

}  // namespace

void emit_edits(const Site& site, Emitter& out) {
  if (site.tree.is(site.node, "string_literal")) emit_formats(site, out);
  emit_casts(site, out);
  emit_pointers(site, out);
  emit_sizes(site, out);
  emit_branches(site, out);
  emit_initial_values(site, out);
  emit_array_sizes(site, out);
}

}  // namespace nightjar::reason::c
