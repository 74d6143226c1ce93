// Go: one suite a module. Modules come from the cache of the toolchain, or from vendor/.
#include <algorithm>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 16;

/// Files of the module itself: those below a deeper go.mod are another's.
std::vector<std::string> files_of(const Tree& tree, const std::string& root,
                                  const std::vector<std::string>& roots) {
  std::vector<std::string> out;
  for (const std::string& file : tree.below(root)) {
    if (!file.ends_with(".go") || kind_of_path(file) == PathKind::vendored) continue;
    const auto holds = [&](const std::string& other) {
      return other != root && is_below(other, root) && is_below(file, other);
    };
    if (std::ranges::none_of(roots, holds)) out.push_back(file);
  }
  return out;
}

Find find_module(const Tree& tree, const std::string& root, const std::vector<std::string>& files) {
  Find found{.root = root, .suites = {}, .toolchains = {"go"}};
  found.files = static_cast<std::size_t>(std::ranges::count_if(
      files, [](const std::string& file) { return kind_of_path(file) == PathKind::source; }));
  const auto test = std::ranges::find_if(
      files, [](const std::string& file) { return file.ends_with("_test.go"); });
  const std::string manifest = path_in(root, "go.mod");
  if (test == files.end()) {
    found.build = "go build ./...";
    found.reasons.push_back(manifest + " is there; no file ends in _test.go");
    return found;
  }
  found.suites.push_back({.runner = "go",
                          .root = root,
                          .why = manifest + " and " + *test,
                          .command = {},
                          .options = {}});
  found.reasons.push_back("Go: " + found.suites.back().why + " are there");
  found.build = "go build ./...";
  // Compiles what the tests import, the standard library above all, once for all trees. A module
  // that is not in the cache is this machine's lack; packages that do not compile are the build's
  // to report.
  found.setup.emplace_back(
      "! go list -e -export -deps -test -f '{{with .Error}}{{.Err}}{{end}}' ./... 2>&1 | "
      "grep -E 'lookup disabled|read-only file system|permission denied'");
  for (const char* name : {"go.mod", "go.sum"}) {
    if (tree.has(path_in(root, name))) found.cache_files.push_back(path_in(root, name));
  }
  for (const char* name : {"go.work", "go.work.sum"}) {
    if (tree.has(name)) found.cache_files.emplace_back(name);
  }
  return found;
}

}  // namespace

std::vector<Find> find_go(Tree& tree) {
  std::vector<Find> out;
  const std::vector<std::string> roots = tree.folders_with("go.mod");
  for (const std::string& root : roots) {
    if (out.size() >= kRootsMax) break;
    const std::vector<std::string> files = files_of(tree, root, roots);
    if (!files.empty()) out.push_back(find_module(tree, root, files));
  }
  return out;
}

}  // namespace nightjar::harness::detection
