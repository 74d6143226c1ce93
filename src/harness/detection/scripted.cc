// PHP, Ruby, Perl and shell.
#include <re2/re2.h>

#include <algorithm>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

std::string work_path(std::string_view root, std::string_view folder) {
  return path_in(path_in(sandbox::kWorkspacePath, root).ends_with('/')
                     ? std::string(sandbox::kWorkspacePath)
                     : path_in(sandbox::kWorkspacePath, root),
                 folder);
}

std::string first_below(const Tree& tree, const std::string& folder, std::string_view ending) {
  for (const std::string& file : tree.below(folder)) {
    if (file.ends_with(ending) && kind_of_path(file) != PathKind::vendored) return file;
  }
  return {};
}

/// Whether composer.json asks for more than PHP itself and its extensions.
bool needs_packages(const Json& manifest) {
  for (const char* part : {"require", "require-dev"}) {
    const Json* list = manifest.find(part);
    if (list == nullptr || !list->is_object()) continue;
    for (const auto& [name, version] : list->as_object()) {
      if (name.find('/') != std::string::npos) return true;
    }
  }
  return false;
}

Find find_phpunit(Tree& tree, const std::string& root, const std::string& why) {
  Find found{.root = root, .suites = {}, .toolchains = {"php"}};
  found.files = count_sources(tree, root, {"php"});
  found.suites.push_back(
      {.runner = "phpunit", .root = root, .why = why, .command = {}, .options = {}});
  found.reasons.push_back("PHP: " + why);
  const std::string composer = path_in(root, "composer.json");
  if (!tree.has(composer) || tree.has_folder(path_in(root, "vendor"))) return found;
  found.cache_files.push_back(composer);
  const std::string lock = path_in(root, "composer.lock");
  if (tree.has(lock)) found.cache_files.push_back(lock);
  const auto manifest = tree.json(composer);
  found.toolchains.emplace_back("composer");
  found.setup.emplace_back(manifest && needs_packages(*manifest)
                               ? "composer install --no-interaction --no-scripts --no-plugins "
                                 "--no-progress"
                               : "composer dump-autoload --no-interaction --no-scripts "
                                 "--no-plugins");
  return found;
}

}  // namespace

std::vector<Find> find_php(Tree& tree) {
  for (const char* name : {"phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"}) {
    const std::vector<std::string> roots = tree.folders_with(name);
    if (roots.empty()) continue;
    return {find_phpunit(tree, roots.front(), path_in(roots.front(), name) + " is there")};
  }
  for (const std::string& root : tree.folders_with("composer.json")) {
    const std::string manifest = path_in(root, "composer.json");
    if (!tree.says(manifest, "phpunit/phpunit")) continue;
    return {find_phpunit(tree, root, manifest + " names phpunit/phpunit")};
  }
  return {};
}

namespace {

Find find_ruby_in(const Tree& tree, const std::string& root) {
  Find found{.root = root, .suites = {}, .toolchains = {"ruby"}};
  found.files = count_sources(tree, root, {"ruby"});
  const std::string spec = first_below(tree, path_in(root, "spec"), "_spec.rb");
  if (!spec.empty()) {
    found.suites.push_back(
        {.runner = "rspec", .root = root, .why = spec + " is there", .command = {}, .options = {}});
    found.reasons.push_back("Ruby: " + spec + " is there");
  }
  for (const char* pattern : {"test_*.rb", "*_test.rb", "spec_*.rb"}) {
    const std::string_view glob = pattern;
    const auto is_test = [&](const std::string& file) {
      const std::string name = file_name(file);
      return glob.starts_with('*') ? name.ends_with("_test.rb")
                                   : name.starts_with(glob.substr(0, 5)) && name.ends_with(".rb");
    };
    const auto files = tree.below(path_in(root, "test"));
    const auto test = std::ranges::find_if(files, [&](const std::string& file) {
      return is_test(file) && !file_name(file).ends_with("_helper.rb");
    });
    if (test == files.end()) continue;
    const std::string command =
        std::string("ruby -Ilib -Itest -e 'Dir[\"test/**/") + pattern +
        "\"].sort.each { |f| require File.expand_path(f) unless f.end_with?(\"_helper.rb\") }'";
    found.suites.push_back({.runner = "command",
                            .root = root,
                            .why = *test + " is there",
                            .command = command,
                            .options = {}});
    found.reasons.push_back("Ruby: " + *test + " is there");
    break;
  }
  if (!found.suites.empty() && tree.has(path_in(root, "Gemfile"))) {
    found.reasons.emplace_back("gems are those of the toolchain; Bundler is not asked");
  }
  return found;
}

}  // namespace

std::vector<Find> find_ruby(Tree& tree) {
  constexpr std::size_t kRootsMax = 8;
  std::vector<std::string> roots = tree.folders_with("Gemfile");
  if (roots.empty() || !roots.front().empty()) roots.insert(roots.begin(), "");
  std::vector<Find> out;
  for (const std::string& root : roots) {
    Find found = find_ruby_in(tree, root);
    if (!found.suites.empty() && out.size() < kRootsMax) out.push_back(std::move(found));
  }
  return out;
}

std::vector<Find> find_perl(Tree& tree) {
  const auto is_perl_test = [&](const std::string& file) {
    return file.ends_with(".t") && kind_of_path(file) != PathKind::vendored &&
           (folder_of(file) == "t" || folder_of(file).ends_with("/t") ||
            file.find("t/") != std::string::npos);
  };
  std::string root;
  for (const char* name : {"Makefile.PL", "Build.PL", "dist.ini", "cpanfile"}) {
    const std::vector<std::string> folders = tree.folders_with(name);
    if (folders.empty()) continue;
    root = folders.front();
    break;
  }
  const auto files = tree.below(path_in(root, "t"));
  const auto test = std::ranges::find_if(files, is_perl_test);
  if (test == files.end()) return {};
  Find found{.root = root, .suites = {}, .toolchains = {"perl"}};
  found.files = count_sources(tree, root, {"perl"});
  found.suites.push_back(
      {.runner = "tap", .root = root, .why = *test + " is there", .command = {}, .options = {}});
  found.reasons.push_back("TAP: " + *test + " is there");
  if (tree.has(path_in(root, "Makefile.PL"))) {
    found.build = "perl Makefile.PL && make";
  } else if (tree.has(path_in(root, "Build.PL"))) {
    found.build = "perl Build.PL && ./Build";
  }
  if (!found.build.empty()) found.toolchains.emplace_back("make");
  found.env["PERL5LIB"] = join({work_path(root, "blib/lib"), work_path(root, "blib/arch"),
                                work_path(root, "lib"), work_path(root, "t/lib")},
                               ":");
  found.env["PERL_MM_USE_DEFAULT"] = "1";
  return {found};
}

std::vector<Find> find_shell(Tree& tree) {
  std::string why;
  for (const std::string& file : tree.below("")) {
    if (!file.ends_with(".bats") || kind_of_path(file) == PathKind::vendored) continue;
    const std::string folder = folder_of(file);
    const bool shown = folder.starts_with("docs") || folder.find("example") != std::string::npos;
    if (shown || folder.find("fixtures") != std::string::npos) continue;
    why = file + " is there";
    break;
  }
  if (why.empty()) return {};
  Find found{.root = "", .suites = {}, .toolchains = {"bats"}};
  found.files = count_sources(tree, "", {"shell"});
  found.suites.push_back({.runner = "bats", .root = "", .why = why, .command = {}, .options = {}});
  found.reasons.push_back("bats: " + why);
  return {found};
}

}  // namespace nightjar::harness::detection
