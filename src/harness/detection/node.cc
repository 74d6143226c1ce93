// JavaScript and TypeScript: the runner that `npm test` comes down to, called without npm.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/bytes.h"
#include "harness/detection/script.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 24;
constexpr std::size_t kTestFilesReadMax = 40;
constexpr const char* kPrograms = "PATH=\"$PWD/node_modules/.bin:$PATH\"; ";

// Development dependencies that no test of the code itself needs.
constexpr auto kToolPrefixes = std::to_array<std::string_view>({"eslint",
                                                                "@eslint",
                                                                "@typescript-eslint",
                                                                "prettier",
                                                                "standard",
                                                                "xo",
                                                                "husky",
                                                                "lint-staged",
                                                                "np",
                                                                "@types/",
                                                                "c8",
                                                                "nyc",
                                                                "semantic-release",
                                                                "@semantic-release",
                                                                "release-it",
                                                                "@commitlint",
                                                                "commitizen",
                                                                "cz-",
                                                                "auto-changelog",
                                                                "conventional-",
                                                                "tsd",
                                                                "markdownlint",
                                                                "neostandard",
                                                                "typedoc",
                                                                "jsdoc",
                                                                "remark",
                                                                "@biomejs/",
                                                                "oxlint",
                                                                "snazzy",
                                                                "globals",
                                                                "dtslint",
                                                                "changelogen",
                                                                "@changesets/"});

bool is_member_pattern(std::string_view pattern, std::string_view folder) {
  const std::vector<std::string> wanted = split(pattern, '/');
  const std::vector<std::string> parts = split(folder, '/');
  if (!wanted.empty() && wanted.back() == "**") return folder.starts_with(wanted.front());
  if (wanted.size() != parts.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t star = wanted[i].find('*');
    if (star == std::string::npos ? wanted[i] != parts[i]
                                  : !parts[i].starts_with(wanted[i].substr(0, star))) {
      return false;
    }
  }
  return true;
}

class Package {
 public:
  Package(Tree& tree, std::string root) : tree_(tree), root_(std::move(root)) {
    manifest_ = tree_.json(path("package.json")).value_or(Json::object());
    const Json* scripts = manifest_.find("scripts");
    if (scripts != nullptr && scripts->is_object()) scripts_ = *scripts;
  }

  /// Folders, relative to this one, that are its workspaces.
  std::vector<std::string> members() {
    std::vector<std::string> patterns = member_patterns();
    std::vector<std::string> out;
    if (patterns.empty()) return out;
    for (const std::string& file : tree_.below(root_)) {
      if (file_name(file) != "package.json" || file == path("package.json")) continue;
      const std::string folder = folder_of(file);
      if (kind_of_path(file) == PathKind::vendored) continue;
      const std::string inner = root_.empty() ? folder : folder.substr(root_.size() + 1);
      const auto fits = [&](std::string pattern) {
        if (pattern.starts_with("./")) pattern.erase(0, 2);
        while (pattern.ends_with('/')) pattern.pop_back();
        return is_member_pattern(pattern, inner);
      };
      if (std::ranges::any_of(patterns, fits)) out.push_back(folder);
    }
    return out;
  }

  /// The suites of this package, and what has to be run before them.
  Find find() {
    Find found{.root = root_, .suites = {}, .toolchains = {"node"}};
    found.files = count_sources(tree_, root_, {"javascript", "typescript"});
    const std::vector<Step> steps = steps_of(scripts_, "test");
    std::vector<std::string> before;
    for (const Step& step : steps) {
      const bool first = found.suites.empty();
      if (step.kind == Step::Kind::build && first) before.push_back(step.text);
      if (step.kind == Step::Kind::runner || (step.kind == Step::Kind::program && first)) {
        add_suite(found, step);
      }
    }
    if (found.suites.empty()) {
      before.clear();
      add_by_evidence(found, steps);
    }
    if (!found.suites.empty() && !before.empty()) {
      found.build = kPrograms + join(before, " && ");
      found.reasons.push_back("before the tests, " + path("package.json") + " runs " +
                              printable(join(before, " && "), 200));
    }
    return found;
  }

  bool delegates() {
    const std::vector<Step> steps = steps_of(scripts_, "test");
    return std::ranges::any_of(steps,
                               [](const Step& step) { return step.kind == Step::Kind::elsewhere; });
  }

  std::string name() const { return manifest_.string_or("name", ""); }

