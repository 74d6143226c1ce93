// The payloads of a run's events, typed. Their JSON is part of the journal's format
// (docs/formats/events.md): additive, old fields keep their meaning for ever.
//
// Values; any thread. Reading fails with corrupt, naming the field.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "config/config.h"
#include "event/effect.h"
#include "event/event.h"

namespace nightjar::factory {

inline constexpr std::string_view kRunCreated = "run.created";
inline constexpr std::string_view kRunResumed = "run.resumed";
inline constexpr std::string_view kRunHeld = "run.held";
inline constexpr std::string_view kRunFinished = "run.finished";
inline constexpr std::string_view kNodeStarted = "node.started";
inline constexpr std::string_view kNodeFinished = "node.finished";
inline constexpr std::string_view kEffectIntended = "effect.intended";
inline constexpr std::string_view kEffectRefused = "effect.refused";
inline constexpr std::string_view kEffectSettled = "effect.settled";

/// Everything that a run rests on, fixed at its start: read at the base commit, never again.
struct RunCreated {
  WorkId work;
  ProjectId project;
  std::string project_name;
  std::string work_text;
  std::string top;          // canonical path of the repository
  std::string folder;       // the project's folder in it, "" at the top
  std::string base_commit;  // hex
  std::string graph_name;
  std::string graph_text;  // DOT
  std::string engineer;    // "reasoner", "command"; "none" where the graph has no engineer
  std::string engineer_command;
  std::string build_command;
  std::string test_command;
  config::Limits limits;
  config::Budget budget;
  std::int64_t requirements = 0;
  std::int64_t scenarios = 0;  // visible
  std::int64_t holdouts = 0;
  std::string holdout_digest;  // of all sealed files, "" when there are none
  std::vector<std::string> walls;
  std::vector<std::string> not_enforced;
  bool applies_patch = false;  // `repair --apply`
  Json recipe{};               // harness::Recipe of the base commit; null in runs without a proof
  /// What is proven, when it exists already (`nightjar prove`); null where an engineer makes it:
  /// {"candidate": content name of its changes, "label", "commit", "base_why", "files": […],
  ///  "outside": […], "same_behaviour": bool, "note": bool}. In runs with a proof also
  ///  "requirement_ids", "holdout_root" and "holdout_salt" (audit::commit_to).
  Json change{};
};
Json to_json(const RunCreated& created);
Result<RunCreated> run_created_from(const Json& payload);

Json to_json(const config::Limits& limits);
Result<config::Limits> limits_from(const Json& json);

/// One effect of a run from its intent to its outcome.
struct EffectRecord {
  std::uint64_t run_seq = 0;  // of the intent: with the run, the effect's id
  std::string node{};
  event::EffectKind kind = event::EffectKind::run_command;
  event::RepeatClass repeat = event::RepeatClass::once;  // as declared when it was recorded
  Json arguments{};
  event::Cost reserved{};
  std::string rule{};  // what admitted it
  enum class Outcome { in_flight, done, failed, unknown } outcome = Outcome::in_flight;
  Json result{};  // of the performer
  event::Cost cost{};
  std::string why{};         // of a failure, for a person
  std::string error_code{};  // name of the ErrorCode of a failure
};

struct RunFinished {
  std::string state;    // api::RunState name
  std::string verdict;  // docs/cli.md#verdicts
  std::string why;
};

}  // namespace nightjar::factory
