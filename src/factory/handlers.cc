#include "factory/handlers.h"

#include <algorithm>
#include <set>

#include "agent/engineers.h"
#include "base/bytes.h"
#include "factory/findings.h"
#include "factory/handlers_proof.h"
#include "factory/node_parts.h"
#include "proof/verdict.h"

namespace nightjar::factory {
namespace {

using Outcome = EffectRecord::Outcome;
using workflow::NodeOutcome;

constexpr int kFlakeTrials = 3;        // runs of what fails, before anything is repaired
constexpr std::int64_t kParallel = 2;  // trials and candidates side by side, for the CPU estimate
constexpr std::size_t kFindingsMax = 100;

event::Effect build_effect(const RunView& view, const std::string& changes) {
  const std::int64_t commands = view.created.test_command.empty() ? 1 : 2;
  const bool given = proves_given_change(view);
  const config::Limits& limits = view.created.limits;
  const std::int64_t wall = given ? limits.suite_ms_max : limits.wall_ms_max;
  const std::int64_t cpu = given ? 2 * limits.suite_ms_max : limits.cpu_ms_max;
  event::Effect effect{.kind = event::EffectKind::run_command,
                       .arguments = tree_arguments(view, changes),
                       .worst_case = within_budget(view, commands * wall, commands * cpu)};
  effect.arguments.set("purpose", "build");
  effect.arguments.set("build", view.created.build_command);
  effect.arguments.set("test", view.created.test_command);
  effect.arguments.set("limit", given ? "suite" : "command");
  return effect;
}

/// Scenarios that the baseline saw hold only sometimes: one lucky trial proves nothing.
Json flaky_names(const RunView& view) {
  Json names = Json::array();
  const Json* build = view.facts_of("build");
  const Json* visible = build == nullptr ? nullptr : build->find("visible");
  if (visible == nullptr) return names;
  for (const Json& row : visible->as_array()) {
    if (row.bool_or("flaky", false)) names.push(row.string_or("name", ""));
  }
  return names;
}

event::Effect trials_effect(const RunView& view, const std::string& changes, int flake_trials) {
  const std::int64_t count = (view.created.scenarios + view.created.holdouts) * kFlakeTrials;
  const std::int64_t wall = count * view.created.limits.wall_ms_max;
  const Json* baseline = view.facts_of("build");
  event::Effect effect{.kind = event::EffectKind::run_trials,
                       .arguments = tree_arguments(view, changes),
                       .worst_case = within_budget(view, wall, wall * kParallel)};
  const auto adapted = [&](const char* key) {
    return baseline == nullptr ? 0 : baseline->int_or(key, 0);
  };
  Json& arguments = effect.arguments;
  arguments.set("step_wall_ms", adapted("step_wall_ms"));
  arguments.set("step_cpu_ms", adapted("step_cpu_ms"));
  arguments.set("build", view.created.build_command);
  arguments.set("limit", proves_given_change(view) ? "suite" : "command");
  arguments.set("project", view.created.project.str());
  arguments.set("holdouts", view.created.holdouts);
  arguments.set("holdout_digest", view.created.holdout_digest);
  arguments.set("flake_trials", flake_trials);
  arguments.set("flaky", flaky_names(view));
  return effect;
}

NextAction handle_check(const workflow::Node&, const RunView& view) {
  const RunCreated& run = view.created;
  NodeResult result;
  result.why = std::to_string(run.requirements) + " requirements, " +
               std::to_string(run.scenarios) + " scenarios, " + std::to_string(run.holdouts) +
               " sealed";
  if (run.scenarios == 0 && run.test_command.empty()) {
    result.outcome = NodeOutcome::fail;
    result.why =
        "nothing says what right means: there is no scenario and no [test] command; "
        "`nightjar init` writes a first one";
    result.fingerprint = "no scenarios";
  }
  result.facts.set("why", result.why);
  return result;
}

bool wants_trials(const RunView& view) {
  return view.effects.size() == 1 && view.effects[0].result.bool_or("built", false) &&
         view.created.scenarios + view.created.holdouts > 0;
}

bool all_satisfied(const Json& results) {
  return std::all_of(results.as_array().begin(), results.as_array().end(),
                     [](const Json& row) { return row.bool_or("satisfied", false); });
}

/// What run_command(build) and run_trials found out about one tree, as facts of the node.
NodeResult judge_tree(const RunView& view) {
  const Json& build = view.effects.at(0).result;
  NodeResult result;
  for (const char* key : {"built", "tested", "tests_passed"}) {
    result.facts.set(key, build.bool_or(key, false));
  }
  if (!build.bool_or("built", false)) {
    const std::string output = build.string_or("build_output", "");
    result.outcome = NodeOutcome::fail;
    result.why = "the build command fails: " + build.string_or("build_ended", "") + "\n" + output;
    result.fingerprint = "build:" + output;
    result.facts.set("why", result.why);
    return result;
  }
  // Without scenarios there were no trials.
  const Json trials = view.effects.size() > 1 ? view.effects[1].result : Json::object();
  const Json* visible = trials.find("visible");
  const Json* holdout = trials.find("holdout");
  result.facts.set("visible", visible == nullptr ? Json::array() : *visible);
  result.facts.set("holdout", holdout == nullptr ? Json::object() : *holdout);
  result.facts.set("test_output", build.string_or("test_output", ""));
  for (const char* key : {"step_wall_ms", "step_cpu_ms"})
    result.facts.set(key, trials.int_or(key, 0));

  const Json& rows = *result.facts.find("visible");
  std::size_t satisfied = 0;
  for (const Json& row : rows.as_array()) {
    if (row.bool_or("satisfied", false)) {
      ++satisfied;
    } else {
      result.fingerprint +=
          row.string_or("name", "") + ":" + row.string_or("fingerprint", "") + "\n";
    }
  }
  const std::int64_t sealed = result.facts.find("holdout")->int_or("total", 0);
  const std::int64_t sealed_satisfied = result.facts.find("holdout")->int_or("satisfied", 0);
  if (view.effects.size() == 1) {
    result.why = "built, no scenarios";
    if (build.bool_or("tested", false) && !build.bool_or("tests_passed", false)) {
      result.why = "built, no scenarios, own tests fail";
      result.fingerprint += "tests\n";
    }
    result.facts.set("why", result.why);
    return result;
  }
  result.why = "visible " + std::to_string(satisfied) + "/" +
               std::to_string(rows.as_array().size()) + ", sealed " +
               std::to_string(sealed_satisfied) + "/" + std::to_string(sealed);
  if (build.bool_or("tested", false)) {
    const bool passed = build.bool_or("tests_passed", false);
    result.why += passed ? ", own tests pass" : ", own tests fail";
    if (!passed) result.fingerprint += "tests\n";
  }
  if (sealed_satisfied < sealed) {
    result.fingerprint += "sealed " + std::to_string(sealed - sealed_satisfied) + "\n";
  }
  result.facts.set("why", result.why);
  return result;
}

NextAction handle_build(const workflow::Node&, const RunView& view) {
  for (const EffectRecord& record : view.effects) {
    if (record.outcome != Outcome::done) return machine_failure(record);
  }
  if (view.effects.empty()) return build_effect(view, "");
  if (wants_trials(view)) return trials_effect(view, "", kFlakeTrials);
  NodeResult result = judge_tree(view);
  if (result.outcome == NodeOutcome::fail) {
    // The reasoner needs a project that builds; a command engineer may be there to make it build.
    result.context["work"] = view.created.engineer == "command" ? "open" : "none";
    return result;
  }
  const bool right =
      all_satisfied(*result.facts.find("visible")) && result.facts.bool_or("tests_passed", false);
  // Asked for work in words, a command engineer has something to do even if nothing fails.
  const bool asked = view.created.engineer != "reasoner" && !view.created.work_text.empty();
  result.context["work"] = right && !asked ? "none" : "open";
  result.fingerprint.clear();  // A baseline that fails is what the run is for.
  return result;
}

/// What the suites said of the last candidate. Nothing of sealed scenarios leaves here.
std::string refuted_by_suites(const Json& verdict) {
  std::string text;
  const Json* reasons = verdict.find("reasons");
  for (const Json& reason : reasons == nullptr ? Json::Array{} : reasons->as_array()) {
    const bool sealed = reason.string_or("code", "").starts_with("holdout");
    const bool against = reason.string_or("towards", "") == name_of(proof::Verdict::not_proven);
    if (against && !sealed) text += "- " + reason.string_or("what", "") + "\n";
  }
  return text;
}

/// What failed last time, in the visible scenarios: all that an engineer may learn.
std::string evidence_of(const RunView& view) {
  const Json* facts = view.facts_of("prove");
  if (facts == nullptr) facts = view.facts_of("build");
  if (facts == nullptr || facts->find("machine") != nullptr) return {};
  const Json* visible = facts->find("visible");
  if (visible == nullptr) return facts->string_or("why", "");  // The compiler's words.
  std::string text;
  for (const Json& row : visible->as_array()) {
    if (row.bool_or("satisfied", false)) continue;
    text += "- " + row.string_or("name", "") + ": " + row.string_or("failure", "") + "\n";
  }
  if (!facts->bool_or("tests_passed", true)) {
    text += "- the project's own tests fail:\n" + facts->string_or("test_output", "") + "\n";
  }
  if (const Json* verdict = view.facts_of("verdict")) text += refuted_by_suites(*verdict);
  return text;
}

bool graph_proves(const RunView& view) {
  const auto& nodes = view.flow.graph->nodes;
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const workflow::Node& node) { return node.type == "prove"; });
}

