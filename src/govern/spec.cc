#include "govern/spec.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/bytes.h"

namespace nightjar::govern {
namespace {

constexpr std::size_t kRequirementsMax = 10'000;
constexpr std::size_t kTabWidth = 4;
constexpr std::size_t kCodeIndent = 4;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t indent_of(std::string_view line) {
  std::size_t columns = 0;
  for (const char c : line) {
    if (c == ' ') {
      ++columns;
    } else if (c == '\t') {
      columns += kTabWidth - columns % kTabWidth;
    } else {
      break;
    }
  }
  return columns;
}

/// How many bytes of an id stand at the front: capital letters and digits, parts joined by '-' or,
/// before a digit, by '.'; with at least one digit. 0: none.
std::size_t id_length(std::string_view text) {
  if (text.empty() || !is_upper(text[0])) return 0;
  std::size_t i = 1;
  bool digit = false;
  while (i < text.size()) {
    const char c = text[i];
    const char after = i + 1 < text.size() ? text[i + 1] : ' ';
    const bool joins = (c == '-' && (is_upper(after) || is_digit(after))) ||
                       (c == '.' && digit && is_digit(after));
    if (!is_upper(c) && !is_digit(c) && !joins) break;
    digit = digit || is_digit(c);
    ++i;
  }
  return digit ? i : 0;
}

struct Opening {
  std::string id;
  std::string text;
};

/// "R1: text", "**R1** text", "**R1: text**", "`R1` text", "[ ] R1. text".
std::optional<Opening> opening_of(std::string_view text) {
  text = trim(text);
  for (const char* box : {"[ ] ", "[x] ", "[X] "}) {
    if (text.starts_with(box)) text = trim(text.substr(4));
  }
  const auto is_mark = [](char c) { return c == '*' || c == '_' || c == '`'; };
  std::size_t marks = 0;
  while (marks < text.size() && is_mark(text[marks])) ++marks;
  const std::string_view mark = text.substr(0, marks);
  text.remove_prefix(marks);
  const std::size_t length = id_length(text);
  if (length == 0) return std::nullopt;
  Opening out{std::string(text.substr(0, length)), ""};
  text.remove_prefix(length);
  if (!text.empty() && !is_blank(text[0]) && text[0] != ':' && text[0] != '.' && text[0] != ')' &&
      !is_mark(text[0])) {
    return std::nullopt;  // "R1a", "R1/R2", "X86_64" begin with something else.
  }
  bool closed = mark.empty();
  const auto drop_marks = [&] {
    if (closed || !text.starts_with(mark)) return;
    text.remove_prefix(mark.size());
    closed = true;
  };
  drop_marks();
  if (!text.empty() && is_mark(text[0]) && closed) return std::nullopt;
  if (!text.empty() && (text[0] == ':' || text[0] == '.' || text[0] == ')')) text.remove_prefix(1);
  drop_marks();
  out.text = trim(text);
  if (!closed && out.text.ends_with(mark)) out.text.resize(out.text.size() - mark.size());
  return out;
}

/// What follows the marker of a list item; nothing when the line is none.
std::optional<std::string_view> item_of(std::string_view text) {
  if (text.size() >= 2 && std::string_view("-*+").find(text[0]) != std::string_view::npos &&
      is_blank(text[1])) {
    return text.substr(2);
  }
  std::size_t digits = 0;
  while (digits < text.size() && digits < 9 && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits + 1 >= text.size()) return std::nullopt;
  const bool numbered = (text[digits] == '.' || text[digits] == ')') && is_blank(text[digits + 1]);
  return numbered ? std::optional(text.substr(digits + 2)) : std::nullopt;
}

/// Level and text of "## Title ##"; level 0: no heading.
struct Heading {
  std::size_t level = 0;
  std::string_view text;
};
Heading heading_of(std::string_view text) {
  std::size_t level = 0;
  while (level < text.size() && text[level] == '#') ++level;
  if (level == 0 || level > 6 || (level < text.size() && !is_blank(text[level]))) return {};
  std::string_view title = trim(text.substr(level));
  while (title.ends_with('#')) title.remove_suffix(1);
  return {level, trim(title)};
}

class SpecReader {
 public:
  explicit SpecReader(std::string_view file_name) : file_(printable(file_name, 300)) {}

  Result<std::vector<Requirement>> read(std::string_view markdown) {
    const std::vector<std::string> lines = split_lines(markdown);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      line_ = static_cast<int>(i) + 1;
      const std::string_view line = without_return(lines[i]);
      TRY(read_line(line, i + 1 < lines.size() ? without_return(lines[i + 1]) : ""));
    }
    for (Requirement& requirement : found_) requirement.text = std::string(trim(requirement.text));
    return std::move(found_);
  }

