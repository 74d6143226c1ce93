#include "tidy/source_text.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "base/bytes.h"
#include "tidy/repository.h"

namespace nightjar::tidy {
namespace {

constexpr std::size_t kSignatureMax = 70;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Walks over the text and blanks what is not code.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), out_(text) {}

  std::string blank() {
    while (at_ < text_.size()) {
      if (looking_at("//")) {
        blank_until(text_.find('\n', at_));
      } else if (looking_at("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        blank_until(end == std::string_view::npos ? end : end + 2);
      } else if (looking_at("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]))) {
        blank_raw_string();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !in_number())) {
        blank_literal(text_[at_]);
      } else {
        ++at_;
      }
    }
    return out_;
  }

 private:
  bool looking_at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool in_number() const { return at_ > 0 && is_word(text_[at_ - 1]); }

  void blank_until(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void blank_raw_string() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return blank_until(text_.size());
    const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    const std::size_t end = text_.find(close, open);
    at_ += 2;
    blank_until(end == std::string_view::npos ? end : end + close.size() - 1);
    ++at_;
  }

  void blank_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    ++at_;
    blank_until(end);
    ++at_;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

std::string without_directives(std::string code) {
  bool in_directive = false;
  std::size_t start = 0;
  while (start < code.size()) {
    std::size_t end = std::min(code.find('\n', start), code.size());
    const std::string_view line = trim(std::string_view(code).substr(start, end - start));
    in_directive = in_directive || starts_with(line, "#");
    const bool goes_on = ends_with(line, "\\");
    if (in_directive)
      std::fill(code.begin() + static_cast<std::ptrdiff_t>(start),
                code.begin() + static_cast<std::ptrdiff_t>(end), ' ');
    in_directive = in_directive && goes_on;
    start = end + 1;
  }
  return code;
}

enum class Scope { container, function, other };

Scope scope_after(const std::string& statement) {
  static const RE2 kParameters(R"(\)\s*(const|noexcept|override|final|&|&&|\s)*$)");
  static const RE2 kContainer(R"(\b(namespace|class|struct|union|enum)\b)");
  static const RE2 kExtern(R"(^\s*extern\s*"\s*"\s*$)");
  if (RE2::PartialMatch(statement, kParameters)) return Scope::function;
  if (RE2::PartialMatch(statement, kContainer)) return Scope::container;
  if (RE2::PartialMatch(statement, kExtern)) return Scope::container;
  return contains(statement, "(") ? Scope::function : Scope::other;
}

/// Finds functions by their braces.
class FunctionReader {
 public:
  explicit FunctionReader(std::string_view text) : code_(without_directives(code_of(text))) {}

  std::vector<Function> read() {
    for (at_ = 0; at_ < code_.size(); ++at_) {
      const char c = code_[at_];
      if (c == '\n') ++line_;
      if (c == '(') ++parentheses_;
      if (c == ')' && parentheses_ > 0) --parentheses_;
      if (c == '{') open();
      if (c == '}') close();
      if (c == ';' && parentheses_ == 0) start_ = at_ + 1;
    }
    return functions_;
  }

 private:
  struct Open {
    Scope scope;
    int line;
    int parentheses;
    std::size_t start;  // of its statement
  };

  bool in_container() const { return open_.empty() || open_.back().scope == Scope::container; }

  void open() {
    Scope scope = Scope::other;
    if (in_container() && parentheses_ == 0)
      scope = scope_after(code_.substr(start_, at_ - start_));
    open_.push_back({scope, line_, parentheses_, start_});
    parentheses_ = 0;
    start_ = at_ + 1;
  }

  void close() {
    if (open_.empty()) return;
    const Open opened = open_.back();
    open_.pop_back();
    parentheses_ = opened.parentheses;
    const std::size_t next = code_.find_first_not_of(" \t\n", at_ + 1);
    const bool goes_on = next != std::string::npos && (code_[next] == ',' || code_[next] == '{');
    // `: a_{1} {` and default arguments: the statement is not at its end.
    if (opened.parentheses > 0 || (goes_on && opened.scope != Scope::container)) {
      start_ = opened.start;
      return;
    }
    start_ = at_ + 1;
    if (opened.scope == Scope::function) add(opened);
  }

  void add(const Open& opened) {
    const std::size_t brace = code_.find('{', opened.start);
    std::string signature(trim(std::string_view(code_).substr(opened.start, brace - opened.start)));
    std::replace(signature.begin(), signature.end(), '\n', ' ');
    if (signature.size() > kSignatureMax) signature.resize(kSignatureMax);
    functions_.push_back({signature, opened.line, line_ - opened.line + 1});
  }

  std::string code_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  int line_ = 1;
  int parentheses_ = 0;
  std::vector<Open> open_;
  std::vector<Function> functions_;
};

}  // namespace

std::string code_of(std::string_view text) { return Blanker(text).blank(); }

std::vector<Include> includes_of(std::string_view text) {
  static const RE2 kInclude(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  const std::string code = code_of(text);
  const auto code_lines = lines_of(code);
  const auto lines = lines_of(text);
  std::vector<Include> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string bracket;
    std::string name;
    if (!contains(code_lines[i], "#")) continue;  // it stands in a literal or a comment
    const re2::StringPiece line(lines[i].data(), lines[i].size());
    if (RE2::PartialMatch(line, kInclude, &bracket, &name)) {
      out.push_back({name, bracket == "\"", static_cast<int>(i) + 1});
    }
  }
  return out;
}

std::vector<Function> functions_of(std::string_view text) { return FunctionReader(text).read(); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    out.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

int line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(),
                                         text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

}  // namespace nightjar::tidy
