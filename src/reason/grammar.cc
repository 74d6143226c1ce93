#include "reason/grammar.h"

#include <algorithm>
#include <set>
#include <string>

namespace nightjar::reason {
namespace {

using Words = std::set<std::string_view>;

bool kind_in(const SyntaxTree& tree, NodeIndex node, const Words& words) {
  return node != kNoNode && words.contains(tree[node].kind);
}

NodeIndex unparenthesised(const SyntaxTree& tree, NodeIndex node) {
  if (!tree.is(node, "parenthesized_expression") || tree.language() != Language::c) return node;
  const auto inner = tree.named_children(node);
  return inner.size() == 1 ? inner.front() : node;
}

}  // namespace

std::optional<Binary> binary_at(const SyntaxTree& tree, NodeIndex node) {
  static const Words kBinary = {"binary_expression", "binary_operator", "boolean_operator"};
  if (kind_in(tree, node, kBinary)) {
    return Binary{tree.child(node, "left"), tree.child(node, "operator"),
                  tree.child(node, "right")};
  }
  if (!tree.is(node, "comparison_operator")) return std::nullopt;
  const auto operands = tree.named_children(node);
  if (operands.size() != 2) return std::nullopt;
  return Binary{operands[0], tree.child(node, "operators"), operands[1]};
}

std::optional<Assignment> assignment_at(const SyntaxTree& tree, NodeIndex node) {
  if (tree.is(node, "assignment_expression") || tree.is(node, "augmented_assignment")) {
    return Assignment{tree.child(node, "left"), tree.child(node, "operator"),
                      tree.child(node, "right")};
  }
  if (!tree.is(node, "assignment") || tree.child(node, "right") == kNoNode) return std::nullopt;
  for (const NodeIndex child : tree[node].children) {
    if (tree[child].kind == "=") {
      return Assignment{tree.child(node, "left"), child, tree.child(node, "right")};
    }
  }
  return std::nullopt;
}

std::optional<Call> call_at(const SyntaxTree& tree, NodeIndex node) {
  if (!tree.is(node, "call_expression") && !tree.is(node, "call")) return std::nullopt;
  const NodeIndex list = tree.child(node, "arguments");
  if (!tree.is(list, "argument_list")) return std::nullopt;
  return Call{tree.child(node, "function"), list, tree.named_children(list)};
}

bool is_comparison(std::string_view op) {
  static const Words kOperators = {
      "<", "<=", ">", ">=", "==", "!=", "is", "is not", "in", "not in"};
  return kOperators.contains(op);
}

bool is_logic(std::string_view op) { return op == "&&" || op == "||" || op == "and" || op == "or"; }

bool is_arithmetic(std::string_view op) {
  static const Words kOperators = {"+", "-", "*", "/", "%", "//", "**"};
  return kOperators.contains(op);
}

NodeIndex condition_at(const SyntaxTree& tree, NodeIndex node) {
  static const Words kOwners = {"if_statement", "while_statement",        "do_statement",
                                "elif_clause",  "conditional_expression", "for_statement"};
  if (tree.is(node, "if_clause")) {
    const auto inner = tree.named_children(node);
    return inner.empty() ? kNoNode : inner.front();
  }
  if (!kind_in(tree, node, kOwners)) return kNoNode;
  if (tree.is(node, "conditional_expression") && tree.language() == Language::python) {
    const auto parts = tree.named_children(node);  // value if condition else value
    return parts.size() == 3 ? parts[1] : kNoNode;
  }
  return unparenthesised(tree, tree.child(node, "condition"));
}

bool has_statement_condition(const SyntaxTree& tree, NodeIndex node) {
  return !tree.is(node, "conditional_expression") && !tree.is(node, "if_clause");
}

bool is_block(const SyntaxTree& tree, NodeIndex node) {
  static const Words kBlocks = {"compound_statement", "block", "case_statement", "module"};
  return kind_in(tree, node, kBlocks);
}

bool is_statement(const SyntaxTree& tree, NodeIndex node) {
  static const Words kNone = {
      "function_definition",     "class_definition",  "decorated_definition",
      "import_statement",        "comment",           "import_from_statement",
      "future_import_statement", "case_statement",    "type_definition",
      "global_statement",        "nonlocal_statement"};
  if (node == kNoNode || !tree[node].named || !is_block(tree, tree[node].parent)) return false;
  if (kNone.contains(tree[node].kind) || tree[node].field == "value") return false;
  return true;
}

bool is_loop(const SyntaxTree& tree, NodeIndex node) {
  static const Words kLoops = {"for_statement", "while_statement", "do_statement"};
  return kind_in(tree, node, kLoops);
}

NodeIndex body_of(const SyntaxTree& tree, NodeIndex node) {
  NodeIndex body = tree.child(node, "body");
  if (body == kNoNode) body = tree.child(node, "consequence");
  return is_block(tree, body) ? body : kNoNode;
}

NodeIndex function_around(const SyntaxTree& tree, NodeIndex node) {
  return tree.ancestor(node, {"function_definition"});
}

NodeIndex loop_around(const SyntaxTree& tree, NodeIndex node) {
  const NodeIndex at = tree.ancestor(
      node, {"for_statement", "while_statement", "do_statement", "function_definition", "lambda"});
  return is_loop(tree, at) ? at : kNoNode;
}

bool is_read_variable(const SyntaxTree& tree, NodeIndex node) {
  if (!tree.is(node, "identifier")) return false;
  static const Words kNoValues = {"parameter_declaration",
                                  "pointer_declarator",
                                  "array_declarator",
                                  "function_declarator",
                                  "declaration",
                                  "parameters",
                                  "default_parameter",
                                  "typed_parameter",
                                  "typed_default_parameter",
                                  "function_definition",
                                  "class_definition",
                                  "dotted_name",
                                  "import_from_statement",
                                  "pattern_list",
                                  "as_pattern_target",
                                  "type",
                                  "lambda_parameters",
                                  "list_splat_pattern",
                                  "dictionary_splat_pattern",
                                  "aliased_import",
                                  "tuple_pattern",
                                  "global_statement",
                                  "preproc_def",
                                  "enumerator",
                                  "decorator",
                                  "goto_statement",
                                  "labeled_statement",
                                  "macro_type_specifier",
                                  "preproc_ifdef",
                                  "preproc_function_def",
                                  "except_clause",
                                  "nonlocal_statement"};
  const NodeIndex parent = tree.parent(node);
  const std::string_view field = tree[node].field;
  if (parent == kNoNode || kind_in(tree, parent, kNoValues)) return false;
  if (field == "declarator" || field == "function" || field == "attribute") return false;
  if (tree.is(parent, "keyword_argument") && field == "name") return false;
  if (field == "left" &&
      (tree.is(parent, "assignment") || tree.is(parent, "assignment_expression") ||
       tree.is(parent, "for_statement") || tree.is(parent, "for_in_clause"))) {
    return false;
  }
  const std::string text = tree.text_of(node);
  return text != "self" && text != "cls" && text != "__name__";
}

bool is_assigned_variable(const SyntaxTree& tree, NodeIndex node) {
  if (!tree.is(node, "identifier") || tree[node].field != "left") return false;
  return assignment_at(tree, tree.parent(node)).has_value();
}

bool is_number_place(const SyntaxTree& tree, NodeIndex node) {
  static const Words kParents = {"binary_expression",
                                 "binary_operator",
                                 "comparison_operator",
                                 "argument_list",
                                 "return_statement",
                                 "subscript_expression",
                                 "subscript",
                                 "slice",
                                 "init_declarator",
                                 "assignment",
                                 "assignment_expression",
                                 "augmented_assignment",
                                 "conditional_expression",
                                 "parenthesized_expression"};
  static const Words kNumbers = {"identifier",
                                 "call",
                                 "call_expression",
                                 "binary_expression",
                                 "subscript",
                                 "binary_operator",
                                 "field_expression",
                                 "attribute",
                                 "subscript_expression",
                                 "parenthesized_expression"};
  if (!kind_in(tree, node, kNumbers)) return false;
  const NodeIndex parent = tree.parent(node);
  if (!kind_in(tree, parent, kParents)) return false;
  const std::string_view field = tree[node].field;
  if (field == "function" || field == "declarator" || field == "value" || field == "argument") {
    return tree.is(parent, "init_declarator") && field == "value";
  }
  const bool target = field == "left" && assignment_at(tree, parent).has_value();
  if (target) return false;
  if (const auto binary = binary_at(tree, node)) {
    const std::string op = tree.text_of(binary->op);
    if (!is_arithmetic(op)) return false;
  }
  if (const auto binary = binary_at(tree, parent); binary && is_logic(tree.text_of(binary->op))) {
    return false;
  }
  return true;
}

std::optional<std::string_view> indent_of(const SyntaxTree& tree, NodeIndex node) {
  const std::string_view text = tree.text();
  const std::uint32_t start = tree[node].start;
  std::size_t line_start = start == 0 ? std::string_view::npos : text.rfind('\n', start - 1);
  line_start = line_start == std::string_view::npos ? 0 : line_start + 1;
  const std::string_view before = text.substr(line_start, start - line_start);
  if (before.find_first_not_of(" \t") != std::string_view::npos) return std::nullopt;
  return before;
}

std::vector<std::string> names_below(const SyntaxTree& tree, NodeIndex node) {
  std::vector<std::string> out;
  for (NodeIndex at = node; at <= tree[node].last; ++at) {
    if (!tree.is(at, "identifier")) continue;
    std::string name = tree.text_of(at);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace nightjar::reason
