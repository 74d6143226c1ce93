#include "factory/node_parts.h"

#include <algorithm>

namespace nightjar::factory {

using workflow::NodeOutcome;

namespace {

constexpr std::int64_t kWorthwhileMs = 250;

}  // namespace

Json tree_of(const RunView& view, const std::string& changes) {
  return Json::object({{"top", view.created.top},
                       {"folder", view.created.folder},
                       {"commit", view.created.base_commit},
                       {"changes", changes}});
}

event::Cost within_budget(const RunView& view, std::int64_t wall_ms, std::int64_t cpu_ms) {
  const event::Cost left = view.ledger.left();
  const auto narrowed = [](std::int64_t wanted, std::int64_t there) {
    return there < kWorthwhileMs ? wanted : std::min(wanted, there);
  };
  return {.cpu_ms = narrowed(cpu_ms, left.cpu_ms), .wall_ms = narrowed(wall_ms, left.wall_ms)};
}

NodeResult machine_failure(const EffectRecord& record) {
  NodeResult result{.outcome = NodeOutcome::fail,
                    .why = record.why,
                    .fingerprint = "machine:" + record.error_code};
  result.context["machine"] = record.error_code;
  result.context["work"] = "none";
  result.facts.set("machine", record.error_code);
  result.facts.set("why", record.why);
  return result;
}

std::string candidate_of(const RunView& view) {
  if (proves_given_change(view)) return view.created.change.string_or("candidate", "");
  const Json* engineer = view.facts_of("engineer");
  return engineer == nullptr ? "" : engineer->string_or("candidate", "");
}

std::string environment_of(const RunView& view) {
  const Json* facts = view.facts_of("environment");
  const Json* found = facts == nullptr ? nullptr : facts->find("environment");
  return found == nullptr ? std::string() : found->string_or("digest", "");
}

Json tree_arguments(const RunView& view, const std::string& changes) {
  return Json::object({{"tree", tree_of(view, changes)},
                       {"recipe", view.created.recipe},
                       {"environment", environment_of(view)},
                       {"limits", to_json(view.created.limits)}});
}

bool proves_given_change(const RunView& view) {
  return view.created.change.find("candidate") != nullptr;
}

}  // namespace nightjar::factory
