#include "proof/testing/tamper_set.h"

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::proof::testing {
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

}  // namespace

std::vector<TamperCase> tamper_cases(const std::string& folder) {
  std::vector<TamperCase> out;
  const fs::path top = folder;
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
  std::sort(out.begin(), out.end(),
            [](const TamperCase& a, const TamperCase& b) { return a.name < b.name; });
  return out;
}

std::vector<Finding> loud_findings(const InspectInput& input) {
  Result<Inspection> found = inspect(input);
  std::vector<Finding> out;
  if (!found) return out;
  for (Finding& finding : found->findings) {
    if (finding.severity != Finding::Severity::note) out.push_back(std::move(finding));
  }
  return out;
}

bool any_serious(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Finding::Severity::serious;
  });
}

}  // namespace nightjar::proof::testing
