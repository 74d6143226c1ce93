// Durations ("90s", "10min", "500ms") and sizes ("512MiB", "10MB") as people write them.
//
// Exact: a fraction that is no whole millisecond or byte is refused, like anything that overflows.
// Pure; any thread. Errors: invalid_input, with the units that exist.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar::config {

inline constexpr std::int64_t kDurationMsMax = std::int64_t{366} * 24 * 3600 * 1000;
inline constexpr std::int64_t kSizeBytesMax = std::int64_t{1} << 50;

/// Units: ms, s, min, h. At most kDurationMsMax.
Result<std::int64_t> parse_duration_ms(std::string_view text);

/// Units: B, KB, MB, GB, TB (thousands), KiB, MiB, GiB, TiB (1024s). At most kSizeBytesMax.
Result<std::int64_t> parse_size_bytes(std::string_view text);

/// In the largest unit that is exact; what the parsers above read back: "2min", "1500ms", "2GiB".
std::string duration_text(std::int64_t milliseconds);
std::string size_text(std::int64_t bytes);

}  // namespace nightjar::config
