// Java and Kotlin: Maven, Gradle. A parent builds its modules.
#include <algorithm>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 8;

std::string first_test(const Tree& tree, const std::string& root) {
  std::string other;
  for (const std::string& file : tree.below(root)) {
    const std::string_view language = language_of_path(file);
    const bool ours = language == "java" || language == "kotlin" || file.ends_with(".groovy");
    if (!ours || kind_of_path(file) != PathKind::test) continue;
    if (("/" + file).find("/src/test/") != std::string::npos) return file;
    if (other.empty()) other = file;
  }
  return other;
}

Find find_one(const Tree& tree, const std::string& root, const std::string& manifest,
              const std::string& runner) {
  Find found{.root = root, .suites = {}, .toolchains = {"java", runner}};
  found.files = count_sources(tree, root, {"java", "kotlin"});
  const std::string test = first_test(tree, root);
  if (test.empty()) {
    found.reasons.push_back(manifest + " is there; no file below src/test");
    return found;
  }
  found.suites.push_back({.runner = runner,
                          .root = root,
                          .why = manifest + " and " + test,
                          .command = {},
                          .options = {}});
  found.reasons.push_back("Java: " + found.suites.back().why + " are there");
  return found;
}

}  // namespace

std::vector<Find> find_java(Tree& tree) {
  struct Root {
    std::string folder;
    std::string manifest;
  };
  std::vector<Root> roots;
  for (const char* name :
       {"pom.xml", "settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"}) {
    for (const std::string& folder : tree.folders_with(name)) {
      roots.push_back({folder, path_in(folder, name)});
    }
  }
  std::ranges::stable_sort(roots, {}, [](const Root& root) { return depth_of(root.folder); });
  std::vector<Find> out;
  for (const auto& [root, manifest] : roots) {
    const auto covers = [&](const Find& other) {
      return other.root == root || is_below(root, other.root);
    };
    if (out.size() >= kRootsMax || std::ranges::any_of(out, covers)) continue;
    const bool maven = manifest.ends_with("pom.xml");
    Find found = find_one(tree, root, manifest, maven ? "maven" : "gradle");
    const bool wrapper = tree.has(path_in(root, "gradlew"));
    found.build = maven ? "mvn -o -q -B compile"
                        : std::string(wrapper ? "sh ./gradlew" : "gradle") +
                              " --offline --no-daemon -q classes";
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace nightjar::harness::detection
