#include "api/service.h"

#include <array>

namespace nightjar::api {
namespace {

constexpr std::array<std::string_view, 8> kRunStates = {"running",       "interrupted", "satisfied",
                                                        "not_satisfied", "waiting",     "exhausted",
                                                        "failed",        "held"};

}  // namespace

std::string_view name_of(RunState state) { return kRunStates.at(static_cast<std::size_t>(state)); }

std::optional<RunState> run_state_from(std::string_view name) {
  for (std::size_t i = 0; i < kRunStates.size(); ++i) {
    if (kRunStates.at(i) == name) return static_cast<RunState>(i);
  }
  return std::nullopt;
}

Json to_json(const Satisfaction& satisfaction) {
  return Json::object({{"total", satisfaction.total},
                       {"satisfied_before", satisfaction.satisfied_before},
                       {"satisfied_after", satisfaction.satisfied_after}});
}

Json to_json(const RunReply& reply) {
  return Json::object(
      {{"run", reply.run},
       {"state", name_of(reply.state)},
       {"verdict", reply.verdict},
       {"branch", reply.branch.empty() ? Json() : Json(reply.branch)},
       {"scenarios", Json::object({{"visible", to_json(reply.visible)},
                                   {"validation", to_json(reply.validation)},
                                   {"holdout", to_json(reply.holdout)}})},
       {"cost", reply.cost},
       {"proof", reply.proof.empty() ? Json() : Json(reply.proof)},
       {"evidence_key", reply.evidence_key.empty() ? Json() : Json(reply.evidence_key)},
       {"cause", reply.cause},
       {"diff", reply.diff},
       {"findings", Json::strings(reply.findings)},
       {"walls", Json::strings(reply.walls)},
       {"not_enforced", Json::strings(reply.not_enforced)},
       {"why", reply.why}});
}

Json to_json(const HoldLine& line) {
  return Json::object({{"hold", line.name},
                       {"scope", line.scope},
                       {"reason", line.reason},
                       {"who", line.who},
                       {"since", line.since},
                       {"damage", line.damage}});
}

Json to_json(const EvidenceLine& line) {
  return Json::object({{"run", line.run},
                       {"project", line.project},
                       {"change", line.change},
                       {"base_commit", line.base_commit},
                       {"change_commit", line.change_commit},
                       {"branch", line.branch},
                       {"verdict", line.verdict},
                       {"at", line.at}});
}

Json to_json(const VerifyReply& reply) {
  return Json::object({{"verified", reply.verified},
                       {"verdict", reply.verdict},
                       {"change", reply.change},
                       {"key", reply.key_id},
                       {"refused", Json::strings(reply.refused)},
                       {"facts", Json::strings(reply.facts)},
                       {"rechecked", reply.rechecked},
                       {"differences", Json::strings(reply.differences)},
                       {"notes", Json::strings(reply.notes)}});
}

Json to_json(const RepairReply& reply) {
  return Json::object(
      {{"run", reply.run},
       {"verdict", reply.verdict},
       {"diff", reply.diff},
       {"files", Json::strings(reply.files)},
       {"scenarios", to_json(reply.scenarios)},
       {"validation", Json::object({{"total", reply.validation.total},
                                    {"satisfied_after", reply.validation.satisfied_after}})},
       {"candidates", reply.candidates},
       {"wall_ms", reply.wall_ms},
       {"applied", reply.applied},
       {"why", reply.why}});
}

Json to_json(const RunLine& line) {
  return Json::object({{"run", line.run},
                       {"project", line.project},
                       {"work", line.work},
                       {"state", name_of(line.state)},
                       {"branch", line.branch.empty() ? Json() : Json(line.branch)},
                       {"started_at", line.started_at}});
}

Json to_json(const Explanation& explanation) {
  return Json::object({{"at", explanation.at},
                       {"event", explanation.event},
                       {"what", explanation.what},
                       {"rule", explanation.rule},
                       {"others", Json::strings(explanation.others)},
                       {"cost", explanation.cost}});
}

Json to_json(const Check& check) {
  constexpr std::array<std::string_view, 3> kStates = {"good", "weaker", "bad"};
  return Json::object({{"name", check.name},
                       {"state", kStates.at(static_cast<std::size_t>(check.state))},
                       {"found", check.found},
                       {"advice", check.advice}});
}

}  // namespace nightjar::api
