#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/bytes.h"
#include "tidy/modules.h"
#include "tidy/rules.h"
#include "tidy/source_text.h"

namespace nightjar::tidy {
namespace {

constexpr const char* kArchitecture = "docs/ARCHITECTURE.md";

struct Line {
  int number;
  std::string text;
};

/// The lines outside of ``` fences.
std::vector<Line> prose_of(const std::string& text) {
  std::vector<Line> out;
  bool fenced = false;
  int number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (starts_with(trim(line), "```")) {
      fenced = !fenced;
    } else if (!fenced) {
      out.push_back({number, std::string(line)});
    }
  }
  return out;
}

/// The lines under `## heading`, up to the next heading of that rank.
std::vector<Line> section_of(const std::string& text, const std::string& heading) {
  std::vector<Line> out;
  bool inside = false;
  for (const Line& line : prose_of(text)) {
    if (starts_with(line.text, "## ")) {
      inside = trim(line.text) == "## " + heading;
    } else if (inside) {
      out.push_back(line);
    }
  }
  return out;
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> out;
  if (!starts_with(row, "|")) return out;
  for (const std::string& cell : split(row, '|')) out.emplace_back(trim(cell));
  out.erase(out.begin());
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

std::vector<std::string> quoted_in(const std::string& line) {
  static const RE2 kQuoted("`([^`]+)`");
  std::vector<std::string> out;
  re2::StringPiece rest(line);
  std::string token;
  while (RE2::FindAndConsume(&rest, kQuoted, &token)) out.push_back(token);
  return out;
}

/// "a.{h,cc}" → "a.h", "a.cc".
std::vector<std::string> expanded(const std::string& path) {
  const std::size_t open = path.find('{');
  const std::size_t close = path.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {path};
  std::vector<std::string> out;
  for (const std::string& choice : split(path.substr(open + 1, close - open - 1), ',')) {
    out.push_back(path.substr(0, open) + choice + path.substr(close + 1));
  }
  return out;
}

/// Where a back-ticked word points to in the repository; nothing if it is no path of ours.
std::optional<std::string> path_meant(const Repository& repository, const std::string& token,
                                      const std::map<std::string, int>& layers) {
  static const RE2 kPath(R"([A-Za-z0-9_.*{},/-]+)");
  static const std::array kTops = {"src",  "apps",     "tests",     "bench", "docs", "cmake",
                                   "deps", "examples", "workflows", "sim",   "web",  ".ci"};
  const std::size_t slash = token.find('/');
  if (slash == std::string::npos || !RE2::FullMatch(token, kPath)) return std::nullopt;
  const std::string first = token.substr(0, slash);
  if (std::find(kTops.begin(), kTops.end(), first) != kTops.end()) return token;
  if (layers.count(first) > 0 && repository.has("src/" + first)) return "src/" + token;
  return std::nullopt;
}

std::string slug_of(const std::string& heading) {
  std::string out;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '_' || c == '-' || byte >= 0x80) {
      out += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      out += '-';
    }
  }
  return out;
}

bool has_anchor(const std::string& text, const std::string& anchor) {
  for (const Line& line : prose_of(text)) {
    const std::size_t hashes = line.text.find_first_not_of('#');
    if (hashes == 0 || hashes == std::string::npos || line.text[hashes] != ' ') continue;
    if (slug_of(std::string(trim(line.text.substr(hashes)))) == anchor) return true;
  }
  return false;
}

/// "docs/a/../b.md" → "docs/b.md".
std::string normal(const std::string& path) {
  std::vector<std::string> out;
  for (const std::string& piece : split(path, '/')) {
    if (piece == ".." && !out.empty()) {
      out.pop_back();
    } else if (piece != "." && !piece.empty()) {
      out.push_back(piece);
    }
  }
  return join(out, "/");
}

std::set<std::string> tests_of(const Repository& repository) {
  static const RE2 kTest(R"(\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  std::set<std::string> out;
  for (const std::string& path : repository.code()) {
    if (!ends_with(path, "_test.cc")) continue;
    const std::string text = repository.text_of(path);
    re2::StringPiece rest(text);
    std::string suite;
    std::string name;
    while (RE2::FindAndConsume(&rest, kTest, &suite, &name)) out.insert(suite + "." + name);
  }
  return out;
}

bool names_a_test(const std::string& token) {
  return RE2::FullMatch(token, R"([A-Z][A-Za-z0-9]*\.[A-Z][A-Za-z0-9]*)");
}

}  // namespace