  /// Packages that an installation would bring; those of `ours` are in the repository.
  std::vector<std::string> dependencies(const std::set<std::string>& ours,
                                        bool only_tools_left_out) {
    std::vector<std::string> out;
    for (const char* part : {"dependencies", "devDependencies", "optionalDependencies"}) {
      const Json* list = manifest_.find(part);
      if (list == nullptr || !list->is_object()) continue;
      const bool development = std::string_view(part) == "devDependencies";
      for (const auto& [name, version] : list->as_object()) {
        if (ours.contains(name)) continue;
        if (development && only_tools_left_out && is_tool(name)) continue;
        out.push_back(name);
      }
    }
    return out;
  }

 private:
  std::string path(std::string_view name) const { return path_in(root_, name); }

  static bool is_tool(std::string_view name) {
    return std::ranges::any_of(kToolPrefixes,
                               [&](std::string_view prefix) { return name.starts_with(prefix); });
  }

  void add_suite(Find& found, const Step& step) {
    const bool runner = step.kind == Step::Kind::runner;
    Suite suite{.runner = runner ? step.runner : "command",
                .root = root_,
                .why = path("package.json") + " runs " + printable(step.text, 120),
                .command = {},
                .options = {}};
    if (runner && !step.arguments.empty()) suite.options["args"] = step.arguments;
    if (!runner) suite.command = kPrograms + step.text;
    const auto same = [&](const Suite& other) { return other.runner == suite.runner; };
    if (std::ranges::any_of(found.suites, same)) return;
    found.reasons.push_back("JavaScript: " + suite.why);
    found.suites.push_back(std::move(suite));
  }

  /// Without a script that says it: dependencies, configuration files, imports.
  void add_by_evidence(Find& found, const std::vector<Step>& steps) {
    const auto elsewhere = [](const Step& step) { return step.kind == Step::Kind::elsewhere; };
    if (std::ranges::any_of(steps, elsewhere)) return;
    std::string why;
    for (const char* runner : {"vitest", "jest", "mocha"}) {
      why = evidence_of(runner);
      if (why.empty()) continue;
      found.suites.push_back(
          {.runner = runner, .root = root_, .why = why, .command = {}, .options = {}});
      break;
    }
    if (found.suites.empty()) {
      why = node_evidence();
      if (why.empty()) return;
      found.suites.push_back(
          {.runner = "node", .root = root_, .why = why, .command = {}, .options = {}});
    }
    found.reasons.push_back("JavaScript: " + why);
  }

  std::string evidence_of(const std::string& runner) {
    for (const std::string& file : tree_.below(root_)) {
      if (depth_of(file) != depth_of(root_) + 1) continue;
      const std::string name = file_name(file);
      if (name.starts_with(runner + ".config.") || name.starts_with("." + runner + "rc")) {
        return file + " is there";
      }
    }
    if (manifest_.find(runner) != nullptr) return path("package.json") + " configures " + runner;
    const Json* development = manifest_.find("devDependencies");
    if (development != nullptr && development->find(runner) != nullptr && has_tests()) {
      return path("package.json") + " depends on " + runner;
    }
    return {};
  }

  bool has_tests() const {
    return std::ranges::any_of(tree_.below(root_), [](const std::string& file) {
      const std::string_view language = language_of_path(file);
      return (language == "javascript" || language == "typescript") &&
             kind_of_path(file) == PathKind::test;
    });
  }

