// What `npm test` would run: a script of package.json, taken apart into its commands.
//
// Scripts that call scripts are followed; wrappers that change nothing of the test are dropped
// (npx, cross-env, c8). Nothing is executed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace nightjar::harness::detection {

inline constexpr std::size_t kStepsMax = 32;

struct Step {
  enum class Kind {
    runner,     // node, jest, vitest, mocha: `runner` says which
    program,    // other programs that run tests (tap, ava, `node test.js`)
    elsewhere,  // runs the scripts of other packages: turbo, lerna, npm -ws
    lint,       // says nothing about what the code does
    build,      // anything else: what has to come before the tests
  };
  Kind kind = Kind::build;
  std::string runner{};
  std::string arguments{};  // of the runner
  std::string text{};       // the whole command, for a shell
};

/// The steps of `scripts[name]`, in order, with those of its pre- script before it.
std::vector<Step> steps_of(const Json& scripts, std::string_view name);

}  // namespace nightjar::harness::detection
