#include "factory/doctor.h"

#include <array>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "harness/build.h"
#include "sandbox/launcher.h"

namespace nightjar::factory {
namespace {

using api::Check;
using State = Check::State;

Check check_data_dir(const std::string& path) {
  Check check{.name = "data", .state = State::good, .found = path, .advice = {}};
  Result<> usable = make_directories(path, 0700);
  if (usable) usable = write_file_atomically(path + "/.doctor", "x", 0600);
  if (usable) usable = remove_tree(path + "/.doctor");
  if (!usable) {
    check.state = State::bad;
    check.found = usable.error().message;
    check.advice = "name a folder that can be written: --data-dir DIR or NIGHTJAR_DATA_DIR";
  }
  return check;
}

struct Tool {
  const char* name;
  const char* command;
  const char* needed_for;
  const char* package;
};
constexpr std::array<Tool, 4> kTools = {{
    {"cc", "cc --version", "building C projects and repairing them", "gcc"},
    {"make", "make --version", "projects with a Makefile", "make"},
    {"gcov", "gcov --version", "finding the faulty line in C", "gcc"},
    {"python3", "python3 --version", "Python projects", "python3"},
}};

/// Tried inside the sandbox: what is there outside does not help a build.
Check check_tool(sandbox::Sandbox& box, const Tool& tool) {
  const harness::CommandLimits limits{.wall_max = std::chrono::seconds(20),
                                      .cpu_max = std::chrono::seconds(20),
                                      .output_bytes_max = 4096};
  const Result<sandbox::Outcome> outcome =
      box.run(harness::shell_command(tool.command, limits), {});
  if (outcome && outcome->succeeded()) {
    return {
        .name = tool.name,
        .state = State::good,
        .found = printable(outcome->stdout_bytes.substr(0, outcome->stdout_bytes.find('\n')), 80),
        .advice = {}};
  }
  return {.name = tool.name,
          .state = State::weaker,
          .found = outcome ? "not there in the sandbox" : outcome.error().message,
          .advice = std::string("needed for ") + tool.needed_for + ": install the package " +
                    tool.package};
}

}  // namespace

std::vector<Check> examine_machine(const MachineQuestion& question) {
  std::vector<Check> checks;
  // The helper first: it is forked before this process has a thread.
  Result<std::unique_ptr<sandbox::Launcher>> launcher =
      sandbox::start_helper({.helper_path = question.helper_path});
  checks.push_back(check_data_dir(question.settings.data_dir));
  if (!launcher) {
    checks.push_back({.name = "sandbox",
                      .state = State::bad,
                      .found = launcher.error().message,
                      .advice = "without its walls nothing is run"});
    return checks;
  }
  const std::string folder = question.settings.data_dir + "/scratch-doctor";
  Result<> made = make_directories(folder, 0755);
  if (made) made = (*launcher)->adopt(folder);
  auto box = made ? (*launcher)->open({.lower_dirs = {folder},
                                       .mounts = {},
                                       .limits = {.memory_bytes_max = std::uint64_t{1} << 30,
                                                  .disk_bytes_max = std::uint64_t{64} << 20,
                                                  .processes_max = 64}})
                  : Result<std::unique_ptr<sandbox::Sandbox>>(made.error());
  if (!box) {
    checks.push_back({.name = "sandbox",
                      .state = State::bad,
                      .found = box.error().message,
                      .advice = "without its walls nothing is run"});
  } else {
    const sandbox::Walls walls = (*launcher)->walls();
    checks.push_back({.name = "sandbox",
                      .state = State::good,
                      .found = join(walls.standing, ", "),
                      .advice = {}});
    for (const std::string& missing : walls.not_enforced) {
      checks.push_back({.name = "limits",
                        .state = State::weaker,
                        .found = missing,
                        .advice = "run as root, or with a delegated cgroup"});
    }
    for (const Tool& tool : kTools) checks.push_back(check_tool(**box, tool));
    box->reset();
  }
  if (Result<> removed = remove_tree(folder); !removed) {
    checks.push_back(
        {.name = "data", .state = State::weaker, .found = removed.error().message, .advice = {}});
  }
  return checks;
}

}  // namespace nightjar::factory
