// What each kind of effect does to the world. Called by the gate alone (effects.h).
//
// A new kind: a row in event/effect.cc, a file effects_<kind>.cc here, a line in make_performers.
#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "factory/effects.h"
#include "factory/environments.h"
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
  Environments& environments;
  const store::Journal& journal;
  std::string scratch_dir;
  std::string data_dir;
  std::string version;  // of this program
};

std::unique_ptr<Performer> make_run_command(World& world);
std::unique_ptr<Performer> make_run_search(World& world);
std::unique_ptr<Performer> make_run_trials(World& world);
std::unique_ptr<Performer> make_write_branch(World& world);
std::unique_ptr<Performer> make_apply_patch(World& world);
std::unique_ptr<Performer> make_write_note(World& world);
std::unique_ptr<Performer> make_prepare_environment(World& world);
std::unique_ptr<Performer> make_inspect_change(World& world);
std::unique_ptr<Performer> make_run_suites(World& world);
std::unique_ptr<Performer> make_sign_evidence(World& world);

/// What the arguments of an effect say of the tree to build, in the environment of its run.
Result<Workspaces::BuildRequest> build_request_of(World& world, const PerformRequest& request,
                                                  std::stop_token stop);
/// The project's folder in the repository that `tree` names.
Result<repo::Repository> open_repository(const Json& tree);

Performers make_performers(World& world);

}  // namespace nightjar::factory
