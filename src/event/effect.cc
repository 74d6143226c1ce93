#include "event/effect.h"

#include <limits>

namespace nightjar::event {
namespace {

struct KindRow {
  EffectKind kind;
  std::string_view name;
  RepeatClass repeat_class;
};
constexpr std::array<KindRow, kEffectKinds.size()> kKinds = {{
    {EffectKind::run_command, "run_command", RepeatClass::rerunnable},
    {EffectKind::run_search, "run_search", RepeatClass::rerunnable},
    {EffectKind::run_trials, "run_trials", RepeatClass::rerunnable},
    {EffectKind::write_branch, "write_branch", RepeatClass::keyed},
    {EffectKind::apply_patch, "apply_patch", RepeatClass::keyed},
    {EffectKind::prepare_environment, "prepare_environment", RepeatClass::rerunnable},
    {EffectKind::inspect_change, "inspect_change", RepeatClass::rerunnable},
    {EffectKind::run_suites, "run_suites", RepeatClass::rerunnable},
    {EffectKind::sign_evidence, "sign_evidence", RepeatClass::keyed},
    {EffectKind::write_note, "write_note", RepeatClass::keyed},
}};

}  // namespace

std::string_view name_of(EffectKind kind) { return kKinds.at(static_cast<std::size_t>(kind)).name; }

std::optional<EffectKind> effect_kind_from(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::string_view name_of(RepeatClass repeat_class) {
  constexpr std::array<std::string_view, 3> kNames = {"rerunnable", "keyed", "once"};
  return kNames.at(static_cast<std::size_t>(repeat_class));
}

std::optional<RepeatClass> repeat_class_from(std::string_view name) {
  for (const RepeatClass one : {RepeatClass::rerunnable, RepeatClass::keyed, RepeatClass::once}) {
    if (name_of(one) == name) return one;
  }
  return std::nullopt;
}

RepeatClass repeat_class_of(EffectKind kind) {
  return kKinds.at(static_cast<std::size_t>(kind)).repeat_class;
}

Json to_json(const Cost& cost) {
  Json out = Json::object();
  for (const CostUnit& unit : kCostUnits) out.set(unit.name, cost.*unit.member);
  return out;
}

Result<Cost> cost_from(const Json& json) {
  Cost cost;
  for (const CostUnit& unit : kCostUnits) {
    TRY_INTO(cost.*unit.member, json.get_int(unit.name));
    if (cost.*unit.member < 0) {
      return {ErrorCode::invalid_input, "cost: " + std::string(unit.name) + " is below zero"};
    }
  }
  return cost;
}

Cost sum(const Cost& a, const Cost& b) {
  Cost out;
  for (const CostUnit& unit : kCostUnits) {
    if (__builtin_add_overflow(a.*unit.member, b.*unit.member, &(out.*unit.member))) {
      out.*unit.member = std::numeric_limits<std::int64_t>::max();
    }
  }
  return out;
}

}  // namespace nightjar::event
