// Does what a program did match what its step expects? Pure; any thread.
//
// Each answer is one line for a person, with the first difference, and the same line without what
// changes from run to run, for fingerprints.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "sandbox/sandbox.h"
#include "scenario/scenario.h"

namespace nightjar::scenario {

struct Mismatch {
  std::string text;    // "stdout is \"3\", expected \"2\""
  std::string stable;  // the same without limits that adapt; normalised by fingerprint_of
};

/// One output stream or file; `cut` when more came than is kept.
struct Output {
  std::string_view name;  // "stdout", "stderr", "file out.txt"
  std::string_view bytes;
  bool cut = false;
};

/// Exit or signal first, then stdout, then stderr; files are the caller's. `wall_max` is the limit
/// that was given to the command.
std::optional<Mismatch> match_outcome(const Expectation& expected, const sandbox::Outcome& actual,
                                      std::chrono::milliseconds wall_max);

std::optional<std::string> match_text(const TextExpectation& expected, const Output& actual);
std::optional<std::string> match_exact(const std::string& expected, const Output& actual);

/// The command ended by a signal, also when a shell reports the signal of its child as 128 + n.
bool is_crash(const Step& step, const sandbox::Outcome& outcome);

/// Where and how the values differ; objects without order, 1 equals 1.0. Empty: equal.
std::string json_difference(const Json& actual, const Json& expected);

/// RE2 syntax, with the memory bound that matching has. Errors: invalid_input.
Result<> check_pattern(const std::string& pattern);

/// `line` without addresses, process ids, clock times, measured times and temporary paths.
std::string fingerprint_of(std::string_view line);

}  // namespace nightjar::scenario
