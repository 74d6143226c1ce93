#include "harness/files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr sandbox::TreeLimits kTreeLimits = {
    .files_max = 4'000'000, .bytes_max = std::uint64_t{1} << 44U, .depth_max = 256};

bool is_wild(std::string_view part) { return part.find_first_of("*?") != std::string_view::npos; }

/// One part against one pattern without "**": the usual way back to the last star.
bool part_matches(std::string_view glob, std::string_view part) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_at = 0;
  std::size_t i = 0;
  while (at < part.size()) {
    if (i < glob.size() && glob[i] == '*') {
      star = i++;
      star_at = at;
    } else if (i < glob.size() && (glob[i] == '?' || glob[i] == part[at])) {
      ++i;
      ++at;
    } else if (star != std::string_view::npos) {
      i = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (i < glob.size() && glob[i] == '*') ++i;
  return i == glob.size();
}

/// The parts of a path against the parts of a glob; row by row, so that "**" costs no recursion.
bool parts_match(const std::vector<std::string>& glob, const std::vector<std::string>& path) {
  std::vector<char> reached(path.size() + 1, 0);
  reached[0] = 1;
  for (const std::string& pattern : glob) {
    std::vector<char> next(path.size() + 1, 0);
    if (pattern == "**") {
      bool any = false;
      for (std::size_t i = 0; i <= path.size(); ++i) {
        any = any || reached[i] != 0;
        next[i] = any ? 1 : 0;
      }
    } else {
      for (std::size_t i = 0; i < path.size(); ++i) {
        next[i + 1] = reached[i] != 0 && part_matches(pattern, path[i]) ? 1 : 0;
      }
    }
    reached = std::move(next);
  }
  return reached[path.size()] != 0;
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> out;
  for (std::string& part : split(path, '/')) {
    if (!part.empty() && part != ".") out.push_back(std::move(part));
  }
  return out;
}

/// The folder above the first part with a wildcard; negative when there is none. Follows no link.
Result<UniqueFd> open_folder(int root, const std::vector<std::string>& parts) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd at(::openat(root, ".", kFlags));
  if (!at) return errno_error("open the workspace", errno);
  for (const std::string& part : parts) {
    if (part == "..") return UniqueFd();
    UniqueFd next(::openat(at.get(), part.c_str(), kFlags));
    if (!next) return UniqueFd();
    at = std::move(next);
  }
  return at;
}

bool is_in_git(std::string_view path) {
  return path.starts_with(".git/") || path.find("/.git/") != std::string_view::npos;
}

Result<> search(int root, const std::string& glob, std::size_t files_max,
                std::set<std::string>& found) {
  const std::vector<std::string> parts = parts_of(glob);
  if (parts.empty()) return ok;
  std::vector<std::string> fixed;
  while (fixed.size() + 1 < parts.size() && !is_wild(parts[fixed.size()])) {
    fixed.push_back(parts[fixed.size()]);
  }
  TRY_INTO(const UniqueFd folder, open_folder(root, fixed));
  if (!folder) return ok;
  const std::string prefix = fixed.empty() ? "" : join(fixed, "/") + "/";
  return sandbox::walk_tree(folder.get(), kTreeLimits,
                            [&](const sandbox::TreeEntry& entry) -> Result<> {
                              const bool file = entry.kind == sandbox::TreeEntry::Kind::file ||
                                                entry.kind == sandbox::TreeEntry::Kind::executable;
                              const std::string path = prefix + entry.path;
                              if (!file || is_in_git(path) || !parts_match(parts, parts_of(path)))
                                return ok;
                              if (found.size() < files_max) found.insert(path);
                              return ok;
                            });
}

}  // namespace

bool matches(std::string_view glob, std::string_view path) {
  return parts_match(parts_of(glob), parts_of(path));
}

Result<std::vector<std::string>> find_files(const sandbox::Sandbox& sandbox,
                                            const std::vector<std::string>& globs,
                                            std::size_t files_max) {
  std::set<std::string> found;
  for (const std::string& glob : globs) {
    TRY(search(sandbox.workspace_fd(), glob, files_max, found)
            .with_context("look for " + printable(glob, 100)));
  }
  return std::vector<std::string>(found.begin(), found.end());
}

}  // namespace nightjar::harness
