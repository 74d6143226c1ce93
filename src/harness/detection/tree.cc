#include "harness/detection/tree.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr auto kAside = std::to_array<std::string_view>(
    {"example",   "examples",      "sample",    "samples",    "demo",
     "demos",     "doc",           "docs",      "fixture",    "fixtures",
     "testdata",  "test-fixtures", "test-data", "test_data",  "template",
     "templates", "tutorial",      "tutorials", "benchmark",  "benchmarks",
     "bench",     "__fixtures__",  "website",   "playground", "playgrounds",
     "fuzz",      "e2e",           "test",      "tests",      "integration-tests",
     "testing",   "__tests__",     "spec",      "t",          "scratch",
     "dist"});

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

Tree::Tree(const TreeFiles& files) : files_(files) {}

bool Tree::has(std::string_view path) const {
  return std::ranges::binary_search(files_.paths, path, std::less<>());
}

bool Tree::has_folder(std::string_view folder) const { return !below(folder).empty(); }

std::string Tree::first_of(std::string_view folder,
                           std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    std::string path = path_in(folder, name);
    if (has(path)) return path;
  }
  return {};
}

std::span<const std::string> Tree::below(std::string_view folder) const {
  const std::span<const std::string> all(files_.paths);
  if (folder.empty()) return all;
  const std::string prefix = std::string(folder) + "/";
  const auto begin = std::ranges::lower_bound(all, prefix);
  const auto end = std::find_if(begin, all.end(),
                                [&](const std::string& path) { return !path.starts_with(prefix); });
  return {begin, end};
}

std::vector<std::string> Tree::folders_with(std::string_view name) const {
  std::vector<std::string> out;
  for (const std::string& path : files_.paths) {
    if (!path.ends_with(name)) continue;
    std::string folder = folder_of(path);
    if (path_in(folder, name) != path || is_aside(folder)) continue;
    out.push_back(std::move(folder));
  }
  std::ranges::stable_sort(out, {}, depth_of);
  if (out.size() > kFoldersMax) out.resize(kFoldersMax);
  return out;
}

const std::string& Tree::text(const std::string& path) {
  const auto known = texts_.find(path);
  if (known != texts_.end()) return known->second;
  std::string content;
  if (files_.read && has(path)) {
    content = files_.read(path, std::min(kFileReadBytesMax, bytes_left_)).value_or(std::string());
  }
  bytes_left_ -= std::min(bytes_left_, content.size());
  return texts_.emplace(path, std::move(content)).first->second;
}

bool Tree::says(const std::string& path, std::string_view words) {
  return text(path).find(words) != std::string::npos;
}

std::optional<Json> Tree::json(const std::string& path) {
  std::string_view content = text(path);
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  Result<Json> parsed = parse_json(content);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return *std::move(parsed);
}

std::optional<config::TomlValue> Tree::toml(const std::string& path) {
  const std::string& content = text(path);
  if (trim(content).empty()) return std::nullopt;
  Result<config::TomlValue> parsed = config::parse_toml(content, path);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

std::string path_in(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::size_t depth_of(std::string_view folder) {
  if (folder.empty()) return 0;
  return static_cast<std::size_t>(std::ranges::count(folder, '/')) + 1;
}

bool is_below(std::string_view path, std::string_view folder) {
  if (folder.empty()) return true;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool is_aside(std::string_view path) {
  if (kind_of_path(std::string(path) + "/x") == PathKind::vendored) return true;
  for (const std::string& part : split(path, '/')) {
    if (std::ranges::find(kAside, std::string_view(part)) != kAside.end()) return true;
    if (part.size() > 1 && part.starts_with('.')) return true;
    if (part.find("{{") != std::string::npos) return true;  // Of a project generator.
  }
  return false;
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) {
      return true;
    }
  }
  return false;
}

const config::TomlValue* at(const config::TomlValue& root,
                            std::initializer_list<std::string_view> keys) {
  const config::TomlValue* value = &root;
  for (const std::string_view key : keys) {
    value = value->find(key);
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::vector<std::string> texts_of(const config::TomlValue* value) {
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (value->kind == config::TomlValue::Kind::text) return split(value->text, ' ');
  for (const config::TomlValue& item : value->items) {
    if (item.kind == config::TomlValue::Kind::text) out.push_back(item.text);
  }
  return out;
}

std::string quoted(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || std::string_view("/.-+=:,@%").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::size_t count_sources(const Tree& tree, const std::string& root,
                          std::initializer_list<std::string_view> languages) {
  return static_cast<std::size_t>(
      std::ranges::count_if(tree.below(root), [&](const std::string& path) {
        const std::string_view language = language_of_path(path);
        return std::ranges::find(languages, language) != languages.end() &&
               kind_of_path(path) == PathKind::source;
      }));
}

}  // namespace nightjar::harness::detection
