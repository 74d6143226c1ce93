#include "factory/conclude.h"

#include <set>

#include "base/bytes.h"
#include "factory/node_parts.h"
#include "proof/verdict.h"

namespace nightjar::factory {
namespace {

using api::RunState;

RunFinished finished(RunState state, std::string verdict, std::string why) {
  return {.state = std::string(api::name_of(state)),
          .verdict = std::move(verdict),
          .why = std::move(why)};
}

bool succeeded(const RunView& view, const std::string& node) {
  const auto outcome = view.outcomes.find(node);
  return outcome != view.outcomes.end() && outcome->second == "success";
}

/// Requirements of sealed scenarios that do not hold; their content is nobody's business here.
std::string sealed_failure(const Json& facts) {
  const Json* holdout = facts.find("holdout");
  if (holdout == nullptr) return {};
  const std::int64_t total = holdout->int_or("total", 0);
  const std::int64_t satisfied = holdout->int_or("satisfied", 0);
  if (satisfied == total) return {};
  return std::to_string(total - satisfied) + " of " + std::to_string(total) +
         " sealed scenarios do not hold (" +
         join(holdout->get_strings("requirements").value_or({}), ", ") + ")";
}

std::string visible_failure(const Json& facts) {
  const Json* visible = facts.find("visible");
  if (visible == nullptr) return {};
  for (const Json& row : visible->as_array()) {
    if (!row.bool_or("satisfied", false)) {
      return "\"" + row.string_or("name", "") + "\": " + row.string_or("failure", "");
    }
  }
  return {};
}

std::string why_not(const Json& facts) {
  if (!facts.bool_or("built", true)) return facts.string_or("why", "");
  std::string why = visible_failure(facts);
  if (why.empty() && !facts.bool_or("tests_passed", true)) why = "the project's own tests fail";
  if (why.empty()) why = sealed_failure(facts);
  return why.empty() ? facts.string_or("why", "") : why;
}

/// What a station of the proof found on the current candidate; nullptr when it is of an earlier
/// one, or none.
const Json* proof_of(const RunView& view, const std::string& node) {
  const Json* found = view.facts_of(node);
  if (found == nullptr) return nullptr;
  return found->string_or("candidate", "") == candidate_of(view) ? found : nullptr;
}

/// A run without an engineer only looks: `scenario run`.
RunFinished conclude_trials(const RunView& view) {
  const Json* build = view.facts_of("build");
  if (build == nullptr)
    return finished(RunState::not_satisfied, "NOT_SATISFIED", "nothing was tried");
  const std::string why = why_not(*build);
  const bool right = succeeded(view, "build") && visible_failure(*build).empty() &&
                     sealed_failure(*build).empty() && build->bool_or("tests_passed", true);
  return right ? finished(RunState::satisfied, "SATISFIED", build->string_or("why", ""))
               : finished(RunState::not_satisfied, "NOT_SATISFIED", why);
}

/// `nightjar prove`: the verdict is the end, whatever it says.
RunFinished conclude_proof(const RunView& view, const workflow::FinishRun& end) {
  const Json* facts = view.facts_of("verdict");
  if (facts == nullptr) return finished(RunState::failed, "CANNOT", end.why);
  const std::string verdict = facts->string_or("verdict", "");
  const RunState state = verdict == proof::name_of(proof::Verdict::proven) ? RunState::satisfied
                         : verdict == proof::name_of(proof::Verdict::not_proven)
                             ? RunState::not_satisfied
                             : RunState::waiting;
  return finished(state, verdict, facts->string_or("why", ""));
}

RunFinished conclude_nothing_to_do(const Json& build) {
  const std::string sealed = sealed_failure(build);
  if (!sealed.empty()) {
    return finished(RunState::not_satisfied, "NOT_SATISFIED",
                    "all visible scenarios hold, but " + sealed +
                        "; add a visible scenario for what is wrong and run again");
  }
  return finished(RunState::satisfied, "NOTHING_TO_DO",
                  "every scenario holds already: " + build.string_or("why", ""));
}

}  // namespace

RunFinished conclude(const RunView& view, const workflow::FinishRun& end) {
  // The node that ended the run decides; what failed on the way and was overcome does not.
  const Json* last = view.facts_of(view.last_node);
  if (last != nullptr && last->find("machine") != nullptr) {
    if (view.last_failure && view.last_failure->outcome == EffectRecord::Outcome::unknown) {
      return finished(RunState::waiting, "UNKNOWN", last->string_or("why", ""));
    }
    const std::string code = last->string_or("machine", "");
    const bool spent = code == name_of(ErrorCode::exhausted) || code == name_of(ErrorCode::timeout);
    return finished(spent ? RunState::exhausted : RunState::failed, "CANNOT",
                    last->string_or("why", ""));
  }
  if (proves_given_change(view)) return conclude_proof(view, end);
  if (view.created.engineer == "none") return conclude_trials(view);

  const Json* build = view.facts_of("build");
  const Json* engineer = view.facts_of("engineer");
  const Json* prove = view.facts_of("prove");
  if (engineer == nullptr) {
    if (build != nullptr && succeeded(view, "build")) return conclude_nothing_to_do(*build);
    const std::string why = last == nullptr ? end.why : last->string_or("why", end.why);
    return finished(RunState::not_satisfied, "CANNOT", why);
  }
  const std::string verdict = engineer->string_or("verdict", "CANNOT");
  if (!succeeded(view, "engineer")) {
    const std::size_t rejected = engineer->get_strings("rejected").value_or({}).size();
    std::string why = engineer->string_or("why", "");
    if (rejected > 0 && prove != nullptr) {
      why += "\n" + std::to_string(rejected) +
             " candidates before were not proven: " + why_not(*prove);
    }
    return finished(RunState::not_satisfied, verdict, why);
  }
  if (prove == nullptr) {
    return finished(RunState::satisfied, verdict, engineer->string_or("why", ""));
  }
  if (!succeeded(view, "prove")) {
    return finished(RunState::not_satisfied, "NOT_SATISFIED",
                    "the last candidate was not proven: " + why_not(*prove));
  }
  const Json* found = proof_of(view, "verdict");
  const std::string judged = found == nullptr ? "" : found->string_or("verdict", "");
  if (judged == proof::name_of(proof::Verdict::not_proven)) {
    return finished(RunState::not_satisfied, "NOT_SATISFIED",
                    "the last candidate was not proven: " + found->string_or("why", ""));
  }
  if (!succeeded(view, "branch")) {
    return finished(RunState::failed, "NOT_SATISFIED",
                    last == nullptr ? end.why : last->string_or("why", end.why));
  }
  if (judged == proof::name_of(proof::Verdict::undecided)) {
    return finished(RunState::waiting, "UNDECIDED",
                    "a person has to decide: " + found->string_or("why", ""));
  }
  return finished(RunState::satisfied, "SATISFIED", prove->string_or("why", ""));
}

RunFinished conclude_refused(const RunView& view) {
  return finished(RunState::exhausted, "CANNOT", view.refused);
}

namespace {

struct Counts {
  api::Satisfaction visible;
  api::Satisfaction validation;
};

void count_row(const Json& row, const std::set<std::string>& validation,
               int api::Satisfaction::* field, Counts& counts) {
  const bool held_back = validation.contains(row.string_or("name", ""));
  api::Satisfaction& side = held_back ? counts.validation : counts.visible;
  if (row.bool_or("satisfied", false)) ++(side.*field);
}

Counts count_visible(const RunView& view) {
  Counts counts;
  std::set<std::string> validation;
  const Json* engineer = view.facts_of("engineer");
  if (engineer != nullptr) {
    for (std::string& name : engineer->get_strings("validation").value_or({})) {
      validation.insert(std::move(name));
    }
  }
  const Json* build = view.facts_of("build");
  const Json* before = build == nullptr ? nullptr : build->find("visible");
  if (before == nullptr) return counts;
  for (const Json& row : before->as_array()) {
    const bool held_back = validation.contains(row.string_or("name", ""));
    ++(held_back ? counts.validation : counts.visible).total;
    count_row(row, validation, &api::Satisfaction::satisfied_before, counts);
  }
  const Json* prove = proof_of(view, "prove");
  const Json* after = prove == nullptr ? nullptr : prove->find("visible");
  if (after != nullptr) {
    for (const Json& row : after->as_array()) {
      count_row(row, validation, &api::Satisfaction::satisfied_after, counts);
    }
  } else if (engineer != nullptr && engineer->find("after") != nullptr) {
    counts.visible.satisfied_after =
        static_cast<int>(engineer->find("after")->int_or("satisfied", 0));
    const Json* validation_after = engineer->find("validation_after");
    counts.validation.satisfied_after =
        validation_after == nullptr ? 0
                                    : static_cast<int>(validation_after->int_or("satisfied", 0));
  } else {
    counts.visible.satisfied_after = counts.visible.satisfied_before;
  }
  return counts;
}

api::Satisfaction count_holdouts(const RunView& view) {
  api::Satisfaction out;
  const Json* build = view.facts_of("build");
  const Json* prove = proof_of(view, "prove");
  const Json* before = build == nullptr ? nullptr : build->find("holdout");
  const Json* after = prove == nullptr ? before : prove->find("holdout");
  out.total = static_cast<int>(view.created.holdouts);
  if (before != nullptr) out.satisfied_before = static_cast<int>(before->int_or("satisfied", 0));
  if (after != nullptr) out.satisfied_after = static_cast<int>(after->int_or("satisfied", 0));
  return out;
}

}  // namespace

api::RunReply reply_of(const RunView& view) {
  api::RunReply reply;
  reply.run = view.id.str();
  reply.top = view.created.top;
  reply.walls = view.created.walls;
  reply.not_enforced = view.created.not_enforced;
  reply.cost = event::to_json(view.ledger.spent());
  const Counts counts = count_visible(view);
  reply.visible = counts.visible;
  reply.validation = counts.validation;
  reply.holdout = count_holdouts(view);
  if (const Json* engineer = view.facts_of("engineer")) {
    reply.cause = engineer->string_or("cause", "");
  }
  if (const Json* prove = proof_of(view, "prove")) {
    reply.findings = prove->get_strings("findings").value_or({});
  }
  if (const Json* verdict = proof_of(view, "verdict")) {
    reply.proof = verdict->string_or("verdict", "");
    if (const Json* evidence = view.facts_of("evidence")) {
      reply.evidence_key = evidence->string_or("key", "");
    }
  }
  if (const Json* branch = view.facts_of("branch")) reply.branch = branch->string_or("branch", "");
  if (view.finished) {
    reply.state = api::run_state_from(view.finished->state).value_or(RunState::failed);
    reply.verdict = view.finished->verdict;
    reply.why = view.finished->why;
    reply.machine_failed = reply.state == RunState::failed;
  } else if (!view.held.empty()) {
    reply.state = RunState::held;
    reply.why = view.held;
  } else {
    reply.state = RunState::interrupted;
  }
  return reply;
}

}  // namespace nightjar::factory
