// The words of a DOT file. A tokenizer for the Attractor subset: comments are skipped, HTML
// strings, ports and unknown escapes are refused where they stand. Not for other parts. Errors:
// invalid_input (file:line: what, what next).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar::workflow {

struct Token {
  enum class Kind {
    name,    // [A-Za-z_][A-Za-z0-9_]*, with dots between such parts in `graph.goal`
    number,  // -1, 0.5, 15m, 250ms
    text,    // "quoted"; `text` holds what it means
    symbol,  // { } [ ] = , ; ->
    end,
  } kind = Kind::end;
  std::string text;
  int line = 1;

  bool is_symbol(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
  bool is_name(std::string_view name) const { return kind == Kind::name && text == name; }
  std::string shown() const;  // for messages
};

class Tokenizer {
 public:
  Tokenizer(std::string_view text, std::string_view file_name);

  Result<Token> next();
  Error error_at(int line, std::string_view message) const;

 private:
  Result<> skip_blank();
  Result<Token> read_text();
  Result<Token> read_number();
  Token read_name();
  Error unexpected(char c) const;

  std::string_view text_;
  std::string file_name_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace nightjar::workflow
