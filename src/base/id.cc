#include "base/id.h"

#include <sys/random.h>

#include "base/bytes.h"
#include "base/check.h"

namespace nightjar {

Uuid make_uuid_v7(std::int64_t at_utc_ns) {
  Uuid uuid;
  const ssize_t got = getrandom(uuid.bytes.data(), uuid.bytes.size(), 0);
  CHECK(got ==
        static_cast<ssize_t>(uuid.bytes.size()));  // 16 bytes never come short (getrandom(2)).
  const auto at_ms = static_cast<std::uint64_t>(at_utc_ns) / 1'000'000;
  for (std::size_t i = 0; i < 6; ++i) {
    uuid.bytes.at(i) = static_cast<std::uint8_t>(at_ms >> (40 - 8 * i));
  }
  uuid.bytes.at(6) = static_cast<std::uint8_t>((uuid.bytes.at(6) & 0x0F) | 0x70);
  uuid.bytes.at(8) = static_cast<std::uint8_t>((uuid.bytes.at(8) & 0x3F) | 0x80);
  return uuid;
}

std::string to_string(const Uuid& uuid) {
  std::string hex = to_hex({reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()});
  for (const std::size_t at : {8U, 13U, 18U, 23U}) hex.insert(at, "-");
  return hex;
}

Result<Uuid> parse_uuid(std::string_view text) {
  const Error wrong{ErrorCode::invalid_input,
                    "not an id (8-4-4-4-12 hex digits): " + printable(text, 80)};
  if (text.size() != 36) return wrong;
  std::string hex;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return wrong;
    if (!dash) hex.push_back(text[i]);
  }
  const Result<std::string> bytes = from_hex(hex);
  if (!bytes) return wrong;
  Uuid uuid;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
    uuid.bytes.at(i) = static_cast<std::uint8_t>((*bytes)[i]);
  }
  return uuid;
}

}  // namespace nightjar
