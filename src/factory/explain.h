// `nightjar why`: each step of a run from its events: what happened, which rule chose it, what else
// was possible, what it cost. Pure.
#pragma once

#include <vector>

#include "api/service.h"
#include "event/event.h"

namespace nightjar::factory {

/// Errors: corrupt (a payload cannot be read).
Result<std::vector<api::Explanation>> explain(const std::vector<event::Envelope>& events);

}  // namespace nightjar::factory
