// Content names: BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs), 256 bits, written
// `blake3:HEX`.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar {

struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  bool is_zero() const { return *this == Digest{}; }
  std::string hex() const;
  std::string name() const { return "blake3:" + hex(); }
  std::string_view view() const;  // The 32 raw bytes; valid while the digest lives.
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

Digest blake3(std::string_view bytes);
Result<Digest> parse_digest(std::string_view name);      // "blake3:HEX"
Result<Digest> digest_from_bytes(std::string_view raw);  // exactly 32 bytes

}  // namespace nightjar
