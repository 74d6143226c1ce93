// The scenario files of the repository: its examples, its fixtures and its documentation.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "config/config.h"
#include "scenario/scenario.h"

namespace nightjar::scenario {
namespace {

namespace fs = std::filesystem;

using testing::Ge;
using testing::SizeIs;

std::string source_dir() { return NIGHTJAR_SOURCE_DIR; }

std::string text_of(const fs::path& path) {
  const Result<std::string> text = read_file(path.string(), kFileBytesMax);
  EXPECT_TRUE(text) << (text ? "" : text.error().message);
  return text ? *text : "";
}

/// Folders below `top` that hold a nightjar.toml.
std::vector<fs::path> projects_below(const fs::path& top) {
  std::vector<fs::path> projects;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    if (entry.path().filename() == "nightjar.toml") projects.push_back(entry.path().parent_path());
  }
  std::ranges::sort(projects);
  return projects;
}

std::vector<Scenario> scenarios_in(const fs::path& folder) {
  std::vector<Scenario> all;
  if (!fs::exists(folder)) return all;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    auto scenarios = parse_scenarios(text_of(entry.path()), entry.path().string());
    EXPECT_TRUE(scenarios) << (scenarios ? "" : scenarios.error().message);
    if (scenarios) all.insert(all.end(), scenarios->begin(), scenarios->end());
  }
  return all;
}

/// First words of list items and headings: enough to recognise requirement ids here.
Known known_of(const fs::path& project) {
  Known known;
  for (const auto& entry : fs::directory_iterator(project / "specs")) {
    for (const std::string& line : split_lines(text_of(entry.path()))) {
      const std::size_t begin = line.find_first_not_of("#*- \t");
      if (begin == 0 || begin == std::string::npos) continue;
      known.requirement_ids.push_back(
          line.substr(begin, line.find_first_of(" :.*", begin) - begin));
    }
  }
  return known;
}

void check_project(const fs::path& project, const fs::path& holdouts) {
  const auto config = config::parse_project(text_of(project / "nightjar.toml"),
                                            (project / "nightjar.toml").string());
  EXPECT_TRUE(config) << (config ? "" : config.error().message);
  std::vector<Scenario> scenarios = scenarios_in(project / "scenarios");
  EXPECT_THAT(scenarios, SizeIs(Ge(1u))) << project;
  const std::vector<Scenario> sealed = scenarios_in(holdouts);
  EXPECT_THAT(sealed, SizeIs(Ge(1u))) << holdouts;
  const Known known = known_of(project);
  const Result<> visible_checked = check_library(scenarios, known);
  EXPECT_TRUE(visible_checked) << (visible_checked ? "" : visible_checked.error().message);
  scenarios.insert(scenarios.end(), sealed.begin(), sealed.end());
  const Result<> checked = check_library(scenarios, known);
  EXPECT_TRUE(checked) << (checked ? "" : checked.error().message);
}

TEST(Examples, HaveScenariosThatHoldTogether) {
  const auto projects = projects_below(fs::path(source_dir()) / "examples");

  EXPECT_THAT(projects, SizeIs(Ge(3u)));
  for (const fs::path& project : projects) {
    check_project(project, project.parent_path() / "holdouts");
  }
}

TEST(Shapes, HaveScenariosThatHoldTogether) {
  const fs::path top = fs::path(source_dir()) / "tests/fixtures/shapes";
  const auto projects = projects_below(top);

  EXPECT_THAT(projects, SizeIs(Ge(6u)));
  for (const fs::path& project : projects) {
    const fs::path shape = top / *fs::relative(project, top).begin();
    check_project(project, shape / "holdouts");
  }
}

TEST(ScenarioPage, HasExamplesThatParse) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line :
       split_lines(text_of(fs::path(source_dir()) / "docs/scenarios.md"))) {
    if (line == "```yaml") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }

  EXPECT_THAT(blocks, SizeIs(Ge(4u)));
  for (const std::string& block : blocks) {
    const auto scenarios = parse_scenarios(block, "docs/scenarios.md");
    EXPECT_TRUE(scenarios) << (scenarios ? "" : scenarios.error().message) << "\n" << block;
  }
}

// Goal: the page names every key. Method: each key of the reader stands in it in backticks.
TEST(ScenarioPage, NamesEveryKey) {
  const std::string page = text_of(fs::path(source_dir()) / "docs/scenarios.md");

  for (const char* key : {"scenario",    "requirement",     "tags",
                          "trials",      "steps",           "run",
                          "stdin",       "files",           "env",
                          "cwd",         "expect",          "exit",
                          "stdout",      "stdout_contains", "stdout_matches",
                          "stdout_json", "stdout_numbers",  "stderr…",
                          "file",        "within",          "values",
                          "tolerance"}) {
    EXPECT_NE(page.find("`" + std::string(key) + "`"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace nightjar::scenario
