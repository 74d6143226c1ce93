// C and C++ by Meson, by the autotools, by a plain Makefile.
#include <re2/re2.h>

#include <algorithm>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

// The dates of exported files say nothing, so make would want to make `configure` anew.
constexpr const char* kFreshen =
    "find . -name aclocal.m4 -exec touch {} + && find . \\( -name configure -o -name Makefile.in "
    "-o -name '*.h.in' \\) -exec touch {} + && ";

bool any_file_says(Tree& tree, const std::string& root, std::string_view name, const RE2& words,
                   std::string& where) {
  for (const std::string& file : tree.below(root)) {
    if (file_name(file) != name || kind_of_path(file) == PathKind::vendored) continue;
    if (!RE2::PartialMatch(tree.text(file), words)) continue;
    where = file;
    return true;
  }
  return false;
}

std::string makefile_in(const Tree& tree, const std::string& root) {
  return tree.first_of(root, {"GNUmakefile", "makefile", "Makefile"});
}

/// The target that runs the tests; "" when there is none.
std::string test_target(Tree& tree, const std::string& makefile) {
  static const RE2 kCheck(R"((?m)^check\s*:[^=])");
  static const RE2 kTest(R"((?m)^test\s*:([^=]|$))");
  static const RE2 kTests(R"((?m)^tests\s*:([^=]|$))");
  static const RE2 kUnit(R"((?m)^unit-?_?tests?\s*:([^=]|$))");
  const std::string& text = tree.text(makefile);
  if (RE2::PartialMatch(text, kTest)) return "test";
  if (RE2::PartialMatch(text, kCheck)) return "check";
  if (RE2::PartialMatch(text, kTests)) return "tests";
  std::string name;
  static const RE2 kUnitName(R"((?m)^(unit-?_?tests?)\s*:(?:[^=]|$))");
  if (RE2::PartialMatch(text, kUnit) && RE2::PartialMatch(text, kUnitName, &name)) return name;
  return {};
}

Find of_c(const Tree& tree, const std::string& root, std::string tool) {
  Find found{.root = root, .suites = {}, .toolchains = {"c", std::move(tool)}};
  found.files = count_sources(tree, root, {"c", "c++"});
  return found;
}

}  // namespace

std::vector<Find> find_meson(Tree& tree) {
  static const RE2 kProject(R"((?m)^\s*project\s*\()");
  static const RE2 kTest(R"((?m)^\s*(?:test|benchmark|gtest|[a-z_]*\btest)\s*\()");
  for (const std::string& root : tree.folders_with("meson.build")) {
    if (!RE2::PartialMatch(tree.text(path_in(root, "meson.build")), kProject)) continue;
    const std::string folder = tree.has_folder(path_in(root, "build")) ? "build-nightjar" : "build";
    Find found = of_c(tree, root, "meson");
    found.build = "meson setup --wrap-mode=nodownload " + folder + " && ninja -C " + folder;
    std::string where;
    if (any_file_says(tree, root, "meson.build", kTest, where)) {
      found.suites.push_back({.runner = "junit",
                              .root = root,
                              .why = where + " calls test()",
                              .command = "meson test -C " + folder + " --no-rebuild",
                              .options = {{"report", folder + "/meson-logs/testlog.junit.xml"}}});
    }
    found.reasons.push_back("Meson: " + path_in(root, "meson.build") +
                            (where.empty() ? " builds the project; it has no test()"
                                           : " is there, and " + where + " calls test()"));
    return {found};
  }
  return {};
}

std::vector<Find> find_autotools(Tree& tree) {
  static const RE2 kTests(R"((?m)^\s*(?:TESTS|check_PROGRAMS|check_SCRIPTS|check-local|check|)"
                          R"([a-z]*_TESTS)\s*(?:\+?=|:))");
  std::vector<std::string> roots = tree.folders_with("configure.ac");
  if (roots.empty()) roots = tree.folders_with("configure.in");
  if (roots.empty()) roots = tree.folders_with("configure");
  if (roots.empty()) return {};
  const std::string& root = roots.front();
  Find found = of_c(tree, root, "make");
  const bool ready = tree.has(path_in(root, "configure"));
  std::string prepare = "autoreconf -fi";
  if (!ready) {
    const std::string script = tree.first_of(root, {"autogen.sh", "bootstrap", "buildconf"});
    if (!script.empty()) prepare = "NOCONFIGURE=1 sh ./" + file_name(script);
    found.toolchains.emplace_back("autotools");
    found.reasons.push_back(path_in(root, "configure") + " is not in the repository: `" + prepare +
                            "` makes it");
  }
  // Documents are not built: makeinfo is a program that few have.
  found.build = (ready ? kFreshen : prepare + " && ") + "MAKEINFO=true sh ./configure && make";
  std::string where;
  for (const char* name : {"Makefile.am", "Makefile.in"}) {
    if (!where.empty() || !any_file_says(tree, root, name, kTests, where)) continue;
    found.suites.push_back({.runner = "make-check",
                            .root = root,
                            .why = where + " has tests",
                            .command = {},
                            .options = {}});
  }
  found.reasons.insert(found.reasons.begin(),
                       "autotools: " + (where.empty() ? path_in(root, "configure") +
                                                            " is there; no Makefile.am has tests"
                                                      : where + " has tests"));
  return {found};
}

std::vector<Find> find_makefile(Tree& tree) {
  std::vector<std::string> roots;
  for (const char* name : {"Makefile", "GNUmakefile", "makefile"}) {
    const std::vector<std::string> folders = tree.folders_with(name);
    roots.insert(roots.end(), folders.begin(), folders.end());
  }
  std::ranges::stable_sort(roots, {}, depth_of);
  for (const std::string& root : roots) {
    const std::string makefile = makefile_in(tree, root);
    const std::string target = test_target(tree, makefile);
    Find found = of_c(tree, root, "make");
    if (found.files > 0) {
      found.build = "make";
    } else {
      found.toolchains = {"make"};
    }
    if (target.empty() && root != roots.front()) continue;
    if (target.empty()) {
      if (found.files == 0) continue;
      found.reasons.push_back(makefile + " builds the project; it has no target test or check");
      if (roots.size() > 1) continue;
      return {found};
    }
    const std::string why = makefile + " has a target " + target;
    found.suites.push_back(
        {.runner = "make-check", .root = root, .why = why, .command = {}, .options = {}});
    if (target != "check") found.suites.back().options["target"] = target;
    found.reasons.push_back("make: " + why);
    return {found};
  }
  return {};
}

}  // namespace nightjar::harness::detection
