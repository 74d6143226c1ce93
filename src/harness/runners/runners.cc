#include "harness/runners/runners.h"

#include <array>

namespace nightjar::harness {

std::span<const Runner> runners() {
  static constexpr std::array kRunners = {
      // Any project
      Runner{"command", "any command: one test, its exit status", false, run_one_command},
  };
  return kRunners;
}

}  // namespace nightjar::harness
