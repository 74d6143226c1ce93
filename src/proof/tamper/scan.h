// A text in one of the languages we know, with its comments and literals told apart: enough to look
// for words of code without being fooled by comments and strings. No parser: it never fails, and on
// text that is no program it is merely less sharp.
//
// Pure; any thread. Linear in the size of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::proof {

enum class Language : std::uint8_t {
  none,
  hash,    // settings with # comments: YAML, TOML, INI, CMake, make
  markup,  // XML
  python,
  c,  // and C++
  go,
  rust,
  javascript,  // and TypeScript
  java,
  kotlin,
  ruby,
  php,
  shell,
  perl,
};

using Languages = std::uint32_t;
constexpr Languages in(Language language) { return Languages{1} << static_cast<int>(language); }
template <typename... More>
constexpr Languages in(Language language, More... more) {
  return in(language) | in(more...);
}
inline constexpr Languages kAllLanguages = ~Languages{0};
/// Programming languages: not settings, not markup, not unknown.
inline constexpr Languages kCodeLanguages =
    kAllLanguages & ~in(Language::none, Language::hash, Language::markup);
constexpr bool has(Languages languages, Language language) {
  return (languages & in(language)) != 0;
}

Language language_of(std::string_view path);

struct Scan {
  Language language = Language::none;
  std::string text;
  std::string bare;  // as long as text; comments are blanks
  std::string code;  // as long as text; comments and the insides of literals are blanks
  std::vector<std::size_t> starts;  // offsets of the lines

  int lines() const { return static_cast<int>(starts.size()); }
  /// Lines are counted from 1; a line that is not there is empty.
  std::string_view text_line(int number) const { return line_in(text, number); }
  std::string_view bare_line(int number) const { return line_in(bare, number); }
  std::string_view code_line(int number) const { return line_in(code, number); }
  int line_at(std::size_t offset) const;
  /// Something besides comments, literals that stand alone, and punctuation.
  bool has_code(int number) const;

 private:
  std::string_view line_in(const std::string& view, int number) const;
};

Scan scan(Language language, std::string_view text);

/// Offset of the bracket that closes the one at `open` in `code`, or npos.
std::size_t close_of(std::string_view code, std::size_t open);

bool is_word(char c);
/// Indentation in columns (a tab counts 8); of a blank line -1.
int indentation(std::string_view line);

struct Token {
  enum class Kind : std::uint8_t { word, number, text, sign } kind = Kind::sign;
  std::string_view text;  // into the view that was given
};
/// Of a piece of `bare`. Literals of text are one token with their quotes.
std::vector<Token> tokens_of(std::string_view bare);
std::vector<Token> tokens_of(const std::string&& bare) = delete;  // The tokens would dangle.

}  // namespace nightjar::proof