std::vector<Finding> check_module_table(const Repository& repository) {
  std::vector<Finding> out;
  const auto parts = parts_of(repository);
  const auto layers = layers_of(repository);
  std::set<std::string> rows;
  for (const Line& line : section_of(repository.text_of(kArchitecture), "Parts")) {
    const auto cells = cells_of(line.text);
    const auto names = cells.size() == 4 ? quoted_in(cells[1]) : std::vector<std::string>();
    if (names.size() != 1) continue;
    rows.insert(names[0]);
    const auto part = parts.find(names[0]);
    if (part == parts.end()) {
      out.push_back({kArchitecture, line.number, "src/" + names[0] + " does not exist"});
      continue;
    }
    const auto quoted = quoted_in(cells[3]);
    if (std::set<std::string>(quoted.begin(), quoted.end()) != part->second.deps) {
      const std::vector<std::string> deps(part->second.deps.begin(), part->second.deps.end());
      out.push_back({kArchitecture, line.number,
                     "DEPS of " + names[0] + " are " + join(deps, " ") + " in CMake"});
    }
    const auto layer = layers.find(names[0]);
    if (layer == layers.end() || std::to_string(layer->second) != cells[0]) {
      out.push_back(
          {kArchitecture, line.number, "the layer of " + names[0] + " differs from CMake"});
    }
  }
  for (const auto& [path, text] : repository.files()) {
    const std::string part = part_of(path);
    if (part.empty() || !rows.insert(part).second) continue;
    out.push_back({kArchitecture, 0, "no row for the folder src/" + part});
  }
  return out;
}

std::vector<Finding> check_document_paths(const Repository& repository) {
  std::vector<Finding> out;
  const auto layers = layers_of(repository);
  for (const std::string& document : repository.documents()) {
    for (const Line& line : prose_of(repository.text_of(document))) {
      for (const std::string& token : quoted_in(line.text)) {
        const auto meant = path_meant(repository, token, layers);
        if (!meant) continue;
        for (const std::string& path : expanded(*meant)) {
          if (repository.has_match(path)) continue;
          out.push_back({document, line.number, "there is no `" + path + "`"});
        }
      }
    }
  }
  return out;
}

std::vector<Finding> check_invariants(const Repository& repository) {
  std::vector<Finding> out;
  const auto tests = tests_of(repository);
  const std::string text = repository.text_of(kArchitecture);
  for (const Line& line : prose_of(text)) {
    for (const std::string& token : quoted_in(line.text)) {
      if (!names_a_test(token) || tests.count(token) > 0) continue;
      out.push_back({kArchitecture, line.number, "there is no test `" + token + "`"});
    }
  }
  bool below_head = false;
  for (const Line& line : section_of(text, "Invariants")) {
    const auto cells = cells_of(line.text);
    const bool is_rule = !cells.empty() && starts_with(cells[0], "--");
    below_head = !cells.empty() && (below_head || is_rule);
    if (!below_head || is_rule) continue;
    const auto quoted = quoted_in(cells.back());
    if (std::any_of(quoted.begin(), quoted.end(), names_a_test)) continue;
    out.push_back({kArchitecture, line.number, "an invariant that names no test"});
  }
  return out;
}

std::vector<Finding> check_titles(const Repository& repository) {
  std::vector<Finding> out;
  for (const std::string& document : repository.documents()) {
    const auto lines = prose_of(repository.text_of(document));
    const auto titles = std::count_if(
        lines.begin(), lines.end(), [](const Line& line) { return starts_with(line.text, "# "); });
    if (titles != 1) out.push_back({document, 0, std::to_string(titles) + " titles, not one"});
  }
  return out;
}

std::vector<Finding> check_links(const Repository& repository) {
  static const RE2 kLink(R"(\]\(([^)\s]+)\))");
  static const RE2 kScheme(R"(^[a-z]+:)");
  std::vector<Finding> out;
  for (const std::string& document : repository.documents()) {
    for (const Line& line : prose_of(repository.text_of(document))) {
      re2::StringPiece rest(line.text);
      std::string target;
      while (RE2::FindAndConsume(&rest, kLink, &target)) {
        if (RE2::PartialMatch(target, kScheme)) continue;
        const std::size_t hash = target.find('#');
        const std::string file = target.substr(0, hash);
        const std::string path = file.empty() ? document : normal(folder_of(document) + "/" + file);
        const bool anchored = hash == std::string::npos ||
                              has_anchor(repository.text_of(path), target.substr(hash + 1));
        if (repository.has(path) && anchored) continue;
        out.push_back({document, line.number, "a dead link: " + target});
      }
    }
  }
  return out;
}

}  // namespace nightjar::tidy
