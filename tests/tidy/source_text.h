// C++ text seen roughly, without a compiler: good enough for house rules, and honest about it.
// Macros are not expanded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tidy {

/// The text with comments and the contents of string and character literals blanked; every line and
/// column stays where it was.
std::string code_of(std::string_view text);

struct Include {
  std::string name;  // between the brackets or quotes
  bool quoted = false;
  int line = 0;
};
std::vector<Include> includes_of(std::string_view text);

struct Function {
  std::string signature;  // one line, cut
  int line = 0;           // of its opening brace
  int lines = 0;          // from the opening brace to the closing one
};
/// Functions at namespace and class scope; lambdas and local classes count to the function they are
/// in.
std::vector<Function> functions_of(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);
int line_at(std::string_view text, std::size_t offset);

}  // namespace nightjar::tidy
