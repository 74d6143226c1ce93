#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"

namespace nightjar::cli {

Look look_of(std::FILE* stream) {
  Look look;
  const int fd = ::fileno(stream);
  look.is_terminal = ::isatty(fd) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  look.has_colour = look.is_terminal && !dumb && (no_color == nullptr || *no_color == '\0');
  if (dumb) look.is_terminal = false;  // It cannot wipe a line.
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) look.columns = size.ws_col;
  return look;
}

void Terminal::line(std::string_view text) {
  status_shown_.with([&](bool& shown) {
    if (shown) std::fputs("\r\x1b[K", stream_);
    shown = false;
    std::fprintf(stream_, "%.*s\n", static_cast<int>(text.size()), text.data());
    std::fflush(stream_);
  });
}

void Terminal::status(std::string_view text) {
  if (!look_.is_terminal) return;
  const std::string cut = printable(text, look_.columns - 4);
  status_shown_.with([&](bool& shown) {
    std::fprintf(stream_, "\r\x1b[K%s", cut.c_str());
    std::fflush(stream_);
    shown = true;
  });
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  if (!look_.has_colour || colour == Colour::none) return std::string(text);
  const char* code = "0";
  switch (colour) {
    case Colour::red: code = "31"; break;
    case Colour::green: code = "32"; break;
    case Colour::yellow: code = "33"; break;
    case Colour::bold: code = "1"; break;
    case Colour::dim: code = "2"; break;
    case Colour::none: break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string Terminal::wrapped(std::string_view text, std::size_t indent) const {
  const std::size_t width = std::min<std::size_t>(look_.columns, 100);
  const std::string margin(indent, ' ');
  std::string out;
  for (const std::string& paragraph : split_lines(text)) {
    std::size_t column = indent;
    if (!out.empty()) out += "\n" + margin;
    for (const std::string& word : split(paragraph, ' ')) {
      if (column > indent && column + 1 + word.size() > width) {
        out += "\n" + margin;
        column = indent;
      } else if (column > indent) {
        out += ' ';
        ++column;
      }
      out += word;
      column += word.size();
    }
  }
  return out;
}

}  // namespace nightjar::cli
