#include "config/toml.h"

#include <toml++/toml.h>

#include <algorithm>

#include "base/bytes.h"
#include "config/config.h"

namespace nightjar::config {
namespace {

constexpr int kDepthMax = 8;
constexpr int kDotsMax = 16;      // Dotted keys nest tables: the library has no limit of its own.
constexpr int kBracketsMax = 64;  // The library recurses once for each.

Error refuse(std::string_view file_name, int line, const std::string& what) {
  return {ErrorCode::invalid_input,
          std::string(file_name) + ":" + std::to_string(line) + ": " + what};
}

Result<> check_bytes(std::string_view text, std::string_view file_name) {
  if (text.size() > kFileBytesMax) {
    return {ErrorCode::exhausted, std::string(file_name) + ": larger than the limit of " +
                                      std::to_string(kFileBytesMax) + " bytes; shorten it"};
  }
  int line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\n' && c != '\t' && c != '\r') || code == 0x7F) {
      return refuse(file_name, line,
                    "a control byte stands here; a configuration is plain UTF-8 text");
    }
  }
  if (is_utf8(text)) return ok;
  const std::vector<std::string> lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_utf8(lines[i])) {
      return refuse(file_name, static_cast<int>(i) + 1, "not UTF-8; save the file as UTF-8");
    }
  }
  return refuse(file_name, 1, "not UTF-8; save the file as UTF-8");
}

/// Walks the text as the library will, but without recursion: strings and comments are skipped,
/// open brackets and the dots of one line are counted.
class NestingScan {
 public:
  explicit NestingScan(std::string_view text) : text_(text) {}

  /// The line that is nested too deeply; 0 when none is.
  int first_bad_line() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      count(c);
      if (dots_ > kDotsMax || brackets_ > kBracketsMax) return line_;
      ++at_;
    }
    return 0;
  }

 private:
  void count(char c) {
    if (c == '\n') {
      ++line_;
      dots_ = 0;
    }
    if (c == '.') ++dots_;
    if (c == '[' || c == '{') ++brackets_;
    if ((c == ']' || c == '}') && brackets_ > 0) --brackets_;
  }

  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool long_form = text_.substr(at_, 3) == triple;
    at_ += long_form ? 3 : 1;
    while (at_ < text_.size()) {
      if (long_form ? text_.substr(at_, 3) == triple : text_[at_] == quote) {
        at_ += long_form ? 3 : 1;
        // A long string may end with one or two quotes of its own before the three that close it.
        for (int i = 0; long_form && i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
        return;
      }
      if (text_[at_] == '\n') {
        if (!long_form) return;  // Unterminated: the library stops here.
        ++line_;
      }
      at_ += text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n'
                 ? 2
                 : 1;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  int dots_ = 0;
  int brackets_ = 0;
};

class Converter {
 public:
  explicit Converter(std::string_view file_name) : file_name_(file_name) {}

  Result<TomlValue> convert(const toml::node& node, int line_of_key, int depth) {
    TomlValue value;
    // Tables that dotted keys imply have no place of their own.
    const auto begin = node.source().begin;
    value.line = begin ? static_cast<int>(begin.line) : line_of_key;
    if (depth > kDepthMax) {
      return refuse(file_name_, value.line,
                    "nested deeper than " + std::to_string(kDepthMax) + " levels");
    }
    if (const auto* text = node.as_string()) {
      value.kind = TomlValue::Kind::text;
      value.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      value.kind = TomlValue::Kind::integer;
      value.integer = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
      value.kind = TomlValue::Kind::real;
      value.real = real->get();
    } else if (const auto* truth = node.as_boolean()) {
      value.kind = TomlValue::Kind::truth;
      value.truth = truth->get();
    } else if (const auto* list = node.as_array()) {
      value.kind = TomlValue::Kind::list;
      for (const toml::node& item : *list) {
        TRY_INTO(TomlValue converted, convert(item, value.line, depth + 1));
        value.items.push_back(std::move(converted));
      }
    } else if (const auto* table = node.as_table()) {
      value.kind = TomlValue::Kind::table;
      TRY(convert_members(*table, value, depth));
    }
    return value;
  }

 private:
  Result<> convert_members(const toml::table& table, TomlValue& value, int depth) {
    for (const auto& [key, child] : table) {
      const auto begin = key.source().begin;
      const int line = begin ? static_cast<int>(begin.line) : value.line;
      TRY_INTO(TomlValue converted, convert(child, line, depth + 1));
      converted.line = line;
      value.members.push_back({std::string(key.str()), std::move(converted)});
    }
    // The library sorts by key; the first mistake in the file shall be the one that is reported.
    std::stable_sort(
        value.members.begin(), value.members.end(),
        [](const TomlMember& a, const TomlMember& b) { return a.value.line < b.value.line; });
    return ok;
  }

  std::string file_name_;
};

}  // namespace

const TomlValue* TomlValue::find(std::string_view key) const {
  for (const TomlMember& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view name_of(TomlValue::Kind kind) {
  switch (kind) {
    case TomlValue::Kind::text: return "a text";
    case TomlValue::Kind::integer: return "an integer";
    case TomlValue::Kind::real: return "a number";
    case TomlValue::Kind::truth: return "true or false";
    case TomlValue::Kind::list: return "a list";
    case TomlValue::Kind::table: return "a table";
    case TomlValue::Kind::other: break;
  }
  return "a date or time";
}

Result<TomlValue> parse_toml(std::string_view text, std::string_view file_name) {
  TRY(check_bytes(text, file_name));
  if (const int line = NestingScan(text).first_bad_line(); line > 0) {
    return refuse(file_name, line, "nested too deeply: no key here has more than two parts");
  }
  toml::table table;
  try {
    table = toml::parse(text, file_name);
  } catch (const toml::parse_error& error) {
    return refuse(file_name, static_cast<int>(error.source().begin.line),
                  printable(error.description(), 300));
  }
  return Converter(file_name).convert(table, 1, 0);
}

}  // namespace nightjar::config
