// What a recipe needs of this machine: toolchains and caches of the user, shown read-only inside,
// and the layer that the recipe's set-up made.
//
// Toolchains come from the user's configuration and the user's own PATH, never from a repository.
// Nothing of the user's home but the folders named in docs/environments.md is shown, and none that
// holds credentials.
// Threads: any. Errors: failures of the sandbox or of the host's disk, cancelled.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "harness/build.h"
#include "harness/recipe.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

struct Toolchain {
  std::string name;     // "python", "go", …
  std::string version;  // what it says of itself, "" when it was not asked
  std::vector<sandbox::Mount> mounts;
  std::vector<std::string> path_dirs;      // inside, before the fixed PATH
  std::map<std::string, std::string> env;  // GOPROXY=off, CARGO_NET_OFFLINE=true, …
};
Json to_json(const Toolchain& toolchain);

/// What discovery may look at; from the process environment and the user's configuration.
struct HostView {
  std::string path;  // PATH
  std::string home;
  std::map<std::string, std::string>
      toolchain_dirs;    // name → folder, from [toolchains] of the user
  bool discover = true;  // [toolchains] discover
};

/// nullopt: this machine has none. Runs no program of the repository.
Result<std::optional<Toolchain>> find_toolchain(const std::string& name, const HostView& host);

struct Environment {
  std::vector<sandbox::Mount> mounts;
  std::map<std::string, std::string> env;
  std::string layer_dir;  // host folder of the set-up's result, to be put under the sources as a
                          // lower_dir; "" when there is none
  std::string digest;     // names the inputs: recipe, cache files, toolchain versions
  std::vector<std::string> toolchains;  // "python 3.11.7"
  bool ready = false;
  std::string problem{};  // why not ready: what is missing and what to do
  std::string output{};   // of a set-up that failed
  bool reused = false;    // the layer was there
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;
};
Json to_json(const Environment& environment);

struct EnvironmentInput {
  Recipe recipe;
  std::string source_dir;  // adopted sources of the base tree
  std::string layers_dir;  // host folder of kept layers; made when absent
  HostView host;
  sandbox::Limits limits;
  CommandLimits command_limits;
  std::vector<sandbox::Mount> mounts;  // of the user's configuration
};

/// Finds the toolchains, then runs the set-up in a sandbox, or takes the layer that an equal set-up
/// left. Not ready is an answer, not an error.
Result<Environment> prepare(sandbox::Launcher& launcher, const EnvironmentInput& input,
                            std::stop_token stop);

}  // namespace nightjar::harness
