#include "factory/starter.h"

#include <array>
#include <filesystem>
#include <system_error>

#include "base/file.h"

namespace nightjar::factory {
namespace {

constexpr std::string_view kToml =
    R"(# What Nightjar knows about this project. Every key: docs/configuration.md
# It is read at the committed state, never from what an engineer changed.

[project]
name = "@NAME@"

[build]
# One shell command, run in a sandbox: no network, the system's toolchain read-only.
# Leave it out when there is nothing to build.
@BUILD@

[test]
# The project's own tests; exit status 0 means that they pass. Leave it out when there are none.
# command = "make check"

[engineer]
# "reasoner" finds and repairs single-site faults in C and Python, offline.
# "command" runs the command below on a copy of the project, in the sandbox.
default = "reasoner"
# command = "./my-agent .nightjar/work.md"

# Limits can only be narrower than those of the machine (`nightjar doctor` shows them).
# [limits]
# wall = "60s"
# memory = "1GiB"
)";

constexpr std::string_view kSpec = R"(# What @NAME@ promises

Write one requirement an item; an id such as R1 or AUTH-3 comes first.
Scenarios name the id they try.

- R1: Describe here what the program must do.
)";

constexpr std::string_view kScenarios =
    R"(# Scenarios: stories with steps and expectations, tried in a fresh copy of the built project.
# Several in a file are parted by a line with three dashes. Every key: docs/scenarios.md
scenario: the shell says hello
requirement: R1
steps:
  - run: echo hello
    expect:
      exit: 0
      stdout: "hello\n"
)";

struct Starter {
  const char* path;
  std::string_view content;
};
constexpr std::array<Starter, 3> kStarters = {
    {{"nightjar.toml", kToml}, {"specs/main.md", kSpec}, {"scenarios/first.yaml", kScenarios}}};

std::string filled(std::string_view text, const std::string& mark, const std::string& value) {
  std::string out(text);
  for (std::size_t at = out.find(mark); at != std::string::npos;
       at = out.find(mark, at + value.size())) {
    out.replace(at, mark.size(), value);
  }
  return out;
}

std::string project_name(const std::string& folder) {
  std::string name;
  std::error_code failure;
  for (const char c : std::filesystem::weakly_canonical(folder, failure).filename().string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    name.push_back(plain ? c : '-');
  }
  return name.empty() ? "project" : name;
}

std::string build_line(const std::string& folder) {
  for (const char* makefile : {"Makefile", "makefile", "GNUmakefile"}) {
    if (path_exists(folder + "/" + makefile)) return "command = \"make\"";
  }
  return "# command = \"make\"";
}

}  // namespace

Result<api::InitReply> write_starter_files(const std::string& folder) {
  TRY(make_directories(folder, 0755));
  api::InitReply reply;
  for (const Starter& starter : kStarters) {
    const std::string path = folder + "/" + starter.path;
    // A folder that holds specs or scenarios of its own needs no first ones.
    const std::filesystem::path parent = std::filesystem::path(starter.path).parent_path();
    const std::string kept = parent.empty() ? path : folder + "/" + parent.string();
    if (path_exists(kept)) {
      reply.kept.push_back(parent.empty() ? starter.path : parent.string() + "/");
      continue;
    }
    TRY(make_directories(std::filesystem::path(path).parent_path().string(), 0755));
    const std::string content = filled(filled(starter.content, "@NAME@", project_name(folder)),
                                       "@BUILD@", build_line(folder));
    TRY(write_file_atomically(path, content, 0644));
    reply.created.push_back(starter.path);
  }
  return reply;
}

}  // namespace nightjar::factory
