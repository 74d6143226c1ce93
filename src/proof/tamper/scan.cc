#include "proof/tamper/scan.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "harness/paths.h"

namespace nightjar::proof {
namespace {

using enum Language;

constexpr std::size_t kHeredocNameMax = 40;

struct Named {
  std::string_view name;
  Language language;
};
constexpr std::array kNamed = {
    Named{"python", python},
    Named{"c", c},
    Named{"c++", c},
    Named{"go", go},
    Named{"rust", rust},
    Named{"javascript", javascript},
    Named{"typescript", javascript},
    Named{"java", java},
    Named{"kotlin", kotlin},
    Named{"ruby", ruby},
    Named{"php", php},
    Named{"shell", shell},
    Named{"perl", perl},
};
constexpr std::array<std::string_view, 14> kHashEndings = {
    ".yml", ".yaml", ".toml", ".ini", ".cfg", ".conf",  ".cmake",
    ".mk",  ".mak",  ".txt",  ".am",  ".bzl", ".rspec", ".properties"};
constexpr std::array<std::string_view, 5> kMarkupEndings = {".xml", ".xml.dist", ".html", ".svg",
                                                            ".csproj"};

std::string_view name_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

class Scanner {
 public:
  Scanner(Language language, std::string_view text) : language_(language), text_(text) {
    out_.language = language;
    out_.text = std::string(text);
    out_.bare = out_.text;
    out_.code = out_.text;
  }

  Scan run() {
    while (at_ < text_.size()) {
      if (take_comment() || take_literal()) continue;
      if (text_[at_] == '\n') take_heredocs();
      ++at_;
    }
    out_.starts.push_back(0);
    for (std::size_t i = 0; i + 1 < text_.size(); ++i) {
      if (text_[i] == '\n') out_.starts.push_back(i + 1);
    }
    if (text_.empty()) out_.starts.clear();
    return std::move(out_);
  }

 private:
  char look(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  char before() const { return at_ > 0 ? text_[at_ - 1] : '\n'; }
  bool at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  bool at_line_start() const { return before() == '\n'; }

  static void blank(std::string& view, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end && i < view.size(); ++i) {
      if (view[i] != '\n') view[i] = ' ';
    }
  }
  void comment_until(std::size_t end) {
    end = std::min(end, text_.size());
    blank(out_.bare, at_, end);
    blank(out_.code, at_, end);
    at_ = end;
  }
  void literal_until(std::size_t inside, std::size_t inside_end, std::size_t end) {
    blank(out_.code, inside, std::min(inside_end, text_.size()));
    at_ = std::min(end, text_.size());
  }
  std::size_t line_end() const { return std::min(text_.find('\n', at_), text_.size()); }
  std::size_t after(std::string_view what, std::size_t from) const {
    const std::size_t found = text_.find(what, from);
    return found == std::string_view::npos ? text_.size() : found + what.size();
  }

  bool take_comment();
  bool take_hash_comment();
  bool take_block_comment();
  bool take_document();  // POD, =begin
  bool take_literal();
  bool take_quoted(char quote, bool may_span);
  bool take_triple();
  bool take_character();
  bool take_raw();
  bool take_template();
  bool take_pattern();
  void take_heredocs();
  void note_heredoc();

