#include "factory/findings.h"

#include <string_view>

#include "base/bytes.h"
#include "harness/paths.h"

namespace nightjar::factory {
namespace {

/// What of the project the file decides about; empty: nothing.
std::string_view what_is(std::string_view path) {
  const harness::PathKind kind = harness::kind_of_path(path);
  if (kind == harness::PathKind::test) return "a test";
  if (kind == harness::PathKind::config) return "what steers builds and tests";
  if (kind != harness::PathKind::judge) return {};
  if (path.ends_with("nightjar.toml")) return "the project's configuration";
  if (path.starts_with("specs/")) return "a specification";
  if (path.starts_with("scenarios/")) return "a scenario";
  if (path.starts_with("policy/")) return "a policy";
  if (path.starts_with("workflows/")) return "a workflow";
  return "CI or a hook";
}

}  // namespace

std::vector<std::string> findings_on(const std::vector<std::string>& changed_paths) {
  std::vector<std::string> findings;
  for (const std::string& path : changed_paths) {
    const std::string_view what = what_is(path);
    if (!what.empty()) findings.push_back(printable(path, 200) + " is " + std::string(what));
  }
  return findings;
}

}  // namespace nightjar::factory
