// How many cheats the rules find, and how many honest changes they blame: on the set in
// tests/tamper/, and on the histories of repositories below $NIGHTJAR_HISTORIES (clones, one a
// folder), whose last commits are taken for honest.
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "base/bytes.h"
#include "base/file.h"
#include "bench/report.h"
#include "proof/testing/tamper_set.h"

namespace nightjar {
namespace {

namespace fs = std::filesystem;

constexpr int kCommits = 150;  // of each repository

Result<std::string> output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (pipe == nullptr) return errno_error("run a shell", errno);
  std::string out;
  std::array<char, 65536> buffer{};
  std::size_t count = 0;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0) {
    out.append(buffer.data(), count);
  }
  return out;
}

/// Names are git's; a path with a quote is passed over.
Result<proof::InspectInput> change_in(const std::string& git, const std::string& commit) {
  proof::InspectInput input;
  TRY_INTO(const std::string rows,
           output_of(git + " diff-tree -r -M --root --no-commit-id --name-status " + commit));
  for (const std::string& row : split_lines(rows)) {
    const std::vector<std::string> parts = split(row, '\t');
    if (parts.size() < 2 || row.find_first_of("'\"") != std::string::npos) continue;
    proof::FileChange file;
    file.path = parts.back();
    if (parts.size() == 3) file.old_path = parts[1];
    const auto content = [&](const std::string& revision, const std::string& path) {
      return output_of(git + " show '" + revision + ":" + path + "' 2>/dev/null");
    };
    if (parts[0] != "A") {
      TRY_INTO(file.before, content(commit + "~1", parts[1]));
    }
    if (parts[0] != "D") {
      TRY_INTO(file.after, content(commit, parts.back()));
    }
    input.files.push_back(std::move(file));
  }
  return input;
}

struct Tally {
  int commits = 0, serious = 0, warned = 0;
  std::map<std::string, int> rules;
};

Result<> tally_repository(const std::string& folder, Tally& tally) {
  const std::string git = "git -C '" + folder + "'";
  TRY_INTO(const std::string commits, output_of(git + " log --no-merges --format=%H -n " +
                                                std::to_string(kCommits) + " --skip=1"));
  for (const std::string& commit : split_lines(commits)) {
    TRY_INTO(const proof::InspectInput input, change_in(git, commit));
    if (input.files.empty()) continue;
    ++tally.commits;
    const std::vector<proof::Finding> findings = proof::testing::loud_findings(input);
    tally.warned += findings.empty() ? 0 : 1;
    tally.serious += proof::testing::any_serious(findings) ? 1 : 0;
    for (const proof::Finding& finding : findings) {
      if (finding.severity != proof::Finding::Severity::serious) continue;
      ++tally.rules[finding.rule];
      if (std::getenv("NIGHTJAR_SHOW_FINDINGS") != nullptr) {
        std::printf("%s %.10s %s %s:%d %s\n", fs::path(folder).filename().c_str(), commit.c_str(),
                    finding.rule.c_str(), finding.file.c_str(), finding.line, finding.what.c_str());
      }
    }
  }
  return ok;
}

double percent(int part, int whole) { return whole == 0 ? 0 : 100.0 * part / whole; }

void add_histories(bench::Report& report, const std::string& folder) {
  Tally tally;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!fs::exists(entry.path() / ".git")) continue;
    if (const Result<> told = tally_repository(entry.path().string(), tally); !told) {
      report.failed("honest commits of repositories", told.error());
      return;
    }
  }
  std::printf("%d commits of repositories: %d with a serious finding, %d with any\n", tally.commits,
              tally.serious, tally.warned);
  for (const auto& [rule, count] : tally.rules) std::printf("  %-24s %d\n", rule.c_str(), count);
  report.figure({.name = "commits of repositories with a serious finding",
                 .unit = "%",
                 .limit = bench::no_limit(),
                 .rounds = 1},
                [&]() -> Result<double> { return percent(tally.serious, tally.commits); });
}

}  // namespace

void bench_tamper(bench::Report& report) {
  int cheats = 0, found = 0, blamed = 0;
  for (const proof::testing::TamperCase& one : proof::testing::tamper_cases("tests/tamper")) {
    if (one.runs_only) continue;
    ++cheats;
    found += proof::testing::loud_findings(one.cheat).empty() ? 0 : 1;
    blamed += proof::testing::any_serious(proof::testing::loud_findings(one.honest)) ? 1 : 0;
  }
  std::printf("%d cheats and their honest twins: %d found, %d blamed\n", cheats, found, blamed);
  report.figure({.name = "cheats of tests/tamper that are found",
                 .unit = "%",
                 .limit = bench::at_least(95),
                 .rounds = 1},
                [&]() -> Result<double> { return percent(found, cheats); });
  report.figure({.name = "honest twins that are blamed",
                 .unit = "%",
                 .limit = bench::at_most(3),
                 .rounds = 1},
                [&]() -> Result<double> { return percent(blamed, cheats); });
  if (const char* folder = std::getenv("NIGHTJAR_HISTORIES")) add_histories(report, folder);
}

}  // namespace nightjar
