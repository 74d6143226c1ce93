#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"
#include "harness/recipe.h"

namespace nightjar::harness {
namespace {

using detection::Find;
using detection::Tree;

bool has_suites(const std::vector<Find>& finds) {
  return std::ranges::any_of(finds, [](const Find& found) { return !found.suites.empty(); });
}

/// One way to build C: the one with tests nearest to the top, else the first that builds.
std::vector<Find> find_compiled(Tree& tree) {
  std::vector<Find> best;
  for (const auto find : {detection::find_cmake, detection::find_meson, detection::find_autotools,
                          detection::find_makefile}) {
    std::vector<Find> finds = find(tree);
    if (finds.empty()) continue;
    const auto rank = [](const std::vector<Find>& each) {
      return has_suites(each) ? detection::depth_of(each.front().root) : SIZE_MAX;
    };
    if (best.empty() || rank(finds) < rank(best)) best = std::move(finds);
  }
  return best;
}

std::vector<Find> find_all(Tree& tree) {
  std::vector<Find> all;
  for (const auto find : {detection::find_python, detection::find_go, detection::find_rust,
                          detection::find_node, detection::find_java, detection::find_php,
                          detection::find_ruby, detection::find_perl, detection::find_shell}) {
    for (Find& found : find(tree)) all.push_back(std::move(found));
  }
  const bool others = has_suites(all);
  for (Find& found : find_compiled(tree)) {
    // Beside another language's suite a Makefile mostly is a menu of its tools.
    const bool menu = !found.suites.empty() && found.suites.front().runner == "make-check";
    if (others && menu && found.files < 8) continue;
    all.push_back(std::move(found));
  }
  const auto is_strong = [](const Find& found) { return !found.weak && !found.suites.empty(); };
  if (std::ranges::any_of(all, is_strong)) std::erase_if(all, [](const Find& f) { return f.weak; });
  // What has no suite is built only where nothing has one.
  if (has_suites(all)) {
    std::erase_if(all,
                  [](const Find& found) { return found.suites.empty() && found.setup.empty(); });
  }
  std::ranges::stable_sort(all, [](const Find& a, const Find& b) {
    const std::size_t depth_a = detection::depth_of(a.root);
    const std::size_t depth_b = detection::depth_of(b.root);
    return depth_a != depth_b ? depth_a < depth_b : a.files > b.files;
  });
  return all;
}

std::string in_folder(const std::string& root, const std::string& command) {
  return root.empty() ? command : "cd " + detection::quoted(root) + " && " + command;
}

void add_new(std::vector<std::string>& list, const std::string& value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

/// Puts a build after those before it. The first must succeed; of the others the suites show what
/// is missing.
void add_build(Recipe& recipe, const Find& found) {
  if (found.build.empty()) return;
  const std::string command = in_folder(found.root, found.build);
  if (recipe.build.empty()) {
    recipe.build = command;
    return;
  }
  recipe.build = "(" + recipe.build + ") && { (" + command + ") || echo " +
                 detection::quoted("nightjar: not built: " + command) + " >&2; }";
}

void add_env(Recipe& recipe, const Find& found) {
  for (const auto& [name, value] : found.env) {
    std::string& mine = recipe.env[name];
    const bool list = name == "PYTHONPATH" || name == "PERL5LIB";
    if (mine.empty() || !list) {
      mine = value;
    } else {
      mine += ":" + value;
    }
  }
}

void add(Recipe& recipe, const Find& found) {
  for (const std::string& command : found.setup) {
    add_new(recipe.setup, in_folder(found.root, command));
  }
  add_build(recipe, found);
  for (const Suite& suite : found.suites) recipe.suites.push_back(suite);
  for (const std::string& file : found.cache_files) add_new(recipe.cache_files, file);
  for (const std::string& name : found.toolchains) add_new(recipe.toolchains, name);
  add_env(recipe, found);
  for (const std::string& reason : found.reasons) add_new(recipe.reasons, reason);
}

/// What languages are there that no row of detection knows how to test.
std::string unknown_languages(const TreeFiles& files) {
  struct Hint {
    std::string_view name;
    std::string_view what;
  };
  static constexpr std::array kHints = {
      Hint{"Package.swift", "Swift"}, Hint{"mix.exs", "Elixir"},    Hint{"build.sbt", "Scala"},
      Hint{"stack.yaml", "Haskell"},  Hint{"pubspec.yaml", "Dart"}, Hint{"WORKSPACE", "Bazel"},
      Hint{"MODULE.bazel", "Bazel"},  Hint{"deno.json", "Deno"},    Hint{"project.clj", "Clojure"},
  };
  std::set<std::string> found;
  for (const std::string& path : files.paths) {
    for (const Hint& hint : kHints) {
      if (detection::file_name(path) == hint.name) found.insert(std::string(hint.what));
    }
    if (path.ends_with(".csproj") || path.ends_with(".sln")) found.insert(".NET");
  }
  return join({found.begin(), found.end()}, ", ");
}

/// Submodules are other repositories: their folders are empty here, which explains many a build
/// that fails.
std::string empty_submodules(Tree& tree) {
  constexpr std::size_t kNamedMax = 5;
  std::vector<std::string> empty;
  for (const std::string& line : split_lines(tree.text(".gitmodules"))) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || trim(line.substr(0, equals)) != "path") continue;
    const std::string path(trim(line.substr(equals + 1)));
    if (!path.empty() && !tree.has_folder(path) && empty.size() < kNamedMax) empty.push_back(path);
  }
  return join(empty, ", ");
}

}  // namespace

Result<Recipe> detect(const TreeFiles& files) {
  if (!std::ranges::is_sorted(files.paths)) {
    return {ErrorCode::invalid_input, "the files to look at are not sorted"};
  }
  Tree tree(files);
  Recipe recipe;
  for (const Find& found : find_all(tree)) add(recipe, found);
  if (const std::string empty = empty_submodules(tree); !empty.empty()) {
    recipe.reasons.push_back("git submodules are not part of a commit's files: empty here are " +
                             empty);
  }
  if (recipe.suites.size() > kSuitesMax) {
    return {ErrorCode::exhausted, "more than " + std::to_string(kSuitesMax) +
                                      " suites; name those that count in nightjar.toml, [[suite]]"};
  }
  if (recipe.suites.empty()) {
    recipe.reasons.emplace_back(
        "no suite was found: looked for tests of pytest, unittest, CMake, Meson, automake, make, "
        "Go, Cargo, Node, Maven, Gradle, PHPUnit, RSpec, Perl and bats; name one in nightjar.toml, "
        "[test] or [[suite]]");
    const std::string unknown = unknown_languages(files);
    if (!unknown.empty()) recipe.reasons.push_back("found, and without a runner: " + unknown);
  }
  return recipe;
}

}  // namespace nightjar::harness
