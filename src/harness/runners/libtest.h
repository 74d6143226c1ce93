// What Rust's libtest prints: its listing and its results.
// Format: https://doc.rust-lang.org/rustc/tests/index.html (text; its JSON is not stable).
//
// Pure; any thread; never fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

/// Names of `--list --format terse`; nullopt: that is no libtest.
std::optional<std::vector<std::string>> parse_libtest_list(std::string_view text);

/// One program's tests, each with `prefix` before its name. Every listed test needs one result, and
/// the summary and the exit status have to agree; what was left out is in `undecided`.
struct LibtestRun {
  SuiteRun run;
  std::vector<std::string> undecided;  // names, without the prefix
};
LibtestRun judge_libtest(const std::vector<std::string>& listed, const sandbox::Outcome& outcome,
                         const std::string& prefix);

/// "src/lib.rs - twice (line 4)" without the line, which moves; a second one of that name "#2".
std::vector<std::string> doc_test_names(const std::vector<std::string>& names);

}  // namespace nightjar::harness
