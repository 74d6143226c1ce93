#include "harness/runners/runners.h"

#include <array>

namespace nightjar::harness {

std::span<const Runner> runners() {
  static constexpr std::array kRunners = {
      // Python
      Runner{"pytest", "pytest (Python)", true, run_pytest},
      Runner{"unittest", "unittest (Python)", true, run_unittest},
      // Compiled languages
      Runner{"ctest", "ctest (C, C++)", true, run_ctest},
      Runner{"cargo", "cargo test (Rust)", false, run_cargo},
      Runner{"go", "go test (Go)", true, run_go},
      // Programs that say their results
      Runner{"bats", "bats (shell)", false, run_bats},
      Runner{"tap", "programs that speak TAP", false, run_tap},
      // JavaScript
      Runner{"node", "node:test (JavaScript)", true, run_node},
      Runner{"mocha", "mocha (JavaScript)", true, run_mocha},
      Runner{"jest", "jest (JavaScript)", true, run_jest},
      Runner{"vitest", "vitest (JavaScript)", true, run_vitest},
      // Java and PHP, by their JUnit files
      Runner{"maven", "Maven's Surefire (Java)", false, run_maven},
      Runner{"gradle", "Gradle's tests (Java)", false, run_gradle},
      Runner{"phpunit", "PHPUnit (PHP)", false, run_phpunit},
      // Ruby
      Runner{"rspec", "RSpec (Ruby)", true, run_rspec},
      // Any project
      Runner{"junit", "any command that writes JUnit's XML", false, run_junit},
      Runner{"make-check", "make check, with automake's results", true, run_make_check},
      Runner{"command", "any command: one test, its exit status", true, run_one_command},
  };
  return kRunners;
}

}  // namespace nightjar::harness