std::vector<std::string> rejected_candidates(const RunView& view) {
  const Json* facts = view.facts_of(view.node);
  if (facts == nullptr) return {};
  std::vector<std::string> rejected = facts->get_strings("rejected").value_or({});
  const std::string last = facts->string_or("candidate", "");
  if (!last.empty()) rejected.push_back(last);
  return rejected;
}

event::Effect start_engineer(const RunView& view) {
  const RunCreated& run = view.created;
  const event::Cost left = view.ledger.left();
  // What follows has to be paid from the same budget: building and proving the candidate.
  const std::int64_t percent = graph_proves(view) ? 60 : 100;
  const std::int64_t wall =
      run.engineer == "command" ? run.limits.wall_ms_max : left.wall_ms / 100 * percent;
  const std::int64_t cpu = std::min(wall * kParallel, left.cpu_ms / 100 * percent);
  agent::EngineerInput input{.tree = {},
                             .build_command = run.build_command,
                             .command = run.engineer_command,
                             .work_text = run.work_text,
                             .evidence = evidence_of(view),
                             .rejected = rejected_candidates(view),
                             .limits = to_json(run.limits),
                             .worst_case = within_budget(view, wall, cpu)};
  // A command engineer goes on from what it left; a search starts anew without what was rejected.
  const bool goes_on = run.engineer == "command" && !input.rejected.empty();
  input.tree = tree_of(view, goes_on ? input.rejected.back() : "");
  event::Effect effect = agent::engineer_effect(run.engineer, input);
  effect.arguments.set("recipe", run.recipe);
  effect.arguments.set("environment", environment_of(view));
  return effect;
}

