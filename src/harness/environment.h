// What a recipe needs of this machine: toolchains and caches of the user, shown read-only inside,
// and the layer that the recipe's set-up made.
//
// Toolchains come from the user's configuration and the user's own PATH, never from a repository.
// Nothing of the user's home but the folders named in docs/environments.md is shown, and none that
// holds credentials.
// Threads: any. Errors: failures of the sandbox or of the host's disk, cancelled.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "harness/build.h"
#include "harness/recipe.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

struct Toolchain {
  std::string name;       // "python", "go", …
  std::string version{};  // what it says of itself, "" when it was not asked
  std::string program{};  // the host's file that was found, links resolved
  std::vector<sandbox::Mount> mounts{};
  std::vector<std::string> path_dirs{};      // inside, before the fixed PATH
  std::map<std::string, std::string> env{};  // GOPROXY=off, CARGO_NET_OFFLINE=true, …
  /// Shell, run once before the set-up: makes a cache that is shown read-only usable by a tool that
  /// wants to write beside it. What it leaves in the workspace is part of the layer.
  std::string prelude{};
  std::string version_command{};        // shell, inside; what it prints first names the version
  std::vector<std::string> warnings{};  // of what the user's configuration shows
};
Json to_json(const Toolchain& toolchain);

/// What discovery may look at; from the process environment and the user's configuration.
struct HostView {
  std::string path;  // PATH
  std::string home;
  std::map<std::string, std::string>
      toolchain_dirs{};  // name → folder, from [toolchains] of the user
  bool discover = true;  // [toolchains] discover
};

/// Names that discovery knows, sorted.
std::vector<std::string> known_toolchains();

/// nullopt: this machine has none. Runs no program at all.
Result<std::optional<Toolchain>> find_toolchain(const std::string& name, const HostView& host);

struct Environment {
  /// Toolchains, caches, the mounts of the user's configuration, and our reporters at
  /// kReportersPath.
  std::vector<sandbox::Mount> mounts;
  std::map<std::string, std::string> env;
  std::string layer_dir;  // host folder of the set-up's result, to be put under the sources as a
                          // lower_dir; "" when there is none
  std::string digest;     // names the inputs: recipe, cache files, toolchain versions
  std::vector<std::string> toolchains;  // "python 3.11.7", "postgresql 15.5"
  std::vector<std::string> services{};  // to be started beside every command; services.h
  bool ready = false;
  std::string problem{};                // why not ready: what is missing and what to do
  std::string output{};                 // of a set-up that failed
  std::vector<std::string> warnings{};  // for people; nothing of it stops a run
  bool reused = false;                  // the layer was there
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;
  /// Keeps the layer from being deleted while any copy of this lives.
  std::shared_ptr<const UniqueFd> lease{};
};
/// Without output and lease.
Json to_json(const Environment& environment);

struct EnvironmentInput {
  Recipe recipe;
  std::string source_dir;  // adopted sources of the base tree
  std::string layers_dir;  // host folder of kept layers; made when absent
  std::uint64_t layers_bytes_max = std::uint64_t{8} << 30;  // of all of them
  HostView host;
  sandbox::Limits limits;
  CommandLimits command_limits;          // of each command of the set-up
  std::vector<sandbox::Mount> mounts{};  // of the user's configuration
};

/// Copies what lies in the workspace and not in `source_dir` into a new host folder: what a set-up
/// (or a build) added. What it changed of the sources is left out; a folder under the sources could
/// not show it.
Result<> export_added(int workspace_fd, const std::string& source_dir, const std::string& host_dir,
                      const sandbox::TreeLimits& limits);

/// Finds the toolchains, then runs the set-up in a sandbox, or takes the layer that an equal set-up
/// left. Not ready is an answer, not an error.
Result<Environment> prepare(sandbox::Launcher& launcher, const EnvironmentInput& input,
                            std::stop_token stop);

}  // namespace nightjar::harness
