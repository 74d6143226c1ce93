// Base64 (RFC 4648) as DSSE wants it: written in the standard alphabet, read in that or the
// URL-safe one. Padded, one text for one value: spare bits must be zero. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar::audit {

std::string to_base64(std::string_view bytes);
/// invalid_input: a character of no alphabet or of the other one, wrong padding, spare bits.
Result<std::string> from_base64(std::string_view text);

}  // namespace nightjar::audit
