// A JSON value (RFC 8259) that keeps the order of object members and 64-bit integers exact.
//
// Values: copyable, comparable; no thread of their own. Parsing refuses duplicate keys, invalid
// UTF-8, numbers outside int64/double, and nesting deeper than kJsonDepthMax.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace nightjar {

inline constexpr int kJsonDepthMax = 64;

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value);  // CHECKs that it fits int64.
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}

  static Json array() { return Json(Array{}); }
  static Json object() { return object({}); }
  static Json object(std::initializer_list<Member> members);
  static Json strings(const std::vector<std::string>& values);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_double() const { return std::holds_alternative<double>(value_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }
  std::string_view kind() const;  // "null", "boolean", "number", "string", "array", "object"

  // Unchecked by type: CHECK that the kind is right. For input that is not ours use get_*.
  bool as_bool() const;
  std::int64_t as_int() const;
  double as_double() const;  // Also of an integer.
  const std::string& as_string() const;
  const Array& as_array() const;
  Array& as_array();
  const Object& as_object() const;

  /// The member, or nullptr. Of a value that is no object: nullptr.
  const Json* find(std::string_view key) const;
  /// Adds or replaces a member; turns null into an object.
  Json& set(std::string_view key, Json value);
  /// Appends to an array; turns null into an array.
  Json& push(Json value);

  // Typed members of an object. Missing or of another kind: invalid_input, naming the key.
  Result<bool> get_bool(std::string_view key) const;
  Result<std::int64_t> get_int(std::string_view key) const;
  Result<double> get_double(std::string_view key) const;
  Result<std::string> get_string(std::string_view key) const;
  Result<std::vector<std::string>> get_strings(std::string_view key) const;

  // The same with a fallback for a missing member or another kind.
  std::string string_or(std::string_view key, std::string_view fallback) const;
  std::int64_t int_or(std::string_view key, std::int64_t fallback) const;
  bool bool_or(std::string_view key, bool fallback) const;

  /// One line, no spaces; members in order. Invalid UTF-8 in strings becomes U+FFFD.
  std::string dump() const;
  /// Indented by two spaces.
  std::string dump_pretty() const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  explicit Json(Object value) : value_(std::move(value)) {}
  friend class JsonBuilder;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// The whole text must be one value. Errors: invalid_input with the byte offset.
Result<Json> parse_json(std::string_view text);

}  // namespace nightjar
