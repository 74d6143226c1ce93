// How a project is built and its own tests are run, inside a sandbox.
//
// Threads: the caller's. Errors are failures of the sandbox or of the host's disk, cancelled, and
// exhausted (the built project is larger than built_limits); a build that fails is a BuildOutcome.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "sandbox/sandbox.h"
#include "sandbox/tree.h"

namespace nightjar::harness {

struct CommandLimits {
  std::chrono::milliseconds wall_max{0};
  std::chrono::milliseconds cpu_max{0};
  std::uint64_t output_bytes_max = 0;
};

/// A shell command of a project file, as the sandbox runs it: /bin/sh -c COMMAND in the workspace.
sandbox::Command shell_command(const std::string& command, const CommandLimits& limits,
                               const std::map<std::string, std::string>& env = {});

struct BuildInput {
  sandbox::Spec source;       // the tree to build as lower_dirs
  std::string build_command;  // empty: nothing to build
  std::string test_command;   // empty: no suite
  std::map<std::string, std::string> env{};  // of both commands
  CommandLimits limits;
  std::string built_dir;  // new host folder that receives the built workspace
  sandbox::TreeLimits built_limits;
};
struct BuildOutcome {
  bool built = false;
  bool tested = false;        // a test command exists and was run
  bool tests_passed = false;  // true when it was built and there is no suite
  sandbox::Outcome build;
  sandbox::Outcome test;
};

/// Builds, exports the workspace to built_dir (adopted: usable as a lower_dir), then runs the suite
/// in a layer that is dropped. When the build fails, nothing is exported.
Result<BuildOutcome> build_and_test(sandbox::Launcher& launcher, const BuildInput& input,
                                    std::stop_token stop);

}  // namespace nightjar::harness
