#include "repo/ignore_rules.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"

namespace nightjar::repo {
namespace {

struct Step {
  bool matched = false;
  std::size_t pattern_bytes = 0;
};

/// Matches one character against a [set] at the front of `pattern`. Nothing: the set is not closed.
std::optional<Step> match_set(std::string_view pattern, char c) {
  std::size_t i = 1;
  bool negated = false;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
    negated = true;
    ++i;
  }
  bool matched = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const auto low = static_cast<unsigned char>(pattern[i++]);
    auto high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      high = static_cast<unsigned char>(pattern[i++]);
    }
    const auto code = static_cast<unsigned char>(c);
    if (low <= code && code <= high) matched = true;
  }
  if (i >= pattern.size()) return std::nullopt;
  return Step{matched != negated, i + 1};
}

/// Matches one character against the first item of `pattern`, which is no star.
Step match_one(std::string_view pattern, char c) {
  if (pattern[0] == '?') return {true, 1};
  if (pattern[0] == '[') {
    if (const std::optional<Step> step = match_set(pattern, c)) return *step;
    return {};  // Like git: a set that is not closed matches nothing.
  }
  if (pattern[0] == '\\' && pattern.size() > 1) return {pattern[1] == c, 2};
  return {pattern[0] == c, 1};
}

/// Whether the parts of a path match the parts of a pattern, in which "**" stands for any number.
/// The same greedy walk as for characters: only the last "**" is ever moved.
bool matches_parts(const std::vector<std::string>& pattern, const std::vector<std::string>& parts,
                   std::size_t from) {
  std::size_t p = 0;
  std::size_t i = from;
  std::optional<std::size_t> star;
  std::size_t star_at = 0;
  while (i < parts.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      star_at = i;
    } else if (p < pattern.size() && matches_glob(pattern[p], parts[i])) {
      ++p;
      ++i;
    } else if (star) {
      p = *star + 1;
      i = ++star_at;
    } else {
      return false;
    }
  }
  // "a/**" is everything inside a, not a itself.
  if (p + 1 == pattern.size() && pattern[p] == "**") return false;
  return p == pattern.size();
}

std::string_view without_trailing_spaces(std::string_view line) {
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
  return line;
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::optional<std::size_t> star;
  std::size_t star_at = 0;
  while (n < name.size()) {
    Step step;
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_at = n;
      continue;
    }
    if (p < pattern.size()) step = match_one(pattern.substr(p), name[n]);
    if (step.matched) {
      p += step.pattern_bytes;
      ++n;
    } else if (star) {
      p = *star;
      n = ++star_at;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<> IgnoreRules::add(const std::string& folder, std::string_view text) {
  const std::string name = (folder.empty() ? "" : folder + "/") + ".gitignore";
  if (text.size() > kIgnoreFileBytesMax) {
    return {ErrorCode::exhausted, printable(name, 200) + " is larger than " +
                                      std::to_string(kIgnoreFileBytesMax) + " bytes; shorten it"};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (const std::string& full_line : split_lines(text)) {
    std::string_view line = full_line;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = without_trailing_spaces(line);
    if (line.empty() || line.front() == '#') continue;
    Rule rule;
    rule.folder = folder.empty() ? "" : folder + "/";
    if (line.front() == '!') {
      rule.negated = true;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      rule.folders_only = true;
      line.remove_suffix(1);
    }
    rule.anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) continue;
    rule.parts = split(line, '/');
    if (rules_.size() == kIgnoreRulesMax) {
      return {ErrorCode::exhausted, printable(name, 200) + ": more than " +
                                        std::to_string(kIgnoreRulesMax) +
                                        " ignore rules in the project; use fewer"};
    }
    rules_.push_back(std::move(rule));
  }
  return ok;
}

bool IgnoreRules::matches(const Rule& rule, const std::vector<std::string>& path_parts,
                          std::string_view path) {
  if (!path.starts_with(rule.folder)) return false;
  if (!rule.anchored) return matches_glob(rule.parts[0], path_parts.back());
  const auto from = std::count(rule.folder.begin(), rule.folder.end(), '/');
  return matches_parts(rule.parts, path_parts, static_cast<std::size_t>(from));
}

bool IgnoreRules::ignores(std::string_view path, Kind kind) const {
  const std::vector<std::string> parts = split(path, '/');
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && kind == Kind::file) continue;
    if (matches(*rule, parts, path)) return !rule->negated;
  }
  return false;
}

}  // namespace nightjar::repo
