// Edits that only Python has: ranges, slices, conversions, methods of text, branches, defaults,
// keywords.
#include <array>
#include <utility>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason::python {
namespace {

void emit_ranges(const Site& site, const Call& call, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string function = tree.text_of(call.function);
  if (function == "range" && call.arguments.size() == 1) {
    const std::string end = tree.text_of(call.arguments.front());
    out.replace(call.list, "(1, " + end + ")", kOffByOne);
    out.replace(call.list, "(1, " + end + " + 1)", kOffByOne, 0.1);
    out.replace(call.list, "(" + end + " - 1, -1, -1)", kOffByOne, 0.4);
    out.replace(call.list, "(2, " + end + ")", kOffByOne, 0.4);
  }
  if (function == "range" && call.arguments.size() == 2) {
    const std::string both = tree.text_of(call.list);
    for (const char* step : {", -1)", ", 2)"}) {
      out.replace(call.list, both.substr(0, both.size() - 1) + step, kArgument, 0.2);
    }
  }
  if (function == "enumerate" && call.arguments.size() == 1) {
    out.replace(call.list, "(" + tree.text_of(call.arguments.front()) + ", 1)", kArgument, -0.2);
  }
  const bool sorting = function == "sorted" || function.ends_with(".sort");
  if (sorting) {
    const std::string all = tree.text_of(call.list);
    if (all.find("reverse") == std::string::npos) {
      const std::string head = all.substr(0, all.size() - 1) + (call.arguments.empty() ? "" : ", ");
      out.replace(call.list, head + "reverse=True)", kArgument, -0.3);
    }
  }
  if (function.ends_with(".get") && call.arguments.size() == 1) {
    for (const char* fallback : {"0", "\"\"", "[]", "{}"}) {
      const std::string key = tree.text_of(call.arguments.front());
      out.replace(call.list, "(" + key + ", " + fallback + ")", kArgument, -0.1);
    }
  }
  if (function.ends_with(".split") && call.arguments.size() == 1) {
    const std::string by = tree.text_of(call.arguments.front());
    out.replace(call.list, "(" + by + ", 1)", kArgument);
  }
  if (function == "round" && call.arguments.size() == 1) {
    out.replace(call.list, "(" + tree.text_of(call.arguments.front()) + ", 2)", kArgument);
  }
}

bool is_wrappable(const SyntaxTree& tree, NodeIndex node) {
  const std::string_view kind = tree[node].kind;
  if (kind == "identifier") return is_read_variable(tree, node);
  if (kind != "call" && kind != "subscript" && kind != "attribute") return false;
  const std::string_view field = tree[node].field;
  if (field == "function" || field == "left" || field == "object" || field == "value") return false;
  return !tree.is(tree.parent(node), "expression_statement") &&
         !tree.is(tree.parent(node), "delete_statement");
}

void emit_conversions(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (!is_wrappable(tree, site.node)) return;
  const std::string text = tree.text_of(site.node);
  if (text.size() > 60) return;
  std::string type;
  if (tree.is(site.node, "identifier")) {
    const Variable* variable = find_visible(site.names, text, tree[site.node].start);
    if (variable == nullptr) return;
    type = variable->type;
  }
  const bool maybe_text = type.empty() || type == "text";
  const bool maybe_number = type.empty() || type == "number";
  if (type != "number") out.replace(site.node, "len(" + text + ")", kWrap, 0.1);
  if (maybe_text) {
    for (const char* method : {".strip()", ".lower()", ".upper()", ".rstrip()"}) {
      out.replace(site.node, text + method, kWrap, 0.0);
    }
    out.replace(site.node, "int(" + text + ")", kWrap, -0.1);
    out.replace(site.node, "float(" + text + ")", kWrap, 0.2);
  }
  if (maybe_number) {
    out.replace(site.node, "str(" + text + ")", kWrap, 0.0);
    out.replace(site.node, "abs(" + text + ")", kWrap, 0.1);
    out.replace(site.node, "-" + text, kUnary, 0.3);
    out.replace(site.node, "int(" + text + ")", kWrap, 0.1);
    if (type.empty()) out.replace(site.node, "round(" + text + ")", kWrap, 0.4);
  }
  const bool collection = type.empty() || type == "list" || type == "set" || type == "map";
  if (collection) {
    for (const char* function : {"sorted(", "list(", "set(", "reversed("}) {
      out.replace(site.node, function + text + ")", kWrap, 0.2);
    }
    if (type != "set") {
      for (const char* slice : {"[1:]", "[:-1]", "[::-1]", "[0]", "[-1]", "[:]"}) {
        out.replace(site.node, text + slice, kWrap, 0.4);
      }
    }
    if (type == "map" || type.empty()) out.replace(site.node, text + ".items()", kWrap, 0.4);
  }
  const NodeIndex parent = tree.parent(site.node);
  const auto condition = condition_at(tree, parent);
  if (condition == site.node || tree.is(parent, "boolean_operator") ||
      tree.is(parent, "return_statement")) {
    out.replace(site.node, "not " + text, kUnary, 0.1);
  }
}

// Parts of a[from:to:step].
void emit_slices(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (!tree.is(site.node, "slice")) return;
  const std::string text = tree.text_of(site.node);
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos) return;
  const std::string from(text.substr(0, colon));
  const std::string to(text.substr(colon + 1));
  if (from.empty()) out.replace(site.node, "1:" + to, kOffByOne, 0.1);
  if (to.empty()) out.replace(site.node, from + ":-1", kOffByOne, 0.1);
  if (!from.empty()) out.replace(site.node, ":" + to, kOperandDrop);
  if (!to.empty()) out.replace(site.node, from + ":", kOperandDrop);
  if (!from.empty() && to.empty()) out.replace(site.node, ":" + from, kOperandSwap);
  if (from.empty() && !to.empty()) out.replace(site.node, to + ":", kOperandSwap);
}

