#include "reason/sources.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"

namespace nightjar::reason {
namespace {

bool is_foreign(const std::string& path) {
  static const std::set<std::string, std::less<>> kFolders = {
      ".git", ".hg",   "node_modules", ".venv",         "venv",
      ".tox", ".eggs", "__pycache__",  "site-packages", ".nightjar"};
  for (const std::string& part : split(path, '/')) {
    if (kFolders.contains(part)) return true;
  }
  return false;
}

bool is_frozen(const std::string& path, const std::vector<std::string>& frozen_paths) {
  return std::any_of(frozen_paths.begin(), frozen_paths.end(), [&](const std::string& prefix) {
    return !prefix.empty() && path.starts_with(prefix);
  });
}

}  // namespace

Result<Sources> read_sources(int workspace_fd, const std::vector<std::string>& frozen_paths) {
  using Kind = sandbox::TreeEntry::Kind;
  Sources sources;
  const auto visit = [&](const sandbox::TreeEntry& entry) -> Result<> {
    if (entry.kind != Kind::file && entry.kind != Kind::executable) return ok;
    if (is_foreign(entry.path) || is_frozen(entry.path, frozen_paths)) return ok;
    const bool by_suffix = language_of(entry.path, "").has_value();
    if (!by_suffix && (entry.kind != Kind::executable || entry.bytes > kSourceBytesMax)) return ok;
    if (entry.bytes > kSourceBytesMax || sources.files.size() >= kSourceFilesMax) {
      sources.skipped.push_back(entry.path);
      return ok;
    }
    TRY_INTO(std::string text, sandbox::read_file_at(workspace_fd, entry.path, kSourceBytesMax));
    if (!language_of(entry.path, text)) return ok;
    Result<SourceFile> file = read_source(entry.path, std::move(text));
    if (!file) {
      sources.skipped.push_back(entry.path);
      return ok;
    }
    file->executable = entry.kind == Kind::executable;
    sources.files.push_back(*std::move(file));
    return ok;
  };
  TRY(sandbox::walk_tree(workspace_fd, kSourceTreeLimits, visit));
  return sources;
}

}  // namespace nightjar::reason
