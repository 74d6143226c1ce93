// What the runners of scripting languages share: words of an option, and a program with a reporter
// of ours.
//
// Threads: any. Errors: as run_suite().
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/commands.h"
#include "harness/suite.h"

namespace nightjar::harness {

/// The words of options[name], split at white space.
std::vector<std::string> words_of(const Suite& suite, const char* name);

/// words_of(args) without the `dropped`, and without those `with_value` and what they are given.
std::vector<std::string> kept_arguments(const Suite& suite,
                                        std::span<const std::string_view> dropped,
                                        std::span<const std::string_view> with_value);

/// Path inside of one of our reporters.
std::string reporter_path(const char* name);

/// Where V8 leaves what ran, inside; reads it as lines into `run`. A tool that cannot is a doubt.
inline constexpr const char* kV8Folder = "/tmp/nightjar-v8";
Result<> read_v8_lines(sandbox::Sandbox& sandbox, const Workshop& workshop,
                       const SuiteRequest& request, SuiteRun& run, std::stop_token stop);

}  // namespace nightjar::harness