  Language language_;
  std::string_view text_;
  std::size_t at_ = 0;
  Scan out_;
  std::vector<std::string> heredocs_;  // names whose bodies begin on the next line
};

bool Scanner::take_hash_comment() {
  if (look() != '#') return false;
  const char previous = before();
  const bool at_word_start = std::isspace(static_cast<unsigned char>(previous)) != 0;
  switch (language_) {
    case python: break;
    case hash:
    case perl:
    case ruby:
      if (!at_word_start) return false;
      break;
    case shell:
      if (!at_word_start && previous != ';' && previous != '(') return false;
      break;
    case php:
      if (look(1) == '[') return false;
      break;
    default: return false;
  }
  comment_until(line_end());
  return true;
}

bool Scanner::take_block_comment() {
  if (language_ == markup) {
    if (!at("<!--")) return false;
    comment_until(after("-->", at_));
    return true;
  }
  if (!at("/*")) return false;
  if (language_ != rust && language_ != kotlin) {
    comment_until(after("*/", at_ + 2));
    return true;
  }
  int depth = 0;
  std::size_t i = at_;
  while (i < text_.size()) {
    if (text_.substr(i, 2) == "/*") {
      ++depth;
      i += 2;
    } else if (text_.substr(i, 2) == "*/") {
      i += 2;
      if (--depth == 0) break;
    } else {
      ++i;
    }
  }
  comment_until(i);
  return true;
}

bool Scanner::take_document() {
  if (!at_line_start()) return false;
  if (language_ == ruby && at("=begin")) {
    comment_until(after("\n=end", at_));
    return true;
  }
  if (language_ == perl && look() == '=' &&
      std::isalpha(static_cast<unsigned char>(look(1))) != 0) {
    comment_until(after("\n=cut", at_));
    return true;
  }
  const bool ends = (language_ == ruby || language_ == perl) && (at("__END__") || at("__DATA__"));
  if (ends) comment_until(text_.size());
  return ends;
}

bool Scanner::take_comment() {
  const char first = look();
  if (first == '#') return take_hash_comment();
  if (first == '=' || first == '_') return take_document();
  if (first == '<') return language_ == markup && take_block_comment();
  if (first != '/') return false;
  constexpr Languages kSlashes = in(c, go, rust, javascript, java, kotlin, php);
  if (!has(kSlashes, language_)) return false;
  if (look(1) == '/') {
    comment_until(line_end());
    return true;
  }
  return look(1) == '*' && take_block_comment();
}

/// A literal between two equal quotes, with backslash escapes where the language has them. One that
/// does not end on its line and may not span lines is taken as a lone quote.
bool Scanner::take_quoted(char quote, bool may_span) {
  std::size_t i = at_ + 1;
  const bool raw = (language_ == shell && quote == '\'') || quote == '`';
  for (; i < text_.size() && text_[i] != quote; ++i) {
    if (text_[i] == '\\' && !raw) {
      ++i;
      continue;
    }
    if (text_[i] == '\n' && !may_span) return false;
  }
  if (i >= text_.size()) return false;
  literal_until(at_ + 1, i, i + 1);
  return true;
}

bool Scanner::take_triple() {
  const std::string_view quotes = text_.substr(at_, 3);
  if (quotes != "\"\"\"" && !(quotes == "'''" && language_ == python)) return false;
  std::size_t i = at_ + 3;
  while (i < text_.size() && text_.substr(i, 3) != quotes) {
    i += text_[i] == '\\' && language_ != kotlin ? 2 : 1;
  }
  literal_until(at_ + 3, i, i + 3);
  return true;
}

/// 'x' or '\n'; else an apostrophe: a lifetime, a digit separator.
bool Scanner::take_character() {
  if (is_word(before()) && language_ == c &&
      std::isxdigit(static_cast<unsigned char>(before())) != 0) {
    return false;
  }
  std::size_t i = at_ + 1;
  if (look(1) == '\\') {
    i += 2;
    while (i < text_.size() && i < at_ + 14 && text_[i] != '\'' && text_[i] != '\n') ++i;
  } else {
    // One character of up to four bytes.
    ++i;
    while (i < text_.size() && i < at_ + 5 &&
           (static_cast<unsigned char>(text_[i]) & 0xC0U) == 0x80U) {
      ++i;
    }
  }
  if (i >= text_.size() || text_[i] != '\'') return false;
  literal_until(at_ + 1, i, i + 1);
  return true;
}

/// R"x(...)x" of C++, r#"..."# of Rust.
bool Scanner::take_raw() {
  if (language_ == c && look() == 'R' && look(1) == '"' &&
      (!is_word(before()) || before() == 'u' || before() == 'L' || before() == '8')) {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos || open - at_ > 20) return false;
    const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    const std::size_t end = after(close, open);
    literal_until(open + 1, end - std::min(end, close.size()), end);
    return true;
  }
  if (language_ == rust && look() == 'r' && (!is_word(before()) || before() == 'b')) {
    std::size_t i = at_ + 1;
    while (i < text_.size() && text_[i] == '#') ++i;
    if (i >= text_.size() || text_[i] != '"') return false;
    const std::string close = "\"" + std::string(i - at_ - 1, '#');
    const std::size_t end = after(close, i + 1);
    literal_until(i + 1, end - std::min(end, close.size()), end);
    return true;
  }
  return false;
}

/// `...${...}...`: what stands in ${} belongs to the literal here.
bool Scanner::take_template() {
  int depth = 0;
  std::size_t i = at_ + 1;
  for (; i < text_.size(); ++i) {
    if (text_[i] == '\\') {
      ++i;
    } else if (text_.substr(i, 2) == "${") {
      ++depth;
      ++i;
    } else if (text_[i] == '}' && depth > 0) {
      --depth;
    } else if (text_[i] == '`' && depth == 0) {
      break;
    }
  }
  literal_until(at_ + 1, i, i + 1);
  return true;
}

/// /regular expression/ where an operand is expected.
bool Scanner::take_pattern() {
  std::size_t i = at_;
  while (i > 0 && (text_[i - 1] == ' ' || text_[i - 1] == '\t')) --i;
  const char previous = i > 0 ? text_[i - 1] : '\n';
  const bool operand = std::string_view("=(,:[!&|?{};\n~").find(previous) != std::string_view::npos;
  const std::string_view upto = text_.substr(0, i);
  const bool after_word = upto.ends_with("return") || upto.ends_with(" if") ||
                          upto.ends_with(" unless") || upto.ends_with("split") ||
                          upto.ends_with("when") || upto.ends_with(" and");
  if (!operand && !after_word) return false;
  bool in_class = false;
  for (std::size_t end = at_ + 1; end < text_.size() && text_[end] != '\n'; ++end) {
    if (text_[end] == '\\') {
      ++end;
    } else if (text_[end] == '[') {
      in_class = true;
    } else if (text_[end] == ']') {
      in_class = false;
    } else if (text_[end] == '/' && !in_class) {
      literal_until(at_ + 1, end, end + 1);
      return true;
    }
  }
  return false;
}

bool Scanner::take_literal() {
  const char first = look();
  switch (first) {
    case '"':
      if (has(in(python, java, kotlin), language_) && take_triple()) return true;
      if (language_ == none || language_ == markup) return false;
      return take_quoted('"', has(in(rust, php, shell), language_));
    case '\'':
      if (language_ == python && take_triple()) return true;
      if (has(in(c, go, rust, java, kotlin), language_)) return take_character();
      if (language_ == none || language_ == markup) return false;
      return take_quoted('\'', has(in(php, shell), language_));
    case '`':
      if (language_ == javascript) return take_template();
      return language_ == go && take_quoted('`', true);
    case '/': return has(in(javascript, ruby, perl), language_) && take_pattern();
    case 'R':
    case 'r': return take_raw();
    case '<':
      if (has(in(shell, ruby, php, perl), language_) && look(1) == '<') note_heredoc();
      return false;
    default: return false;
  }
}

void Scanner::note_heredoc() {
  std::size_t i = at_ + 2;
  if (language_ == php && i < text_.size() && text_[i] == '<') ++i;
  while (i < text_.size() && (text_[i] == '-' || text_[i] == '~')) ++i;
  if (i < text_.size() && (text_[i] == '"' || text_[i] == '\'')) ++i;
  std::string name;
  while (i < text_.size() && is_word(text_[i]) && name.size() < kHeredocNameMax) name += text_[i++];
  const bool fits = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                    (language_ == shell || std::isupper(static_cast<unsigned char>(name[0])) != 0);
  if (fits) heredocs_.push_back(name);
  at_ += 1;  // so that the second '<' does not begin another one
}

void Scanner::take_heredocs() {
  for (const std::string& name : heredocs_) {
    std::size_t line = at_ + 1;
    while (line < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', line), text_.size());
      std::string_view content = text_.substr(line, end - line);
      while (!content.empty() && (content[0] == ' ' || content[0] == '\t'))
        content.remove_prefix(1);
      if (content.substr(0, name.size()) == name &&
          (content.size() == name.size() || !is_word(content[name.size()]))) {
        break;
      }
      blank(out_.code, line, end);
      line = end + 1;
    }
    // The next body, or the code, begins after the line with the name.
    at_ = std::min(text_.find('\n', std::min(line, text_.size())), text_.size());
    if (at_ >= text_.size()) {
      at_ = text_.size() - 1;
      break;
    }
  }
  heredocs_.clear();
}

}  // namespace

