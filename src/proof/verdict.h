// The verdict on a change: PROVEN, NOT_PROVEN or UNDECIDED, with reasons in order of weight.
//
// PROVEN says: something that failed without the change holds with it (a test, a scenario), nothing
// that held fails, the tests reach the changed lines, and nobody moved the goalposts.
// NOT_PROVEN says what failed. UNDECIDED says what stops a decision.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "harness/compare.h"
#include "proof/inspect.h"

namespace nightjar::proof {

enum class Verdict { proven, not_proven, undecided };
std::string_view name_of(Verdict verdict);  // "PROVEN", …
std::optional<Verdict> verdict_from(std::string_view name);

/// What was seen of one suite. Trees: base; change; restored = the change with the base's tests and
/// judge files; demanded = the base with the change's tests.
struct SuiteEvidence {
  std::string id;
  std::string runner;
  std::string why;
  bool ran_base = false, ran_change = false;
  bool complete_base = false, complete_change = false;
  std::string problem_base{}, problem_change{};
  bool environment = false;  // a problem is this machine's, not the change's
  int tests_base = 0, tests_change = 0;
  std::vector<std::string> doubts{};  // of the change's runs, not of the base's
  std::vector<std::string> judged_by{};
  std::vector<harness::TestChange> changes{};   // base → change, all but `kept`
  std::vector<harness::TestChange> restored{};  // base → restored, all but `kept`
  /// Tests that fail on `demanded` and pass on the change: what shows that the change does
  /// something
  std::vector<std::string> demonstrated{};
  int kept = 0;
};
Json to_json(const SuiteEvidence& evidence);
Result<SuiteEvidence> suite_evidence_from(const Json& json);

struct ScenarioEvidence {
  int visible_total = 0, visible_before = 0, visible_after = 0;
  int holdout_total = 0, holdout_before = 0, holdout_after = 0;
  std::vector<std::string> broken{};                // visible ones that held before
  std::vector<std::string> failing{};               // visible ones that fail after
  std::vector<std::string> holdout_requirements{};  // of sealed ones that fail after
};
Json to_json(const ScenarioEvidence& evidence);

struct ChangedLines {
  int total = 0;  // that a suite with coverage could have executed
  int executed = 0;
  bool measured = false;              // false: no suite measures these languages
  std::vector<std::string> missed{};  // "src/a.py:12-14"
};
Json to_json(const ChangedLines& lines);

struct Facts {
  std::string problem{};  // what stopped the proof before any suite ran (empty change, …)
  bool built_base = true, built_change = true;
  std::string build_output{};  // of the change
  std::vector<SuiteEvidence> suites{};
  ScenarioEvidence scenarios{};
  Inspection inspection{};
  ChangedLines lines{};
  bool same_behaviour = false;  // the change claims to alter no behaviour (--same-behaviour)
};

struct Reason {
  std::string code;  // "test-broken", "nothing-demonstrates", …
  Verdict towards = Verdict::undecided;
  std::string what;  // one sentence; names the tests, files and lines
  std::string file{};
  int line = 0;
};
Json to_json(const Reason& reason);

Result<Reason> reason_from(const Json& json);

/// Every code that a Reason may have, with what it means.
struct ReasonCode {
  std::string_view code;
  Verdict towards;
  std::string_view what;
};
std::span<const ReasonCode> reason_codes();

inline constexpr std::size_t kReasonsOfOneCodeMax = 20;  // more of one code are counted in the last

struct Judgement {
  Verdict verdict = Verdict::undecided;
  std::vector<Reason> reasons;  // the weightiest first; never empty
};
Judgement judge(const Facts& facts);

/// Lines of `changed` that some run executed; only files that a coverage names count as measured.
ChangedLines match_lines(const std::map<std::string, std::set<int>>& changed,
                         const std::vector<harness::Coverage>& coverages);

}  // namespace nightjar::proof
