// Rust: one suite a workspace, or a crate that belongs to none.
#include <algorithm>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 16;

bool opens_workspace(Tree& tree, const std::string& root) {
  const std::string& text = tree.text(path_in(root, "Cargo.toml"));
  return text.find("[workspace]") != std::string::npos ||
         text.find("[workspace.") != std::string::npos;
}

std::string test_evidence(Tree& tree, const std::string& root) {
  for (const std::string& file : tree.below(root)) {
    if (!file.ends_with(".rs") || kind_of_path(file) == PathKind::vendored) continue;
    const std::string& text = tree.text(file);
    for (const std::string_view mark : {"#[test]", "#[cfg(test)]", "::test]", "```"}) {
      if (text.find(mark) != std::string::npos) return file + " has tests";
    }
  }
  return {};
}

}  // namespace

std::vector<Find> find_rust(Tree& tree) {
  std::vector<Find> out;
  std::vector<std::string> workspaces;
  for (const std::string& root : tree.folders_with("Cargo.toml")) {
    if (out.size() >= kRootsMax) break;
    const auto covers = [&](const std::string& other) { return is_below(root, other); };
    if (std::ranges::any_of(workspaces, covers)) continue;
    const bool workspace = opens_workspace(tree, root);
    if (workspace) workspaces.push_back(root);
    Find found{.root = root, .suites = {}, .toolchains = {"rust"}};
    found.files = count_sources(tree, root, {"rust"});
    const bool locked = tree.has(path_in(root, "Cargo.lock"));
    const std::string flags = std::string(" --offline") + (locked ? " --locked" : "");
    found.build = "cargo build" + flags + (workspace ? " --workspace" : "");
    found.setup.push_back("cargo fetch" + flags);
    for (const char* name : {"Cargo.toml", "Cargo.lock"}) {
      if (tree.has(path_in(root, name))) found.cache_files.push_back(path_in(root, name));
    }
    for (const std::string& file : tree.below(root)) {
      const bool member = workspace && file_name(file) == "Cargo.toml" &&
                          file != path_in(root, "Cargo.toml") &&
                          kind_of_path(file) != PathKind::vendored;
      if (member) found.cache_files.push_back(file);
    }
    const std::string manifest = path_in(root, "Cargo.toml");
    const std::string tests = test_evidence(tree, root);
    const std::string what = manifest + (workspace ? " opens a workspace" : " is there");
    if (!locked) {
      found.reasons.push_back(
          "there is no Cargo.lock: set-up makes one from the crates of the cache");
    }
    if (tests.empty()) {
      found.reasons.insert(found.reasons.begin(), "Rust: " + what + "; no file has #[test]");
    } else {
      found.suites.push_back({.runner = "cargo",
                              .root = root,
                              .why = what + ", " + tests,
                              .command = {},
                              .options = {}});
      found.reasons.insert(found.reasons.begin(), "Rust: " + what + ", and " + tests);
    }
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace nightjar::harness::detection