void emit_branches(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const Node& node = tree[site.node];
  if (node.kind == "elif_clause") {
    out.splice(node.start, node.start + 4, "if", node.line, kBranch, 0, "`elif` should be `if`");
  }
  if (node.kind == "if_statement" && is_statement(tree, site.node)) {
    out.splice(node.start, node.start + 2, "elif", node.line, kBranch, 0, "`if` should be `elif`");
    if (tree.child(site.node, "alternative") == kNoNode) {
      out.splice(node.start, node.start + 2, "while", node.line, kBranch, 0.2,
                 "`if` should be `while`");
    }
  }
  if (node.kind == "while_statement") {
    out.splice(node.start, node.start + 5, "if", node.line, kBranch, 0.5, "`while` should be `if`");
  }
  if (node.kind == "break_statement") out.replace(site.node, "continue", kJump, -0.2);
  if (node.kind == "continue_statement") out.replace(site.node, "break", kJump, -0.2);
}

// def f(items=[]) keeps one list for all calls.
void emit_shared_default(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  if (!tree.is(site.node, "default_parameter") && !tree.is(site.node, "typed_default_parameter")) {
    return;
  }
  const std::string value = tree.text_of(tree.child(site.node, "value"));
  if (value != "[]" && value != "{}" && value != "set()") return;
  const NodeIndex function = function_around(tree, site.node);
  const NodeIndex body = tree.child(function, "body");
  const auto statements = tree.named_children(body);
  if (statements.empty()) return;
  const auto indent = indent_of(tree, statements.front());
  if (!indent) return;
  const std::string name = tree.text_of(tree.child(site.node, "name"));
  const std::string fresh = name + " = " + value + " if " + name + " is None else " + name;
  const Node& default_value = tree[tree.child(site.node, "value")];
  const std::uint32_t first = tree[statements.front()].start;
  const std::string between = tree.text().substr(default_value.end, first - default_value.end);
  out.splice(default_value.start, first, "None" + between + fresh + "\n" + std::string(*indent),
             default_value.line, kConstant, -0.2,
             "the default `" + value + "` of `" + name + "` is shared between calls");
  out.splice(first, first,
             name + " = " +
                 (value == "[]"   ? "list("
                  : value == "{}" ? "dict("
                                  : "set(") +
                 name + ")\n" + std::string(*indent),
             default_value.line, kConstant, 0.2, "`" + name + "` is changed for its owner too");
}

// a = b, where a copy of b was meant.
void emit_copies(const Site& site, Emitter& out) {
  const auto assignment = assignment_at(site.tree, site.node);
  if (!assignment) return;
  const NodeIndex right = assignment->right;
  if (!site.tree.is(right, "identifier") && !site.tree.is(right, "attribute")) return;
  const std::string text = site.tree.text_of(right);
  for (const char* function : {"list(", "dict(", "set("}) {
    out.replace(right, function + text + ")", kWrap, 0.1);
  }
}

}  // namespace

void emit_edits(const Site& site, Emitter& out) {
  if (const auto call = call_at(site.tree, site.node)) emit_ranges(site, *call, out);
  emit_conversions(site, out);
  emit_slices(site, out);
  emit_branches(site, out);
  emit_shared_default(site, out);
  emit_copies(site, out);
}

}  // namespace nightjar::reason::python
