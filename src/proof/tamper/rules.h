// The rules that look for a change which moves the goalposts. Each is a function from the change to
// findings; rules.cc has the table of their names. docs/proof.md#tampering explains them.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proof/tamper/change_view.h"

namespace nightjar::proof {

class Findings {
 public:
  void add(std::string_view rule, Finding::Severity severity, const FileView& file, int line,
           std::string what);
  std::vector<Finding> take() &&;

 private:
  std::vector<Finding> all_;
};

using RuleFamily = void (*)(const ChangeView& change, Findings& out);

void find_deleted_tests(const ChangeView& change, Findings& out);   // deleted.cc
void find_skipped_tests(const ChangeView& change, Findings& out);   // skipped.cc
void find_weakened_tests(const ChangeView& change, Findings& out);  // weakened.cc
void find_touched_gates(const ChangeView& change, Findings& out);   // gates.cc
void find_telling_lines(const ChangeView& change, Findings& out);   // line_rules.cc
void find_cheating_code(const ChangeView& change, Findings& out);   // code_rules.cc
void find_surprises(const ChangeView& change, Findings& out);       // code_rules.cc

std::vector<Finding> findings_of(const ChangeView& change);

/// The line as a person may see it in a finding.
std::string quoted(std::string_view line);

}  // namespace nightjar::proof
