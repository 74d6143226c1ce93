#include "tidy/repository.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace nightjar::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::array kSkippedFolders = {"build",       ".git",   ".cache",
                                        "__pycache__", "target", "node_modules"};

std::string text_at(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return contains(text, std::string_view("\0", 1)) ? std::string() : text;
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!starts_with(text, pattern.substr(0, star))) return false;
  for (std::size_t skipped = star; skipped <= text.size(); ++skipped) {
    if (matches(pattern.substr(star + 1), text.substr(skipped))) return true;
  }
  return false;
}

}  // namespace

Repository::Repository(std::map<std::string, std::string> files) : files_(std::move(files)) {
  for (const auto& [path, text] : files_) {
    for (std::string folder = folder_of(path); !folder.empty(); folder = folder_of(folder)) {
      folders_.insert(folder);
    }
  }
}

Repository Repository::load(const std::string& root) {
  std::map<std::string, std::string> files;
  std::error_code failure;
  fs::recursive_directory_iterator entry(root, failure);
  for (; entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    const auto& path = entry->path();
    const std::string name = path.filename().string();
    const bool skipped =
        std::find(kSkippedFolders.begin(), kSkippedFolders.end(), name) != kSkippedFolders.end();
    if (skipped) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      files[path.lexically_relative(root).generic_string()] = text_at(path);
    }
  }
  return Repository(std::move(files));
}

bool Repository::has(const std::string& path) const {
  const std::string name = ends_with(path, "/") ? path.substr(0, path.size() - 1) : path;
  return files_.count(name) > 0 || folders_.count(name) > 0;
}

bool Repository::has_match(const std::string& pattern) const {
  if (!contains(pattern, "*")) return has(pattern);
  return std::any_of(files_.begin(), files_.end(),
                     [&](const auto& file) { return matches(pattern, file.first); }) ||
         std::any_of(folders_.begin(), folders_.end(),
                     [&](const auto& folder) { return matches(pattern, folder); });
}

std::string Repository::text_of(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? std::string() : found->second;
}

std::vector<std::string> Repository::code() const {
  std::vector<std::string> out;
  for (const auto& [path, text] : files_) {
    if (!ends_with(path, ".cc") && !ends_with(path, ".h")) continue;
    if (starts_with(path, "tests/fixtures/") || starts_with(path, "tests/tamper/")) continue;
    if (contains(path, "_corpus/")) continue;
    for (const std::string_view top : {"src/", "apps/", "bench/", "tests/", "sim/"}) {
      if (starts_with(path, top)) out.push_back(path);
    }
  }
  return out;
}

std::vector<std::string> Repository::documents() const {
  std::vector<std::string> out;
  for (const auto& [path, text] : files_) {
    if (ends_with(path, ".md") && (!contains(path, "/") || starts_with(path, "docs/"))) {
      out.push_back(path);
    }
  }
  return out;
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string part_of(std::string_view path) {
  if (!starts_with(path, "src/")) return {};
  const std::size_t end = path.find('/', 4);
  return end == std::string_view::npos ? std::string() : std::string(path.substr(4, end - 4));
}

bool is_for_tests(std::string_view path) {
  return ends_with(path, "_test.cc") || ends_with(path, "_fuzz.cc") ||
         ends_with(path, "_bench.cc") || contains(path, "/testing/") ||
         starts_with(path, "tests/") || starts_with(path, "bench/");
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

}  // namespace nightjar::tidy