NextAction handle_engineer(const workflow::Node&, const RunView& view) {
  if (view.effects.empty()) return start_engineer(view);
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);

  NodeResult result;
  result.facts = record.result;
  result.facts.set("rejected", Json::strings(rejected_candidates(view)));
  std::string verdict = record.result.string_or("verdict", "");
  if (verdict == "NOTHING_TO_DO") {
    // The station before saw something fail that no visible scenario shows.
    verdict = "CANNOT";
    result.facts.set("verdict", verdict);
    result.facts.set("why",
                     "every visible scenario holds, and the project's own tests fail: write a "
                     "scenario that shows what is wrong");
    result.facts.set("cause", "");
  }
  result.why = result.facts.string_or("cause", "");
  if (result.why.empty()) result.why = result.facts.string_or("why", "");
  result.context["verdict"] = verdict;
  if (verdict != "TESTED" && verdict != "CHANGED") {
    result.outcome = NodeOutcome::fail;
    result.fingerprint = verdict + ":" + result.facts.string_or("why", "");
  }
  return result;
}

NextAction handle_prove(const workflow::Node&, const RunView& view) {
  for (const EffectRecord& record : view.effects) {
    if (record.outcome != Outcome::done) return machine_failure(record);
  }
  const Json* engineer = view.facts_of("engineer");
  const std::string candidate = candidate_of(view);
  if (view.effects.empty()) return build_effect(view, candidate);
  if (wants_trials(view)) return trials_effect(view, candidate, 0);
  NodeResult result = judge_tree(view);
  result.facts.set("candidate", candidate);
  if (engineer != nullptr) {
    std::vector<std::string> findings = findings_on(engineer->get_strings("files").value_or({}));
    if (findings.size() > kFindingsMax) findings.resize(kFindingsMax);
    result.facts.set("findings", Json::strings(findings));
  }
  if (!result.fingerprint.empty()) result.outcome = NodeOutcome::fail;
  return result;
}

