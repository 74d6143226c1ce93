// Edits that add a forgotten update: a variable or field that is counted, reset, linked or
// collected.
#include <algorithm>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

// At one place; likelier ones first.
constexpr std::size_t kVariablesMax = 12;
constexpr std::size_t kUpdatesMax = 160;

struct Update {
  std::string text;
  double extra = 0;
};

class Updates {
 public:
  explicit Updates(const Site& site)
      : site_(site),
        python_(site.tree.language() == Language::python),
        end_(python_ ? "" : ";"),
        near_(names_below(site.tree, site.tree[site.node].parent)) {
    for (Variable& variable : visible_at(site.names, site.tree[site.node].start)) {
      if (variable.global && !is_near(variable.name)) continue;
      if (variables_.size() < kVariablesMax) variables_.push_back(std::move(variable));
    }
  }

  std::vector<Update> all() {
    for (const Variable& variable : variables_) add_variable(variable);
    for (const Variable& variable : variables_) add_members(variable.name, variable.type);
    if (python_) add_members("self", "");
    return std::move(updates_);
  }

 private:
  bool is_near(const std::string& name) const {
    return std::find(near_.begin(), near_.end(), name) != near_.end();
  }

  void add(const std::string& text, double extra) {
    if (updates_.size() < kUpdatesMax) updates_.push_back({text + end_, extra});
  }

  void add_sums(const std::string& place, const std::string& type, double extra) {
    add(python_ ? place + " += 1" : place + "++", extra);
    add(python_ ? place + " -= 1" : place + "--", extra + 0.1);
    add(place + " = 0", extra);
    for (const Variable& other : variables_) {
      if (other.name == place || type_distance(type, other.type) > 2) continue;
      if (shape_of(other.type) != Shape::number && !other.type.empty()) continue;
      const double away = extra + (is_near(other.name) ? 0.2 : 0.5);
      add(place + " += " + other.name, away);
      add(place + " -= " + other.name, away + 0.05);
    }
  }

  void add_copies(const std::string& place, const std::string& type, double extra) {
    for (const Variable& other : variables_) {
      if (other.name == place || type_distance(type, other.type) > 2) continue;
      add(place + " = " + other.name, extra + (is_near(other.name) ? 0.2 : 0.5));
    }
  }

  void add_collected(const std::string& place, double extra) {
    for (const Variable& other : variables_) {
      if (other.name == place || !is_near(other.name)) continue;
      add(place + ".append(" + other.name + ")", extra + 0.2);
      add(place + ".add(" + other.name + ")", extra + 0.4);
    }
  }

  void add_variable(const Variable& variable) {
    const double extra = is_near(variable.name) ? 0.0 : 0.4;
    const Shape shape = shape_of(variable.type);
    if (shape == Shape::number || variable.type.empty())
      add_sums(variable.name, variable.type, extra);
    if (shape == Shape::pointer && variable.type.ends_with("*")) {
      add(variable.name + "++", extra + 0.1);
      add(variable.name + " = NULL", extra + 0.3);
    }
    add_copies(variable.name, variable.type, extra);
    if (python_ && (variable.type == "list" || variable.type.empty())) {
      add_collected(variable.name, extra + (variable.type.empty() ? 0.2 : 0.0));
    }
  }

  // The fields of a struct pointer, the attributes of an object.
  void add_members(const std::string& name, const std::string& type) {
    const double extra = is_near(name) ? 0.1 : 0.4;
    for (const Field& field : site_.names.fields) {
      if (python_ ? field.owner != name : field.owner + "*" != type) continue;
      const std::string place = name + (python_ ? "." : "->") + field.name;
      const Shape shape = shape_of(field.type);
      if (python_ || shape == Shape::number) add_sums(place, field.type, extra);
      if (python_ || !field.type.ends_with("[]")) add_copies(place, field.type, extra);
      if (python_) add_collected(place, extra);
      if (shape == Shape::pointer && field.type == type) {
        add(name + " = " + place, extra);
        add(place + " = NULL", extra + 0.2);
      }
    }
  }

  const Site& site_;
  bool python_;
  std::string end_;
  std::vector<std::string> near_;
  std::vector<Variable> variables_;
  std::vector<Update> updates_;
};

}  // namespace

void emit_update_edits(const Site& site, Emitter& out) {
  const auto indent = indent_of(site.tree, site.node);
  if (!indent || !is_statement(site.tree, site.node)) return;
  if (function_around(site.tree, site.node) == kNoNode && site.tree.language() == Language::c) {
    return;
  }
  const Node& node = site.tree[site.node];
  const std::string shown = snippet(site.tree.text_of(site.node));
  const bool leaves = node.kind == "return_statement" || node.kind == "break_statement" ||
                      node.kind == "continue_statement";
  for (const Update& update : Updates(site).all()) {
    if (!leaves) {
      out.splice(node.end, node.end, "\n" + std::string(*indent) + update.text, node.line,
                 kStatementCopy, update.extra,
                 "`" + update.text + "` is missing behind `" + shown + "`");
    }
    out.splice(node.start, node.start, update.text + "\n" + std::string(*indent), node.line,
               kStatementCopy, update.extra + 0.02,
               "`" + update.text + "` is missing before `" + shown + "`");
  }
}

}  // namespace nightjar::reason
