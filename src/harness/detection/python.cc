// Python: pytest, unittest, Django's runner. The project is imported from where it lies; what an
// installation would add beside it (metadata, entry points, a version file) the set-up makes.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 16;
constexpr std::size_t kTestFilesReadMax = 60;
constexpr auto kManifests =
    std::to_array<std::string_view>({"pyproject.toml", "setup.py", "setup.cfg", "Pipfile",
                                     "pytest.ini", "tox.ini", "requirements.txt"});

void add_new(std::vector<std::string>& list, std::string value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(std::move(value));
}

/// `test-x.py` is a script: no runner could import it.
bool is_module(std::string_view path) {
  return path.ends_with(".py") && file_name(path).find('-') == std::string::npos;
}

/// One project: a folder, with what lies in it and not in a deeper project.
class Project {
 public:
  Project(Tree& tree, std::string root, const std::vector<std::string>& deeper)
      : tree_(tree), root_(std::move(root)) {
    pyproject_ = tree_.toml(path("pyproject.toml"));
    for (const std::string& file : tree_.below(root_)) {
      if (language_of_path(file) != "python") continue;
      const auto holds = [&](const std::string& other) { return is_below(file, other); };
      if (std::ranges::any_of(deeper, holds)) continue;
      const PathKind kind = kind_of_path(file);
      if (kind == PathKind::test && is_module(file)) tests_.push_back(file);
      if (kind == PathKind::source) ++sources_;
    }
  }

  bool has_tests() const {
    return std::ranges::any_of(tests_, [](const std::string& file) {
      const std::string name = file_name(file);
      return name != "conftest.py" && name != "__init__.py";
    });
  }

  Find find() {
    Find found{.root = root_, .suites = {}, .toolchains = {"python"}, .files = sources_};
    add_suite(found);
    if (found.suites.empty()) return found;
    found.reasons.push_back("Python: " + found.suites.back().why);
    add_import_path(found);
    add_setup(found);
    add_extensions(found);
    // A script beside another language's code that happens to look like a test.
    found.weak = found.setup.empty() &&
                 found.suites.back().why.find("pytest") == std::string::npos &&
                 !tree_.has(path("tox.ini"));
    return found;
  }

 private:
  std::string path(std::string_view name) const { return path_in(root_, name); }

  void add_suite(Find& found) {
    Suite suite{
        .runner = "pytest", .root = root_, .why = pytest_evidence(), .command = {}, .options = {}};
    if (suite.why.empty() && has_tests()) {
      suite.why = django_evidence();
      if (!suite.why.empty()) {
        suite.runner = "command";
        suite.command = "python3 manage.py test";
      }
    }
    if (suite.why.empty()) {
      suite.why = import_evidence("unittest");
      if (!suite.why.empty()) suite.runner = "unittest";
    }
    if (suite.why.empty()) suite.why = function_evidence();
    if (!suite.why.empty()) found.suites.push_back(std::move(suite));
  }

  /// Strong first: configuration, then declared dependencies, then what the tests import.
  std::string pytest_evidence() {
    for (const char* name : {"pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"}) {
      if (tree_.has(path(name))) return path(name) + " is there";
    }
    if (pyproject_ && at(*pyproject_, {"tool", "pytest"}) != nullptr) {
      return path("pyproject.toml") + " has [tool.pytest]";
    }
    if (tree_.says(path("pyproject.toml"), "[tool.pytest")) {
      return path("pyproject.toml") + " has [tool.pytest]";
    }
    if (tree_.says(path("tox.ini"), "[pytest]")) return path("tox.ini") + " has [pytest]";
    if (tree_.says(path("setup.cfg"), "[tool:pytest]")) {
      return path("setup.cfg") + " has [tool:pytest]";
    }
    if (!has_tests()) return {};
    for (const std::string& file : tests_) {
      if (file_name(file) == "conftest.py") return file + " is there";
    }
    for (const std::string& file : hint_files()) {
      if (has_word(tree_.text(file), "pytest")) return file + " names pytest";
    }
    return import_evidence("pytest");
  }