std::string commit_message(const RunView& view, const Json& engineer) {
  std::set<std::string> requirements;
  if (const Json* build = view.facts_of("build")) {
    if (const Json* visible = build->find("visible")) {
      for (const Json& row : visible->as_array()) {
        if (row.bool_or("satisfied", false)) continue;
        for (const std::string& id : row.get_strings("requirements").value_or({})) {
          requirements.insert(id);
        }
      }
    }
  }
  const std::vector<std::string> ids(requirements.begin(), requirements.end());
  const std::string cause = engineer.string_or("cause", "");
  std::string subject =
      ids.empty() ? "Change " + view.created.project_name : "Satisfy " + join(ids, ", ");
  if (subject.size() > 68) subject = subject.substr(0, 67) + "…";
  std::string message = subject + "\n\n";
  if (!view.created.work_text.empty()) message += view.created.work_text + "\n\n";
  if (!cause.empty()) message += "Cause: " + cause + "\n";
  const Json* prove = view.facts_of("prove");
  if (prove != nullptr) {
    for (const std::string& finding : prove->get_strings("findings").value_or({})) {
      message += "Finding: " + finding + "\n";
    }
    message += "Verdict: SATISFIED (" + prove->string_or("why", "") + ")\n";
  }
  message += "Engineer: " + view.created.engineer + "\n";
  return message + "Run: " + view.id.str() + "\n";
}

NextAction handle_branch(const workflow::Node&, const RunView& view) {
  const Json* engineer = view.facts_of("engineer");
  const std::string candidate = engineer == nullptr ? "" : engineer->string_or("candidate", "");
  if (candidate.empty()) {
    return NodeResult{.outcome = NodeOutcome::fail,
                      .why = "there is no change to write",
                      .fingerprint = "no change"};
  }
  if (view.effects.empty()) {
    const std::string branch = "nightjar/" + view.created.work.str();
    return event::Effect{
        .kind = event::EffectKind::write_branch,
        .arguments = Json::object({{"tree", tree_of(view, candidate)},
                                   {"branch", branch},
                                   {"message", commit_message(view, *engineer)},
                                   {"at_utc_ns", view.last_at_utc_ns},
                                   {"key", view.created.work.str() + ":" + candidate}}),
        .worst_case = within_budget(view, 60'000, 60'000)};
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why = record.result.string_or("branch", "");
  return result;
}

NextAction handle_apply(const workflow::Node&, const RunView& view) {
  const Json* engineer = view.facts_of("engineer");
  const std::string candidate = engineer == nullptr ? "" : engineer->string_or("candidate", "");
  if (!view.created.applies_patch || candidate.empty()) return NodeResult{.why = "not asked for"};
  if (view.effects.empty()) {
    return event::Effect{.kind = event::EffectKind::apply_patch,
                         .arguments = Json::object({{"tree", tree_of(view, candidate)}}),
                         .worst_case = within_budget(view, 60'000, 60'000)};
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != Outcome::done) return machine_failure(record);
  NodeResult result;
  result.facts = record.result;
  result.why = "written to the working tree";
  return result;
}

NextAction handle_conditional(const workflow::Node&, const RunView&) { return NodeResult{}; }

}  // namespace

Handler HandlerTable::find(std::string_view type) const {
  const auto row = rows_.find(type);
  return row == rows_.end() ? nullptr : row->second;
}

std::vector<std::string> HandlerTable::types() const {
  std::vector<std::string> types = {"start", "exit"};
  for (const auto& [type, handler] : rows_) types.push_back(type);
  return types;
}

const HandlerTable& builtin_handlers() {
  static const HandlerTable kTable({{"check", handle_check},
                                    {"build", handle_build},
                                    {"engineer", handle_engineer},
                                    {"prove", handle_prove},
                                    {"environment", handle_environment},
                                    {"inspect", handle_inspect},
                                    {"baseline", handle_baseline},
                                    {"suites", handle_suites},
                                    {"verdict", handle_verdict},
                                    {"evidence", handle_evidence},
                                    {"note", handle_note},
                                    {"branch", handle_branch},
                                    {"apply", handle_apply},
                                    {"conditional", handle_conditional}});
  return kTable;
}

}  // namespace nightjar::factory
