// What each kind of effect does to the world. Called by the gate alone (effects.h).
//
// A new kind: a row in event/effect.cc, a file effects_<kind>.cc here, a line in make_performers.
#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "factory/effects.h"
#include "factory/holdouts.h"
#include "factory/workspaces.h"
#include "sandbox/sandbox.h"
#include "store/journal.h"

namespace nightjar::factory {

/// What performers may touch. Outlives them.
struct World {
  const Clock& clock;
  store::Blobs& blobs;
  sandbox::Launcher& launcher;
  Workspaces& workspaces;
  const HoldoutStore& holdouts;
  std::vector<sandbox::Mount> mounts;  // from the user's configuration
  std::string scratch_dir;
};

std::unique_ptr<Performer> make_run_command(World& world);
std::unique_ptr<Performer> make_run_search(World& world);
std::unique_ptr<Performer> make_run_trials(World& world);
std::unique_ptr<Performer> make_write_branch(World& world);
std::unique_ptr<Performer> make_apply_patch(World& world);

Performers make_performers(World& world);

}  // namespace nightjar::factory
