#include "event/payload.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace nightjar::event {
namespace {

Error refuse(std::string_view why) {
  return {ErrorCode::invalid_input, "payload: " + std::string(why)};
}

bool has_key_twice(const Json::Object& object) {
  constexpr std::size_t kFew = 12;  // Comparing each with each is cheaper than a set.
  if (object.size() > kFew) {
    std::set<std::string_view> keys;
    return !std::all_of(object.begin(), object.end(), [&](const Json::Member& member) {
      return keys.insert(member.first).second;
    });
  }
  for (std::size_t i = 1; i < object.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (object[i].first == object[k].first) return true;
    }
  }
  return false;
}

void write_string(const std::string& text, std::string& out) {
  unsigned char special = 0;  // All bytes, without a branch: the compiler takes many at a time.
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    special |=
        static_cast<unsigned char>((byte < 0x20) | (byte > 0x7E) | (byte == '"') | (byte == '\\'));
  }
  if (special != 0) {
    out += Json(text).dump();
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

Result<> write(const Json& value, int depth, std::string& out) {
  if (value.is_string()) {
    write_string(value.as_string(), out);
    return ok;
  }
  if (value.is_int()) {
    char digits[24];
    const auto [end, failure] = std::to_chars(digits, digits + sizeof(digits), value.as_int());
    CHECK(failure == std::errc());
    out.append(digits, end);
    return ok;
  }
  if (!value.is_array() && !value.is_object()) {
    if (value.is_double() && !std::isfinite(value.as_double())) {
      return refuse("a number is not finite");
    }
    out += value.dump();
    return ok;
  }
  if (depth >= kJsonDepthMax) return refuse("nested deeper than 64 levels");
  std::string_view separator;
  if (value.is_array()) {
    out += '[';
    for (const Json& item : value.as_array()) {
      out += std::exchange(separator, ",");
      TRY(write(item, depth + 1, out));
    }
    out += ']';
    return ok;
  }
  if (has_key_twice(value.as_object())) return refuse("a key stands twice");
  out += '{';
  for (const auto& [key, item] : value.as_object()) {
    if (!is_utf8(key)) return refuse("a key is not UTF-8");
    out += std::exchange(separator, ",");
    write_string(key, out);
    out += ':';
    TRY(write(item, depth + 1, out));
  }
  out += '}';
  return ok;
}

}  // namespace

Result<std::string> payload_text(const Json& payload) {
  if (!payload.is_object()) return refuse("it is not an object");
  std::string out;
  TRY(write(payload, 0, out));
  return out;
}

}  // namespace nightjar::event
