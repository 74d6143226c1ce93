// The house rules: pure functions from a tree to findings. Each is shown to fail in its *_test.cc;
// tidy_test.cc holds this repository to all of them.
#pragma once

#include <string>
#include <vector>

#include "tidy/repository.h"

namespace nightjar::tidy {

using Check = std::vector<Finding> (*)(const Repository& repository);

// rules_includes.cc
std::vector<Finding> check_includes(const Repository& repository);
std::vector<Finding> check_third_party(const Repository& repository);
std::vector<Finding> check_first_include(const Repository& repository);

// rules_code.cc
std::vector<Finding> check_banned_code(const Repository& repository);
std::vector<Finding> check_effect_gate(const Repository& repository);
std::vector<Finding> check_tests(const Repository& repository);

// rules_text.cc
std::vector<Finding> check_sizes(const Repository& repository);
std::vector<Finding> check_unfinished(const Repository& repository);
std::vector<Finding> check_machine_paths(const Repository& repository);
std::vector<Finding> check_names(const Repository& repository);

// rules_docs.cc
std::vector<Finding> check_module_table(const Repository& repository);
std::vector<Finding> check_document_paths(const Repository& repository);
std::vector<Finding> check_invariants(const Repository& repository);
std::vector<Finding> check_titles(const Repository& repository);
std::vector<Finding> check_links(const Repository& repository);

struct Rule {
  const char* name;
  Check check;
};
const std::vector<Rule>& rules();

/// One place that a rule does not hold for, with its reason. The list shrinks: an exception that
/// nothing needs is itself a finding.
struct Exception {
  std::string rule;
  std::string path;
  std::string part_of_what;  // what the finding must say; empty: any
  std::string reason;
};
const std::vector<Exception>& exceptions();

/// Findings of the rule that no exception covers.
std::vector<Finding> findings_of(const Rule& rule, const Repository& repository,
                                 const std::vector<Exception>& exceptions);
/// Exceptions that cover nothing.
std::vector<Exception> stale(const std::vector<Rule>& rules, const Repository& repository,
                             const std::vector<Exception>& exceptions);
std::string text_of(const std::vector<Finding>& findings);

}  // namespace nightjar::tidy
