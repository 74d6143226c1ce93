// Java and Kotlin: Maven, Gradle. A parent builds its modules.
#include <algorithm>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 8;

std::string first_test(const Tree& tree, const std::string& root) {
  for (const std::string& file : tree.below(root)) {
    const std::string_view language = language_of_path(file);
    const bool ours = language == "java" || language == "kotlin" || file.ends_with(".groovy");
    if (ours && kind_of_path(file) == PathKind::test) return file;
  }
  return {};
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
  std::vector<Find> out;
  const auto covered = [&](const std::string& root) {
    return out.size() >= kRootsMax || std::ranges::any_of(out, [&](const Find& other) {
             return other.root == root || is_below(root, other.root);
           });
  };
  for (const std::string& root : tree.folders_with("pom.xml")) {
    if (covered(root)) continue;
    Find found = find_one(tree, root, path_in(root, "pom.xml"), "maven");
    found.build = "mvn -o -q -B compile";
    out.push_back(std::move(found));
  }
  for (const char* name :
       {"settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"}) {
    for (const std::string& root : tree.folders_with(name)) {
      if (covered(root)) continue;
      Find found = find_one(tree, root, path_in(root, name), "gradle");
      const bool wrapper = tree.has(path_in(root, "gradlew"));
      found.build =
          std::string(wrapper ? "sh ./gradlew" : "gradle") + " --offline --no-daemon -q classes";
      out.push_back(std::move(found));
    }
  }
  return out;
}

}  // namespace nightjar::harness::detection
