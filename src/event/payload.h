// The text of an event's payload: checked and written in one pass, for every event pays for it.
//
// Pure; any thread.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace nightjar::event {

/// What payload.dump() gives. Errors: invalid_input, for what would not read back the same: no
/// object, a key twice or not UTF-8, a number that is not finite, nested too deep.
Result<std::string> payload_text(const Json& payload);

}  // namespace nightjar::event
