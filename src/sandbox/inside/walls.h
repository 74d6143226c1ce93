// The walls by name, and the seam by which tests take one away to show that an attack then
// succeeds. The seam exists only where NIGHTJAR_TEST_WALL_GAPS is defined, which is the test's own
// helper program; in the helper that is shipped stands() is a constant and the branches are gone.
#pragma once

#include <string_view>

namespace nightjar::sandbox::inside {

enum class Wall {
  private_root,
  read_only,
  hidden_proc,
  network_namespace,
  resource_limits,
  no_capabilities,
  no_new_privileges,
  landlock,
  seccomp,
  workspace_overlay,  // no wall, but kernels before 6.6 lack what it needs
};

#ifdef NIGHTJAR_TEST_WALL_GAPS
bool stands(Wall wall);
/// "without-seccomp-landlock": the walls named after "without-" are left out.
void read_gaps(std::string_view program_name);
#else
constexpr bool stands(Wall) { return true; }
constexpr void read_gaps(std::string_view) {}
#endif

}  // namespace nightjar::sandbox::inside
