// The offline engineer's search: from failing scenarios to the smallest single-site edit that
// satisfies them. Generate and validate (GenProg, Le Goues 2012), lines ranked by Ochiai (Abreu
// 2006).
//
// C and Python. One search is one effect: it has a CPU budget and a wall-clock limit that holds.
// Threads: uses at most `workers` threads of its own and joins them.
// Errors are failures of the sandbox or host; finding nothing is a SearchResult with its reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/build.h"
#include "scenario/trial.h"

namespace nightjar::reason {

struct SearchInput {
  sandbox::Spec sandbox;  // its workspace holds the project's sources
  std::string build_command;
  harness::CommandLimits build_limits;
  std::vector<scenario::Scenario> scenarios;  // all visible ones; the search parts them by itself
  scenario::StepLimits step_limits;
  std::vector<std::string>
      frozen_paths;  // prefixes no edit may touch: "specs/", "scenarios/", tests
  /// Candidates (path → content, as in SearchResult::changed) that were not proven: never returned
  /// again.
  std::vector<std::map<std::string, std::string>> rejected{};
};

struct SearchLimits {
  std::chrono::milliseconds wall_max{0};
  std::chrono::milliseconds cpu_max{0};
  int candidates_max = 0;
  int workers = 1;
};

enum class Verdict { tested, partial, not_found, nothing_to_do, cannot };
std::string_view name_of(Verdict verdict);  // TESTED PARTIAL NOT_FOUND NOTHING_TO_DO CANNOT

struct Suspect {  // a ranked line
  std::string file;
  int line = 0;
  double score = 0;  // Ochiai, 0..1
};

struct SearchResult {
  Verdict verdict = Verdict::cannot;
  std::map<std::string, std::string> changed;  // path → new content; empty unless tested or partial
  std::string diff;        // unified, a/ and b/ prefixes; applies with `git apply`
  std::string edit_kind;   // "comparison operator"
  std::string cause;       // one sentence: file, line, what was wrong
  scenario::Count before;  // visible scenarios without the validation set
  scenario::Count after;
  std::vector<std::string> validation_names;  // the scenarios that were held back
  scenario::Count validation_before;
  scenario::Count validation_after;
  int candidates = 0;
  int overfitted = 0;             // candidates that satisfied all but failed validation
  std::vector<Suspect> suspects;  // the first ten
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;
  std::string why;  // for a person: what was found, or what was tried and why it stopped
};

using Progress = std::function<void(const std::string& line)>;

/// With ≥ 6 visible scenarios every pick of `validation_part` is held back from the search and must
/// be satisfied by what is returned. The split depends on names only, so a rerun makes the same
/// one.
Result<SearchResult> search_repair(sandbox::Launcher& launcher, const SearchInput& input,
                                   const SearchLimits& limits, std::stop_token stop,
                                   const Progress& progress);

/// Indices of the scenarios that form the validation set: 30 % by a hash of the name, rounded down,
/// each side keeping at least one failing scenario where there are two. Empty for fewer than 6.
std::vector<std::size_t> validation_part(const std::vector<scenario::Scenario>& scenarios,
                                         const std::vector<bool>& satisfied_before);

}  // namespace nightjar::reason
