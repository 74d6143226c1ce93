#include "reason/c/batch.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/bytes.h"
#include "reason/grammar.h"

namespace nightjar::reason::c {
namespace {

struct Definition {
  NodeIndex node = kNoNode;
  NodeIndex name = kNoNode;
  NodeIndex body = kNoNode;
  std::vector<std::string> parameters;
  bool returns_value = false;
  bool is_static = false;
};

// The name that a declarator declares, below stars, brackets and function parameters.
NodeIndex declared_name(const SyntaxTree& tree, NodeIndex declarator) {
  NodeIndex at = declarator;
  while (at != kNoNode && !tree.is(at, "identifier")) {
    const NodeIndex inner = tree.child(at, "declarator");
    const auto named = tree.named_children(at);
    const bool bracketed = inner == kNoNode && tree.is(at, "parenthesized_declarator");
    at = bracketed && !named.empty() ? named.front() : inner;
  }
  return at;
}

std::optional<std::vector<std::string>> parameters_of(const SyntaxTree& tree, NodeIndex list) {
  std::vector<std::string> names;
  const auto parameters = tree.named_children(list);
  for (const NodeIndex parameter : parameters) {
    if (!tree.is(parameter, "parameter_declaration")) return std::nullopt;
    if (parameters.size() == 1 && tree.text_of(parameter) == "void") break;
    const NodeIndex name = declared_name(tree, tree.child(parameter, "declarator"));
    if (name == kNoNode) return std::nullopt;
    names.push_back(tree.text_of(name));
  }
  return names;
}

bool names_itself(const std::string& body) {
  return body.find("__func__") != std::string::npos ||
         body.find("__FUNCTION__") != std::string::npos ||
         body.find("__COUNTER__") != std::string::npos;
}

std::optional<Definition> definition_of(const SyntaxTree& tree, NodeIndex node) {
  Definition out;
  out.node = node;
  out.body = tree.child(node, "body");
  if (!tree.is(out.body, "compound_statement")) return std::nullopt;
  for (const NodeIndex child : tree[node].children) {
    const std::string_view kind = tree[child].kind;
    const std::string text = tree.text_of(child);
    if (kind == "storage_class_specifier" && text == "static") {
      out.is_static = true;
    } else if (kind == "storage_class_specifier" || kind == "ERROR" ||
               kind.find("attribute") != std::string_view::npos || text == "_Noreturn") {
      return std::nullopt;
    }
  }
  NodeIndex declarator = tree.child(node, "declarator");
  bool pointer = false;
  while (tree.is(declarator, "pointer_declarator")) {
    pointer = true;
    declarator = tree.child(declarator, "declarator");
  }
  if (!tree.is(declarator, "function_declarator")) return std::nullopt;
  out.name = tree.child(declarator, "declarator");
  if (!tree.is(out.name, "identifier")) return std::nullopt;
  auto parameters = parameters_of(tree, tree.child(declarator, "parameters"));
  if (!parameters || names_itself(tree.text_of(out.body))) return std::nullopt;
  out.parameters = *std::move(parameters);
  out.returns_value = pointer || tree.text_of(tree.child(node, "type")) != "void";
  return out;
}

// The function whose body holds the whole edit.
std::optional<Definition> definition_around(const SyntaxTree& tree, const Edit& edit) {
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    if (tree[node].start > edit.start) break;
    if (!tree.is(node, "function_definition") || tree[node].end < edit.end) continue;
    const auto definition = definition_of(tree, node);
    if (!definition) return std::nullopt;
    const Node& body = tree[definition->body];
    if (edit.start > body.start && edit.end < body.end) return definition;
    return std::nullopt;
  }
  return std::nullopt;
}

std::string variant_name(const std::string& name, int id) {
  return "nightjar_" + std::to_string(id) + "_" + name;
}

std::string prologue() {
  return "extern char *nightjar_getenv(const char *) __asm__(\"getenv\");\n"
         "__attribute__((unused)) static int nightjar_choice(void) {\n"
         "  static int choice = -1;\n"
         "  if (choice < 0) {\n"
         "    const char *text = nightjar_getenv(\"NIGHTJAR_CANDIDATE\");\n"
         "    int number = 0;\n"
         "    while (text && *text >= '0' && *text <= '9') number = number * 10 + (*text++ - "
         "'0');\n"
         "    choice = number;\n"
         "  }\n"
         "  return choice;\n"
         "}\n"
         "#line 1 \"nightjar-source\"\n";
}

class Writer {
 public:
  Writer(const SyntaxTree& tree, const Definition& definition)
      : tree_(tree), definition_(definition) {
    const Node& node = tree[definition.node];
    const Node& name = tree[definition.name];
    const Node& body = tree[definition.body];
    before_name_ = text(node.start, name.start);
    name_ = tree.text_of(definition.name);
    after_name_ = text(name.end, body.start);
  }

