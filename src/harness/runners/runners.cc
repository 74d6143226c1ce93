#include "harness/runners/runners.h"

#include <array>

namespace nightjar::harness {

std::span<const Runner> runners() {
  static constexpr std::array kRunners = {
      // Python
      Runner{"pytest", "pytest (Python)", true, run_pytest},
      Runner{"unittest", "unittest (Python)", true, run_unittest},
      // Programs that say their results
      Runner{"bats", "bats (shell)", false, run_bats},
      Runner{"tap", "programs that speak TAP", false, run_tap},
      // JavaScript
      Runner{"node", "node:test (JavaScript)", true, run_node},
      Runner{"mocha", "mocha (JavaScript)", true, run_mocha},
      // Any project
      Runner{"junit", "any command that writes JUnit's XML", false, run_junit},
      Runner{"make-check", "make check, with automake's results", false, run_make_check},
      Runner{"command", "any command: one test, its exit status", false, run_one_command},
  };
  return kRunners;
}

}  // namespace nightjar::harness
