#include <algorithm>

#include "reason/names.h"

namespace nightjar::reason::c {
namespace {

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

// A declarator without its stars, brackets and initial value: the name, and what it adds to the
// type.
struct Declared {
  NodeIndex name = kNoNode;
  std::string suffix;
  NodeIndex function = kNoNode;  // the function_declarator, if it is one
};

Declared unwrap(const SyntaxTree& tree, NodeIndex declarator) {
  Declared out;
  NodeIndex at = declarator;
  while (at != kNoNode) {
    const std::string_view kind = tree[at].kind;
    if (kind == "identifier" || kind == "field_identifier" || kind == "type_identifier") {
      out.name = at;
      return out;
    }
    if (kind == "pointer_declarator") out.suffix += "*";
    if (kind == "array_declarator") out.suffix += "[]";
    if (kind == "function_declarator") out.function = at;
    if (kind == "parenthesized_declarator") {
      const auto inner = tree.named_children(at);
      at = inner.empty() ? kNoNode : inner.front();
      continue;
    }
    at = tree.child(at, "declarator");
  }
  return out;
}

std::string base_type(const SyntaxTree& tree, NodeIndex declaration) {
  const NodeIndex type = tree.child(declaration, "type");
  if (type == kNoNode) return {};
  const std::string_view kind = tree[type].kind;
  if (kind == "struct_specifier" || kind == "union_specifier" || kind == "enum_specifier") {
    const NodeIndex name = tree.child(type, "name");
    if (kind == "enum_specifier") return "int";
    return name == kNoNode ? "struct" : "struct " + tree.text_of(name);
  }
  return tree.text_of(type);
}

class Reader {
 public:
  explicit Reader(const SyntaxTree& tree) : tree_(tree) {}

  Names read() {
    for (NodeIndex at = 0; at < tree_.size(); ++at) read_node(at);
    return std::move(names_);
  }

 private:
  void read_node(NodeIndex at) {
    const std::string_view kind = tree_[at].kind;
    if (kind == "number_literal") add_once(names_.numbers, tree_.text_of(at));
    if (kind == "string_literal") add_once(names_.strings, tree_.text_of(at));
    if (kind == "char_literal") add_once(names_.characters, tree_.text_of(at));
    if (kind == "declaration" || kind == "parameter_declaration") read_declaration(at);
    if (kind == "field_declaration") read_field(at);
    if (kind == "function_definition") read_function(at);
    if (kind == "preproc_def") read_macro(at);
    if (kind == "enumerator") read_enumerator(at);
  }

  void add_variable(const std::string& name, const std::string& type, std::uint32_t from,
                    NodeIndex scope) {
    names_.variables.push_back({.name = name,
                                .type = type,
                                .visible_from = from,
                                .visible_to = tree_[scope].end,
                                .global = scope == 0});
  }

  void read_declaration(NodeIndex at) {
    const bool parameter = tree_[at].kind == "parameter_declaration";
    NodeIndex scope = tree_.ancestor(
        at, {"compound_statement", "for_statement", "function_definition", "translation_unit"});
    if (scope == kNoNode) scope = 0;
    if (parameter && !tree_.is(scope, "function_definition")) return;  // Of a prototype.
    for (const NodeIndex child : tree_[at].children) {
      if (tree_[child].field != "declarator") continue;
      const Declared declared = unwrap(tree_, child);
      if (declared.name == kNoNode || declared.function != kNoNode) continue;
      add_variable(tree_.text_of(declared.name), base_type(tree_, at) + declared.suffix,
                   tree_[child].end, scope);
    }
  }

  void read_field(NodeIndex at) {
    const NodeIndex owner = tree_.ancestor(at, {"struct_specifier", "union_specifier"});
    for (const std::string& name : names_of_struct(owner)) add_fields(at, name);
  }

  // "struct item" and the names that typedefs give it; its place if it has no name at all.
  std::vector<std::string> names_of_struct(NodeIndex owner) const {
    std::vector<std::string> names;
    if (owner == kNoNode) return names;
    const NodeIndex tag = tree_.child(owner, "name");
    if (tag != kNoNode) names.push_back("struct " + tree_.text_of(tag));
    const NodeIndex definition = tree_.parent(owner);
    if (tree_.is(definition, "type_definition")) {
      names.push_back(tree_.text_of(tree_.child(definition, "declarator")));
    }
    if (tag != kNoNode) {
      // typedef struct item item; elsewhere.
      for (NodeIndex at = 0; at < tree_.size(); ++at) {
        if (!tree_.is(at, "type_definition") || at == definition) continue;
        const NodeIndex type = tree_.child(at, "type");
        if (tree_.text_of(type) == "struct " + tree_.text_of(tag)) {
          names.push_back(tree_.text_of(tree_.child(at, "declarator")));
        }
      }
    }
    if (names.empty()) names.push_back(std::to_string(tree_[owner].start));
    return names;
  }

  void add_fields(NodeIndex at, const std::string& owner_name) {
    for (const NodeIndex child : tree_[at].children) {
      if (tree_[child].field != "declarator") continue;
      const Declared declared = unwrap(tree_, child);
      if (declared.name == kNoNode) continue;
      names_.fields.push_back(
          {owner_name, tree_.text_of(declared.name), base_type(tree_, at) + declared.suffix});
    }
  }

  void read_function(NodeIndex at) {
    const Declared declared = unwrap(tree_, tree_.child(at, "declarator"));
    if (declared.name == kNoNode || declared.function == kNoNode) return;
    int arity = 0;
    for (const NodeIndex child :
         tree_.named_children(tree_.child(declared.function, "parameters"))) {
      if (tree_.text_of(child) != "void") ++arity;
    }
    const std::string type = base_type(tree_, at) + declared.suffix;
    names_.functions.push_back({.name = tree_.text_of(declared.name),
                                .arity = arity,
                                .returns_value = type != "void",
                                .start = tree_[at].start,
                                .end = tree_[at].end});
  }

  void read_macro(NodeIndex at) {
    const NodeIndex value = tree_.child(at, "value");
    if (value == kNoNode) return;
    const std::string text = tree_.text_of(value);
    const bool number =
        !text.empty() && (text[0] == '-' || text[0] == '(' || (text[0] >= '0' && text[0] <= '9'));
    if (number) add_variable(tree_.text_of(tree_.child(at, "name")), "int", tree_[at].end, 0);
  }

  void read_enumerator(NodeIndex at) {
    add_variable(tree_.text_of(tree_.child(at, "name")), "int", tree_[at].end, 0);
  }

  const SyntaxTree& tree_;
  Names names_;
};

}  // namespace

Names names_of(const SyntaxTree& tree) { return Reader(tree).read(); }

}  // namespace nightjar::reason::c
