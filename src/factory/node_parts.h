// What handlers of several stations need: the trees, budget and failures of a run. Pure.
#pragma once

#include <string>

#include "factory/handlers.h"
#include "factory/run_view.h"

namespace nightjar::factory {

/// Which sources an effect works on: the base commit's project folder with changes laid over it.
Json tree_of(const RunView& view, const std::string& changes);

/// Never more than is left of the budget: the effect holds itself to its worst case. With less than
/// a quarter of a second left the wish stays as it is, and the gate refuses it by name.
event::Cost within_budget(const RunView& view, std::int64_t wall_ms, std::int64_t cpu_ms);

/// The effect failed on this machine, not the program in it.
NodeResult machine_failure(const EffectRecord& record);

/// The changes that are proven: the engineer's last candidate, or what the run was started with.
std::string candidate_of(const RunView& view);

/// The recorded digest of the environment that the run works in; "" where its graph prepares none.
std::string environment_of(const RunView& view);

/// Tree, recipe, environment and limits: what every effect on a tree is told.
Json tree_arguments(const RunView& view, const std::string& changes);

/// A run that proves a change somebody else made.
bool proves_given_change(const RunView& view);

}  // namespace nightjar::factory
