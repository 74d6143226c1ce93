#include "config/units.h"

#include <array>
#include <cstddef>

#include "base/bytes.h"

namespace nightjar::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first: the formatter takes the first that divides the value.
constexpr std::array<Unit, 4> kDurationUnits{
    {{"h", 3'600'000}, {"min", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 5> kBinaryUnits{{{"TiB", std::int64_t{1} << 40},
                                            {"GiB", std::int64_t{1} << 30},
                                            {"MiB", std::int64_t{1} << 20},
                                            {"KiB", std::int64_t{1} << 10},
                                            {"B", 1}}};
constexpr std::array<Unit, 4> kDecimalUnits{
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"KB", 1'000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Quantity {
  std::int64_t value;    // The digits without the point.
  std::int64_t divisor;  // 10 to the number of digits after the point.
  std::string_view unit;
};

/// "1.5 min" → 15, 10, "min". Fails on anything else, and from 16 digits on.
Result<Quantity> split_quantity(std::string_view text) {
  const Error malformed{ErrorCode::invalid_input, "a number and a unit are wanted"};
  Quantity quantity{.value = 0, .divisor = 1, .unit = {}};
  std::size_t at = 0;
  int digits = 0;
  bool fraction = false;
  for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !fraction)); ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    if (++digits > 15) return Error{ErrorCode::invalid_input, "the number has too many digits"};
    quantity.value = quantity.value * 10 + (text[at] - '0');
    if (fraction) quantity.divisor *= 10;
  }
  if (digits == 0 || text[0] == '.' || text[at - 1] == '.') return malformed;
  if (at < text.size() && text[at] == ' ') ++at;
  quantity.unit = text.substr(at);
  return quantity;
}

template <std::size_t kCount>
const Unit* find_unit(const std::array<Unit, kCount>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

Result<std::int64_t> scale(const Quantity& quantity, const Unit& unit, std::int64_t most,
                           const std::string& most_text) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(quantity.value, unit.factor, &product) ||
      product / quantity.divisor > most) {
    return {ErrorCode::invalid_input, "larger than the most that is allowed, " + most_text};
  }
  if (product % quantity.divisor != 0) {
    return {ErrorCode::invalid_input, "a fraction finer than the smallest unit"};
  }
  return product / quantity.divisor;
}

Error unknown_unit(std::string_view text, std::string_view advice) {
  return {ErrorCode::invalid_input,
          "\"" + printable(text, 40) + "\" is not understood: " + std::string(advice)};
}

constexpr std::string_view kDurationAdvice =
    "write a number and one of the units ms, s, min, h, like \"90s\"";
constexpr std::string_view kSizeAdvice =
    "write a number and one of the units B, KB, MB, GB, TB, KiB, MiB, GiB, TiB, like \"512MiB\"";

}  // namespace

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  const Result<Quantity> quantity = split_quantity(text);
  if (!quantity) return unknown_unit(text, kDurationAdvice);
  const Unit* unit = find_unit(kDurationUnits, quantity->unit);
  if (unit == nullptr) return unknown_unit(text, kDurationAdvice);
  return scale(*quantity, *unit, kDurationMsMax, duration_text(kDurationMsMax))
      .with_context("\"" + printable(text, 40) + "\"");
}

Result<std::int64_t> parse_size_bytes(std::string_view text) {
  const Result<Quantity> quantity = split_quantity(text);
  if (!quantity) return unknown_unit(text, kSizeAdvice);
  const Unit* unit = find_unit(kBinaryUnits, quantity->unit);
  if (unit == nullptr) unit = find_unit(kDecimalUnits, quantity->unit);
  if (unit == nullptr) return unknown_unit(text, kSizeAdvice);
  return scale(*quantity, *unit, kSizeBytesMax, size_text(kSizeBytesMax))
      .with_context("\"" + printable(text, 40) + "\"");
}

std::string duration_text(std::int64_t milliseconds) {
  if (milliseconds == 0) return "0s";
  for (const Unit& unit : kDurationUnits) {
    if (milliseconds % unit.factor == 0) {
      return std::to_string(milliseconds / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(milliseconds) + "ms";
}

std::string size_text(std::int64_t bytes) {
  if (bytes == 0) return "0B";
  for (const Unit& unit : kBinaryUnits) {
    if (bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes) + "B";
}

}  // namespace nightjar::config
