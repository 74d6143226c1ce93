// Edits that add a statement: a guard, a jump, a final return, an assignment, a copy of a statement
// that stands elsewhere in the function.
#include <algorithm>

#include "reason/atoms.h"
#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

constexpr std::size_t kDonorsMax = 30;
constexpr std::size_t kDonorBytesMax = 100;

struct Place {
  std::string indent;
  std::string step;  // one level more
  bool python = false;
};

std::optional<Place> place_of(const Site& site) {
  const auto indent = indent_of(site.tree, site.node);
  if (!indent || !is_statement(site.tree, site.node)) return std::nullopt;
  const bool tabs = !indent->empty() && indent->front() == '\t';
  const bool python = site.tree.language() == Language::python;
  return Place{std::string(*indent), tabs ? "\t" : std::string(python ? 4 : 2, ' '), python};
}

std::string because_missing(const std::string& text, const Site& site, std::string_view where) {
  return "`" + snippet(text) + "` is missing " + std::string(where) + " `" +
         snippet(site.tree.text_of(site.node)) + "`";
}

void insert_before(const Site& site, const Place& place, const std::string& text,
                   const EditKind& kind, double extra, Emitter& out) {
  const Node& node = site.tree[site.node];
  out.splice(node.start, node.start, text + "\n" + place.indent, node.line, kind, extra,
             because_missing(text, site, "before"));
}

void insert_after(const Site& site, const Place& place, const std::string& text,
                  const EditKind& kind, double extra, Emitter& out) {
  const Node& node = site.tree[site.node];
  out.splice(node.end, node.end, "\n" + place.indent + text, node.line, kind, extra,
             because_missing(text, site, "behind"));
}

std::string if_text(const Place& place, const std::string& atom, const std::string& action) {
  if (place.python) return "if " + atom + ":\n" + place.indent + place.step + action;
  return "if (" + atom + ") " + action;
}

struct Exit {
  std::string text;
  double extra;
};

// What a guard may do here: leave the loop's turn, the loop or the function, as it does elsewhere.
std::vector<Exit> exits_at(const Site& site) {
  const SyntaxTree& tree = site.tree;
  const std::string end = tree.language() == Language::c ? ";" : "";
  std::vector<Exit> exits;
  const auto add = [&](std::string text, double extra) {
    const bool known =
        std::any_of(exits.begin(), exits.end(), [&](const Exit& one) { return one.text == text; });
    if (!known && exits.size() < 8) exits.push_back({std::move(text), extra});
  };
  if (loop_around(tree, site.node) != kNoNode) {
    add("continue" + end, 0);
    add("break" + end, 0.1);
  }
  const NodeIndex function = function_around(tree, site.node);
  if (function == kNoNode) return exits;
  bool value = false;
  for (NodeIndex at = function; at <= tree[function].last; ++at) {
    if (!tree.is(at, "return_statement")) continue;
    const auto inner = tree.named_children(at);
    if (inner.empty()) continue;
    value = true;
    const bool literal = inner.front() == tree[inner.front()].last;
    if (tree[inner.front()].end - tree[inner.front()].start < 40) {
      add(tree.text_of(at), literal ? 0.05 : 0.3);
    }
  }
  if (!value) return add("return" + end, 0), exits;
  const bool python = tree.language() == Language::python;
  const std::vector<std::string> values =
      python ? std::vector<std::string>{"None", "0", "[]", "False", "\"\"", "True", "1"}
             : std::vector<std::string>{"0", "-1", "NULL", "1"};
  for (const std::string& one : values) add("return " + one + end, 0.1);
  return exits;
}

void emit_guards(const Site& site, const Place& place, Emitter& out) {
  const std::vector<Exit> exits = exits_at(site);
  const bool wrappable = site.tree[site.node].kind != "declaration" &&
                         site.tree[site.node].end_line == site.tree[site.node].line;
  for (const Atom& atom : guard_atoms(site.tree, site.names, site.node)) {
    if (atom.extra > 0.5) continue;
    for (const Exit& exit : exits) {
      insert_before(site, place, if_text(place, atom.text, exit.text), kGuard,
                    atom.extra + exit.extra, out);
    }
    if (!wrappable) continue;
    const std::string text = site.tree.text_of(site.node);
    const Node& node = site.tree[site.node];
    out.splice(node.start, node.end, if_text(place, atom.text, text), node.line, kGuard,
               atom.extra + 0.3,
               "`" + snippet(text) + "` should only be done if `" + atom.text + "`");
  }
}

void emit_jumps(const Site& site, const Place& place, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string end = place.python ? "" : ";";
  const bool in_loop = loop_around(tree, site.node) != kNoNode;
  const bool in_case = tree.is(tree.parent(site.node), "case_statement");
  // What follows a jump in its block would never be reached.
  const auto siblings = tree.named_children(tree[site.node].parent);
  if (siblings.empty() || siblings.back() != site.node) return;
  if (in_loop || in_case) {
    insert_after(site, place, "break" + end, kJump, in_case ? -0.4 : 0.0, out);
  }
  if (in_loop) insert_after(site, place, "continue" + end, kJump, 0.1, out);
}

// The last statement of a function is followed by a `return`.
void emit_final_return(const Site& site, const Place& place, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const NodeIndex block = tree[site.node].parent;
  if (tree[site.node].kind == "return_statement") return;
  const auto siblings = tree.named_children(block);
  if (siblings.empty() || siblings.back() != site.node) return;
  const bool at_end = tree.is(tree.parent(block), "function_definition");
  if (function_around(tree, site.node) == kNoNode) return;
  const std::string end = place.python ? "" : ";";
  std::vector<std::string> values = {"0", "1", "-1"};
  if (place.python) values = {"True", "False", "0", "None"};
  for (const Variable& variable : visible_at(site.names, tree[site.node].end)) {
    if (!variable.global) values.insert(values.begin(), variable.name);
  }
  for (const std::string& value : values) {
    insert_after(site, place, "return " + value + end, kReturn, at_end ? 0.0 : 0.5, out);
  }
}

std::vector<std::string> donors_for(const Site& site) {
  static const std::vector<std::string_view> kKinds = {"expression_statement", "return_statement"};
  const SyntaxTree& tree = site.tree;
  const NodeIndex function = function_around(tree, site.node);
  const NodeIndex top = function == kNoNode ? 0 : function;
  std::vector<std::string> donors;
  for (NodeIndex at = top; at <= tree[top].last && donors.size() < kDonorsMax; ++at) {
    if (std::find(kKinds.begin(), kKinds.end(), tree[at].kind) == kKinds.end()) continue;
    std::string text = tree.text_of(at);
    if (text.size() > kDonorBytesMax || text.find('\n') != std::string::npos) continue;
    if (at == site.node || std::find(donors.begin(), donors.end(), text) != donors.end()) continue;
    donors.push_back(std::move(text));
  }
  return donors;
}

void emit_copies(const Site& site, const Place& place, Emitter& out) {
  for (const std::string& donor : donors_for(site)) {
    insert_before(site, place, donor, kStatementCopy, 0.1, out);
    insert_after(site, place, donor, kStatementCopy, 0.1, out);
  }
}

}  // namespace

void emit_insertion_edits(const Site& site, Emitter& out) {
  const auto place = place_of(site);
  if (!place) return;
  emit_guards(site, *place, out);
  emit_jumps(site, *place, out);
  emit_final_return(site, *place, out);
  emit_copies(site, *place, out);
}

}  // namespace nightjar::reason
