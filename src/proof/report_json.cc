// The verdict as JSON and as SARIF.
#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "proof/report.h"

namespace nightjar::proof {
namespace {

using harness::TestChange;
using harness::Transition;

constexpr std::size_t kTestsListedMax = 500;  // of one transition
constexpr std::size_t kMissedListedMax = 200;
constexpr std::size_t kIdBytesMax = 500;
constexpr std::size_t kTextBytesMax = 2000;

constexpr std::array kListed = {
    Transition::broken, Transition::added_bad,    Transition::gone,      Transition::newly_skipped,
    Transition::fixed,  Transition::added_good,   Transition::unskipped, Transition::still_bad,
    Transition::flaky,  Transition::still_skipped};

/// Text of strangers: valid UTF-8 without control characters.
std::string text_of(std::string_view text) { return printable(text, kTextBytesMax); }

Json test_json(const TestChange& change) {
  Json out = Json::object({{"suite", text_of(change.suite)},
                           {"test", printable(change.test, kIdBytesMax)},
                           {"before", name_of(change.before)},
                           {"after", name_of(change.after)}});
  if (!change.message.empty()) out.set("message", text_of(change.message));
  if (!change.file.empty()) out.set("file", printable(change.file, kIdBytesMax));
  if (change.line > 0) out.set("line", change.line);
  return out;
}

/// Counts of every transition, and the tests of each but `kept`.
Json tests_json(const std::vector<SuiteEvidence>& suites) {
  Json counts = Json::object();
  Json lists = Json::object();
  std::int64_t kept = 0;
  std::int64_t base = 0;
  std::int64_t change = 0;
  Json demonstrated = Json::array();
  std::int64_t demonstrated_count = 0;
  for (const SuiteEvidence& suite : suites) {
    kept += suite.kept;
    base += suite.tests_base;
    change += suite.tests_change;
    demonstrated_count += static_cast<std::int64_t>(suite.demonstrated.size());
    for (const std::string& test : suite.demonstrated) {
      if (demonstrated.as_array().size() >= kTestsListedMax) break;
      demonstrated.push(
          Json::object({{"suite", text_of(suite.id)}, {"test", printable(test, kIdBytesMax)}}));
    }
  }
  for (const Transition transition : kListed) {
    Json list = Json::array();
    std::int64_t count = 0;
    for (const SuiteEvidence& suite : suites) {
      for (const TestChange& one : suite.changes) {
        if (one.transition != transition) continue;
        if (++count <= static_cast<std::int64_t>(kTestsListedMax)) list.push(test_json(one));
      }
    }
    counts.set(harness::name_of(transition), count);
    if (count > 0) lists.set(harness::name_of(transition), std::move(list));
  }
  counts.set("kept", kept);
  return Json::object({{"base", base},
                       {"change", change},
                       {"counts", std::move(counts)},
                       {"demonstrated_count", demonstrated_count},
                       {"demonstrated", std::move(demonstrated)},
                       {"lists", std::move(lists)}});
}

Json suite_json(const SuiteEvidence& suite) {
  Json out = Json::object({{"id", text_of(suite.id)},
                           {"runner", text_of(suite.runner)},
                           {"why", text_of(suite.why)},
                           {"ran_base", suite.ran_base},
                           {"ran_change", suite.ran_change},
                           {"complete_base", suite.complete_base},
                           {"complete_change", suite.complete_change},
                           {"tests_base", suite.tests_base},
                           {"tests_change", suite.tests_change},
                           {"kept", suite.kept},
                           {"judged_by", Json::strings(suite.judged_by)}});
  if (!suite.problem_base.empty()) out.set("problem_base", text_of(suite.problem_base));
  if (!suite.problem_change.empty()) out.set("problem_change", text_of(suite.problem_change));
  if (suite.environment) out.set("environment", true);
  Json doubts = Json::array();
  for (const std::string& doubt : suite.doubts) doubts.push(text_of(doubt));
  out.set("doubts", std::move(doubts));
  return out;
}

Json lines_json(const ChangedLines& lines) {
  std::vector<std::string> missed = lines.missed;
  if (missed.size() > kMissedListedMax) missed.resize(kMissedListedMax);
  for (std::string& range : missed) range = printable(range, kIdBytesMax);
  return Json::object({{"total", lines.total},
                       {"executed", lines.executed},
                       {"measured", lines.measured},
                       {"missed", Json::strings(missed)}});
}

// --- SARIF -----------------------------------------------------------------------------------

/// A relative reference (RFC 3986) of a path of bytes.
std::string uri_of(std::string_view path) {
  constexpr std::string_view kPlain = "-._~!$&'()*+,;=@/";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += to_hex(std::string_view(&c, 1));
    }
  }
  return out;
}

std::string_view level_of(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::serious: return "error";
    case Finding::Severity::warning: return "warning";
    case Finding::Severity::note: return "note";
  }
  return "none";
}

std::string_view level_of(Verdict towards) {
  switch (towards) {
    case Verdict::not_proven: return "error";
    case Verdict::undecided: return "warning";
    case Verdict::proven: return "note";
  }
  return "none";
}

