// Edits of whole conditions: negated, with one more test, or replaced.
#include "reason/atoms.h"
#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

std::string negated(const Site& site, NodeIndex condition) {
  const SyntaxTree& tree = site.tree;
  const bool python = tree.language() == Language::python;
  const std::string text = tree.text_of(condition);
  const bool loose =
      binary_at(tree, condition).has_value() || tree.is(condition, "comparison_operator") ||
      tree.is(condition, "assignment_expression") || tree.is(condition, "conditional_expression");
  const std::string inner = loose ? "(" + text + ")" : text;
  return (python ? "not " : "!") + inner;
}

// `text` as an operand of `op`: in brackets where it would fall apart.
std::string as_operand(const SyntaxTree& tree, NodeIndex condition, bool tight) {
  const std::string text = tree.text_of(condition);
  const auto binary = binary_at(tree, condition);
  const bool logic = binary && is_logic(tree.text_of(binary->op));
  const bool loose = logic || tree.is(condition, "assignment_expression") ||
                     tree.is(condition, "conditional_expression") || tree.is(condition, "lambda") ||
                     tree.is(condition, "named_expression");
  return loose && tight ? "(" + text + ")" : text;
}

void emit_atoms(const Site& site, NodeIndex condition, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const bool python = tree.language() == Language::python;
  const std::string both = python ? " and " : " && ";
  const std::string either = python ? " or " : " || ";
  const std::string old = as_operand(tree, condition, true);
  const double loop = is_loop(tree, site.node) ? 0.0 : 0.1;
  for (const Atom& atom : condition_atoms(tree, site.names, condition)) {
    if (atom.text == tree.text_of(condition)) continue;
    // First the new test: it often protects the old one.
    out.replace(condition, atom.text + both + old, kCondition, atom.extra + loop);
    out.replace(condition, old + both + atom.text, kCondition, atom.extra + loop);
    out.replace(condition, old + either + atom.text, kCondition, atom.extra + 0.05);
    out.replace(condition, atom.text + either + old, kCondition, atom.extra + 0.1);
    out.replace(condition, atom.text, kCondition, atom.extra + 0.3);
  }
}

}  // namespace

void emit_condition_edits(const Site& site, Emitter& out) {
  const NodeIndex condition = condition_at(site.tree, site.node);
  if (condition == kNoNode) return;
  // Of a comparison the operator edits make the negation, of `!x` the unary ones.
  const auto binary = binary_at(site.tree, condition);
  const bool comparison = binary && is_comparison(site.tree.text_of(binary->op));
  const bool negative =
      site.tree.text_of(condition).starts_with("!") || site.tree.is(condition, "not_operator");
  if (!comparison && !negative) out.replace(condition, negated(site, condition), kNegation);
  const bool python = site.tree.language() == Language::python;
  if (has_statement_condition(site.tree, site.node)) {
    out.replace(condition, python ? "True" : "1", kCondition, 0.4);
    out.replace(condition, python ? "False" : "0", kCondition, 0.4);
  }
  emit_atoms(site, condition, out);
}

}  // namespace nightjar::reason
