#include "proof/verdict.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace nightjar::proof {
namespace {

constexpr std::array kVerdicts = {Verdict::proven, Verdict::not_proven, Verdict::undecided};

Json changes_json(const std::vector<harness::TestChange>& changes) {
  Json out = Json::array();
  for (const harness::TestChange& change : changes) out.push(to_json(change));
  return out;
}

Result<std::vector<harness::TestChange>> changes_from(const Json& json, std::string_view key) {
  std::vector<harness::TestChange> out;
  const Json* changes = json.find(key);
  if (changes == nullptr || !changes->is_array()) {
    return {ErrorCode::invalid_input, "'" + std::string(key) + "' is no array"};
  }
  for (const Json& change : changes->as_array()) {
    TRY_INTO(harness::TestChange one, harness::test_change_from(change));
    out.push_back(std::move(one));
  }
  return out;
}

Result<int> count_at(const Json& json, std::string_view key) {
  TRY_INTO(const std::int64_t value, json.get_int(key));
  if (value < 0 || value > 1'000'000'000) {
    return {ErrorCode::invalid_input, "'" + std::string(key) + "' is out of range"};
  }
  return static_cast<int>(value);
}

std::string range_text(const std::string& path, int first, int last) {
  std::string out = path + ":" + std::to_string(first);
  if (last > first) out += "-" + std::to_string(last);
  return out;
}

/// Runs of lines that follow each other in `candidates`, so that a missed block is one entry.
void add_ranges(const std::string& path, const std::set<int>& missed,
                const std::set<int>& candidates, std::vector<std::string>& out) {
  int first = 0;
  int last = 0;
  for (const int line : candidates) {
    if (missed.contains(line)) {
      if (first == 0) first = line;
      last = line;
    } else if (first != 0) {
      out.push_back(range_text(path, first, last));
      first = 0;
    }
  }
  if (first != 0) out.push_back(range_text(path, first, last));
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::proven: return "PROVEN";
    case Verdict::not_proven: return "NOT_PROVEN";
    case Verdict::undecided: return "UNDECIDED";
  }
  return "";
}

std::optional<Verdict> verdict_from(std::string_view name) {
  for (const Verdict verdict : kVerdicts) {
    if (name_of(verdict) == name) return verdict;
  }
  return std::nullopt;
}

Json to_json(const SuiteEvidence& evidence) {
  return Json::object({{"id", evidence.id},
                       {"runner", evidence.runner},
                       {"why", evidence.why},
                       {"ran_base", evidence.ran_base},
                       {"ran_change", evidence.ran_change},
                       {"complete_base", evidence.complete_base},
                       {"complete_change", evidence.complete_change},
                       {"problem_base", evidence.problem_base},
                       {"problem_change", evidence.problem_change},
                       {"environment", evidence.environment},
                       {"tests_base", evidence.tests_base},
                       {"tests_change", evidence.tests_change},
                       {"doubts", Json::strings(evidence.doubts)},
                       {"judged_by", Json::strings(evidence.judged_by)},
                       {"changes", changes_json(evidence.changes)},
                       {"restored", changes_json(evidence.restored)},
                       {"demonstrated", Json::strings(evidence.demonstrated)},
                       {"kept", evidence.kept}});
}

Result<SuiteEvidence> suite_evidence_from(const Json& json) {
  SuiteEvidence out;
  TRY_INTO(out.id, json.get_string("id"));
  TRY_INTO(out.runner, json.get_string("runner"));
  TRY_INTO(out.why, json.get_string("why"));
  TRY_INTO(out.ran_base, json.get_bool("ran_base"));
  TRY_INTO(out.ran_change, json.get_bool("ran_change"));
  TRY_INTO(out.complete_base, json.get_bool("complete_base"));
  TRY_INTO(out.complete_change, json.get_bool("complete_change"));
  TRY_INTO(out.problem_base, json.get_string("problem_base"));
  TRY_INTO(out.problem_change, json.get_string("problem_change"));
  TRY_INTO(out.environment, json.get_bool("environment"));
  TRY_INTO(out.tests_base, count_at(json, "tests_base"));
  TRY_INTO(out.tests_change, count_at(json, "tests_change"));
  TRY_INTO(out.doubts, json.get_strings("doubts"));
  TRY_INTO(out.judged_by, json.get_strings("judged_by"));
  TRY_INTO(out.changes, changes_from(json, "changes"));
  TRY_INTO(out.restored, changes_from(json, "restored"));
  TRY_INTO(out.demonstrated, json.get_strings("demonstrated"));
  TRY_INTO(out.kept, count_at(json, "kept"));
  return out;
}

Json to_json(const ScenarioEvidence& evidence) {
  return Json::object({{"visible", Json::object({{"total", evidence.visible_total},
                                                 {"before", evidence.visible_before},
                                                 {"after", evidence.visible_after}})},
                       {"holdouts", Json::object({{"total", evidence.holdout_total},
                                                  {"before", evidence.holdout_before},
                                                  {"after", evidence.holdout_after}})},
                       {"broken", Json::strings(evidence.broken)},
                       {"failing", Json::strings(evidence.failing)},
                       {"holdout_requirements", Json::strings(evidence.holdout_requirements)}});
}

Json to_json(const ChangedLines& lines) {
  return Json::object({{"total", lines.total},
                       {"executed", lines.executed},
                       {"measured", lines.measured},
                       {"missed", Json::strings(lines.missed)}});
}

Json to_json(const Reason& reason) {
  Json out = Json::object(
      {{"code", reason.code}, {"towards", name_of(reason.towards)}, {"what", reason.what}});
  if (!reason.file.empty()) out.set("file", reason.file);
  if (reason.line > 0) out.set("line", reason.line);
  return out;
}

Result<Reason> reason_from(const Json& json) {
  Reason out;
  TRY_INTO(out.code, json.get_string("code"));
  TRY_INTO(const std::string towards, json.get_string("towards"));
  const auto verdict = verdict_from(towards);
  if (!verdict) {
    return {ErrorCode::invalid_input, "unknown verdict '" + printable(towards, 40) + "'"};
  }
  out.towards = *verdict;
  TRY_INTO(out.what, json.get_string("what"));
  out.file = json.string_or("file", "");
  const std::int64_t line = json.int_or("line", 0);
  out.line = line > 0 && line < 1'000'000'000 ? static_cast<int>(line) : 0;
  return out;
}

ChangedLines match_lines(const std::map<std::string, std::set<int>>& changed,
                         const std::vector<harness::Coverage>& coverages) {
  ChangedLines out;
  for (const auto& [path, lines] : changed) {
    std::set<int> executable;
    std::set<int> executed;
    bool named = false;
    bool tells_executable = true;
    for (const harness::Coverage& coverage : coverages) {
      const auto file = coverage.files.find(path);
      if (file == coverage.files.end()) continue;
      named = true;
      if (file->second.executable.empty()) tells_executable = false;
      executable.insert(file->second.executable.begin(), file->second.executable.end());
      executed.insert(file->second.executed.begin(), file->second.executed.end());
    }
    if (!named) continue;
    out.measured = true;
    std::set<int> candidates;
    std::set<int> missed;
    for (const int line : lines) {
      if (tells_executable && !executable.contains(line) && !executed.contains(line)) continue;
      candidates.insert(line);
      if (!executed.contains(line)) missed.insert(line);
    }
    out.total += static_cast<int>(candidates.size());
    out.executed += static_cast<int>(candidates.size() - missed.size());
    add_ranges(path, missed, candidates, out.missed);
  }
  return out;
}

}  // namespace nightjar::proof
