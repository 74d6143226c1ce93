// Small functions on bytes and text. A std::string may hold any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar {

std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view hex);

/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// Safe to show on a terminal: control characters and invalid UTF-8 become \xNN; cut at
/// `bytes_max` with "…". Newlines and tabs are shown as \n and \t.
std::string printable(std::string_view text, std::size_t bytes_max);

/// Like printable(), but keeps newlines and tabs. For blocks of program output and diffs.
std::string printable_block(std::string_view text, std::size_t bytes_max);

std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string> split_lines(std::string_view text);  // without the '\n'
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);  // ASCII white space

/// The candidate closest to `name` by edit distance, if it is near enough to be a typing mistake.
/// Empty when none is.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// RFC 3339 in UTC with milliseconds: 2026-11-24T17:00:00.000Z
std::string rfc3339(std::int64_t utc_ns);

/// "850 ms", "4.2 s", "3 min 05 s".
std::string human_duration_ms(std::int64_t milliseconds);

}  // namespace nightjar
