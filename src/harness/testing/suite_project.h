// A small project in a scratch folder whose suites are run by the real runners, for their tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/suite.h"
#include "sandbox/sandbox.h"
#include "sandbox/testing/fixture.h"

namespace nightjar::harness::testing {

/// none: commands are plain children in a copy of the project, without our reporters.
/// real: in sandboxes of `helper_path`, with our reporters.
enum class Walls { none, real };

class SuiteProject {
 public:
  using Files = std::map<std::string, std::string>;

  /// A file that starts with "#!", or as a program does, is executable.
  SuiteProject(Walls walls, const Files& files, const std::string& helper_path = "");

  /// With a minute, and what the request says otherwise. Expects that the sandboxes did not fail.
  SuiteRun run(SuiteRequest request);
  SuiteRun run(Suite suite) { return run(SuiteRequest{.suite = std::move(suite), .limits = {}}); }

  std::map<std::string, std::string>& env() { return env_; }

 private:
  void write(const Files& files);

  sandbox::testing::ScratchFolder scratch_;
  std::unique_ptr<sandbox::Launcher> launcher_;
  sandbox::Spec spec_;
  std::map<std::string, std::string> env_;
};

/// "id outcome", in order.
std::vector<std::string> outcomes(const SuiteRun& run);

}  // namespace nightjar::harness::testing
