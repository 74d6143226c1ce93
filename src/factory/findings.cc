#include "factory/findings.h"

#include <array>
#include <string_view>

#include "base/bytes.h"

namespace nightjar::factory {
namespace {

struct Rule {
  std::string_view prefix;  // of the path, or of any folder in it when it starts with '/'
  std::string_view what;
};
constexpr std::array<Rule, 12> kRules = {{
    {"nightjar.toml", "the project's configuration"},
    {"specs/", "a specification"},
    {"scenarios/", "a scenario"},
    {"policy/", "a policy"},
    {"workflows/", "a workflow"},
    {"/tests/", "a test"},
    {"/test/", "a test"},
    {"/.github/", "CI"},
    {"/.gitlab-ci.yml", "CI"},
    {"/.ci/", "CI"},
    {"/.git", "git's own files"},
    {"/conftest.py", "a test"},
}};

bool is_test_file(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name.starts_with("test_") || name.find("_test.") != std::string_view::npos ||
         name.find(".test.") != std::string_view::npos;
}

}  // namespace

std::vector<std::string> findings_on(const std::vector<std::string>& changed_paths) {
  std::vector<std::string> findings;
  for (const std::string& path : changed_paths) {
    const std::string rooted = "/" + path;
    std::string_view what;
    for (const Rule& rule : kRules) {
      const bool anywhere = rule.prefix.starts_with('/');
      if (anywhere ? rooted.find(rule.prefix) != std::string::npos
                   : path.starts_with(rule.prefix)) {
        what = rule.what;
        break;
      }
    }
    if (what.empty() && is_test_file(path)) what = "a test";
    if (!what.empty()) findings.push_back(printable(path, 200) + " is " + std::string(what));
  }
  return findings;
}

}  // namespace nightjar::factory
