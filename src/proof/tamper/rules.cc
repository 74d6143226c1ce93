#include "proof/tamper/rules.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/bytes.h"
#include "base/check.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;

constexpr auto kRules = std::to_array<RuleInfo>({
    {"test-deleted", serious, "a test, or a file of tests, is gone or no longer collected"},
    {"test-skipped", serious, "a test that was there is skipped, disabled or expected to fail"},
    {"test-focused", serious, "`only`: all other tests of the file no longer run"},
    {"assertion-removed", serious, "a test demands less than before"},
    {"assertion-weakened", serious, "an assertion accepts more than before"},
    {"expected-value-changed", serious, "a test expects another value"},
    {"snapshot-changed", warning, "recorded output that tests compare with is edited"},
    {"timeout-raised", warning, "a time limit of tests is raised"},
    {"retries-added", serious, "tests that fail are tried again"},
    {"ci-touched", serious, "a CI file changes"},
    {"gate-touched", serious, "a file changes that decides how changes are judged"},
    {"runner-config-touched", serious, "what steers the test runner changes"},
    {"early-exit", serious, "a process ends as a success before the tests are over"},
    {"result-forged", serious, "the code prints or writes what a test runner would"},
    {"framework-patched", serious, "the test framework is altered"},
    {"detects-tests", serious, "the product finds out whether it is being tested"},
    {"input-special-cased", serious, "the product answers an input of the tests by itself"},
    {"constant-eq", serious, "a comparison is true for everything"},
    {"error-swallowed", serious, "a failure is caught and forgotten"},
    {"binary-added", warning, "a file that nobody can read is added"},
    {"large-file", warning, "a file is too large to be looked into"},
    {"symlink-added", warning, "a symbolic link is added"},
    {"executable-bit", note, "a file becomes executable"},
    {"new-network-use", warning, "the code begins to use the network"},
    {"new-process-use", warning, "the code begins to start processes"},
    {"obfuscated", warning, "code that is built or decoded at run time is executed"},
    {"lock-without-manifest", warning, "locked dependencies change and their manifest does not"},
    {"suppression-comment", note, "a checker is told to be quiet"},
});

constexpr std::array<RuleFamily, 7> kFamilies = {
    find_deleted_tests, find_skipped_tests, find_weakened_tests, find_touched_gates,
    find_telling_lines, find_cheating_code, find_surprises};

}  // namespace

std::span<const RuleInfo> rule_infos() { return kRules; }

std::string quoted(std::string_view line) { return "`" + printable(trim(line), 120) + "`"; }

void Findings::add(std::string_view rule, Finding::Severity severity, const FileView& file,
                   int line, std::string what) {
  CHECK(std::ranges::find(kRules, rule, &RuleInfo::name) != kRules.end());
  // One line, one finding of a rule: the most serious.
  for (Finding& one : all_) {
    if (one.rule != rule || one.file != file.path || one.line != line) continue;
    if (severity > one.severity) {
      one.severity = severity;
      one.what = std::move(what);
    }
    return;
  }
  all_.push_back({.rule = std::string(rule),
                  .severity = severity,
                  .file = file.path,
                  .line = line,
                  .what = std::move(what)});
}

std::vector<Finding> Findings::take() && {
  std::ranges::stable_sort(all_, [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    if (a.file != b.file) return a.file < b.file;
    return a.line < b.line;
  });
  std::vector<Finding> out;
  std::map<std::string, std::size_t> counts;
  std::map<std::string, std::size_t> last;
  for (Finding& finding : all_) {
    const std::size_t count = ++counts[finding.rule];
    if (count <= kFindingsOfOneRuleMax) {
      last[finding.rule] = out.size();
      out.push_back(std::move(finding));
    }
  }
  for (const auto& [rule, count] : counts) {
    if (count > kFindingsOfOneRuleMax) {
      out[last[rule]].what += " (and " + std::to_string(count - kFindingsOfOneRuleMax) + " more)";
    }
  }
  return out;
}

std::vector<Finding> findings_of(const ChangeView& change) {
  Findings out;
  for (const RuleFamily family : kFamilies) family(change, out);
  return std::move(out).take();
}

}  // namespace nightjar::proof
