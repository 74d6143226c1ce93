// Folder trees that effects work on: the project at a commit with a candidate's changes laid over
// it, as sources and as built. They are scratch: made again when missing, removed with the run.
// Only large sources stay, among the layers, and are there at once for the next run.
//
// A tree is named by {"top", "folder", "commit", "changes"}; `changes` is the content name of a
// candidate, "" for none.
// Threads: any. Errors: those of repo, sandbox and disk.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/json.h"
#include "config/config.h"
#include "event/effect.h"
#include "harness/build.h"
#include "harness/environment.h"
#include "harness/layers.h"
#include "repo/repository.h"
#include "sandbox/sandbox.h"
#include "store/journal.h"

namespace nightjar::factory {

/// Candidates are content-addressed: a list of paths, each with the blob of its new content.
Result<Digest> store_changes(store::Blobs& blobs, const repo::Changes& changes);
Result<repo::Changes> load_changes(const store::Blobs& blobs, const std::string& name);

inline constexpr std::uint64_t kCandidateFileBytesMax = std::uint64_t{64} << 20;

class Workspaces {
 public:
  struct Options {
    std::string scratch_dir;
    std::string layers_dir;
    std::uint64_t layers_bytes_max = 0;
    /// Sources of fewer files are written faster than they are worth a place among the layers.
    std::size_t kept_files_min = 2'000;
  };
  Workspaces(Options options, store::Blobs& blobs, sandbox::Launcher& launcher)
      : options_(std::move(options)), blobs_(blobs), launcher_(launcher) {}

  /// The sources of a tree, as a host folder usable below a sandbox.
  Result<std::string> source(const Json& tree);

  struct BuildRequest {
    Json tree;
    std::string build_command;
    std::string test_command;
    config::Limits limits;
    event::Cost worst_case;                    // of the effect it is part of
    harness::Environment environment{};        // Environments::recorded
    std::map<std::string, std::string> env{};  // of this build, above the environment's
    enum class Limit { command, suite } limit = Limit::command;
  };
  struct Built {
    harness::BuildOutcome outcome;
    std::string folder;  // the built workspace; only when outcome.built
  };
  /// Builds (and tests) the tree; keeps the result for built().
  Result<Built> build(const BuildRequest& request, std::stop_token stop);
  /// The built tree, building it when it is not there; "" when it is not and `nothing` is to be
  /// made.
  enum class Make { nothing, missing };
  Result<std::string> built(const BuildRequest& request, Make make, std::stop_token stop);

 private:
  std::string fresh_folder(const char* kind);
  Result<std::string> make_source(const Json& tree);

  Options options_;
  store::Blobs& blobs_;
  sandbox::Launcher& launcher_;
  Guarded<std::map<std::string, std::string>> sources_;  // tree → folder
  Guarded<std::vector<harness::Layers::Entry>> kept_;    // held until this object's end
  Guarded<std::map<std::string, std::string>> built_;    // tree and build command → folder
  Guarded<int> made_;
};

sandbox::Limits sandbox_limits(const config::Limits& limits);
/// The workspace of a built tree as suites and trials see it.
sandbox::Spec spec_of(const std::string& built, const Workspaces::BuildRequest& request);
/// The narrower of a command's limits and what the effect may use in all.
harness::CommandLimits command_limits(const config::Limits& limits, const event::Cost& worst_case);
/// The same for one set-up, build or session of a suite.
harness::CommandLimits suite_limits(const config::Limits& limits, const event::Cost& worst_case);

}  // namespace nightjar::factory
