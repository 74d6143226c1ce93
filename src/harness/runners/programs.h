// Suites in which each file is a program of its own: they run side by side, each in a fresh
// workspace, and their results are put together.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/commands.h"
#include "harness/suite.h"

namespace nightjar::harness {

/// What one program did, as a part of the suite. `limits` is what is left.
using RunProgram =
    std::function<Result<SuiteRun>(sandbox::Sandbox& sandbox, const std::string& file,
                                   const CommandLimits& limits, std::stop_token stop)>;

/// Of the files that a search in the workspace finds: the globs (relative to the suite's root) are
/// tried in turn, and the first that finds something holds, unless `together`. `skipped` says which
/// to leave out.
struct ProgramSearch {
  std::vector<std::string> globs;
  bool (*skipped)(std::string_view path) = nullptr;
  bool together = false;  // what any of the globs finds
};

/// Files are named relative to the project. With SuiteRequest::only, the files whose own id, or a
/// test of which, is asked for. No file found: the run says what was looked for.
Result<SuiteRun> run_programs(const Workshop& workshop, const SuiteRequest& request,
                              const ProgramSearch& search, const RunProgram& run_program,
                              std::stop_token stop);

/// The words of options["files"] as globs, else `fallback`.
std::vector<std::string> globs_of(const Suite& suite, std::vector<std::string> fallback);

/// A file of the project as the programs of the suite name it, in its root.
std::string relative_to_root(const Suite& suite, const std::string& file);

}  // namespace nightjar::harness
