// Configuration: defaults < user file < environment < flags; a project's file may only narrow.
//
// Every key is documented where it is declared (config/keys.cc makes docs/configuration.md,
// compared by a test). TOML 1.0. Unknown keys are errors with file, line and the nearest known
// name. Errors: invalid_input (file:line: what, what next), exhausted (file larger than
// kFileBytesMax).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::config {

inline constexpr std::size_t kFileBytesMax = std::size_t{256} << 10;

struct Limits {
  std::int64_t wall_ms_max = 0;  // of one command
  std::int64_t cpu_ms_max = 0;   // of one command
  std::int64_t memory_bytes_max = 0;
  std::int64_t disk_bytes_max = 0;
  std::int64_t output_bytes_max = 0;
  std::int64_t processes_max = 0;
  std::int64_t suite_ms_max = 0;  // of one set-up, build or session of a suite in a proof
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Budget {  // of one run
  std::int64_t cpu_ms_max = 0;
  std::int64_t wall_ms_max = 0;
  std::int64_t nano_usd_max = 0;
  std::int64_t attempts_max = 0;  // of one node
  friend bool operator==(const Budget&, const Budget&) = default;
};

struct ReadOnlyMount {
  std::string host_path;
  std::string inside_path;
};

/// One [[suite]] of a project's file; what its words mean is harness/recipe.h's.
struct ProjectSuite {
  std::string runner;
  std::string root{};  // a folder of the project, "" for its top
  std::string command{};
  std::map<std::string, std::string> options{};
  friend bool operator==(const ProjectSuite&, const ProjectSuite&) = default;
};

/// What a project's nightjar.toml may say.
struct Project {
  std::string name;
  std::string build_command;
  std::string test_command;
  std::string engineer;  // "reasoner" when absent
  std::string engineer_command;
  std::optional<std::int64_t> wall_ms_max, cpu_ms_max, memory_bytes_max, disk_bytes_max;
  std::optional<std::int64_t> output_bytes_max, processes_max, suite_ms_max;
  std::optional<std::int64_t> budget_cpu_ms_max, budget_wall_ms_max, budget_nano_usd_max;
  std::optional<std::int64_t> budget_attempts_max;
  // [environment]; empty: it is found out.
  std::vector<std::string> setup, cache_files, toolchains, services;
  std::map<std::string, std::string> env;
  std::vector<ProjectSuite> suites;
};

/// What holds on this machine: defaults < user file < environment.
struct Settings {
  std::string data_dir;
  Limits limits;
  Budget budget;
  std::vector<ReadOnlyMount> mounts;    // [sandbox] mounts: only from the user's file
  bool demand_enforced_totals = false;  // stop when memory or CPU totals cannot be enforced
  bool discover_toolchains = true;      // look for them in the user's PATH and home
  std::map<std::string, std::string> toolchains;  // name → folder
  std::int64_t layers_bytes_max = 0;              // of what set-ups left, all together
};

/// `text` is nightjar.toml at the base commit.
Result<Project> parse_project(std::string_view text, std::string_view file_name);

struct Environment {  // what is read of the process environment
  std::optional<std::string> home, xdg_data_home, xdg_config_home, nightjar_data_dir;
  // NIGHTJAR_LIMIT_WALL, NIGHTJAR_LIMIT_MEMORY; same syntax as in the file.
  std::optional<std::string> limit_wall, limit_memory;
};
Result<Settings> load_settings(const Environment& environment);

/// The narrower of both for each limit; what the project asked beyond the machine's is named in
/// `widened`.
struct Effective {
  Limits limits;
  Budget budget;
  std::vector<std::string> widened;
};
Effective narrow(const Settings& settings, const Project& project);

}  // namespace nightjar::config
