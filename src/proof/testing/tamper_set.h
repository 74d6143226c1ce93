// tests/tamper/: cheating changes and their honest twins, as data. For the test and the benchmark
// of the rules.
//
//   NAME/about.txt   suite, trick (the rule's name), severity, held_out, cheat_deletes,
//   honest_deletes NAME/base/       the project before NAME/cheat/      what the cheat lays over
//   it;  NAME/honest/ what the twin lays over it
#pragma once

#include <string>
#include <vector>

#include "proof/inspect.h"

namespace nightjar::proof::testing {

struct TamperCase {
  std::string name;
  std::string trick;
  bool held_out = false;   // written after the rules
  bool runs_only = false;  // nothing of it shows in the texts
  InspectInput cheat;
  InspectInput honest;
};
/// By name. `folder` is tests/tamper.
std::vector<TamperCase> tamper_cases(const std::string& folder);

/// Findings above `note`.
std::vector<Finding> loud_findings(const InspectInput& input);
bool any_serious(const std::vector<Finding>& findings);

}  // namespace nightjar::proof::testing
