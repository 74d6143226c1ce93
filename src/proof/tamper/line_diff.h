// What differs between two texts, line by line. Pure; any thread.
//
// Unique lines that both have anchor the comparison (patience), the shortest edit script fills the
// gaps (Myers). Time and memory are bounded: a gap that differs in more than kEditsMax lines is one
// hunk.
#pragma once

#include <string_view>
#include <vector>

namespace nightjar::proof {

inline constexpr int kEditsMax = 1'000;

/// Lines [begin, end) counted from 1, before and after; one side may be empty.
struct Hunk {
  int before_begin = 1;
  int before_end = 1;
  int after_begin = 1;
  int after_end = 1;
  friend bool operator==(const Hunk&, const Hunk&) = default;
};

std::vector<Hunk> diff_lines(const std::vector<std::string_view>& before,
                             const std::vector<std::string_view>& after);

}  // namespace nightjar::proof