Language language_of(std::string_view path) {
  const std::string_view known = harness::language_of_path(path);
  for (const Named& row : kNamed) {
    if (row.name == known) return row.language;
  }
  const std::string_view name = name_in(path);
  if (name == "Makefile" || name == "makefile" || name == "GNUmakefile" || name == "CODEOWNERS" ||
      name.starts_with("Dockerfile") || name.starts_with("Makefile.") || name == ".npmrc" ||
      name == ".proverc" || name == ".coveragerc" || name == "justfile") {
    return hash;
  }
  if (name == "Jenkinsfile" || name.ends_with(".gradle") || name.ends_with(".groovy")) return java;
  if (name.ends_with(".jsonc") || name.ends_with(".vue") || name.ends_with(".svelte"))
    return javascript;
  for (const std::string_view ending : kHashEndings) {
    if (name.ends_with(ending)) return hash;
  }
  for (const std::string_view ending : kMarkupEndings) {
    if (name.ends_with(ending)) return markup;
  }
  return none;
}

Scan scan(Language language, std::string_view text) { return Scanner(language, text).run(); }

std::string_view Scan::line_in(const std::string& view, int number) const {
  if (number < 1 || number > lines()) return {};
  const auto index = static_cast<std::size_t>(number - 1);
  const std::size_t begin = starts[index];
  std::size_t end = index + 1 < starts.size() ? starts[index + 1] : view.size();
  while (end > begin && (view[end - 1] == '\n' || view[end - 1] == '\r')) --end;
  return std::string_view(view).substr(begin, end - begin);
}

