// Any bytes as a specification: an error, or requirements with distinct ids in rising lines.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "base/check.h"
#include "govern/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found =
      nightjar::govern::parse_spec({reinterpret_cast<const char*>(data), size}, "fuzz.md");
  if (!found) return 0;
  std::set<std::string_view> ids;
  int line = 0;
  for (const nightjar::govern::Requirement& requirement : *found) {
    CHECK(ids.insert(requirement.id).second);
    CHECK(requirement.line > line);
    line = requirement.line;
  }
  return 0;
}
