// The environment of each project that this process works on: prepared once, kept while it is used.
//
// Threads: any. Errors: those of harness::prepare; conflict (it is not what the run recorded).
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/json.h"
#include "config/config.h"
#include "event/effect.h"
#include "factory/workspaces.h"
#include "harness/environment.h"
#include "sandbox/sandbox.h"

namespace nightjar::factory {

class Environments {
 public:
  struct Options {
    std::string layers_dir;
    std::uint64_t layers_bytes_max = 0;
    harness::HostView host;                // where toolchains are looked for
    std::vector<sandbox::Mount> mounts{};  // from the user's configuration
  };
  Environments(sandbox::Launcher& launcher, Workspaces& workspaces, Options options)
      : launcher_(launcher), workspaces_(workspaces), options_(std::move(options)) {}

  /// For `recipe` (harness::to_json) on the base of `tree`, whatever changes the tree names. What
  /// is not ready is prepared again, in case that somebody helped.
  Result<harness::Environment> get(const Json& recipe, const Json& tree,
                                   const config::Limits& limits, const event::Cost& worst_case,
                                   std::stop_token stop);

  /// What a run that recorded `digest` works in. A null recipe or an empty digest: only the mounts
  /// of the user's configuration.
  Result<harness::Environment> recorded(const Json& recipe, const std::string& digest,
                                        const Json& tree, const config::Limits& limits,
                                        const event::Cost& worst_case, std::stop_token stop);

 private:
  sandbox::Launcher& launcher_;
  Workspaces& workspaces_;
  Options options_;
  Guarded<std::map<std::string, harness::Environment>> ready_;  // recipe and tree → environment
};

}  // namespace nightjar::factory
