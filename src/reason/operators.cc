// Edits of operators: comparison, arithmetic, logic, assignment, unary; operands swapped, dropped,
// grouped another way.
#include <array>
#include <map>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

struct Alternative {
  std::string_view op;
  double extra;
};
using Alternatives = std::map<std::string_view, std::vector<Alternative>>;

// A slip stays near: `<` is mistaken for `<=` more often than for `==`.
const Alternatives& comparisons() {
  static const Alternatives kTable = {
      {"<", {{"<=", 0}, {">", 0.1}, {">=", 0.2}, {"!=", 0.3}, {"==", 0.5}}},
      {"<=", {{"<", 0}, {">=", 0.1}, {">", 0.2}, {"==", 0.4}, {"!=", 0.5}}},
      {">", {{">=", 0}, {"<", 0.1}, {"<=", 0.2}, {"!=", 0.3}, {"==", 0.5}}},
      {">=", {{">", 0}, {"<=", 0.1}, {"<", 0.2}, {"==", 0.4}, {"!=", 0.5}}},
      {"==", {{"!=", 0}, {"<=", 0.2}, {">=", 0.2}, {"<", 0.4}, {">", 0.4}}},
      {"!=", {{"==", 0}, {"<", 0.2}, {">", 0.2}, {"<=", 0.4}, {">=", 0.4}}},
      {"is", {{"is not", 0}, {"==", 0.1}}},
      {"is not", {{"is", 0}, {"!=", 0.1}}},
      {"in", {{"not in", 0}, {"==", 0.4}}},
      {"not in", {{"in", 0}, {"!=", 0.4}}},
  };
  return kTable;
}

const Alternatives& arithmetic_of(Language language) {
  static const Alternatives kC = {
      {"+", {{"-", 0}, {"*", 0.2}, {"/", 0.5}, {"%", 0.5}, {"|", 0.6}}},
      {"-", {{"+", 0}, {"*", 0.4}, {"/", 0.4}, {"%", 0.5}}},
      {"*", {{"+", 0.1}, {"/", 0}, {"-", 0.3}, {"%", 0.5}}},
      {"/", {{"%", 0}, {"*", 0}, {"-", 0.4}, {"+", 0.5}, {">>", 0.7}}},
      {"%", {{"/", 0}, {"*", 0.4}, {"-", 0.5}, {"+", 0.5}, {"&", 0.6}}},
      {"<<", {{">>", 0}, {"*", 0.5}}},
      {">>", {{"<<", 0}, {"/", 0.5}}},
      {"&", {{"|", 0}, {"^", 0.2}, {"&&", 0.3}, {"%", 0.6}}},
      {"|", {{"&", 0}, {"^", 0.2}, {"||", 0.3}, {"+", 0.6}}},
      {"^", {{"|", 0}, {"&", 0.1}}},
  };
  static const Alternatives kPython = {
      {"+", {{"-", 0}, {"*", 0.2}, {"//", 0.5}, {"/", 0.5}, {"%", 0.5}}},
      {"-", {{"+", 0}, {"*", 0.4}, {"//", 0.5}, {"/", 0.5}, {"%", 0.5}}},
      {"*", {{"+", 0.1}, {"/", 0.1}, {"//", 0.1}, {"**", 0.1}, {"-", 0.3}, {"%", 0.5}}},
      {"/", {{"//", -0.1}, {"*", 0}, {"%", 0.2}, {"-", 0.4}, {"+", 0.5}}},
      {"//", {{"/", -0.1}, {"%", 0}, {"*", 0.2}, {"-", 0.4}, {"+", 0.5}}},
      {"%", {{"//", 0}, {"/", 0.2}, {"*", 0.4}, {"-", 0.5}, {"+", 0.5}}},
      {"**", {{"*", 0}, {"+", 0.5}}},
      {"<<", {{">>", 0}}},
      {">>", {{"<<", 0}}},
      {"&", {{"|", 0}, {"^", 0.2}, {"and", 0.3}, {"-", 0.3}}},
      {"|", {{"&", 0}, {"^", 0.2}, {"or", 0.3}}},
      {"^", {{"|", 0}, {"&", 0.1}, {"**", 0.1}}},
  };
  return language == Language::c ? kC : kPython;
}

std::string_view logic_twin(std::string_view op) {
  static const std::map<std::string_view, std::string_view> kTwins = {
      {"&&", "||"}, {"||", "&&"}, {"and", "or"}, {"or", "and"}};
  const auto found = kTwins.find(op);
  return found == kTwins.end() ? std::string_view{} : found->second;
}

std::string bracketed(const SyntaxTree& tree, NodeIndex operand) {
  const std::string text = tree.text_of(operand);
  return binary_at(tree, operand) ? "(" + text + ")" : text;
}

void emit_alternatives(const Site& site, const Alternatives& table, NodeIndex op,
                       const EditKind& kind, Emitter& out) {
  const auto found = table.find(site.tree.text_of(op));
  if (found == table.end()) return;
  for (const Alternative& alternative : found->second) {
    out.replace(op, std::string(alternative.op), kind, alternative.extra);
  }
}