  std::vector<std::string> requirement_files() const {
    std::vector<std::string> out;
    for (const std::string& file : tree_.below(root_)) {
      const bool near = depth_of(file) <= depth_of(root_) + 2;
      if (near && file.find("requirements") != std::string::npos && file.ends_with(".txt")) {
        out.push_back(file);
      }
    }
    return out;
  }

  std::vector<std::string> hint_files() const {
    std::vector<std::string> out = requirement_files();
    for (const char* name : {"pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "noxfile.py",
                             "Pipfile", "Makefile"}) {
      if (tree_.has(path(name))) out.push_back(path(name));
    }
    return out;
  }

  std::string first_test_with(const RE2& pattern) {
    const std::size_t read = std::min(tests_.size(), kTestFilesReadMax);
    for (std::size_t i = 0; i < read; ++i) {
      if (RE2::PartialMatch(tree_.text(tests_[i]), pattern)) return tests_[i];
    }
    return {};
  }

  std::string import_evidence(std::string_view module) {
    static const RE2 kPytest(R"((?m)^\s*(?:import pytest|from pytest\b|from _pytest))");
    static const RE2 kUnittest(R"((?m)^\s*(?:import unittest|from unittest|from django\.test))");
    const std::string file = first_test_with(module == "pytest" ? kPytest : kUnittest);
    return file.empty() ? file : file + " imports " + std::string(module);
  }

  /// Tests that import neither: plain functions are pytest's.
  std::string function_evidence() {
    static const RE2 kFunction(R"((?m)^(?:async )?def test\w*\(|^\s+def test\w*\(self)");
    const std::string file = first_test_with(kFunction);
    return file.empty() ? file : file + " defines test functions";
  }

  std::string django_evidence() {
    const std::string manage = path("manage.py");
    if (!tree_.says(manage, "DJANGO_SETTINGS_MODULE")) return {};
    return manage + " is Django's, and nothing names pytest";
  }

