#include "base/json.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace nightjar {

/// Receives nlohmann's SAX events and builds our value; stops at the first thing we refuse.
class JsonBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(number_integer_t value) { return put(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return refuse("a number is larger than 9223372036854775807");
    }
    return put(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) { return put(Json(value)); }
  bool string(string_t& value) { return put(Json(std::move(value))); }
  bool binary(binary_t&) { return refuse("binary values do not exist in JSON"); }
  bool start_object(std::size_t) { return open(Json(Json::Object{})); }
  bool key(string_t& value) {
    open_.back().key = std::move(value);
    return true;
  }
  bool end_object() {
    std::unordered_set<std::string_view> seen;
    for (const auto& [name, value] : open_.back().value.as_object()) {
      if (!seen.insert(name).second) return refuse("key \"" + name + "\" stands twice");
    }
    return close();
  }
  bool start_array(std::size_t) { return open(Json(Json::Array{})); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    return refuse("not JSON at byte " + std::to_string(position));
  }

  Result<Json> finish() {
    if (!why_.empty()) return {ErrorCode::invalid_input, why_};
    return std::move(root_);
  }

 private:
  struct Open {
    Json value;
    std::string key;
  };

  bool put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Open& top = open_.back();
    if (top.value.is_array()) {
      top.value.as_array().push_back(std::move(value));
    } else {
      std::get<Json::Object>(top.value.value_).emplace_back(std::move(top.key), std::move(value));
    }
    return true;
  }
  bool open(Json value) {
    if (open_.size() >= kJsonDepthMax) {
      return refuse("nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
    }
    open_.push_back({std::move(value), {}});
    return true;
  }
  bool close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }
  bool refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
  }

  std::vector<Open> open_;
  Json root_;
  std::string why_;
};

namespace {

nlohmann::ordered_json to_nlohmann(const Json& json) {
  if (json.is_bool()) return json.as_bool();
  if (json.is_int()) return json.as_int();
  if (json.is_double()) return json.as_double();
  if (json.is_string()) return json.as_string();
  if (json.is_array()) {
    auto out = nlohmann::ordered_json::array();
    for (const Json& item : json.as_array()) out.push_back(to_nlohmann(item));
    return out;
  }
  if (json.is_object()) {
    // Built as the underlying list: assignment by key would search the list for each member.
    nlohmann::ordered_json::object_t out;
    for (const auto& [key, value] : json.as_object()) {
      out.push_back(nlohmann::ordered_json::object_t::value_type(key, to_nlohmann(value)));
    }
    return out;
  }
  return nullptr;
}

Error wrong_kind(std::string_view key, const Json* found, std::string_view wanted) {
  const std::string name = "\"" + std::string(key) + "\"";
  if (found == nullptr) return {ErrorCode::invalid_input, name + " is missing"};
  return {ErrorCode::invalid_input,
          name + " must be a " + std::string(wanted) + ", not a " + std::string(found->kind())};
}

}  // namespace

Json::Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {
  CHECK(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

Json Json::object(std::initializer_list<Member> members) { return Json(Object(members)); }

Json Json::strings(const std::vector<std::string>& values) {
  Json out = array();
  for (const std::string& value : values) out.push(value);
  return out;
}

std::string_view Json::kind() const {
  if (is_null()) return "null";
  if (is_bool()) return "boolean";
  if (is_number()) return "number";
  if (is_string()) return "string";
  return is_array() ? "array" : "object";
}

bool Json::as_bool() const {
  CHECK(is_bool());
  return std::get<bool>(value_);
}
std::int64_t Json::as_int() const {
  CHECK(is_int());
  return std::get<std::int64_t>(value_);
}
double Json::as_double() const {
  CHECK(is_number());
  return is_int() ? static_cast<double>(std::get<std::int64_t>(value_)) : std::get<double>(value_);
}
const std::string& Json::as_string() const {
  CHECK(is_string());
  return std::get<std::string>(value_);
}
const Json::Array& Json::as_array() const {
  CHECK(is_array());
  return std::get<Array>(value_);
}
Json::Array& Json::as_array() {
  CHECK(is_array());
  return std::get<Array>(value_);
}
const Json::Object& Json::as_object() const {
  CHECK(is_object());
  return std::get<Object>(value_);
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const Object& members = as_object();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.first == key; });
  return found == members.end() ? nullptr : &found->second;
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object{};
  CHECK(is_object());
  auto& members = std::get<Object>(value_);
  for (auto& [name, old] : members) {
    if (name == key) {
      old = std::move(value);
      return *this;
    }
  }
  members.emplace_back(std::string(key), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  as_array().push_back(std::move(value));
  return *this;
}

Result<bool> Json::get_bool(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr || !found->is_bool()) return wrong_kind(key, found, "boolean");
  return found->as_bool();
}
Result<std::int64_t> Json::get_int(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr || !found->is_int()) return wrong_kind(key, found, "whole number");
  return found->as_int();
}
Result<double> Json::get_double(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr || !found->is_number()) return wrong_kind(key, found, "number");
  return found->as_double();
}
Result<std::string> Json::get_string(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr || !found->is_string()) return wrong_kind(key, found, "string");
  return found->as_string();
}
Result<std::vector<std::string>> Json::get_strings(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr || !found->is_array()) return wrong_kind(key, found, "list of strings");
  std::vector<std::string> out;
  for (const Json& item : found->as_array()) {
    if (!item.is_string()) return wrong_kind(key, found, "list of strings");
    out.push_back(item.as_string());
  }
  return out;
}

std::string Json::string_or(std::string_view key, std::string_view fallback) const {
  return get_string(key).value_or(std::string(fallback));
}
std::int64_t Json::int_or(std::string_view key, std::int64_t fallback) const {
  return get_int(key).value_or(fallback);
}
bool Json::bool_or(std::string_view key, bool fallback) const {
  return get_bool(key).value_or(fallback);
}

std::string Json::dump() const {
  return to_nlohmann(*this).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Json::dump_pretty() const {
  return to_nlohmann(*this).dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Json> parse_json(std::string_view text) {
  JsonBuilder builder;
  const bool complete = nlohmann::json::sax_parse(text, &builder);
  Result<Json> parsed = builder.finish();
  CHECK(complete || !parsed);
  return parsed;
}

}  // namespace nightjar