void emit_operands(const Site& site, const Binary& binary, std::string_view op, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string left = tree.text_of(binary.left);
  const std::string right = tree.text_of(binary.right);
  const bool order_matters = op == "-" || op == "/" || op == "//" || op == "%" || op == "**" ||
                             op == "<<" || op == ">>" || op == "in" || op == "and" || op == "or" ||
                             op == "&&" || op == "||" || op == "+";
  if (order_matters) {
    const double extra = op == "+" || is_logic(op) ? 0.4 : 0.0;
    const std::string swapped =
        bracketed(tree, binary.right) + " " + std::string(op) + " " + bracketed(tree, binary.left);
    out.replace(site.node, swapped, kOperandSwap, extra);
  }
  if (is_comparison(op)) return;
  const double extra = is_logic(op) ? -0.1 : 0.1;
  out.replace(site.node, left, kOperandDrop, extra);
  out.replace(site.node, right, kOperandDrop, extra + 0.1);
}

// a + b / c  →  (a + b) / c, and the like.
void emit_groupings(const Site& site, const Binary& binary, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string op = " " + tree.text_of(binary.op) + " ";
  const auto inner_of = [&](NodeIndex operand) {
    if (tree.is(operand, "parenthesized_expression")) {
      const auto inside = tree.named_children(operand);
      if (inside.size() == 1) operand = inside.front();
    }
    return binary_at(tree, operand);
  };
  const std::string left = tree.text_of(binary.left);
  const std::string right = tree.text_of(binary.right);
  if (const auto inner = inner_of(binary.right); inner && !is_comparison(tree.text_of(inner->op))) {
    const std::string inner_op = " " + tree.text_of(inner->op) + " ";
    const std::string first = tree.text_of(inner->left);
    out.replace(site.node, "(" + left + op + first + ")" + inner_op + tree.text_of(inner->right),
                kGrouping);
  }
  if (const auto inner = inner_of(binary.left); inner && !is_comparison(tree.text_of(inner->op))) {
    const std::string inner_op = " " + tree.text_of(inner->op) + " ";
    out.replace(
        site.node,
        tree.text_of(inner->left) + inner_op + "(" + tree.text_of(inner->right) + op + right + ")",
        kGrouping);
  }
}

void emit_binary(const Site& site, const Binary& binary, Emitter& out) {
  const std::string op = site.tree.text_of(binary.op);
  const auto twin = logic_twin(op);
  if (!twin.empty()) out.replace(binary.op, std::string(twin), kLogic);
  if (is_comparison(op)) emit_alternatives(site, comparisons(), binary.op, kComparison, out);
  emit_alternatives(site, arithmetic_of(site.tree.language()), binary.op, kArithmetic, out);
  emit_operands(site, binary, op, out);
  if (!is_comparison(op)) emit_groupings(site, binary, out);
}

// A chained comparison: a < b < c.
void emit_chain(const Site& site, Emitter& out) {
  for (const NodeIndex child : site.tree[site.node].children) {
    if (site.tree[child].field == "operators") {
      emit_alternatives(site, comparisons(), child, kComparison, out);
    }
  }
}

void emit_assignment(const Site& site, const Assignment& assignment, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string op = tree.text_of(assignment.op);
  static const std::array<std::string_view, 8> kOperators = {
      "=", "+=", "-=", "*=", "/=", "%=", "|=", "&="};
  for (const std::string_view other : kOperators) {
    const bool signs = (op == "+=" && other == "-=") || (op == "-=" && other == "+=");
    const bool sums = other == "+=" || other == "-=" || op == "+=" || op == "-=";
    const bool plain = op == "=" || other == "=";
    const double extra = signs ? 0.0 : plain && sums ? (op == "=" ? 0.3 : 0.1) : 0.7;
    if (other != op) out.replace(assignment.op, std::string(other), kAssignment, extra);
  }
  if (op == "=" && tree.language() == Language::c &&
      !tree.is(tree.parent(site.node), "expression_statement")) {
    out.replace(assignment.op, "==", kAssignment, -0.3);
  }
  if (tree.language() == Language::python && op == "/=")
    out.replace(assignment.op, "//=", kAssignment);
}

void emit_unary(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string_view kind = tree[site.node].kind;
  if (kind == "unary_expression" || kind == "unary_operator" || kind == "not_operator") {
    out.replace(site.node, tree.text_of(tree.child(site.node, "argument")), kUnary);
  }
  if (kind == "update_expression") {
    std::string text = tree.text_of(site.node);
    const bool up = text.find("++") != std::string::npos;
    const std::size_t at = text.find(up ? "++" : "--");
    if (at == std::string::npos) return;
    text.replace(at, 2, up ? "--" : "++");
    out.replace(site.node, text, kAssignment);
    const NodeIndex parent = tree.parent(site.node);
    if (tree.is(parent, "expression_statement") || tree.is(parent, "for_statement")) return;
    const std::string name = tree.text_of(tree.child(site.node, "argument"));
    const std::string op = up ? "++" : "--";
    out.replace(site.node, at == 0 ? name + op : op + name, kAssignment, 0.1);
    out.replace(site.node, name, kUnary);
  }
}

}  // namespace

void emit_operator_edits(const Site& site, Emitter& out) {
  if (const auto binary = binary_at(site.tree, site.node)) {
    emit_binary(site, *binary, out);
  } else if (site.tree.is(site.node, "comparison_operator")) {
    emit_chain(site, out);
  }
  if (const auto assignment = assignment_at(site.tree, site.node)) {
    emit_assignment(site, *assignment, out);
  }
  emit_unary(site, out);
}

}  // namespace nightjar::reason
