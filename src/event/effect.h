// Effects: everything that touches the world outside the decision core, as data.
//
// Each kind declares its repeat class: what a restart may do with an intent that has no outcome.
// Only the gate (factory/effects) performs one. Values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace nightjar::event {

enum class EffectKind {
  run_command,          // one build, test or engineer command in a sandbox
  run_search,           // one search for a repair; its candidates are not effects
  run_trials,           // scenarios against a built project
  write_branch,         // one commit on a branch of the user's repository
  apply_patch,          // a proven change into the user's working tree, when the user asked for it
  prepare_environment,  // toolchains found, set-up run once in a sandbox
  inspect_change,       // a change read and compared with its base; nothing of it runs
  run_suites,           // the project's own suites on one side of a change, per test
  sign_evidence,        // a proof's statements, signed and stored
  write_note,           // a verdict in the git note of a commit, when the user asked for it
};
inline constexpr std::array kEffectKinds = {
    EffectKind::run_command,    EffectKind::run_search,  EffectKind::run_trials,
    EffectKind::write_branch,   EffectKind::apply_patch, EffectKind::prepare_environment,
    EffectKind::inspect_change, EffectKind::run_suites,  EffectKind::sign_evidence,
    EffectKind::write_note};

enum class RepeatClass {
  rerunnable,  // fresh workspace, no outside trace: do it again
  keyed,       // the other side deduplicates by our key: send it again
  once,        // cannot know: close as unknown, keep the reservation at the worst case, ask
};

std::string_view name_of(EffectKind kind);
std::optional<EffectKind> effect_kind_from(std::string_view name);
std::string_view name_of(RepeatClass repeat_class);
std::optional<RepeatClass> repeat_class_from(std::string_view name);
RepeatClass repeat_class_of(EffectKind kind);

/// What an effect may use, or used. All ≥ 0; money in nano-dollars, rounded up.
struct Cost {
  std::int64_t nano_usd = 0;
  std::int64_t tokens = 0;
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  std::int64_t bytes = 0;
  friend bool operator==(const Cost&, const Cost&) = default;
};
/// The five members with their names, in declaration order: for ledgers, sums and JSON.
struct CostUnit {
  std::string_view name;
  std::int64_t Cost::* member;
};
inline constexpr std::array<CostUnit, 5> kCostUnits = {{{"nano_usd", &Cost::nano_usd},
                                                        {"tokens", &Cost::tokens},
                                                        {"cpu_ms", &Cost::cpu_ms},
                                                        {"wall_ms", &Cost::wall_ms},
                                                        {"bytes", &Cost::bytes}}};
Json to_json(const Cost& cost);
Result<Cost> cost_from(const Json& json);
Cost sum(const Cost& a, const Cost& b);  // saturates at int64's maximum

struct Effect {
  EffectKind kind = EffectKind::run_command;
  Json arguments;  // an object; all that performing needs, so that a restart can perform again
  Cost worst_case;
};

}  // namespace nightjar::event
