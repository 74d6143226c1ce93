#include "audit/base64.h"

#include <cstddef>
#include <cstdint>

namespace nightjar::audit {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Error not_base64(std::size_t at) {
  return {ErrorCode::invalid_input, "not base64 at character " + std::to_string(at)};
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= group.size() ? kStandard[(bits >> (18 - 6 * i)) & 63U] : '=';
    }
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return not_base64(text.size());
  const bool url_safe = text.find_first_of("-_") != std::string_view::npos;
  const std::string_view alphabet = url_safe ? kUrlSafe : kStandard;
  std::string_view digits = text;
  while (!digits.empty() && digits.back() == '=' && text.size() - digits.size() < 2) {
    digits.remove_suffix(1);
  }
  std::string bytes;
  bytes.reserve(digits.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const std::size_t value = alphabet.find(digits[at]);
    if (value == std::string_view::npos) return not_base64(at);
    bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xffU);
    }
  }
  if ((bits & ((1U << count) - 1U)) != 0) return not_base64(digits.size());
  return bytes;
}

}  // namespace nightjar::audit
