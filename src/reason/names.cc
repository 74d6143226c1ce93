#include "reason/names.h"

#include <algorithm>
#include <array>
#include <set>

namespace nightjar::reason {
namespace {

bool is_number_type(const std::string& type) {
  static const std::set<std::string, std::less<>> kNumbers = {
      "int",      "long",    "short",   "char",     "unsigned", "signed",   "float",
      "double",   "size_t",  "ssize_t", "bool",     "_Bool",    "int8_t",   "int16_t",
      "int32_t",  "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "ptrdiff_t",
      "intptr_t", "off_t",   "time_t",  "number",   "uintptr_t"};
  const std::string first = type.substr(0, type.find(' '));
  return kNumbers.contains(first) && type.find_first_of("*[") == std::string::npos;
}

std::string decayed(std::string type) {
  if (type.ends_with("[]")) type.replace(type.size() - 2, 2, "*");
  return type;
}

}  // namespace

Shape shape_of(const std::string& type) {
  if (is_number_type(type)) return Shape::number;
  if (type.find_first_of("*[") != std::string::npos) return Shape::pointer;
  return Shape::other;
}

int type_distance(const std::string& left, const std::string& right) {
  if (left.empty() || right.empty()) return 2;
  if (left == right || decayed(left) == decayed(right)) return 0;
  if (is_number_type(left) && is_number_type(right)) return 1;
  return 3;
}

Names names_of(const SyntaxTree& tree) {
  return tree.language() == Language::c ? c::names_of(tree) : python::names_of(tree);
}

std::vector<Variable> visible_at(const Names& names, std::uint32_t position) {
  std::vector<Variable> out;
  for (const Variable& variable : names.variables) {
    if (variable.visible_from <= position && position <= variable.visible_to)
      out.push_back(variable);
  }
  // Nearest first: a local before a global, a late declaration before an early one.
  std::stable_sort(out.begin(), out.end(), [](const Variable& left, const Variable& right) {
    if (left.global != right.global) return right.global;
    return left.visible_from > right.visible_from;
  });
  std::set<std::string> seen;
  std::erase_if(out, [&](const Variable& variable) { return !seen.insert(variable.name).second; });
  return out;
}

const Variable* find_visible(const Names& names, const std::string& name, std::uint32_t position) {
  const Variable* best = nullptr;
  for (const Variable& variable : names.variables) {
    if (variable.name != name || position < variable.visible_from ||
        position > variable.visible_to) {
      continue;
    }
    const bool nearer =
        best == nullptr || (best->global && !variable.global) ||
        (best->global == variable.global && variable.visible_from >= best->visible_from);
    if (nearer) best = &variable;
  }
  return best;
}

}  // namespace nightjar::reason
