#include "workflow/dot_tokens.h"

#include "base/bytes.h"

namespace nightjar::workflow {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string Token::shown() const {
  if (kind == Kind::end) return "the end of the file";
  if (kind == Kind::text) return "\"" + printable(text, 40) + "\"";
  return "'" + printable(text, 40) + "'";
}

Tokenizer::Tokenizer(std::string_view text, std::string_view file_name)
    : text_(text), file_name_(printable(file_name, 300)) {
  if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

Error Tokenizer::error_at(int line, std::string_view message) const {
  return {ErrorCode::invalid_input,
          file_name_ + ":" + std::to_string(line) + ": " + std::string(message)};
}

Result<> Tokenizer::skip_blank() {
  while (at_ < text_.size()) {
    const std::string_view rest = text_.substr(at_);
    if (rest[0] == '\n') {
      ++line_;
      ++at_;
    } else if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r') {
      ++at_;
    } else if (rest.starts_with("//")) {
      const std::size_t end = rest.find('\n');
      at_ = end == std::string_view::npos ? text_.size() : at_ + end;
    } else if (rest.starts_with("/*")) {
      const std::size_t end = rest.find("*/", 2);
      if (end == std::string_view::npos) {
        return error_at(line_, "this comment does not end; close it with */");
      }
      for (const char c : rest.substr(0, end)) line_ += c == '\n' ? 1 : 0;
      at_ += end + 2;
    } else {
      break;
    }
  }
  return ok;
}

Result<Token> Tokenizer::next() {
  TRY(skip_blank());
  if (at_ == text_.size()) return Token{Token::Kind::end, "", line_};
  const char c = text_[at_];
  const std::string_view rest = text_.substr(at_);
  if (is_letter(c)) return read_name();
  if (c == '"') return read_text();
  const char after = rest.size() > 1 ? rest[1] : '\0';
  if (is_digit(c) || (c == '.' && is_digit(after)) ||
      (c == '-' && (is_digit(after) || after == '.'))) {
    return read_number();
  }
  if (rest.starts_with("->")) {
    at_ += 2;
    return Token{Token::Kind::symbol, "->", line_};
  }
  if (std::string_view("{}[]=,;").find(c) == std::string_view::npos) return unexpected(c);
  ++at_;
  return Token{Token::Kind::symbol, std::string(1, c), line_};
}

Error Tokenizer::unexpected(char c) const {
  if (text_.substr(at_).starts_with("--")) {
    return error_at(line_,
                    "'--' is an edge of an undirected graph; a workflow has only '->' edges");
  }
  switch (c) {
    case '<': return error_at(line_, "HTML labels are not supported; write the label as \"text\"");
    case ':': return error_at(line_, "ports (node:port) are not supported; name the node alone");
    case '+': return error_at(line_, "strings cannot be joined by '+'; write one string");
    default:
      return error_at(line_,
                      "unexpected '" + printable(std::string_view(&c, 1), 8) +
                          "'; names have letters, digits and '_', and other text stands in quotes");
  }
}

Token Tokenizer::read_name() {
  const std::size_t begin = at_;
  const auto in_name = [&](std::size_t i) {
    return i < text_.size() && (is_letter(text_[i]) || is_digit(text_[i]));
  };
  while (in_name(at_) || (text_.substr(at_).starts_with('.') && at_ + 1 < text_.size() &&
                          is_letter(text_[at_ + 1]))) {
    ++at_;
  }
  return {Token::Kind::name, std::string(text_.substr(begin, at_ - begin)), line_};
}

Result<Token> Tokenizer::read_number() {
  const std::size_t begin = at_;
  if (text_[at_] == '-') ++at_;
  int dots = 0;
  int digits = 0;
  for (; at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.'); ++at_) {
    (text_[at_] == '.' ? dots : digits) += 1;
  }
  const std::size_t unit_begin = at_;
  while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
  const std::string_view unit = text_.substr(unit_begin, at_ - unit_begin);
  const bool known_unit =
      unit.empty() ||
      (dots == 0 && (unit == "ms" || unit == "s" || unit == "m" || unit == "h" || unit == "d"));
  const std::string whole(text_.substr(begin, at_ - begin));
  if (dots > 1 || digits == 0 || !known_unit) {
    return error_at(line_,
                    "'" + printable(whole, 40) +
                        "' is no number or duration (15m, 250ms); put other text in quotes, and"
                        " begin a name with a letter");
  }
  return Token{Token::Kind::number, whole, line_};
}

Result<Token> Tokenizer::read_text() {
  Token token{Token::Kind::text, "", line_};
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return token;
    }
    if (c == '\n') ++line_;
    if (c != '\\') {
      token.text.push_back(c);
      continue;
    }
    const char escaped = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    constexpr std::string_view kEscapes = "\"\\nt";
    constexpr std::string_view kMeanings = "\"\\\n\t";
    const std::size_t which = kEscapes.find(escaped);
    if (escaped == '\0' || which == std::string_view::npos) {
      return error_at(line_, "'\\" + printable(std::string_view(&escaped, 1), 8) +
                                 "' is no escape; a string knows \\\" \\\\ \\n and \\t");
    }
    token.text.push_back(kMeanings[which]);
    ++at_;
  }
  return error_at(token.line, "this string does not end; close it with \"");
}

}  // namespace nightjar::workflow
