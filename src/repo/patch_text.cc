#include "repo/patch_text.h"

#include <charconv>

#include "base/bytes.h"

namespace nightjar::repo {
namespace {

constexpr std::size_t kCountMax = 1'000'000'000;

/// The lines of the text, each with its newline.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) { advance(); }
  bool done() const { return line_.empty(); }
  std::string_view raw() const { return line_; }
  /// Without the line's end; headers of mailed patches may end with CR LF.
  std::string_view header() const {
    std::string_view line = line_;
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  std::size_t number() const { return number_; }
  void advance() {
    const std::size_t end = rest_.find('\n');
    line_ = rest_.substr(0, end == std::string_view::npos ? rest_.size() : end + 1);
    rest_.remove_prefix(line_.size());
    ++number_;
  }
  /// The line after the next one.
  bool next_starts_with(std::string_view prefix) const { return rest_.starts_with(prefix); }
  bool second_next_starts_with(std::string_view prefix) const {
    const std::size_t end = rest_.find('\n');
    return end != std::string_view::npos && rest_.substr(end + 1).starts_with(prefix);
  }

 private:
  std::string_view rest_;
  std::string_view line_;
  std::size_t number_ = 0;
};

Error damaged(std::size_t line, const std::string& what) {
  return {ErrorCode::invalid_input, "line " + std::to_string(line) + " of the patch: " + what};
}

std::optional<std::size_t> take_number(std::string_view& text) {
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || value > kCountMax) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// "3,4" or "3", which means one line.
bool take_range(std::string_view& text, std::size_t& start, std::size_t& count) {
  const auto first = take_number(text);
  if (!first) return false;
  start = *first;
  count = 1;
  if (!take(text, ",")) return true;
  const auto second = take_number(text);
  count = second.value_or(0);
  return second.has_value();
}

std::optional<PatchHunk> parse_hunk_header(std::string_view line) {
  PatchHunk hunk;
  hunk.header = line;
  std::string_view rest = line;
  const bool fits = take(rest, "@@ -") && take_range(rest, hunk.old_start, hunk.old_count) &&
                    take(rest, " +") && take_range(rest, hunk.new_start, hunk.new_count) &&
                    take(rest, " @@");
  if (!fits) return std::nullopt;
  hunk.header = line.substr(0, line.size() - rest.size());
  return hunk;
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return mode;
}

/// Takes a name in git's C style: "a\303\251\n". Nothing when it is not closed or escaped wrongly.
std::optional<std::string> take_quoted(std::string_view& text) {
  constexpr std::string_view kEscapes = "abtnvfr\"\\";
  constexpr std::string_view kMeanings = "\a\b\t\n\v\f\r\"\\";
  if (!take(text, "\"")) return std::nullopt;
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return out;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (text.empty()) return std::nullopt;
    if (const auto at = kEscapes.find(text.front()); at != std::string_view::npos) {
      out += kMeanings[at];
      text.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    if (text.size() < 3) return std::nullopt;
    for (const char digit : text.substr(0, 3)) {
      if (digit < '0' || digit > '7') return std::nullopt;
      value = value * 8 + static_cast<unsigned>(digit - '0');
    }
    if (value > 255) return std::nullopt;
    out += static_cast<char>(value);
    text.remove_prefix(3);
  }
  return std::nullopt;
}

/// A whole name: quoted, or up to a tab, behind which some programs write a date.
std::optional<std::string> name_of(std::string_view text) {
  if (text.starts_with('"')) return take_quoted(text);
  return std::string(text.substr(0, text.find('\t')));
}

/// Git's letters in front of the two names: a/ and b/, or with diff.mnemonicPrefix others.
bool has_prefix(std::string_view name) {
  return name.size() > 2 && name[1] == '/' &&
         std::string_view("abciow12").find(name[0]) != std::string_view::npos;
}

struct Names {
  std::string before;
  std::string after;
  bool prefixed() const { return has_prefix(before) && has_prefix(after) && before[0] != after[0]; }
  /// As `diff -r old new` writes them.
  bool differ_in_first_folder() const {
    const std::size_t slash = before.find('/');
    const std::size_t other = after.find('/');
    return slash != std::string::npos && other != std::string::npos &&
           before.substr(slash) == after.substr(other) && before != after;
  }
};

/// The two names of a "diff --git" line. Unquoted ones are told apart only when they are the same.
std::optional<Names> parse_git_line(std::string_view rest) {
  Names names;
  if (rest.starts_with('"')) {
    const auto before = take_quoted(rest);
    if (!before || !take(rest, " ")) return std::nullopt;
    const auto after = rest.starts_with('"') ? take_quoted(rest) : std::string(rest);
    if (!after) return std::nullopt;
    return Names{*before, *after};
  }
  if (const auto at = rest.find(" \""); at != std::string_view::npos && rest.ends_with('"')) {
    names.before = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto after = take_quoted(rest);
    if (!after) return std::nullopt;
    names.after = *after;
    return names;
  }
  if (rest.size() % 2 == 0 || rest.size() < 3 || rest[rest.size() / 2] != ' ') return std::nullopt;
  names.before = rest.substr(0, rest.size() / 2);
  names.after = rest.substr(rest.size() / 2 + 1);
  const bool same = names.prefixed() ? std::string_view(names.before).substr(2) ==
                                           std::string_view(names.after).substr(2)
                                     : names.before == names.after;
  if (!same) return std::nullopt;
  return names;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lines_(text) {}

  Result<std::vector<PatchFile>> run() {
    while (!lines_.done()) {
      const std::string_view line = lines_.header();
      if (line.starts_with("diff --git ")) {
        TRY(parse_git_file());
      } else if (line.starts_with("diff --cc ") || line.starts_with("diff --combined ")) {
        return damaged(lines_.number(),
                       "a combined diff of a merge cannot be applied; make it with"
                       " `git diff BASE MERGE`");
      } else if (line.starts_with("--- ") && lines_.next_starts_with("+++ ") &&
                 lines_.second_next_starts_with("@@ -")) {
        TRY(parse_plain_file());
      } else if (parse_hunk_header(line)) {
        return damaged(lines_.number(),
                       files_.empty() ? "a hunk without a file"
                                      : "a hunk that belongs to no file, or the hunk before it has"
                                        " other numbers of lines than its header says");
      } else {
        if (begins_commit(line)) ++commit_;
        lines_.advance();
      }
    }
    return std::move(files_);
  }

 private:
  /// How each mail of `git format-patch` and each commit of `git log -p` begins.
  static bool begins_commit(std::string_view line) {
    const bool known = take(line, "From ") || take(line, "commit ");
    return known && line.size() >= 40 &&
           line.substr(0, 40).find_first_not_of("0123456789abcdef") == std::string_view::npos &&
           (line.size() == 40 || line[40] == ' ');
  }

  PatchFile start_file(bool plain) const {
    PatchFile file;
    file.plain = plain;
    file.commit = commit_;
    file.line = lines_.number();
    return file;
  }

  Result<> parse_git_file() {
    PatchFile file = start_file(false);
    std::string_view rest = lines_.header();
    take(rest, "diff --git ");
    const std::optional<Names> names = parse_git_line(rest);
    const bool prefixed = !names || names->prefixed();
    if (names) {
      file.old_path = prefixed ? names->before.substr(2) : names->before;
      file.new_path = prefixed ? names->after.substr(2) : names->after;
    }
    lines_.advance();
    while (!lines_.done()) {
      TRY_INTO(const bool known, parse_extended(file, prefixed));
      if (!known) break;
      lines_.advance();
    }
    if (file.old_path.empty() || file.new_path.empty()) {
      return damaged(file.line, "the names of the file cannot be read");
    }
    TRY(parse_body(file));
    files_.push_back(std::move(file));
    return ok;
  }

  /// One line between "diff --git" and the content; false for anything else.
  Result<bool> parse_extended(PatchFile& file, bool prefixed) {
    using Kind = PatchFile::Kind;
    std::string_view line = lines_.header();
    const auto whole_name = [&](std::string& to, std::size_t skip) -> Result<bool> {
      const auto name = name_of(line);
      if (!name || name->size() <= skip) return damaged(lines_.number(), "a damaged file name");
      to = name->substr(skip);
      return true;
    };
    const auto mode = [&](std::optional<std::uint32_t>& to) -> Result<bool> {
      to = parse_mode(line);
      if (!to) return damaged(lines_.number(), "a damaged file mode");
      return true;
    };
    if (take(line, "old mode ")) return mode(file.old_mode);
    if (take(line, "new mode ")) return mode(file.new_mode);
    if (take(line, "deleted file mode ")) {
      file.kind = Kind::remove;
      return mode(file.old_mode);
    }
    if (take(line, "new file mode ")) {
      file.kind = Kind::create;
      return mode(file.new_mode);
    }
    if (take(line, "rename from ") || take(line, "copy from ")) return whole_name(file.old_path, 0);
    if (take(line, "rename to ")) {
      file.kind = Kind::rename;
      return whole_name(file.new_path, 0);
    }
    if (take(line, "copy to ")) {
      file.kind = Kind::copy;
      return whole_name(file.new_path, 0);
    }
    if (line.starts_with("similarity index ") || line.starts_with("dissimilarity index ") ||
        line.starts_with("index ")) {
      return true;
    }
    if (line == "--- /dev/null" || line == "+++ /dev/null") return true;
    const bool named_already = file.kind == Kind::rename || file.kind == Kind::copy;
    if (take(line, "--- ")) {
      if (named_already) return true;
      return whole_name(file.old_path, prefixed ? 2 : 0);
    }
    if (take(line, "+++ ")) {
      if (named_already) return true;
      TRY(whole_name(file.new_path, prefixed ? 2 : 0));
      if (file.old_path.empty()) file.old_path = file.new_path;
      return true;
    }
    return false;
  }

  Result<> parse_body(PatchFile& file) {
    if (file.new_path.empty()) file.new_path = file.old_path;
    const std::string_view line = lines_.header();
    if (line == "GIT binary patch") {
      lines_.advance();
      return parse_binary(file);
    }
    if (line.starts_with("Binary files ")) {
      file.lacks_binary = true;
      lines_.advance();
      return ok;
    }
    return parse_hunks(file);
  }

  Result<> parse_plain_file() {
    PatchFile file = start_file(true);
    std::string_view before = lines_.header();
    take(before, "--- ");
    lines_.advance();
    std::string_view after = lines_.header();
    take(after, "+++ ");
    lines_.advance();
    const auto old_name = name_of(before);
    const auto new_name = name_of(after);
    if (!old_name || !new_name) return damaged(file.line, "a damaged file name");
    // GNU diff -N dates a file that is not there with the beginning of time.
    const auto is_absent = [](const std::string& name, std::string_view header) {
      return name == "/dev/null" || header.find("\t1970-01-01 ") != std::string_view::npos;
    };
    if (is_absent(*old_name, before)) file.kind = PatchFile::Kind::create;
    if (is_absent(*new_name, after)) file.kind = PatchFile::Kind::remove;
    const bool in_other_folder = (Names{*old_name, *new_name}).differ_in_first_folder();
    for (const std::string& name : {*new_name, *old_name}) {
      if (name == "/dev/null") continue;
      const std::size_t slash = name.find('/');
      const std::string below = slash == std::string::npos ? name : name.substr(slash + 1);
      const bool below_first = in_other_folder || has_prefix(name);
      for (const std::string& path : {below_first ? below : name, below_first ? name : below}) {
        if (!path.empty()) file.other_paths.push_back(path);
      }
    }
    if (file.other_paths.empty()) return damaged(file.line, "a file without a name");
    file.old_path = file.new_path = file.other_paths.front();
    TRY(parse_hunks(file));
    files_.push_back(std::move(file));
    return ok;
  }

  Result<> parse_hunks(PatchFile& file) {
    while (!lines_.done()) {
      std::optional<PatchHunk> hunk = parse_hunk_header(lines_.header());
      if (!hunk) break;
      if (++hunks_ > kPatchHunksMax) {
        return {ErrorCode::exhausted,
                "the patch has more than " + std::to_string(kPatchHunksMax) + " hunks"};
      }
      const std::size_t at = lines_.number();
      lines_.advance();
      if (!parse_lines(*hunk)) {
        return damaged(at, "hunk " + std::to_string(file.hunks.size() + 1) + " of '" +
                               printable(file.new_path, 200) +
                               "' has other numbers of lines than its header says; the patch is"
                               " cut or was edited");
      }
      file.hunks.push_back(*std::move(hunk));
    }
    return ok;
  }

  bool parse_lines(PatchHunk& hunk) {
    std::size_t old_left = hunk.old_count;
    std::size_t new_left = hunk.new_count;
    while (old_left > 0 || new_left > 0) {
      std::string_view line = lines_.raw();
      if (line.empty()) return false;
      if (line.front() == '\\') {
        if (!end_without_newline(hunk)) return false;
        continue;
      }
      // Mail programs strip the blank of an empty line.
      const bool stripped = line == "\n" || line == "\r\n";
      const char kind = stripped ? ' ' : line.front();
      if (!stripped) line.remove_prefix(1);
      const bool takes_old = kind == ' ' || kind == '-';
      const bool takes_new = kind == ' ' || kind == '+';
      if (!takes_old && !takes_new) return false;
      if ((takes_old && old_left == 0) || (takes_new && new_left == 0)) return false;
      if (takes_old) --old_left;
      if (takes_new) --new_left;
      hunk.lines.push_back({kind, line});
      lines_.advance();
    }
    return lines_.done() || !lines_.raw().starts_with("\\ ") || end_without_newline(hunk);
  }

  /// "\ No newline at end of file" is about the line above it.
  bool end_without_newline(PatchHunk& hunk) {
    if (hunk.lines.empty()) return false;
    std::string_view& text = hunk.lines.back().text;
    if (text.ends_with('\n')) text.remove_suffix(1);
    lines_.advance();
    return true;
  }

  Result<> parse_binary(PatchFile& file) {
    TRY_INTO(BinaryPatch forward, parse_binary_side());
    file.binary = std::move(forward);
    // The way back follows; nobody goes it here.
    const std::string_view line = lines_.header();
    if (line.starts_with("literal ") || line.starts_with("delta ")) TRY(parse_binary_side());
    return ok;
  }

  Result<BinaryPatch> parse_binary_side() {
    BinaryPatch out;
    std::string_view line = lines_.header();
    if (take(line, "delta ")) {
      out.kind = BinaryPatch::Kind::delta;
    } else if (!take(line, "literal ")) {
      return damaged(lines_.number(), "a damaged binary patch");
    }
    const auto bytes = take_number(line);
    if (!bytes || !line.empty()) return damaged(lines_.number(), "a damaged binary patch");
    out.bytes = *bytes;
    lines_.advance();
    for (; !lines_.done() && !lines_.header().empty(); lines_.advance()) {
      out.lines.push_back(lines_.header());
    }
    if (lines_.done()) return damaged(lines_.number(), "a binary patch that is cut");
    lines_.advance();
    return out;
  }

  Lines lines_;
  std::vector<PatchFile> files_;
  std::size_t commit_ = 0;
  std::size_t hunks_ = 0;
};

}  // namespace

Result<std::vector<PatchFile>> parse_patch(std::string_view text) { return Parser(text).run(); }

}  // namespace nightjar::repo
