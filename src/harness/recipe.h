// How a project is set up, built and tested: the recipe. Either the project's file says it
// ([environment], [build], [test], [[suite]]), or it is found out from the files of the base
// commit.
//
// Detection reads files and executes nothing. It finds all suites, not the first.
// Pure; any thread. Errors: invalid_input (what in which file), exhausted (more than
// kSuitesMax suites).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "config/config.h"
#include "harness/suite.h"

namespace nightjar::harness {

inline constexpr std::size_t kSuitesMax = 64;

/// The files of a tree, for detection. Paths are relative to the project, sorted.
struct TreeFiles {
  std::vector<std::string> paths;
  /// Content, or nullopt when absent, larger than `bytes_max`, or no regular file.
  std::function<std::optional<std::string>(const std::string& path, std::size_t bytes_max)> read;
};

struct Recipe {
  std::vector<std::string> setup{};  // shell commands, offline; their result is kept as a layer
  std::string build{};               // one shell command; empty: nothing to build
  std::vector<Suite> suites{};
  std::vector<std::string> cache_files{};    // setup depends on these (lock files, manifests)
  std::vector<std::string> toolchains{};     // names: "python", "node", "go", "rust", "java", …
  std::vector<std::string> services{};       // names: "postgresql", "redis", "mysql"
  std::map<std::string, std::string> env{};  // of build and suites: {"PYTHONPATH": "src"}
  std::vector<std::string> reasons{};        // one sentence a finding, for people and evidence
};
Json to_json(const Recipe& recipe);
Result<Recipe> recipe_from(const Json& json);

/// What the project needs. A project with no sign of a suite gives a recipe without suites, and a
/// reason that says what was looked for.
Result<Recipe> detect(const TreeFiles& files);

/// What the project's file says over what was detected. Each of set-up, cache, toolchains,
/// variables and suites replaces what was found, where it is given; the build is found only for
/// suites that are found, so a file with [test] or [[suite]] and no [build] builds nothing.
Recipe recipe_of(const config::Project& project, Recipe detected);

/// `recipe` as the tables of a nightjar.toml, for `nightjar init --detect`.
std::string recipe_toml(const Recipe& recipe);

}  // namespace nightjar::harness
