// Which scenarios to seal, so that engineers never see them. Pure: the same names give the same
// choice on every machine.
#pragma once

#include <string>
#include <vector>

namespace nightjar::govern {

struct HoldoutCandidate {
  std::string name;  // unique
  std::vector<std::string> requirements;
};

/// About `share_percent` (0 to 100) of the candidates, in their order, at least one when the share
/// is above 0. Spread over the requirements, and each requirement keeps a visible scenario: so a
/// requirement's only scenario is never chosen, and fewer than asked for may be.
std::vector<std::string> choose_holdouts(const std::vector<HoldoutCandidate>& candidates,
                                         int share_percent);

}  // namespace nightjar::govern
