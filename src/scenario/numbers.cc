#include "scenario/numbers.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace nightjar::scenario {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) {
  return is_digit(c) || is_letter(c) || static_cast<unsigned char>(c) >= 0x80;  // UTF-8 letters
}

/// Reads the text from one place on; `at` moves only when something was read.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool done() const { return at_ >= text_.size(); }

  /// A number that begins here; else false, and the cursor went past what is none.
  bool next(double& value) {
    const std::size_t begin = at_;
    const bool glued = begin > 0 && is_word(text_[begin - 1]);
    std::size_t digits = begin;
    const bool sign = text_[begin] == '-' || text_[begin] == '+';
    if (sign) {
      if (glued || (begin > 0 && text_[begin - 1] == ')')) return skip();
      ++digits;
    }
    if (glued) return skip();
    if (read_word(digits, value) || read_decimal(begin, digits, value)) {
      if (sign && text_[begin] == '-') value = -value;
      return true;
    }
    return skip();
  }

 private:
  char peek(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  bool skip() {
    ++at_;
    return false;
  }

  bool read_word(std::size_t begin, double& value) {
    std::size_t end = begin;
    std::string word;
    while (end < text_.size() && is_word(text_[end])) {
      if (word.size() < 9) word.push_back(static_cast<char>(text_[end] | 0x20));
      ++end;
    }
    if (word == "nan") {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (word == "inf" || word == "infinity") {
      value = std::numeric_limits<double>::infinity();
    } else {
      return false;
    }
    at_ = end;
    return true;
  }

  bool read_decimal(std::size_t begin, std::size_t digits, double& value) {
    std::size_t end = digits;
    while (is_digit(peek(end))) ++end;
    const bool whole = end > digits;
    if (peek(end) == '.' && is_digit(peek(end + 1))) {
      // ".5" is a half, but the ".3" of "1.2.3" is what follows another number.
      if (!whole && begin == digits && begin > 0 && text_[begin - 1] == '.') return false;
      ++end;
      while (is_digit(peek(end))) ++end;
    } else if (!whole) {
      return false;
    }
    if (peek(end) == 'e' || peek(end) == 'E') {
      std::size_t exponent = end + 1;
      if (peek(exponent) == '-' || peek(exponent) == '+') ++exponent;
      if (is_digit(peek(exponent))) {
        end = exponent;
        while (is_digit(peek(end))) ++end;
      }
    }
    value = convert(text_.substr(digits, end - digits));
    at_ = end;
    return true;
  }

  static double convert(std::string_view digits) {
    double value = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failure != std::errc::result_out_of_range) return value;
    const std::size_t exponent = digits.find_first_of("eE");
    const std::string_view mantissa = digits.substr(0, exponent);
    const bool tiny = exponent != std::string_view::npos
                          ? digits[exponent + 1] == '-'
                          : mantissa.substr(0, mantissa.find('.')).find_first_not_of('0') ==
                                std::string_view::npos;
    return tiny ? 0 : std::numeric_limits<double>::infinity();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<double> numbers_in(std::string_view text, std::size_t count_max) {
  std::vector<double> numbers;
  Cursor cursor(text);
  while (!cursor.done() && numbers.size() < count_max) {
    double value = 0;
    if (cursor.next(value)) numbers.push_back(value);
  }
  return numbers;
}

bool is_near(double actual, double expected, double tolerance) {
  if (std::isnan(actual) || std::isnan(expected)) return std::isnan(actual) && std::isnan(expected);
  if (std::isinf(actual) || std::isinf(expected)) return actual == expected;
  return actual == expected || std::abs(actual - expected) <= tolerance;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 64> buffer{};
  const auto [end, failure] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return failure == std::errc() ? std::string(buffer.data(), end) : std::to_string(value);
}

}  // namespace nightjar::scenario