int Scan::line_at(std::size_t offset) const {
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  return static_cast<int>(after - starts.begin());
}

bool Scan::has_code(int number) const {
  return std::ranges::any_of(code_line(number), [](char byte) { return is_word(byte); });
}

std::size_t close_of(std::string_view code, std::size_t open) {
  if (open >= code.size()) return std::string_view::npos;
  int depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    const char byte = code[i];
    if (byte == '(' || byte == '[' || byte == '{') ++depth;
    if ((byte == ')' || byte == ']' || byte == '}') && --depth <= 0) return i;
  }
  return std::string_view::npos;
}

bool is_word(char byte) {
  return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_' ||
         (static_cast<unsigned char>(byte) & 0x80U) != 0;
}

int indentation(std::string_view line) {
  int columns = 0;
  for (const char byte : line) {
    if (byte == ' ') {
      ++columns;
    } else if (byte == '\t') {
      columns += 8;
    } else {
      return byte == '\r' || byte == '\n' ? -1 : columns;
    }
  }
  return -1;
}

std::vector<Token> tokens_of(std::string_view bare) {
  std::vector<Token> out;
  std::size_t i = 0;
  while (i < bare.size()) {
    const char first = bare[i];
    std::size_t end = i + 1;
    auto kind = Token::Kind::sign;
    if (std::isspace(static_cast<unsigned char>(first)) != 0) {
      ++i;
      continue;
    }
    if (first == '"' || first == '\'' || first == '`') {
      while (end < bare.size() && bare[end] != first) end += bare[end] == '\\' ? 2 : 1;
      const bool closed = end < bare.size();
      end = closed ? end + 1 : i + 1;
      if (closed) kind = Token::Kind::text;
    } else if (std::isdigit(static_cast<unsigned char>(first)) != 0 ||
               (first == '.' && end < bare.size() &&
                std::isdigit(static_cast<unsigned char>(bare[end])) != 0)) {
      kind = Token::Kind::number;
      while (end < bare.size() && (is_word(bare[end]) || bare[end] == '.' ||
                                   ((bare[end] == '-' || bare[end] == '+') &&
                                    (bare[end - 1] == 'e' || bare[end - 1] == 'E')))) {
        ++end;
      }
    } else if (is_word(first) || first == '$' || first == '@') {
      kind = Token::Kind::word;
      while (end < bare.size() && is_word(bare[end])) ++end;
    } else if (end < bare.size() &&
               std::string_view("== != <= >= && || => -> :: += -= *= /= << >> =~ !~ ..")
                       .find(bare.substr(i, 2)) != std::string_view::npos &&
               bare[end] != ' ') {
      ++end;
      if (end < bare.size() && bare[end] == '=' &&
          (bare.substr(i, 2) == "==" || bare.substr(i, 2) == "!=")) {
        ++end;
      }
    }
    out.push_back({kind, bare.substr(i, end - i)});
    i = end;
  }
  return out;
}

}  // namespace nightjar::proof
