// What decides how a change is judged: CI files, the project's own gates.
#include <algorithm>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;
using harness::PathKind;

std::string_view name_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// A step that may fail without anybody noticing.
const RE2& softening() {
  static const RE2 kSoft(
      R"((?i)(?:\|\|\s*(?:true\b|:|exit\s+0|echo\b|/bin/true)|;\s*(?:true\b|exit\s+0)|)"
      R"(\bcontinue-on-error:\s*(?:true|\$)|\ballow_failures?:\s*(?:true|\n|$)|\bset\s+\+e\b|)"
      R"(--exit-zero\b|\bfail_ci_if_error:\s*false|\bsoft_fail:\s*true|\bwhen:\s*manual|)"
      R"(\bif:\s*(?:\$\{\{\s*)?false|--deselect\b|-k\s+["']?not\b|--passWithNoTests|)"
      R"(--no-fail-on|-DskipTests|-Dmaven\.test\.(?:skip|failure\.ignore)|--force-exit-success|)"
      R"(ignore_exit|--ignore-exit|-Dtest=!|--skip\s+\w*test|--exclude-regex|-E\s+['"]\w|)"
      R"(\bexit\s+0\s*$))");
  return kSoft;
}
const RE2& test_command() {
  static const RE2 kTest(
      R"((?i)\b(?:pytest|unittest|tox|nox|ctest|go\s+(?:test|vet)|cargo\s+(?:test|nextest|)"
      R"(clippy)|npm\s+(?:test|t|run\s+\w*test\w*|ci)|yarn\s+(?:run\s+)?\w*test\w*|)"
      R"(pnpm\s+(?:run\s+)?\w*test\w*|node\s+--test|jest|vitest|mocha|mvn\s.*\b(?:test|verify|)"
      R"(install)|gradlew?\b.*\b(?:test|check|build)|phpunit|rspec|rake|bats|prove|)"
      R"(make\s+\w*(?:check|test)\w*|nightjar\s+prove|codecov|\./\w*test\w*|coverage)(?:\W|$))");
  return kTest;
}

bool is_ci(std::string_view path) {
  static const RE2 kCi(
      R"((?:^|/)(?:\.github/(?:workflows|actions|scripts)/|\.gitlab-ci|\.gitlab/|\.circleci/|)"
      R"(\.travis|\.cirrus|\.drone|\.woodpecker|\.buildkite/|\.semaphore/|\.builds?|)"
      R"(\.teamcity/|\.tekton/|\.zuul|\.ci/|ci/|\.?appveyor\.yml|\.?azure-pipelines|)"
      R"(bitbucket-pipelines|cloudbuild|buildspec|Jenkinsfile))");
  return matches(kCi, path);
}
/// Checks that advise: their settings matter less than gates.
bool is_advisory(std::string_view path) {
  static const RE2 kAdvice(
      R"((?:^|/)(?:\.?codecov\.yml|\.coveralls\.yml|sonar-project\.properties|\.mergify\.yml|)"
      R"(\.pre-commit-(?:config|hooks)\.yaml|\.?lefthook\.yml|\.husky/|\.githooks/)|^specs/)");
  return matches(kAdvice, path);
}

/// A command of tests that stood before and stands nowhere after.
int lost_test_line(const FileView& file) {
  for (const int line : file.removed) {
    const std::string_view text = file.before.bare_line(line);
    std::string command;
    if (!RE2::PartialMatch(piece(text), "(" + test_command().pattern() + ")", &command)) continue;
    if (file.after.bare.find(command) == std::string::npos) return line;
  }
  return 0;
}

void find_ci(const FileView& file, const ChangeView& change, Findings& out) {
  if (file.is_deleted()) {
    // One that labels or greets judges nothing.
    const bool judged = matches(test_command(), file.before.bare);
    out.add("ci-touched", judged ? serious : warning, file, 0, "a CI file is deleted");
    return;
  }
  bool told = false;
  for (const int line : file.added) {
    const std::string_view text = file.after.bare_line(line);
    if (!matches(softening(), text) || change.is_moved(text)) continue;
    // Built without its tests, beside a step that runs them.
    static const RE2 kBuilds(R"(-DskipTests|-Dmaven\.test\.skip)");
    static const RE2 kUpload(
        R"((?i)upload|codecov|cache|cleanup|rm -|kill|docker\s+(?:stop|rm)|grep|apt|git\s|)"
        R"(which|command -v|mkdir|comment|notify|artifact)");
    static const RE2 kAlways(R"((?i)continue-on-error|allow_failure|soft_fail|when:\s*manual|)"
                             R"(if:\s*(?:\$\{\{\s*)?false|set\s+\+e)");
    const bool of_tests = matches(test_command(), text) || matches(kAlways, text);
    const bool builds = matches(kBuilds, text) && lost_test_line(file) == 0;
    const auto severity =
        matches(kUpload, text) || file.is_new() || !of_tests || builds ? warning : serious;
    out.add("ci-touched", severity, file, line, "a step of CI may fail unnoticed: " + quoted(text));
    told = true;
  }
  if (const int lost = lost_test_line(file); lost != 0) {
    out.add("ci-touched", serious, file, file.place_of(lost),
            "CI no longer runs " + quoted(file.before.bare_line(lost)));
    told = true;
  }
  if (told) return;
  const int line = file.added.empty()
                       ? file.place_of(file.removed.empty() ? 1 : file.removed.front())
                       : file.added.front();
  out.add("ci-touched", file.is_new() ? note : warning, file, line,
          file.is_new() ? "a CI file is added" : "a CI file changes");
}

void find_gate(const FileView& file, Findings& out) {
  const int line = file.added.empty() ? 1 : file.added.front();
  if (file.is_new()) {
    const bool governs =
        name_in(file.path) == "nightjar.toml" || name_in(file.path) == "CODEOWNERS";
    out.add("gate-touched", governs ? warning : note, file, line,
            "a file that judges changes is added");
    return;
  }
  if (file.is_deleted()) {
    out.add("gate-touched", serious, file, 0, "a file that judges changes is deleted");
    return;
  }
  if (!file.scanned || file.hunks.empty()) {
    out.add("gate-touched", file.scanned ? note : serious, file, 0,
            "a file that judges changes is altered");
    return;
  }
  const bool only_adds = file.removed.empty();
  const bool owners = name_in(file.path) == "CODEOWNERS";
  if (is_advisory(file.path) || (only_adds && !owners)) {
    out.add("gate-touched", warning, file, line, "a file that judges changes is edited");
    return;
  }
  const std::string_view text =
      file.added.empty() ? file.before.text_line(file.removed.front()) : file.after.text_line(line);
  out.add("gate-touched", serious, file, line,
          "a file that judges changes is edited: " + quoted(text));
}

}  // namespace

void find_touched_gates(const ChangeView& change, Findings& out) {
  for (const FileView& file : change.files) {
    if (file.kind != PathKind::judge) continue;
    if (is_ci(file.path)) {
      find_ci(file, change, out);
    } else {
      find_gate(file, out);
    }
  }
}

}  // namespace nightjar::proof