 private:
  static std::string_view without_return(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

  Result<> read_line(std::string_view line, std::string_view next) {
    const std::string_view text = trim(line);
    const std::size_t indent = indent_of(line);
    if (skip_comment(text)) return ok;
    if (in_fence(text, indent)) return ok;
    if (text.empty()) {
      blank_ = true;
      append("");
      return ok;
    }
    const bool follows_blank = std::exchange(blank_, false);
    if (indent >= kCodeIndent && !in_list_) return ok;  // An indented code block.
    if (const Heading heading = heading_of(text); heading.level > 0) return open_heading(heading);
    if (const auto item = item_of(text)) {
      in_list_ = true;
      return open_item(*item, indent);
    }
    if (in_list_ && indent == 0 && follows_blank) in_list_ = false;
    const std::size_t underline = underline_level(next);
    if (underline > 0 && !in_list_) return open_heading({underline, text});
    // A line right below an item belongs to it, indented or not (CommonMark's lazy continuation).
    if (item_indent_ && indent <= *item_indent_ && follows_blank) close();
    append(text);
    return ok;
  }

  /// Levels of "=====" and "-----" under a title.
  static std::size_t underline_level(std::string_view next) {
    const std::string_view text = trim(next);
    if (text.size() < 3) return 0;
    if (text.find_first_not_of('=') == std::string_view::npos) return 1;
    return text.find_first_not_of('-') == std::string_view::npos ? 2 : 0;
  }

  bool skip_comment(std::string_view text) {
    if (fence_.empty() && !in_comment_) in_comment_ = text.starts_with("<!--");
    if (!in_comment_) return false;
    if (text.find("-->") != std::string_view::npos) in_comment_ = false;
    return true;
  }

  bool in_fence(std::string_view text, std::size_t indent) {
    if (!fence_.empty()) {
      const bool closes =
          text.starts_with(fence_) && text.find_first_not_of(fence_[0]) == std::string_view::npos;
      append(text);
      if (closes) fence_.clear();
      return true;
    }
    if (!text.starts_with("```") && !text.starts_with("~~~")) return false;
    if (indent >= kCodeIndent && !in_list_) return false;
    if (item_indent_ && indent <= *item_indent_) close();
    std::size_t length = text.find_first_not_of(text[0]);
    if (length == std::string_view::npos) length = text.size();
    fence_ = text.substr(0, length);
    blank_ = false;
    append(text);
    return true;
  }

  Result<> open_heading(const Heading& heading) {
    in_list_ = false;
    const std::optional<Opening> opening = opening_of(heading.text);
    if (opening) {
      TRY(add(*opening));
      heading_level_ = heading.level;
      return ok;
    }
    // A deeper heading belongs to the requirement above it; another ends it.
    if (item_indent_ || heading.level <= heading_level_) close();
    append(heading.text);
    return ok;
  }

  Result<> open_item(std::string_view text, std::size_t indent) {
    if (const std::optional<Opening> opening = opening_of(text)) {
      TRY(add(*opening));
      item_indent_ = indent;
      return ok;
    }
    if (item_indent_ && indent <= *item_indent_) close();
    append("- " + std::string(trim(text)));
    return ok;
  }

  Result<> add(const Opening& opening) {
    const auto [at, is_new] = line_of_.try_emplace(opening.id, line_);
    if (!is_new) {
      return {ErrorCode::invalid_input, place() + "requirement " + opening.id +
                                            " is there already, in line " +
                                            std::to_string(at->second) + "; give each its own id"};
    }
    if (found_.size() == kRequirementsMax) {
      return {ErrorCode::exhausted, place() + "more than " + std::to_string(kRequirementsMax) +
                                        " requirements in one file; divide it"};
    }
    close();
    found_.push_back({opening.id, opening.text, file_, line_});
    open_ = true;
    return ok;
  }

  void close() {
    open_ = false;
    item_indent_.reset();
    heading_level_ = 0;
  }

  void append(std::string_view text) {
    if (!open_) return;
    found_.back().text += '\n';
    found_.back().text += text;
  }

  std::string place() const { return file_ + ":" + std::to_string(line_) + ": "; }

  const std::string file_;
  std::vector<Requirement> found_;
  std::map<std::string, int, std::less<>> line_of_;
  int line_ = 0;
  bool open_ = false;  // the last requirement takes what follows
  std::optional<std::size_t> item_indent_;
  std::size_t heading_level_ = 0;
  bool in_list_ = false;
  bool blank_ = false;  // the line before was empty
  bool in_comment_ = false;
  std::string fence_;
};

}  // namespace

Result<std::vector<Requirement>> parse_spec(std::string_view markdown, std::string_view file_name) {
  const std::string name = printable(file_name, 300);
  if (markdown.size() > kSpecBytesMax) {
    return {ErrorCode::exhausted,
            name + ": larger than " + std::to_string(kSpecBytesMax) + " bytes; divide it"};
  }
  if (markdown.starts_with("\xEF\xBB\xBF")) markdown.remove_prefix(3);
  if (!is_utf8(markdown) || markdown.find('\0') != std::string_view::npos) {
    int line = 1;
    for (const std::string& one : split_lines(markdown)) {
      if (!is_utf8(one) || one.find('\0') != std::string::npos) break;
      ++line;
    }
    return {ErrorCode::invalid_input,
            name + ":" + std::to_string(line) + ": not UTF-8 text; save the file as UTF-8"};
  }
  return SpecReader(file_name).read(markdown);
}

}  // namespace nightjar::govern
