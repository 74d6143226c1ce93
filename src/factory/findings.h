// What a reviewer must see first about a change: files that decide how it is judged. Pure.
#pragma once

#include <string>
#include <vector>

namespace nightjar::factory {

/// One line a path that is configuration, a specification, a scenario, a policy, a workflow, a
/// test, CI, or what steers builds and tests.
std::vector<std::string> findings_on(const std::vector<std::string>& changed_paths);

}  // namespace nightjar::factory
