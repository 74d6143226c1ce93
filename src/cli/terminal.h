// What people see: plain text that fits 80 columns, colour only on a terminal that wants it.
//
// Text for people goes to stderr when the command writes JSON to stdout, else to stdout.
// Threads: listener calls come on another thread; Terminal locks itself.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/guarded.h"

namespace nightjar::cli {

enum class Colour { none, red, green, yellow, bold, dim };

struct Look {
  bool is_terminal = false;
  bool has_colour = false;
  std::size_t columns = 80;
};
/// From isatty, NO_COLOR (https://no-color.org), TERM and COLUMNS of this process.
Look look_of(std::FILE* stream);

class Terminal {
 public:
  Terminal(std::FILE* stream, const Look& look) : stream_(stream), look_(look) {}

  /// A whole line; a status line that stands there is wiped first.
  void line(std::string_view text);
  /// Replaced by the next line or status. Nothing off a terminal.
  void status(std::string_view text);
  std::string paint(Colour colour, std::string_view text) const;
  /// `text` broken at spaces to the width, each further line indented by `indent`.
  std::string wrapped(std::string_view text, std::size_t indent) const;
  const Look& look() const { return look_; }

 private:
  std::FILE* stream_;
  Look look_;
  Guarded<bool> status_shown_;
};

}  // namespace nightjar::cli
