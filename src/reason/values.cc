// Edits of values: constants, one more or less, another variable, field, text or truth value.
#include <charconv>
#include <cstdlib>

#include "reason/edit_kinds.h"
#include "reason/grammar.h"

namespace nightjar::reason {
namespace {

// Another constant, string or variable of the file: at most so many are tried at one place.
constexpr std::size_t kOthersMax = 12;

std::optional<long long> whole_number(const std::string& text) {
  long long value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  if (value > 1'000'000'000'000 || value < -1'000'000'000'000) return std::nullopt;
  return value;
}

void emit_number(const Site& site, Emitter& out) {
  const std::string text = site.tree.text_of(site.node);
  const auto value = whole_number(text);
  if (value) {
    out.replace(site.node, std::to_string(*value + 1), kConstant);
    out.replace(site.node, std::to_string(*value - 1), kConstant, *value == 0 ? 0.1 : 0.0);
    for (const long long other : {0LL, 1LL, -1LL, 2LL}) {
      out.replace(site.node, std::to_string(other), kConstant, 0.3);
    }
    out.replace(site.node, std::to_string(-*value), kConstant, 0.5);
    if (*value >= 10) {
      out.replace(site.node, std::to_string(*value * 10), kConstant, 0.6);
      out.replace(site.node, std::to_string(*value / 10), kConstant, 0.6);
    }
  }
  std::size_t others = 0;
  for (const std::string& other : site.names.numbers) {
    if (other == text || ++others > kOthersMax) continue;
    out.replace(site.node, other, kConstant, 0.5 + 0.02 * static_cast<double>(others));
  }
  const NodeIndex parent = site.tree.parent(site.node);
  if (site.tree.is(parent, "array_declarator")) return;
  std::size_t variables = 0;
  for (const Variable& variable : visible_at(site.names, site.tree[site.node].start)) {
    if (shape_of(variable.type) != Shape::number || ++variables > kOthersMax) continue;
    out.replace(site.node, variable.name, kConstant, 0.7);
  }
}

void emit_truth(const Site& site, Emitter& out) {
  const std::string text = site.tree.text_of(site.node);
  if (text == "true") out.replace(site.node, "false", kConstant, -0.1);
  if (text == "false") out.replace(site.node, "true", kConstant, -0.1);
  if (text == "True") out.replace(site.node, "False", kConstant, -0.1);
  if (text == "False") out.replace(site.node, "True", kConstant, -0.1);
  if (text == "None") {
    for (const char* other : {"0", "[]", "{}", "\"\"", "False"}) {
      out.replace(site.node, other, kConstant, 0.5);
    }
  }
}

void emit_character(const Site& site, Emitter& out) {
  const std::string text = site.tree.text_of(site.node);
  std::size_t others = 0;
  for (const std::string& other : site.names.characters) {
    if (other == text || ++others > kOthersMax) continue;
    out.replace(site.node, other, kConstant, 0.2);
  }
  for (const char* other :
       {"' '", "'\\n'", "'\\0'", "'\\t'", "'0'", "'9'", "'a'", "'z'", "'A'", "'Z'"}) {
    out.replace(site.node, other, kConstant, 0.6);
  }
}

void emit_string(const Site& site, Emitter& out) {
  const std::string text = site.tree.text_of(site.node);
  if (site.tree.is(site.tree.parent(site.node), "expression_statement")) return;
  std::size_t others = 0;
  for (const std::string& other : site.names.strings) {
    if (other == text || ++others > kOthersMax) continue;
    out.replace(site.node, other, kText, 0.3);
  }
}

void emit_variable(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const std::string name = tree.text_of(site.node);
  const std::uint32_t position = tree[site.node].start;
  const Variable* self = find_visible(site.names, name, position);
  if (self == nullptr) return;
  std::size_t others = 0;
  for (const Variable& other : visible_at(site.names, position)) {
    if (other.name == name || ++others > 2 * kOthersMax) continue;
    const int distance = type_distance(self->type, other.type);
    if (distance == 3) continue;
    const double global = other.global && !self->global ? 0.2 : 0.0;
    out.replace(site.node, other.name, kVariable, 0.15 * distance + global);
  }
}

void emit_off_by_one(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const NodeIndex parent = tree.parent(site.node);
  const std::string text = tree.text_of(site.node);
  double extra = 0.4;
  if (tree.is(parent, "subscript_expression") || tree.is(parent, "subscript") ||
      tree.is(parent, "slice")) {
    extra = 0;
  }
  const auto binary = binary_at(tree, parent);
  if (binary && is_comparison(tree.text_of(binary->op))) extra = 0.1;
  if (tree.is(parent, "argument_list")) extra = 0.2;
  if (tree.is(site.node, "identifier")) {
    const Variable* self = find_visible(site.names, text, tree[site.node].start);
    if (self == nullptr) return;
    const Shape shape = shape_of(self->type);
    const bool python = tree.language() == Language::python;
    if (shape == Shape::pointer || (shape == Shape::other && !python)) extra += 0.4;
    if (python && !self->type.empty() && shape != Shape::number) return;
  }
  // Inside a wider expression the sum must stay together.
  const bool tight = binary && !is_comparison(tree.text_of(binary->op));
  const std::string open = tight ? "(" : "";
  const std::string close = tight ? ")" : "";
  out.replace(site.node, open + text + " - 1" + close, kOffByOne, extra);
  out.replace(site.node, open + text + " + 1" + close, kOffByOne, extra);
}

// `x + 1` written as `x`, `x - 1` as `x`: dropping is an operand edit. `x + 1` as `x + 2`: a
// constant.
void emit_field(const Site& site, Emitter& out) {
  const SyntaxTree& tree = site.tree;
  const bool attribute = tree[site.node].field == "attribute";
  const std::string name = tree.text_of(site.node);
  const NodeIndex parent = tree.parent(site.node);
  if (attribute && tree.is(tree.parent(parent), "call") && tree[parent].field == "function") return;
  const std::string object = attribute ? tree.text_of(tree.child(parent, "object")) : "";
  for (const Field& field : site.names.fields) {
    if (field.name != name || (attribute && field.owner != object)) continue;
    for (const Field& other : site.names.fields) {
      if (other.owner != field.owner || other.name == name) continue;
      const int distance = type_distance(field.type, other.type);
      if (distance < 3)
        out.replace(site.node, other.name, kField, attribute ? 0.1 : 0.1 * distance);
    }
  }
}

}  // namespace

void emit_value_edits(const Site& site, Emitter& out) {
  const std::string_view kind = site.tree[site.node].kind;
  if (kind == "number_literal" || kind == "integer" || kind == "float") emit_number(site, out);
  if (kind == "preproc_arg" && site.tree.is(site.tree.parent(site.node), "preproc_def")) {
    emit_number(site, out);
  }
  if (kind == "true" || kind == "false" || kind == "none") emit_truth(site, out);
  if (kind == "char_literal") emit_character(site, out);
  if (kind == "string" || kind == "string_literal") emit_string(site, out);
  if (is_read_variable(site.tree, site.node) || is_assigned_variable(site.tree, site.node)) {
    emit_variable(site, out);
  }
  if (is_number_place(site.tree, site.node)) emit_off_by_one(site, out);
  if ((kind == "field_identifier" && site.tree[site.node].field == "field") ||
      (kind == "identifier" && site.tree[site.node].field == "attribute")) {
    emit_field(site, out);
  }
}

}  // namespace nightjar::reason
