// Typed identifiers: UUIDv7 (RFC 9562 §5.7), 128 bits, sorted by the time they were made.
// Ids of different kinds do not mix.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// A new UUIDv7. `at_utc_ns` gives the millisecond part; the rest is from getrandom(2).
Uuid make_uuid_v7(std::int64_t at_utc_ns);
std::string to_string(const Uuid& uuid);  // 8-4-4-4-12, lower case
Result<Uuid> parse_uuid(std::string_view text);

template <typename Tag>
struct Id {
  Uuid value;

  static Id make(std::int64_t at_utc_ns) { return {make_uuid_v7(at_utc_ns)}; }
  static Result<Id> parse(std::string_view text) {
    TRY_INTO(Uuid uuid, parse_uuid(text));
    return Id{uuid};
  }
  bool is_nil() const { return value == Uuid{}; }
  std::string str() const { return to_string(value); }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using RunId = Id<struct RunTag>;
using WorkId = Id<struct WorkTag>;
using ProjectId = Id<struct ProjectTag>;

}  // namespace nightjar