  std::string node_evidence() {
    static const RE2 kImport(R"((?:from|require\(|import)\s*['"]node:test['"])");
    std::size_t read = 0;
    for (const std::string& file : tree_.below(root_)) {
      const std::string_view language = language_of_path(file);
      if (language != "javascript" && language != "typescript") continue;
      if (kind_of_path(file) != PathKind::test || ++read > kTestFilesReadMax) continue;
      if (RE2::PartialMatch(tree_.text(file), kImport)) return file + " imports node:test";
    }
    return {};
  }

  std::vector<std::string> member_patterns() {
    std::vector<std::string> patterns;
    const Json* workspaces = manifest_.find("workspaces");
    if (workspaces != nullptr && workspaces->is_object()) workspaces = workspaces->find("packages");
    add_strings(workspaces, patterns);
    if (const auto lerna = tree_.json(path("lerna.json")); patterns.empty() && lerna) {
      add_strings(lerna->find("packages"), patterns);
    }
    static const RE2 kItem(R"(^\s*-\s*['"]?([^'"#\s]+)['"]?)");
    for (const std::string& line : split_lines(tree_.text(path("pnpm-workspace.yaml")))) {
      std::string pattern;
      if (RE2::PartialMatch(line, kItem, &pattern)) patterns.push_back(pattern);
    }
    std::erase_if(patterns, [](const std::string& pattern) { return pattern.starts_with('!'); });
    return patterns;
  }

  static void add_strings(const Json* list, std::vector<std::string>& out) {
    if (list == nullptr || !list->is_array()) return;
    for (const Json& item : list->as_array()) {
      if (item.is_string()) out.push_back(item.as_string());
    }
  }

  Tree& tree_;
  std::string root_;
  Json manifest_;
  Json scripts_ = Json::object();
};

/// One installation: a folder with its workspaces.
class Installation {
 public:
  Installation(Tree& tree, const std::string& root) : tree_(tree), root_(root) {
    members_ = Package(tree, root).members();
  }

  const std::vector<std::string>& members() const { return members_; }

  std::vector<Find> find() {
    std::vector<Find> out;
    Package top(tree_, root_);
    Find first = top.find();
    if (!first.suites.empty()) {
      out.push_back(std::move(first));
    } else {
      for (const std::string& member : members_) {
        if (out.size() >= kRootsMax) break;
        Find found = Package(tree_, member).find();
        if (!found.suites.empty()) out.push_back(std::move(found));
      }
    }
    if (!out.empty()) add_setup(out);
    return out;
  }

 private:
  /// The installation comes first, whatever package the first suite is in.
  void add_setup(std::vector<Find>& finds) {
    if (tree_.has_folder(path_in(root_, "node_modules"))) return;
    const bool only_node = std::ranges::all_of(finds, [](const Find& found) {
      return std::ranges::all_of(found.suites,
                                 [](const Suite& suite) { return suite.runner == "node"; });
    });
    const std::vector<std::string> needed = needed_packages(only_node);
    if (needed.empty()) {
      finds.front().reasons.push_back("the tests need no package: nothing is installed");
      return;
    }
    Find setup{.root = root_, .suites = {}, .toolchains = {"node"}};
    setup.setup.push_back(install_command(setup));
    for (const std::string& member : members_) {
      setup.cache_files.push_back(path_in(member, "package.json"));
    }
    setup.files = finds.front().files;
    finds.insert(finds.begin(), std::move(setup));
  }

  std::vector<std::string> needed_packages(bool only_node) {
    std::vector<std::string> folders = members_;
    folders.insert(folders.begin(), root_);
    std::set<std::string> ours;
    for (const std::string& folder : folders) ours.insert(Package(tree_, folder).name());
    std::vector<std::string> needed;
    for (const std::string& folder : folders) {
      for (std::string& name : Package(tree_, folder).dependencies(ours, only_node)) {
        needed.push_back(std::move(name));
      }
    }
    return needed;
  }

  std::string install_command(Find& setup) {
    struct Manager {
      std::string_view lock;
      std::string_view toolchain;
      std::string_view command;
    };
    static constexpr auto kManagers = std::to_array<Manager>({
        {"package-lock.json", "npm", "npm ci --offline --ignore-scripts --no-audit --no-fund"},
        {"npm-shrinkwrap.json", "npm", "npm ci --offline --ignore-scripts --no-audit --no-fund"},
        {"pnpm-lock.yaml", "pnpm", "pnpm install --offline --frozen-lockfile --ignore-scripts"},
        {"yarn.lock", "yarn", "yarn install --offline --frozen-lockfile --ignore-scripts"},
    });
    setup.cache_files.push_back(path_in(root_, "package.json"));
    for (const Manager& manager : kManagers) {
      const std::string lock = path_in(root_, manager.lock);
      if (!tree_.has(lock)) continue;
      setup.cache_files.push_back(lock);
      setup.toolchains.emplace_back(manager.toolchain);
      setup.reasons.push_back(lock + " says what is installed");
      return std::string(manager.command);
    }
    setup.toolchains.emplace_back("npm");
    setup.reasons.push_back("there is no lock file: npm takes what fits from its cache");
    return "npm install --offline --ignore-scripts --no-audit --no-fund --no-package-lock";
  }

  Tree& tree_;
  std::string root_;
  std::vector<std::string> members_;
};

}  // namespace

std::vector<Find> find_node(Tree& tree) {
  std::vector<Find> out;
  std::vector<std::string> done;
  for (const std::string& root : tree.folders_with("package.json")) {
    if (out.size() >= kRootsMax) break;
    const auto covers = [&](const std::string& other) {
      return other == root || is_below(root, other);
    };
    if (std::ranges::any_of(done, covers)) continue;
    Installation installation(tree, root);
    std::vector<Find> finds = installation.find();
    if (finds.empty()) continue;
    done.push_back(root);
    for (Find& found : finds) out.push_back(std::move(found));
  }
  return out;
}

}  // namespace nightjar::harness::detection
