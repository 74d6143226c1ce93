#include "sandbox/inside/walls.h"

#ifdef NIGHTJAR_TEST_WALL_GAPS
#include <array>
#include <bitset>
#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr std::array<std::string_view, 10> kNames = {
    "private_root",    "read_only",        "hidden_proc",       "network_namespace",
    "resource_limits", "no_capabilities",  "no_new_privileges", "landlock",
    "seccomp",         "workspace_overlay"};

std::bitset<kNames.size()>& gaps() {
  static std::bitset<kNames.size()> value;
  return value;
}

}  // namespace

bool stands(Wall wall) { return !gaps().test(static_cast<std::size_t>(wall)); }

void read_gaps(std::string_view program_name) {
  const std::size_t at = program_name.rfind("without-");
  if (at == std::string_view::npos) return;
  for (const std::string& name : split(program_name.substr(at + 8), '-')) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (name == kNames.at(i)) gaps().set(i);
    }
  }
}

}  // namespace nightjar::sandbox::inside
#endif
