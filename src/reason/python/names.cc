#include "reason/names.h"

#include <algorithm>
#include <set>

namespace nightjar::reason::python {
namespace {

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

std::string type_of_call(const std::string& function) {
  static const std::set<std::string, std::less<>> kNumbers = {"len", "int",   "float", "sum",
                                                              "abs", "round", "ord",   "divmod"};
  if (kNumbers.contains(function)) return "number";
  if (function == "str" || function == "input" || function == "chr" || function == "repr" ||
      function.ends_with(".join") || function.ends_with(".strip") || function.ends_with(".lower") ||
      function.ends_with(".upper") || function.ends_with(".read") ||
      function.ends_with(".format")) {
    return "text";
  }
  if (function == "list" || function == "sorted" || function.ends_with(".split") ||
      function.ends_with(".splitlines") || function.ends_with(".readlines")) {
    return "list";
  }
  if (function == "dict" || function == "defaultdict" || function == "Counter") return "map";
  if (function == "set") return "set";
  return {};
}

std::string type_of_value(const SyntaxTree& tree, NodeIndex value) {
  if (value == kNoNode) return {};
  const std::string_view kind = tree[value].kind;
  if (kind == "integer" || kind == "float" || kind == "unary_operator") return "number";
  if (kind == "string" || kind == "concatenated_string") return "text";
  if (kind == "list" || kind == "list_comprehension") return "list";
  if (kind == "dictionary" || kind == "dictionary_comprehension") return "map";
  if (kind == "set" || kind == "set_comprehension") return "set";
  if (kind == "true" || kind == "false" || kind == "comparison_operator" ||
      kind == "not_operator") {
    return "truth";
  }
  if (kind == "binary_operator") return type_of_value(tree, tree.child(value, "left"));
  if (kind == "call") return type_of_call(tree.text_of(tree.child(value, "function")));
  return {};
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
    if (kind == "integer" || kind == "float") add_once(names_.numbers, tree_.text_of(at));
    if (kind == "string") read_string(at);
    if (kind == "function_definition") read_function(at);
    if (kind == "parameters" || kind == "lambda_parameters") read_parameters(at);
    if (kind == "assignment") {
      bind(tree_.child(at, "left"), tree_[at].end, value_type(at));
    }
    if (kind == "for_statement" || kind == "for_in_clause") {
      const std::string over = tree_.text_of(tree_.child(at, "right"));
      const std::string type = over.starts_with("range(") ? "number" : "";
      bind(tree_.child(at, "left"), tree_[tree_.child(at, "left")].start, type);
    }
    if (kind == "as_pattern") bind(tree_.child(at, "alias"), tree_[at].end, "");
    if (kind == "attribute") read_attribute(at);
  }

  std::string value_type(NodeIndex assignment) const {
    const NodeIndex annotation = tree_.child(assignment, "type");
    if (annotation != kNoNode) return annotated(tree_.text_of(annotation));
    return type_of_value(tree_, tree_.child(assignment, "right"));
  }

  static std::string annotated(const std::string& type) {
    if (type == "int" || type == "float") return "number";
    if (type == "str") return "text";
    if (type == "bool") return "truth";
    if (type.starts_with("list") || type.starts_with("List")) return "list";
    if (type.starts_with("dict") || type.starts_with("Dict")) return "map";
    return {};
  }

  void read_string(NodeIndex at) {
    // A string that is a whole statement is documentation.
    if (tree_.is(tree_.parent(at), "expression_statement")) return;
    const std::string text = tree_.text_of(at);
    if (text.size() <= 80 && text.find('\n') == std::string::npos) add_once(names_.strings, text);
  }

  void add(NodeIndex name, std::uint32_t from, NodeIndex scope, const std::string& type) {
    names_.variables.push_back({.name = tree_.text_of(name),
                                .type = type,
                                .visible_from = from,
                                .visible_to = tree_[scope].end,
                                .global = scope == 0});
  }

  NodeIndex scope_of(NodeIndex at) const {
    const NodeIndex scope = tree_.ancestor(
        at, {"function_definition", "lambda", "class_definition", "list_comprehension",
             "set_comprehension", "dictionary_comprehension", "generator_expression"});
    return scope == kNoNode ? 0 : scope;
  }

  // The names in a target: `a`, `a, b`, `(a, b)`, `*rest`; not `a.b` or `a[i]`.
  void bind(NodeIndex target, std::uint32_t from, const std::string& type) {
    if (target == kNoNode) return;
    NodeIndex scope = scope_of(target);
    if (tree_.is(scope, "class_definition")) return;
    if (scope != 0 && !tree_.is(scope, "function_definition")) from = tree_[scope].start;
    const std::string_view kind = tree_[target].kind;
    if (kind == "identifier") return add(target, from, scope, type);
    if (kind != "pattern_list" && kind != "tuple_pattern" && kind != "list_pattern" &&
        kind != "as_pattern_target" && kind != "list_splat_pattern") {
      return;
    }
    for (const NodeIndex child : tree_.named_children(target)) bind(child, from, "");
  }

  void read_parameters(NodeIndex at) {
    const NodeIndex scope = scope_of(at);
    for (const NodeIndex child : tree_.named_children(at)) {
      NodeIndex name = child;
      std::string type;
      if (!tree_.is(child, "identifier")) {
        name = tree_.child(child, "name");
        if (name == kNoNode && !tree_.named_children(child).empty()) {
          name = tree_.named_children(child).front();
        }
        const NodeIndex annotation = tree_.child(child, "type");
        type = annotation != kNoNode ? annotated(tree_.text_of(annotation))
                                     : type_of_value(tree_, tree_.child(child, "value"));
      }
      if (tree_.is(name, "identifier")) add(name, tree_[at].end, scope, type);
    }
  }

  void read_function(NodeIndex at) {
    const std::vector<NodeIndex> parameters = tree_.named_children(tree_.child(at, "parameters"));
    int arity = static_cast<int>(parameters.size());
    if (!parameters.empty() && tree_.text_of(parameters.front()) == "self") --arity;
    bool returns_value = false;
    for (NodeIndex below = at; below <= tree_[at].last; ++below) {
      if (tree_.is(below, "return_statement") && !tree_.named_children(below).empty()) {
        returns_value = true;
      }
    }
    names_.functions.push_back({.name = tree_.text_of(tree_.child(at, "name")),
                                .arity = arity,
                                .returns_value = returns_value,
                                .start = tree_[at].start,
                                .end = tree_[at].end});
  }

  void read_attribute(NodeIndex at) {
    const NodeIndex parent = tree_.parent(at);
    if (tree_.is(parent, "call") && tree_[at].field == "function") return;  // A method.
    const Field field{tree_.text_of(tree_.child(at, "object")),
                      tree_.text_of(tree_.child(at, "attribute")), ""};
    const bool known = std::any_of(
        names_.fields.begin(), names_.fields.end(),
        [&](const Field& one) { return one.owner == field.owner && one.name == field.name; });
    if (!known) names_.fields.push_back(field);
  }

  const SyntaxTree& tree_;
  Names names_;
};

}  // namespace

Names names_of(const SyntaxTree& tree) { return Reader(tree).read(); }

}  // namespace nightjar::reason::python
