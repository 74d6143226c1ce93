#include "base/result.h"

#include <array>

namespace nightjar {
namespace {

constexpr std::array<std::string_view, 9> kNames = {
    "invalid_input", "not_found", "conflict",  "denied",  "unavailable",
    "timeout",       "cancelled", "exhausted", "corrupt",
};

}  // namespace

std::string_view name_of(ErrorCode code) { return kNames.at(static_cast<std::size_t>(code)); }

std::optional<ErrorCode> error_code_from(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<ErrorCode>(i);
  }
  return std::nullopt;
}

}  // namespace nightjar
