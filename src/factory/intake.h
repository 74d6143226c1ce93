// From a folder to a project that can be run: everything is read at the base commit, never from the
// working tree, and checked before anything is recorded.
//
// Threads: one at a time. Errors: invalid_input and not_found are the project's files (exit 3) and
// say file, line and what to do; others are this machine's.
#pragma once

#include <string>
#include <vector>

#include "api/service.h"
#include "config/config.h"
#include "factory/holdouts.h"
#include "factory/records.h"
#include "govern/spec.h"
#include "harness/recipe.h"
#include "repo/repository.h"
#include "scenario/scenario.h"

namespace nightjar::factory {

struct LoadedProject {
  repo::Repository repository;
  std::string commit;
  bool has_config = true;  // there is a nightjar.toml
  ProjectId id;
  config::Project config;
  config::Effective effective;
  std::vector<govern::Requirement> requirements{};
  std::vector<scenario::Scenario> scenarios{};  // visible
  Holdouts holdouts{};
  std::vector<std::string> dirty{};  // paths whose changes are not part of the run
};

struct IntakePaths {
  std::string projects_dir;  // ids that this factory minted
  std::string holdouts_dir;
};

Result<LoadedProject> load_project(const std::string& folder, const config::Settings& settings,
                                   const IntakePaths& paths);

/// A project at another commit than HEAD, for a proof. A commit without nightjar.toml is no error:
/// then the machine's limits hold and `has_config` is false; what lies in specs/ and scenarios/ is
/// somebody else's format and is not read.
Result<LoadedProject> load_project_at(const std::string& folder, const std::string& commit,
                                      const config::Settings& settings, const IntakePaths& paths);

/// How the project is set up, built and tested: what its file says, else what is found out.
Result<harness::Recipe> recipe_of(const LoadedProject& project);

/// The same without the checks that need all files together: for the verbs that mend what they
/// find.
Result<LoadedProject> load_unchecked(const std::string& folder, const config::Settings& settings,
                                     const IntakePaths& paths);

/// The visible scenarios of a commit; files in scenarios/*.yaml, sorted by name.
Result<std::vector<scenario::Scenario>> load_scenarios(const repo::Repository& repository,
                                                       const std::string& commit);

/// The id of a project, made at its first use: keyed by canonical path, folder and root commit.
Result<ProjectId> project_id(const repo::Repository& repository, const std::string& commit,
                             const std::string& projects_dir, std::int64_t now_utc_ns);

}  // namespace nightjar::factory
