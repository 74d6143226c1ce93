#include "base/hash.h"

#include <algorithm>

#include "base/bytes.h"

// From the locked crates (deps/src/lib.rs).
extern "C" void nightjar_blake3(const std::uint8_t* data, std::size_t size, std::uint8_t* out);

namespace nightjar {

std::string_view Digest::view() const {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string Digest::hex() const { return to_hex(view()); }

Digest blake3(std::string_view bytes) {
  Digest digest;
  nightjar_blake3(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                  digest.bytes.data());
  return digest;
}

Result<Digest> parse_digest(std::string_view name) {
  constexpr std::string_view kPrefix = "blake3:";
  const Error wrong{ErrorCode::invalid_input,
                    "not a content name (blake3: and 64 hex digits): " + printable(name, 80)};
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + 64) return wrong;
  const Result<std::string> raw = from_hex(name.substr(kPrefix.size()));
  if (!raw) return wrong;
  return digest_from_bytes(*raw);
}

Result<Digest> digest_from_bytes(std::string_view raw) {
  Digest digest;
  if (raw.size() != digest.bytes.size()) {
    return {ErrorCode::corrupt, "a digest has 32 bytes, not " + std::to_string(raw.size())};
  }
  std::copy(raw.begin(), raw.end(), digest.bytes.begin());
  return digest;
}

}  // namespace nightjar
