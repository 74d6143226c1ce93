// Specifications: Markdown with requirements, each a list item or heading that begins with an id
// (`R1`, `AUTH-3`, optionally followed by ':' or '.'); the rest is prose. docs/specs.md.
// Pure. Errors: invalid_input (file:line; duplicate id, not UTF-8), exhausted (kSpecBytesMax).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::govern {

inline constexpr std::size_t kSpecBytesMax = std::size_t{1} << 20;

struct Requirement {
  std::string id;
  std::string text;  // the item or heading without the id, and what belongs to it
  std::string file;
  int line = 0;
};

Result<std::vector<Requirement>> parse_spec(std::string_view markdown, std::string_view file_name);

}  // namespace nightjar::govern