  /// Folders that hold the project's packages, relative to its root, "" for the root.
  std::vector<std::string> package_folders() {
    std::vector<std::string> out;
    if (pyproject_) add_declared(out);
    static const RE2 kSetupCfg(R"((?m)^\s*(?:where|package_dir)\s*=\s*\n?\s*=?\s*([\w./-]+)\s*$)");
    static const RE2 kPackageDir(R"(package_dir\s*=\s*\{\s*["']{2}\s*:\s*["']([\w./-]+)["'])");
    static const RE2 kFind(
        R"(find_(?:namespace_)?packages\(\s*(?:where\s*=\s*)?["']([\w./-]+)["'])");
    std::string folder;
    if (RE2::PartialMatch(tree_.text(path("setup.cfg")), kSetupCfg, &folder)) add_new(out, folder);
    for (const RE2* pattern : {&kPackageDir, &kFind}) {
      if (RE2::PartialMatch(tree_.text(path("setup.py")), *pattern, &folder)) add_new(out, folder);
    }
    if (holds_packages("src")) add_new(out, "src");
    std::erase_if(out, [&](const std::string& each) {
      return each == "." || each.empty() || !tree_.has_folder(path(each));
    });
    out.emplace_back();
    return out;
  }

  void add_declared(std::vector<std::string>& out) {
    for (const std::string& folder :
         texts_of(at(*pyproject_, {"tool", "setuptools", "packages", "find", "where"}))) {
      add_new(out, folder);
    }
    for (const auto keys : {at(*pyproject_, {"tool", "setuptools", "package-dir", ""}),
                            at(*pyproject_, {"tool", "pdm", "package-dir"}),
                            at(*pyproject_, {"tool", "pdm", "build", "package-dir"}),
                            at(*pyproject_, {"tool", "uv", "build-backend", "module-root"}),
                            at(*pyproject_, {"tool", "hatch", "build", "sources"})}) {
      for (const std::string& folder : texts_of(keys)) add_new(out, folder);
    }
    for (const std::string& package :
         texts_of(at(*pyproject_, {"tool", "hatch", "build", "targets", "wheel", "packages"}))) {
      add_new(out, folder_of(package));
    }
    const config::TomlValue* packages = at(*pyproject_, {"tool", "poetry", "packages"});
    if (packages == nullptr) return;
    for (const config::TomlValue& package : packages->items) {
      for (const std::string& folder : texts_of(package.find("from"))) add_new(out, folder);
    }
  }

  bool holds_packages(std::string_view folder) const {
    const std::string prefix = path(folder);
    if (tree_.has(prefix + "/__init__.py")) return false;
    const std::size_t depth = depth_of(prefix);
    return std::ranges::any_of(tree_.below(prefix), [&](const std::string& file) {
      return file.ends_with(".py") && depth_of(file) <= depth + 3;
    });
  }

  void add_import_path(Find& found) {
    std::vector<std::string> inside;
    for (const std::string& folder : package_folders()) {
      const std::string whole = folder.empty() ? root_ : path(folder);
      inside.push_back(path_in(sandbox::kWorkspacePath, whole));
      if (inside.back().ends_with('/')) inside.back().pop_back();
      if (!folder.empty()) found.reasons.push_back("packages lie in " + whole);
    }
    inside.push_back(path_in(path_in(sandbox::kWorkspacePath, root_), ".nightjar/python"));
    std::ranges::for_each(inside, [](std::string& each) {
      for (std::size_t at = each.find("//"); at != std::string::npos; at = each.find("//")) {
        each.erase(at, 1);
      }
    });
    found.env["PYTHONPATH"] = join(inside, ":");
    found.env["PYTHONDONTWRITEBYTECODE"] = "1";
  }

  void add_setup(Find& found) {
    for (const char* name : {"pyproject.toml", "setup.py", "setup.cfg", "poetry.lock", "uv.lock",
                             "pdm.lock", "Pipfile.lock"}) {
      if (tree_.has(path(name))) found.cache_files.push_back(path(name));
    }
    for (const std::string& file : requirement_files()) found.cache_files.push_back(file);
    if (found.cache_files.empty()) return;
    found.setup.push_back(std::string("python3 ") + kReportersPath + "/python_project.py");
  }

  void add_extensions(Find& found) {
    const std::string& setup = tree_.text(path("setup.py"));
    if (has_word(setup, "ext_modules") || has_word(setup, "cythonize") ||
        has_word(setup, "cffi_modules")) {
      found.build = "python3 setup.py build_ext --inplace";
      found.reasons.push_back(path("setup.py") + " has extension modules");
    }
    if (!pyproject_) return;
    for (const std::string& backend :
         texts_of(at(*pyproject_, {"build-system", "build-backend"}))) {
      if (backend != "mesonpy" && backend != "maturin" && backend != "scikit_build_core.build") {
        continue;
      }
      found.reasons.push_back("extension modules of " + path("pyproject.toml") + " are built by " +
                              backend + ", which detection does not run; say so in [build]");
    }
  }

  Tree& tree_;
  std::string root_;
  std::optional<config::TomlValue> pyproject_;
  std::vector<std::string> tests_;
  std::size_t sources_ = 0;
};

std::vector<std::string> roots_of(const Tree& tree) {
  std::vector<std::string> roots;
  for (const std::string_view name : kManifests) {
    for (const std::string& folder : tree.folders_with(name)) add_new(roots, folder);
  }
  add_new(roots, "");
  std::ranges::stable_sort(roots, {}, depth_of);
  return roots;
}

}  // namespace

std::vector<Find> find_python(Tree& tree) {
  std::vector<Find> out;
  const std::vector<std::string> roots = roots_of(tree);
  std::vector<std::string> done;
  for (const std::string& root : roots) {
    if (out.size() >= kRootsMax) break;
    // pytest started in a folder finds what lies below it.
    const auto covers = [&](const std::string& other) { return is_below(root, other); };
    if (std::ranges::any_of(done, covers)) continue;
    std::vector<std::string> deeper;
    for (const std::string& other : roots) {
      if (other != root && is_below(other, root)) deeper.push_back(other);
    }
    Find found = Project(tree, root, deeper).find();
    if (found.suites.empty()) continue;
    done.push_back(root);
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace nightjar::harness::detection
