// Conditions on edges (attractor-spec §10): `outcome=success && context.work!=none`.
// Pure. Not for other parts.
#pragma once

#include <string>
#include <string_view>

#include "workflow/graph.h"
#include "workflow/step.h"

namespace nightjar::workflow {

/// The message of an error says what is wrong with the text; the caller adds file and line.
Result<Condition> parse_condition(std::string_view text);

/// `finished` is what just happened; a key that is missing counts as empty text.
bool holds(const Condition& condition, const NodeFinished& finished,
           const std::map<std::string, std::string>& context);

}  // namespace nightjar::workflow
