#include "factory/handlers_proof.h"

#include "factory/node_parts.h"

namespace nightjar::factory {
namespace {

using Outcome = EffectRecord::Outcome;
using workflow::NodeOutcome;

constexpr int kSessionsMax = 4;  // of one suite on one side: the run, two more, the base's tests

std::int64_t suite_count(const RunView& view) {
  const Json* suites = view.created.recipe.find("suites");
  return suites == nullptr || !suites->is_array() ? 0 : std::ssize(suites->as_array());
}

event::Effect effect_on_base(const RunView& view, event::EffectKind kind, std::int64_t sessions) {
  const std::int64_t wall = sessions * view.created.limits.suite_ms_max;
  return {.kind = kind,
          .arguments = tree_arguments(view, ""),
          .worst_case = within_budget(view, wall, 2 * wall)};
}

NodeResult failed(std::string why, std::string fingerprint) {
  NodeResult result{
      .outcome = NodeOutcome::fail, .why = std::move(why), .fingerprint = std::move(fingerprint)};
  result.facts.set("why", result.why);
  return result;
}

std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// "412 tests, 3 known to fail, 1 flaky"
std::string baseline_line(const Json& result) {
  std::int64_t tests = 0, bad = 0, flaky = 0;
  std::string problem;
  const Json* suites = result.find("suites");
  for (const Json& row : suites == nullptr ? Json::Array{} : suites->as_array()) {
    tests += row.int_or("tests", 0);
    bad += row.int_or("bad", 0);
    flaky += row.int_or("flaky", 0);
    if (problem.empty()) problem = row.string_or("problem", "");
  }
  std::string line = counted(tests, "test");
  if (bad > 0) line += ", " + std::to_string(bad) + " failing already";
  if (flaky > 0) line += ", " + std::to_string(flaky) + " flaky";
  if (result.bool_or("cached", false)) line += " (known from an earlier proof)";
  if (!problem.empty()) line += "; " + problem;
  return line;
}

Json baseline_name(const RunView& view) {
  const Json* baseline = view.facts_of("baseline");
  return baseline == nullptr ? "" : baseline->string_or("runs", "");
}

std::string change_line(const Json& result) {
  std::int64_t tests = 0, broken = 0, demonstrated = 0;
  const Json* suites = result.find("suites");
  for (const Json& row : suites == nullptr ? Json::Array{} : suites->as_array()) {
    tests += row.int_or("tests_change", 0);
    if (const Json* list = row.find("demonstrated")) demonstrated += std::ssize(list->as_array());
    const Json* changes = row.find("changes");
    for (const Json& change : changes == nullptr ? Json::Array{} : changes->as_array()) {
      const std::string kind = change.string_or("transition", "");
      broken += kind == harness::name_of(harness::Transition::broken) ||
                        kind == harness::name_of(harness::Transition::added_bad)
                    ? 1
                    : 0;
    }
  }
  std::string line = counted(tests, "test");
  line += broken > 0 ? ", " + std::to_string(broken) + " broken" : ", none broken";
  if (demonstrated > 0) line += ", " + std::to_string(demonstrated) + " pass only with the change";
  const Json* lines = result.find("lines");
  if (lines != nullptr && lines->bool_or("measured", false)) {
    line += ", changed lines executed " + std::to_string(lines->int_or("executed", 0)) + "/" +
            std::to_string(lines->int_or("total", 0));
  }
  return line;
}

}  // namespace

NextAction handle_environment(const workflow::Node&, const RunView& view) {
  if (view.effects.empty()) {
    return effect_on_base(view, event::EffectKind::prepare_environment, 1);
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  const std::string problem = record.result.string_or("problem", "");
  if (!record.result.bool_or("ready", false)) {
    NodeResult result = failed(problem, "environment:" + problem);
    result.facts.set("environment", record.result);
    result.facts.set("machine", name_of(ErrorCode::unavailable));
    result.context["machine"] = name_of(ErrorCode::unavailable);
    return result;
  }
  NodeResult result;
  result.facts.set("environment", record.result);
  const std::vector<std::string> tools = record.result.get_strings("toolchains").value_or({});
  for (const std::string& tool : tools) result.why += (result.why.empty() ? "" : ", ") + tool;
  if (result.why.empty()) result.why = "what the system has";
  if (record.result.bool_or("reused", false)) result.why += " (set up before)";
  result.facts.set("why", result.why);
  return result;
}

NextAction handle_inspect(const workflow::Node&, const RunView& view) {
  if (const std::string problem = view.created.change.string_or("problem", ""); !problem.empty()) {
    return failed(problem, problem);
  }
  if (view.effects.empty()) {
    const Json* ids = view.created.change.find("requirement_ids");
    return event::Effect{
        .kind = event::EffectKind::inspect_change,
        .arguments = Json::object({{"tree", tree_of(view, candidate_of(view))},
                                   {"requirement_ids", ids == nullptr ? Json::array() : *ids}}),
        .worst_case = within_budget(view, 300'000, 300'000)};
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why = counted(record.result.int_or("files", 0), "file") + ", " +
               counted(record.result.int_or("changed_lines", 0), "line") + " to execute, " +
               counted(record.result.int_or("findings_total", 0), "finding");
  result.facts.set("why", result.why);
  return result;
}

NextAction handle_baseline(const workflow::Node&, const RunView& view) {
  // The base does not change between an engineer's attempts.
  if (const Json* known = view.facts_of("baseline");
      known != nullptr && view.effects.empty() && known->find("machine") == nullptr) {
    return NodeResult{.why = known->string_or("why", ""), .facts = *known};
  }
  if (suite_count(view) == 0) return NodeResult{.why = "no suite was found"};
  if (view.effects.empty()) {
    event::Effect effect =
        effect_on_base(view, event::EffectKind::run_suites, suite_count(view) * kSessionsMax + 1);
    effect.arguments.set("side", "base");
    return effect;
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why = record.result.bool_or("built", false) ? baseline_line(record.result)
                                                     : "the base does not build";
  result.facts.set("why", result.why);
  return result;
}

NextAction handle_suites(const workflow::Node&, const RunView& view) {
  if (suite_count(view) == 0) return NodeResult{.why = "no suite was found"};
  if (view.effects.empty()) {
    event::Effect effect =
        effect_on_base(view, event::EffectKind::run_suites, suite_count(view) * kSessionsMax + 3);
    const Json* inspection = view.facts_of("inspect");
    effect.arguments.set("side", "change");
    effect.arguments.set("candidate", candidate_of(view));
    effect.arguments.set("baseline", baseline_name(view));
    effect.arguments.set("inspection",
                         inspection == nullptr ? "" : inspection->string_or("whole", ""));
    return effect;
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why = record.result.bool_or("built", false) ? change_line(record.result)
                                                     : "the change does not build";
  result.facts.set("why", result.why);
  return result;
}

namespace {

void add_rows(const Json* rows, bool before, proof::ScenarioEvidence& out,
              std::map<std::string, bool>& held) {
  if (rows == nullptr) return;
  for (const Json& row : rows->as_array()) {
    const std::string name = row.string_or("name", "");
    const bool satisfied = row.bool_or("satisfied", false);
    if (before) {
      held[name] = satisfied;
      out.visible_before += satisfied ? 1 : 0;
      continue;
    }
    ++out.visible_total;
    out.visible_after += satisfied ? 1 : 0;
    if (satisfied) continue;
    const auto was = held.find(name);
    (was != held.end() && was->second ? out.broken : out.failing).push_back(name);
  }
}

proof::ScenarioEvidence scenarios_of(const RunView& view) {
  proof::ScenarioEvidence out;
  std::map<std::string, bool> held;
  const Json* build = view.facts_of("build");
  const Json* prove = view.facts_of("prove");
  add_rows(build == nullptr ? nullptr : build->find("visible"), true, out, held);
  add_rows(prove == nullptr ? nullptr : prove->find("visible"), false, out, held);
  const Json* before = build == nullptr ? nullptr : build->find("holdout");
  const Json* after = prove == nullptr ? nullptr : prove->find("holdout");
  if (before != nullptr) out.holdout_before = static_cast<int>(before->int_or("satisfied", 0));
  if (after != nullptr) {
    out.holdout_total = static_cast<int>(after->int_or("total", 0));
    out.holdout_after = static_cast<int>(after->int_or("satisfied", 0));
    if (out.holdout_after < out.holdout_total) {
      out.holdout_requirements = after->get_strings("requirements").value_or({});
    }
  }
  return out;
}

Result<> add_suites(const RunView& view, proof::Facts& facts) {
  const Json* suites = view.facts_of("suites");
  if (suites == nullptr) return ok;
  if (const Json* rows = suites->find("suites")) {
    for (const Json& row : rows->as_array()) {
      TRY_INTO(proof::SuiteEvidence evidence, proof::suite_evidence_from(row));
      facts.suites.push_back(std::move(evidence));
    }
  }
  if (const Json* lines = suites->find("lines")) {
    facts.lines = {.total = static_cast<int>(lines->int_or("total", 0)),
                   .executed = static_cast<int>(lines->int_or("executed", 0)),
                   .measured = lines->bool_or("measured", false),
                   .missed = lines->get_strings("missed").value_or({})};
  }
  return ok;
}

}  // namespace

Result<proof::Facts> proof_facts(const RunView& view) {
  proof::Facts facts;
  facts.same_behaviour = view.created.change.bool_or("same_behaviour", false);
  facts.problem = view.created.change.string_or("problem", "");
  if (const Json* environment = view.facts_of("environment")) {
    const Json* found = environment->find("environment");
    if (facts.problem.empty() && found != nullptr && !found->bool_or("ready", false)) {
      facts.problem = "the environment could not be set up: " + found->string_or("problem", "");
    }
  }
  for (const char* node : {"environment", "build", "prove", "inspect", "baseline", "suites"}) {
    const Json* found = view.facts_of(node);
    if (facts.problem.empty() && found != nullptr && found->find("machine") != nullptr) {
      facts.problem = std::string(node) + ": " + found->string_or("why", "");
    }
  }
  const Json* build = view.facts_of("build");
  const Json* prove = view.facts_of("prove");
  facts.built_base = build == nullptr || build->bool_or("built", true);
  facts.built_change = prove == nullptr || prove->bool_or("built", true);
  if (!facts.built_change) facts.build_output = prove->string_or("why", "");
  facts.scenarios = scenarios_of(view);
  if (const Json* inspect = view.facts_of("inspect")) {
    if (const Json* inspection = inspect->find("inspection")) {
      TRY_INTO(facts.inspection, proof::inspection_from(*inspection));
    }
  }
  TRY(add_suites(view, facts));
  return facts;
}

NextAction handle_verdict(const workflow::Node&, const RunView& view) {
  const Result<proof::Facts> facts = proof_facts(view);
  if (!facts) return failed(facts.error().message, "facts");
  const proof::Judgement judgement = proof::judge(*facts);
  NodeResult result;
  Json reasons = Json::array();
  for (const proof::Reason& reason : judgement.reasons) reasons.push(proof::to_json(reason));
  const std::string verdict(proof::name_of(judgement.verdict));
  result.why = verdict + ": " + judgement.reasons.front().what;
  result.facts.set("verdict", verdict);
  result.facts.set("reasons", std::move(reasons));
  result.facts.set("candidate", candidate_of(view));
  result.facts.set("why", judgement.reasons.front().what);
  result.context["verdict"] = verdict;
  if (judgement.verdict == proof::Verdict::not_proven) {
    result.outcome = NodeOutcome::fail;
    result.fingerprint = verdict + ":" + judgement.reasons.front().what;
  }
  return result;
}

NextAction handle_evidence(const workflow::Node&, const RunView& view) {
  if (view.effects.empty()) {
    return event::Effect{.kind = event::EffectKind::sign_evidence,
                         .arguments = Json::object({{"candidate", candidate_of(view)},
                                                    {"at_utc_ns", view.last_at_utc_ns}}),
                         .worst_case = within_budget(view, 60'000, 60'000)};
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why = "signed with key " + record.result.string_or("key", "").substr(0, 16);
  result.context["note"] = view.created.change.bool_or("note", false) ? "asked" : "none";
  return result;
}

NextAction handle_note(const workflow::Node&, const RunView& view) {
  const Json& change = view.created.change;
  const Json* verdict = view.facts_of("verdict");
  const Json* evidence = view.facts_of("evidence");
  if (verdict == nullptr || evidence == nullptr) return NodeResult{.why = "nothing was signed"};
  if (view.effects.empty()) {
    const std::string line = verdict->string_or("verdict", "") + " against " +
                             view.created.base_commit + " run " + view.id.str() + " evidence " +
                             evidence->string_or("evidence", "") + " key " +
                             evidence->string_or("key", "");
    return event::Effect{.kind = event::EffectKind::write_note,
                         .arguments = Json::object({{"top", view.created.top},
                                                    {"commit", change.string_or("commit", "")},
                                                    {"line", line},
                                                    {"at_utc_ns", view.last_at_utc_ns}}),
                         .worst_case = within_budget(view, 60'000, 60'000)};
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why =
      "see `git notes --ref=nightjar show " + change.string_or("commit", "").substr(0, 12) + "`";
  return result;
}

}  // namespace nightjar::factory
