// What the runners of scripting languages share: words of an option, and a program with a reporter
// of ours.
//
// Threads: any. Errors: as run_suite().
#pragma once

#include <string>
#include <vector>

#include "harness/commands.h"
#include "harness/suite.h"

namespace nightjar::harness {

/// The words of options[name], split at white space.
std::vector<std::string> words_of(const Suite& suite, const char* name);

/// Path inside of one of our reporters.
std::string reporter_path(const char* name);

/// Where V8 leaves what ran, inside; reads it as lines into `run`. A tool that cannot is a doubt.
inline constexpr const char* kV8Folder = "/tmp/nightjar-v8";
Result<> read_v8_lines(sandbox::Sandbox& sandbox, const Workshop& workshop,
                       const SuiteRequest& request, SuiteRun& run, std::stop_token stop);

}  // namespace nightjar::harness