struct SarifResult {
  std::string rule;
  std::string_view level;
  std::string text;
  std::string file;
  int line = 0;
};

Json sarif_result(const SarifResult& result, std::int64_t rule_index) {
  Json out = Json::object({{"ruleId", result.rule},
                           {"ruleIndex", rule_index},
                           {"level", result.level},
                           {"message", Json::object({{"text", text_of(result.text)}})}});
  // GitHub shows results with a location alone; what has none of its own is told of the project.
  Json physical = Json::object(
      {{"artifactLocation", Json::object({{"uri", result.file.empty() ? std::string("nightjar.toml")
                                                                      : uri_of(result.file)},
                                          {"uriBaseId", "%SRCROOT%"}})}});
  const int line = std::max(result.line, 1);
  physical.set("region", Json::object({{"startLine", line}}));
  out.set("locations",
          Json(Json::Array{Json::object({{"physicalLocation", std::move(physical)}})}));
  const std::string identity = result.rule + "|" + result.file + "|" + result.text;
  out.set("partialFingerprints", Json::object({{"nightjar/v1", text_of(identity)}}));
  return out;
}

std::vector<SarifResult> sarif_results(const Proof& proof) {
  std::vector<SarifResult> out;
  for (const Reason& reason : proof.judgement.reasons) {
    // A finding is a result of its own.
    if (reason.code == "tampering" || reason.code == "finding") continue;
    if (reason.towards == Verdict::proven && reason.code != "lines-missed") continue;
    out.push_back({reason.code, level_of(reason.towards), reason.what, reason.file, reason.line});
  }
  for (const Finding& finding : proof.facts.inspection.findings) {
    out.push_back(
        {finding.rule, level_of(finding.severity), finding.what, finding.file, finding.line});
  }
  return out;
}

struct SarifRule {
  std::string name;
  std::string what;
};

std::vector<SarifRule> sarif_rules(const std::vector<SarifResult>& results) {
  std::set<std::string> used;
  for (const SarifResult& result : results) used.insert(result.rule);
  std::vector<SarifRule> out;
  for (const ReasonCode& code : reason_codes()) {
    if (used.erase(std::string(code.code)) > 0) {
      out.push_back({std::string(code.code), std::string(code.what)});
    }
  }
  for (const RuleInfo& rule : rule_infos()) {
    if (used.erase(std::string(rule.name)) > 0) {
      out.push_back({std::string(rule.name), std::string(rule.what)});
    }
  }
  for (const std::string& name : used) out.push_back({name, name});
  return out;
}

}  // namespace

Json verdict_json(const Proof& proof) {
  Json suites = Json::array();
  for (const SuiteEvidence& suite : proof.facts.suites) suites.push(suite_json(suite));
  Json tampering = Json::array();
  for (const Finding& finding : proof.facts.inspection.findings) tampering.push(to_json(finding));
  Json reasons = Json::array();
  for (const Reason& reason : proof.judgement.reasons) reasons.push(to_json(reason));
  return Json::object({{"run", proof.run},
                       {"change", text_of(proof.change)},
                       {"base_commit", proof.base_commit},
                       {"change_commit", proof.change_commit},
                       {"verdict", name_of(proof.judgement.verdict)},
                       {"reasons", std::move(reasons)},
                       {"tests", tests_json(proof.facts.suites)},
                       {"suites", std::move(suites)},
                       {"scenarios", to_json(proof.facts.scenarios)},
                       {"tampering", std::move(tampering)},
                       {"changed_lines", lines_json(proof.facts.lines)},
                       {"review", to_json(proof.facts.inspection.review)},
                       {"recipe", Json::strings(proof.recipe_reasons)},
                       {"toolchains", Json::strings(proof.toolchains)},
                       {"walls", Json::strings(proof.walls)},
                       {"not_enforced", Json::strings(proof.not_enforced)},
                       {"wall_ms", proof.wall_ms}});
}

Json sarif_json(const Proof& proof) {
  const std::vector<SarifResult> found = sarif_results(proof);
  const std::vector<SarifRule> known = sarif_rules(found);
  Json rules = Json::array();
  for (const SarifRule& rule : known) {
    rules.push(Json::object(
        {{"id", rule.name}, {"shortDescription", Json::object({{"text", rule.what}})}}));
  }
  Json results = Json::array();
  for (const SarifResult& result : found) {
    const auto rule = std::ranges::find(known, result.rule, &SarifRule::name);
    results.push(sarif_result(result, rule - known.begin()));
  }
  Json driver = Json::object({{"name", "nightjar"}, {"rules", std::move(rules)}});
  Json run = Json::object({{"tool", Json::object({{"driver", std::move(driver)}})},
                           {"columnKind", "unicodeCodePoints"},
                           {"results", std::move(results)}});
  run.set("properties",
          Json::object({{"verdict", name_of(proof.judgement.verdict)}, {"run", proof.run}}));
  return Json::object({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                       {"version", "2.1.0"},
                       {"runs", Json(Json::Array{std::move(run)})}});
}

}  // namespace nightjar::proof
