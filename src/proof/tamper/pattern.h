// RE2 over string_view, as the rules use it. Pure; any thread.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace nightjar::proof {

inline re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

inline bool matches(const RE2& pattern, std::string_view text) {
  return RE2::PartialMatch(piece(text), pattern);
}
inline bool matches(const RE2& pattern, std::string_view text, std::string* first) {
  return RE2::PartialMatch(piece(text), pattern, first);
}

/// Each occurrence of the pattern's first group in `text`: its offset and its text.
template <typename Visit>
void each_match(const RE2& pattern, std::string_view text, const Visit& visit) {
  re2::StringPiece rest = piece(text);
  re2::StringPiece group;
  while (RE2::FindAndConsume(&rest, pattern, &group)) {
    if (group.data() == nullptr) continue;
    visit(static_cast<std::size_t>(group.data() - text.data()),
          std::string_view(group.data(), group.size()));
  }
}

}  // namespace nightjar::proof
