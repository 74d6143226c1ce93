#include "tidy/rules.h"

#include <algorithm>

namespace nightjar::tidy {
namespace {

bool covers(const Exception& exception, const Rule& rule, const Finding& finding) {
  return exception.rule == rule.name && exception.path == finding.path &&
         contains(finding.what, exception.part_of_what);
}

}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"includes", check_includes},
      {"third_party", check_third_party},
      {"first_include", check_first_include},
      {"banned_code", check_banned_code},
      {"effect_gate", check_effect_gate},
      {"tests", check_tests},
      {"sizes", check_sizes},
      {"unfinished", check_unfinished},
      {"machine_paths", check_machine_paths},
      {"names", check_names},
      {"module_table", check_module_table},
      {"document_paths", check_document_paths},
      {"invariants", check_invariants},
      {"titles", check_titles},
      {"links", check_links},
  };
  return all;
}

std::vector<Finding> findings_of(const Rule& rule, const Repository& repository,
                                 const std::vector<Exception>& exceptions) {
  std::vector<Finding> out;
  for (const Finding& finding : rule.check(repository)) {
    const bool covered =
        std::any_of(exceptions.begin(), exceptions.end(),
                    [&](const Exception& exception) { return covers(exception, rule, finding); });
    if (!covered) out.push_back(finding);
  }
  return out;
}

std::vector<Exception> stale(const std::vector<Rule>& rules, const Repository& repository,
                             const std::vector<Exception>& exceptions) {
  std::vector<Exception> unused = exceptions;
  for (const Rule& rule : rules) {
    for (const Finding& finding : rule.check(repository)) {
      const auto used = [&](const Exception& exception) {
        return covers(exception, rule, finding);
      };
      unused.erase(std::remove_if(unused.begin(), unused.end(), used), unused.end());
    }
  }
  return unused;
}

std::string text_of(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += finding.path;
    if (finding.line > 0) out += ":" + std::to_string(finding.line);
    out += ": " + finding.what + "\n";
  }
  return out;
}

}  // namespace nightjar::tidy
