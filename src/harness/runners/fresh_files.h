// Result files that a command leaves in the workspace: old ones are deleted before it runs, and
// what is there afterwards, when no process of it is left, is read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/commands.h"
#include "harness/suite.h"

namespace nightjar::harness {

struct FreshFiles {
  sandbox::Outcome outcome;                                   // of the command
  std::vector<std::string> paths;                             // sorted
  std::vector<std::pair<std::string, std::string>> contents;  // path, bytes
  std::string problem;  // a file that could not be read: too large, a link, …; "" if none
};

/// `glob` and the paths are relative to the project. All files together at most kReportBytesMax.
Result<FreshFiles> run_for_files(sandbox::Sandbox& sandbox, const sandbox::Command& command,
                                 const std::vector<std::string>& globs, std::stop_token stop);

}  // namespace nightjar::harness
