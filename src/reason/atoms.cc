#include "reason/atoms.h"

#include <algorithm>
#include <set>

#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

constexpr std::size_t kVariablesMax = 10;
constexpr std::size_t kConditionsMax = 24;

void add(std::vector<Atom>& atoms, std::string text, double extra) {
  const bool known =
      std::any_of(atoms.begin(), atoms.end(), [&](const Atom& atom) { return atom.text == text; });
  if (!known) atoms.push_back({std::move(text), extra});
}

struct Weighted {
  const Variable* variable;
  double extra;
};

// Variables named in the node come first; the rest follow by nearness.
std::vector<Weighted> weighted_variables(const std::vector<Variable>& visible,
                                         const std::vector<std::string>& named) {
  std::vector<Weighted> out;
  for (const std::string& name : named) {
    const auto found = std::find_if(visible.begin(), visible.end(), [&](const Variable& variable) {
      return variable.name == name;
    });
    if (found != visible.end() && out.size() < kVariablesMax) out.push_back({&*found, 0});
  }
  for (const Variable& variable : visible) {
    if (out.size() >= kVariablesMax) break;
    const bool taken = std::any_of(out.begin(), out.end(), [&](const Weighted& weighted) {
      return weighted.variable->name == variable.name;
    });
    if (!taken && !variable.global) out.push_back({&variable, 0.35});
  }
  return out;
}

// Elements and fields that the node reads: `a[i]`, `p->next`, `self.items`.
std::vector<std::string> places_below(const SyntaxTree& tree, NodeIndex node) {
  static const std::set<std::string_view> kPlaces = {"subscript_expression", "field_expression",
                                                     "subscript", "attribute"};
  std::vector<std::string> out;
  for (NodeIndex at = node; at <= tree[node].last && out.size() < 6; ++at) {
    if (!kPlaces.contains(tree[at].kind) || tree[at].field == "function") continue;
    std::string text = tree.text_of(at);
    if (text.size() > 40 || text.find('\n') != std::string::npos) continue;
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

void add_pairs(std::vector<Atom>& atoms, const std::vector<Weighted>& variables) {
  for (const Weighted& left : variables) {
    for (const Weighted& right : variables) {
      if (left.variable->name >= right.variable->name) continue;
      const int distance = type_distance(left.variable->type, right.variable->type);
      if (distance == 3 || shape_of(left.variable->type) == Shape::pointer) continue;
      const double extra = 0.3 + left.extra + right.extra + 0.1 * distance;
      for (const char* op : {" < ", " > ", " == ", " != ", " <= ", " >= "}) {
        add(atoms, left.variable->name + op + right.variable->name, extra);
      }
    }
  }
}

void add_constants(std::vector<Atom>& atoms, const SyntaxTree& tree, const Names& names,
                   const std::vector<Weighted>& variables) {
  for (const Weighted& one : variables) {
    if (one.extra > 0) continue;
    const bool text = one.variable->type == "text" || one.variable->type == "char";
    const auto& constants =
        text ? (tree.language() == Language::c ? names.characters : names.strings) : names.numbers;
    std::size_t count = 0;
    for (const std::string& constant : constants) {
      if (shape_of(one.variable->type) == Shape::pointer || ++count > 6) break;
      add(atoms, one.variable->name + " == " + constant, 0.5);
      add(atoms, one.variable->name + " != " + constant, 0.55);
      if (text) continue;
      for (const char* op : {" < ", " > ", " <= ", " >= "}) {
        add(atoms, one.variable->name + op + constant, 0.6);
      }
    }
  }
}

void add_other_conditions(std::vector<Atom>& atoms, const SyntaxTree& tree, NodeIndex node) {
  const NodeIndex function = function_around(tree, node);
  const NodeIndex first = function == kNoNode ? 0 : function;
  std::size_t count = 0;
  for (NodeIndex at = first; at <= tree[first].last && count < kConditionsMax; ++at) {
    const auto binary = binary_at(tree, at);
    if (!binary || !is_comparison(tree.text_of(binary->op))) continue;
    const std::string text = tree.text_of(at);
    if (text.size() > 60 || text.find('\n') != std::string::npos) continue;
    add(atoms, text, 0.4);
    ++count;
  }
}

}  // namespace

std::vector<Atom> emptiness_atoms(Language language, const std::string& expression,
                                  const std::string& type) {
  const Shape shape = shape_of(type);
  if (language == Language::python) {
    if (type == "number") {
      return {{expression + " == 0", 0},
              {expression + " < 0", 0.05},
              {expression + " <= 0", 0.05},
              {expression + " > 0", 0.2},
              {expression + " >= 0", 0.2}};
    }
    std::vector<Atom> atoms = {{"not " + expression, 0},
                               {expression + " is None", 0.05},
                               {expression, 0.1},
                               {expression + " is not None", 0.15}};
    if (type.empty()) {
      atoms.push_back({expression + " == 0", 0.2});
      atoms.push_back({expression + " < 0", 0.2});
      atoms.push_back({expression + " <= 0", 0.25});
      atoms.push_back({expression + " > 0", 0.3});
      atoms.push_back({expression + " >= 0", 0.3});
    }
    return atoms;
  }
  if (shape == Shape::pointer) {
    std::vector<Atom> atoms = {{expression + " == NULL", 0}, {expression + " != NULL", 0.1}};
    if (type.starts_with("char")) {
      atoms.push_back({"*" + expression + " == '\\0'", 0.15});
      atoms.push_back({"*" + expression + " != '\\0'", 0.2});
    }
    return atoms;
  }
  if (shape == Shape::number) {
    return {{expression + " == 0", 0},    {expression + " < 0", 0.05}, {expression + " <= 0", 0.05},
            {expression + " != 0", 0.1},  {expression + " > 0", 0.1},  {expression + " >= 0", 0.15},
            {expression + " == 1", 0.25}, {expression + " <= 1", 0.25}};
  }
  return {{expression + " == 0", 0.3}, {"!" + expression, 0.3}};
}

std::vector<Atom> guard_atoms(const SyntaxTree& tree, const Names& names, NodeIndex node) {
  const std::vector<Variable> visible = visible_at(names, tree[node].start);
  std::vector<Atom> atoms;
  for (const Weighted& one : weighted_variables(visible, names_below(tree, node))) {
    for (Atom& atom : emptiness_atoms(tree.language(), one.variable->name, one.variable->type)) {
      add(atoms, std::move(atom.text), atom.extra + one.extra);
    }
  }
  for (const std::string& place : places_below(tree, node)) {
    const bool python = tree.language() == Language::python;
    add(atoms, (python ? "not " : "!") + place, 0.3);
    add(atoms, place + (python ? " is None" : " == 0"), 0.35);
  }
  return atoms;
}

std::vector<Atom> condition_atoms(const SyntaxTree& tree, const Names& names, NodeIndex node) {
  const std::vector<Variable> visible = visible_at(names, tree[node].start);
  std::vector<Atom> atoms = guard_atoms(tree, names, node);
  const auto variables = weighted_variables(visible, names_below(tree, node));
  add_pairs(atoms, variables);
  add_constants(atoms, tree, names, variables);
  add_other_conditions(atoms, tree, node);
  for (const std::string& place : places_below(tree, node)) {
    const bool python = tree.language() == Language::python;
    add(atoms, place, 0.4);
    if (!python) add(atoms, place + " != 0", 0.4);
    if (!python) add(atoms, place + " != '\\n'", 0.7);
  }
  return atoms;
}

}  // namespace nightjar::reason
