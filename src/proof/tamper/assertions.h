// What a test demands: its assertions, the rows of its tables, the values it calls expected. And
// how one demand differs from another: kept, of another value, weaker.
//
// Pure; any thread. By the shape of the text, for languages of scan.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proof/tamper/scan.h"

namespace nightjar::proof {

inline constexpr std::size_t kAssertionsMax = 20'000;     // of one file
inline constexpr std::size_t kAssertionBytesMax = 4'000;  // of one; the rest is not compared

enum class Strength : std::uint8_t {
  nothing,   // holds always
  truth,     // something is there, or true, or not equal
  part,      // contains, compares, is near, raises
  equality,  // is exactly this
};

struct Assertion {
  enum class Kind : std::uint8_t {
    check,     // assert x == 1, expect(x).toBe(1), if got != want { t.Error }
    row,       // ("12.5", 1250): of a table of cases
    expected,  // want = 1250
    ending,    // exit $status: how the program tells that something failed
  } kind = Kind::check;
  int line = 0;
  int last_line = 0;
  std::string text;                   // its tokens, with a blank between
  std::string skeleton;               // the same with literals replaced
  std::vector<std::string> literals;  // in order
  Strength strength = Strength::truth;
};

/// In order of their lines.
std::vector<Assertion> assertions_in(const Scan& scan);

enum class Difference : std::uint8_t {
  none,      // says the same
  stricter,  // a tolerance narrowed, a truth made an equality
  value,     // another literal is expected
  weaker,    // accepts more
};
Difference compare(const Assertion& before, const Assertion& after);

/// 0 to 1: how much of their words two texts of tokens share.
double likeness(std::string_view one, std::string_view other);

/// Numbers and texts that say something: not 0, 1, "", true, null.
bool is_telling(std::string_view literal);

}  // namespace nightjar::proof
