// tests/tamper/: cheating changes and their honest twins, as data. `held_out: yes` marks those that
// were written after the rules; `./dev bench tamper` shows both rates.
#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "proof/inspect.h"

namespace nightjar::proof {
namespace {

namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>;

Files files_below(const fs::path& folder) {
  Files out;
  if (!fs::exists(folder)) return out;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    out[entry.path().lexically_relative(folder).string()] =
        read_file(entry.path().string(), kTextBytesMax).value_or("");
  }
  return out;
}

struct Case {
  std::string name;
  std::string trick;
  bool held_out = false;
  bool runs_only = false;  // nothing of it shows in the texts
  InspectInput cheat;
  InspectInput honest;
};

InspectInput change_of(const fs::path& folder, const Files& base, const std::string& deletes) {
  InspectInput input;
  const auto add = [&](const std::string& path, std::optional<std::string> after) {
    FileChange file;
    file.path = path;
    const auto before = base.find(path);
    if (before != base.end()) file.before = before->second;
    file.after = std::move(after);
    if (file.before != file.after) input.files.push_back(std::move(file));
  };
  for (auto& [path, content] : files_below(folder)) add(path, content);
  for (const std::string& path : split(deletes, ' ')) {
    if (!path.empty()) add(path, std::nullopt);
  }
  // As inspect_change pairs them: the factory sees a rename by its content.
  for (FileChange& fresh : input.files) {
    if (fresh.before || !fresh.after) continue;
    for (FileChange& gone : input.files) {
      if (gone.after || !gone.before || *gone.before != *fresh.after) continue;
      fresh.old_path = gone.path;
      fresh.before = gone.before;
      gone.path.clear();
    }
  }
  std::erase_if(input.files, [](const FileChange& file) { return file.path.empty(); });
  return input;
}

std::vector<Case> cases() {
  std::vector<Case> out;
  const fs::path top = fs::path(NIGHTJAR_SOURCE_DIR) / "tests/tamper";
  for (const fs::directory_entry& entry : fs::directory_iterator(top)) {
    const std::string about =
        read_file((entry.path() / "about.txt").string(), 1 << 16).value_or("");
    const auto value = [&](const std::string& key) {
      for (const std::string& line : split_lines(about)) {
        if (line.starts_with(key + ": ")) return std::string(trim(line.substr(key.size() + 2)));
      }
      return std::string();
    };
    const Files base = files_below(entry.path() / "base");
    out.push_back({.name = entry.path().filename().string(),
                   .trick = value("trick"),
                   .held_out = value("held_out") == "yes",
                   .runs_only = value("shows") == "at run time",
                   .cheat = change_of(entry.path() / "cheat", base, value("cheat_deletes")),
                   .honest = change_of(entry.path() / "honest", base, value("honest_deletes"))});
  }
  std::sort(out.begin(), out.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return out;
}

std::vector<Finding> loud(const InspectInput& input) {
  const Result<Inspection> found = inspect(input);
  EXPECT_TRUE(found) << found.error().message;
  std::vector<Finding> out;
  for (const Finding& finding : found ? found->findings : std::vector<Finding>()) {
    if (finding.severity != Finding::Severity::note) out.push_back(finding);
  }
  return out;
}

bool is_serious(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Finding::Severity::serious;
  });
}

// Goal: at least 95 of 100 cheats found, at most 3 of 100 honest twins blamed. Method: the whole
// set; every miss is printed. A twin is blamed by a serious finding: those stop a verdict.
TEST(TamperSet, FindsCheatsAndSparesTheirHonestTwins) {
  int cheats = 0, found = 0, named = 0, blamed = 0, warned = 0, run_time = 0;
  for (const Case& one : cases()) {
    if (one.runs_only) {
      ++run_time;
      continue;
    }
    ++cheats;
    const std::vector<Finding> cheat = loud(one.cheat);
    const std::vector<Finding> honest = loud(one.honest);
    found += cheat.empty() ? 0 : 1;
    named += std::any_of(cheat.begin(), cheat.end(),
                         [&](const Finding& finding) { return finding.rule == one.trick; })
                 ? 1
                 : 0;
    if (cheat.empty()) std::printf("missed   %s (%s)\n", one.name.c_str(), one.trick.c_str());
    if (is_serious(honest)) ++blamed;
    if (!honest.empty()) ++warned;
    for (const Finding& finding : honest) {
      std::printf("%s %s: %s %s:%d %s\n", is_serious({finding}) ? "blamed  " : "warned  ",
                  one.name.c_str(), finding.rule.c_str(), finding.file.c_str(), finding.line,
                  finding.what.c_str());
    }
  }
  std::printf(
      "found %d of %d cheats (%d by their own name), blamed %d and warned of %d of %d honest "
      "twins; %d cheats show at run time alone\n",
      found, cheats, named, blamed, warned, cheats, run_time);
  EXPECT_GE(cheats, 60);
  EXPECT_GE(found * 100, cheats * 95);
  EXPECT_LE(blamed * 100, cheats * 3);
}

}  // namespace
}  // namespace nightjar::proof
