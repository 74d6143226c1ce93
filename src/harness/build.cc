#include "harness/build.h"

#include <memory>
#include <utility>

namespace nightjar::harness {
namespace {

Result<sandbox::Outcome> run_to_end(sandbox::Sandbox& sandbox, const sandbox::Command& command,
                                    std::stop_token stop) {
  TRY_INTO(sandbox::Outcome outcome, sandbox.run(command, stop));
  if (outcome.ended == sandbox::Ended::cancelled) {
    return Error{ErrorCode::cancelled, "the build was stopped"};
  }
  return outcome;
}

}  // namespace

sandbox::Command shell_command(const std::string& command, const CommandLimits& limits,
                               const std::map<std::string, std::string>& env) {
  sandbox::Command out;
  out.argv = {"/bin/sh", "-c", command};
  out.env = env;
  out.wall_max = limits.wall_max;
  out.cpu_max = limits.cpu_max;
  out.output_bytes_max = limits.output_bytes_max;
  return out;
}

Result<BuildOutcome> build_and_test(sandbox::Launcher& launcher, const BuildInput& input,
                                    std::stop_token stop) {
  BuildOutcome outcome;
  TRY_INTO(const std::unique_ptr<sandbox::Sandbox> sandbox, launcher.open(input.source));
  if (!input.build_command.empty()) {
    TRY_INTO(outcome.build,
             run_to_end(*sandbox, shell_command(input.build_command, input.limits, input.env), stop));
    if (!outcome.build.succeeded()) return outcome;
  }
  // Before the suite, whose traces are no part of what was built.
  TRY(sandbox::export_workspace(sandbox->workspace_fd(), input.built_dir, input.built_limits)
          .with_context("keep the built project"));
  TRY(launcher.adopt(input.built_dir));
  outcome.built = true;
  if (input.test_command.empty()) {
    outcome.tests_passed = true;
    return outcome;
  }
  TRY(sandbox->begin_layer());
  Result<sandbox::Outcome> tested =
      run_to_end(*sandbox, shell_command(input.test_command, input.limits, input.env), stop);
  Result<> dropped = sandbox->end_layer();
  TRY_INTO(outcome.test, std::move(tested));
  TRY(std::move(dropped));
  outcome.tested = true;
  outcome.tests_passed = outcome.test.succeeded();
  return outcome;
}

}  // namespace nightjar::harness
