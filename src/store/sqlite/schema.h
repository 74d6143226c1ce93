// The tables of a journal, and who may open them. Layout: docs/formats/journal.md.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/sqlite/connection.h"

namespace nightjar::store {

inline constexpr std::int64_t kApplicationId = 0x4E4A4C31;  // "NJL1", application_id of the file
inline constexpr std::int64_t kJournalFormat = 1;           // user_version of the file

enum class Contents { fresh, existing };

/// Reads only. Errors: unavailable (a newer format), corrupt (not a journal, or altered tables).
Result<Contents> examine_schema(Connection& connection);
/// Makes the tables in a fresh file.
Result<> create_schema(Connection& connection);

}  // namespace nightjar::store
