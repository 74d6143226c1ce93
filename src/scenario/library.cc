#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

namespace nightjar::scenario {
namespace {

Result<> check_requirements(const Scenario& scenario, const Known& known) {
  for (const std::string& id : scenario.requirements) {
    if (std::ranges::find(known.requirement_ids, id) != known.requirement_ids.end()) continue;
    const std::string what = "requirement \"" + id + "\" stands in no spec";
    if (known.requirement_ids.empty()) {
      return refuse_at(
          scenario.file, scenario.line,
          what + ": specs/*.md holds no requirement; write it there as \"- " + id + ": …\"");
    }
    const std::string near = nearest_name(id, known.requirement_ids);
    return refuse_at(scenario.file, scenario.line,
                     what + (near.empty() ? "; add it to specs/*.md, or correct the id"
                                          : "; did you mean \"" + near + "\"?"));
  }
  return ok;
}

}  // namespace

Result<> check_library(const std::vector<Scenario>& scenarios, const Known& known) {
  if (scenarios.size() > kScenariosMax) {
    return {ErrorCode::exhausted, std::to_string(scenarios.size()) +
                                      " scenarios; the limit of a project is " +
                                      std::to_string(kScenariosMax)};
  }
  std::map<std::string_view, const Scenario*> names;
  for (const Scenario& scenario : scenarios) {
    const auto [first, is_new] = names.emplace(scenario.name, &scenario);
    if (!is_new) {
      return refuse_at(scenario.file, scenario.line,
                       "a scenario named \"" + printable(scenario.name, kNameBytesMax) +
                           "\" stands already at " + first->second->file + ":" +
                           std::to_string(first->second->line) + "; rename one");
    }
    if (scenario.is_holdout_tagged()) {
      return refuse_at(scenario.file, scenario.line,
                       "scenario \"" + printable(scenario.name, kNameBytesMax) +
                           "\" is tagged holdout, but engineers see what lies in the tree; move it "
                           "to a file outside, seal it with `nightjar holdout add FILE`, and "
                           "remove it here");
    }
    TRY(check_requirements(scenario, known));
  }
  return ok;
}

}  // namespace nightjar::scenario
