// What a source file declares: variables with where they are visible, functions, fields, constants.
// The edits take their material from here. A guess by syntax alone: no types are checked.
// Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "reason/syntax.h"

namespace nightjar::reason {

struct Variable {
  std::string name;
  std::string type;  // C: "int", "char*", "int[]"; Python: "number", "text", "list", "map", "truth"
  std::uint32_t visible_from = 0;  // byte range in which the name can be used
  std::uint32_t visible_to = 0;
  bool global = false;
};

struct Function {
  std::string name;
  int arity = 0;
  bool returns_value = false;
  std::uint32_t start = 0;  // the whole definition
  std::uint32_t end = 0;
};

struct Field {        // of a C struct, or an attribute of a Python object
  std::string owner;  // C: "struct item" or its typedef's name; Python: the object's text
  std::string name;
  std::string type;
};

struct Names {
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::vector<Field> fields;
  std::vector<std::string> numbers;  // literals as written, first use first, each once
  std::vector<std::string> strings;  // with their quotes
  std::vector<std::string> characters;
};

Names names_of(const SyntaxTree& tree);

/// The variables that can be used at a byte, nearest declaration first, each name once.
std::vector<Variable> visible_at(const Names& names, std::uint32_t position);
const Variable* find_visible(const Names& names, const std::string& name, std::uint32_t position);

/// 0: the same type. 1: both are numbers. 2: unknown. 3: they do not go together.
int type_distance(const std::string& left, const std::string& right);

enum class Shape { number, pointer, other };  // Of a C or Python type, as far as it shows.
Shape shape_of(const std::string& type);

namespace c {
Names names_of(const SyntaxTree& tree);
}
namespace python {
Names names_of(const SyntaxTree& tree);
}

}  // namespace nightjar::reason