  std::string write(const std::vector<Variant>& variants) const {
    const Node& body = tree_[definition_.body];
    std::string out = before_name_ + name_ + after_name_ + ";\n";
    out += clone(0, tree_.text_of(definition_.body));
    for (const Variant& variant : variants) {
      Edit moved = *variant.edit;
      moved.start -= body.start;
      moved.end -= body.start;
      out += clone(variant.id, apply_edit(tree_.text_of(definition_.body), moved));
    }
    const int line = tree_[definition_.node].line;
    out += "#line " + std::to_string(line) + " \"nightjar-source\"\n";
    out += before_name_ + name_ + after_name_ + "{ switch (nightjar_choice()) { ";
    for (const Variant& variant : variants) {
      out += "case " + std::to_string(variant.id) + ": " + call(variant.id);
    }
    out += "default: " + call(0) + "} }\n";
    return out + "#line " + std::to_string(tree_[definition_.node].end_line) +
           " \"nightjar-source\"\n";
  }

 private:
  std::string text(std::uint32_t start, std::uint32_t end) const {
    return tree_.text().substr(start, end - start);
  }

  std::string clone(int id, std::string body) const {
    // Falling off the end of main returns 0; of any other function it does not.
    if (name_ == "main") body.insert(body.rfind('}'), " return 0; ");
    return "#line 1 \"nightjar-" + std::to_string(id) + "\"\n" +
           (definition_.is_static ? "" : "static ") + before_name_ + variant_name(name_, id) +
           after_name_ + body + "\n";
  }

  std::string call(int id) const {
    const std::string text =
        variant_name(name_, id) + "(" + join(definition_.parameters, ", ") + ")";
    return definition_.returns_value ? "return " + text + "; " : text + "; return; ";
  }

  const SyntaxTree& tree_;
  const Definition& definition_;
  std::string before_name_;
  std::string name_;
  std::string after_name_;
};

}  // namespace

bool can_be_variant(const SyntaxTree& tree, const Edit& edit) {
  return tree.mistakes() == 0 && definition_around(tree, edit).has_value();
}

std::string with_variants(const SyntaxTree& tree, const std::vector<Variant>& variants) {
  std::map<std::uint32_t, std::pair<Definition, std::vector<Variant>>> by_function;
  for (const Variant& variant : variants) {
    const auto definition = definition_around(tree, *variant.edit);
    CHECK(definition.has_value());
    auto& entry = by_function[tree[definition->node].start];
    entry.first = *definition;
    entry.second.push_back(variant);
  }
  std::string out = prologue();
  std::uint32_t done = 0;
  for (const auto& [start, entry] : by_function) {
    out += tree.text().substr(done, start - done) + Writer(tree, entry.first).write(entry.second);
    done = tree[entry.first.node].end;
  }
  return out + tree.text().substr(done);
}

std::set<int> variants_in_errors(const std::string& output) {
  static constexpr std::string_view kMark = "nightjar";
  const auto has = [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  std::set<int> out;
  const bool unlinked = has(output, "undefined reference");
  for (const std::string& line : split_lines(output)) {
    // The linker names the function on the line before its complaint.
    const bool complaint = has(line, "error: ") || has(line, "undefined reference") ||
                           (unlinked && has(line, ": in function `"));
    if (!complaint) continue;
    for (std::size_t at = line.find(kMark); at != std::string::npos;
         at = line.find(kMark, at + 1)) {
      std::size_t digit = at + kMark.size();
      if (digit >= line.size() || (line[digit] != '-' && line[digit] != '_')) continue;
      const std::size_t first = ++digit;
      while (digit < line.size() && digit < first + 6 &&
             std::isdigit(static_cast<unsigned char>(line[digit])) != 0) {
        ++digit;
      }
      if (digit > first) out.insert(std::stoi(line.substr(first, digit - first)));
    }
  }
  return out;
}

}  // namespace nightjar::reason::c
