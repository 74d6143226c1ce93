// Sealed scenarios: <data>/holdouts/<project>/*.yaml, outside every sandbox. Only this file reads
// them; only counts and requirement ids leave it towards a run's record.
//
// Threads: one at a time. Errors: invalid_input (a file is no scenario file, or a name is taken),
// conflict (the set changed since the run began), unavailable.
#pragma once

#include <string>
#include <vector>

#include "base/hash.h"
#include "base/id.h"
#include "scenario/scenario.h"

namespace nightjar::factory {

struct Holdouts {
  std::vector<scenario::Scenario> scenarios;
  std::string digest;  // content name over all files; "" when there are none
};

class HoldoutStore {
 public:
  explicit HoldoutStore(std::string folder) : folder_(std::move(folder)) {}

  Result<Holdouts> load(const ProjectId& project) const;
  /// The sealed files as they are, in a fixed order: for a commitment, never for a record.
  Result<std::vector<std::string>> contents(const ProjectId& project) const;
  /// Copies the YAML text into the store under a name made from its content; the same text again is
  /// fine.
  Result<> add(const ProjectId& project, std::string_view yaml, std::string_view origin);

 private:
  std::string folder_;
};

/// Parts a scenario file at its `---` lines and leaves out the documents that define one of
/// `names`. Returns the text that stays and the text that was taken out; either may be empty.
struct PartedFile {
  std::string kept;
  std::string taken;
  std::vector<std::string> taken_names;
};
Result<PartedFile> take_scenarios(std::string_view yaml, std::string_view file_name,
                                  const std::vector<std::string>& names);

}  // namespace nightjar::factory
