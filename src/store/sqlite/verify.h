// Reads a whole journal and names what is not as it was written.
#pragma once

#include <map>
#include <vector>

#include "store/journal.h"
#include "store/sqlite/anchors.h"
#include "store/sqlite/connection.h"

namespace nightjar::store {

/// At most kDamagesMax; the last one then says that there is more. One snapshot of the journal.
std::vector<Damage> verify_journal(Connection& connection, const std::map<RunId, Anchor>& anchors);

inline constexpr std::size_t kDamagesMax = 1000;

}  // namespace nightjar::store
