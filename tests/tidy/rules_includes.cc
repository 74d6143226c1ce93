#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/bytes.h"
#include "tidy/modules.h"
#include "tidy/rules.h"
#include "tidy/source_text.h"

namespace nightjar::tidy {
namespace {

/// Headers of a library, and the only files (prefixes of their paths) that may include them.
struct Library {
  const char* header;   // a regular expression
  const char* allowed;  // with a blank between
  const char* why;
};
constexpr std::array kLibraries = {
    Library{"nlohmann/.*", "src/base/json.cc", "use base/json.h"},
    Library{"sqlite3.*", "src/store/", "the store alone knows its engine"},
    Library{"libpq.*", "src/store/", "the store alone knows its engine"},
    Library{"git2(\\.h|/.*)", "src/repo/", "use repo/repository.h"},
    Library{"toml\\+\\+/.*|toml\\.hpp", "src/config/toml.cc", "use config/toml.h"},
    Library{"yaml-cpp/.*", "src/scenario/yaml.cc", "use scenario/yaml.h"},
    Library{"re2/.*", "src/scenario/ src/harness/ src/proof/",
            "patterns of users are the scenario part's, of project files detection's, of cheats "
            "proof's"},
    Library{"tree_sitter/.*", "src/reason/syntax.", "use reason/syntax.h"},
    Library{"seccomp\\.h", "src/sandbox/", "walls are the sandbox's"},
    Library{"boost/.*", "src/net/", "sockets are net's"},
};
constexpr std::array kTestOnly = {Library{"(gtest|gmock)/.*", "", "it belongs into tests"},
                                  Library{"valijson/.*", "", "it belongs into tests"}};

/// cli may do what the service offers, and nothing else.
const std::set<std::string> kPartsOfCli = {"base", "config", "api"};

bool is_allowed(const Library& library, const std::string& path) {
  std::istringstream prefixes(library.allowed);
  for (std::string prefix; prefixes >> prefix;) {
    if (starts_with(path, prefix)) return true;
  }
  return false;
}

void check_include(const std::string& path, const Include& include,
                   const std::map<std::string, Part>& parts, std::vector<Finding>& out) {
  const std::string mine = part_of(path);
  const std::string theirs = include.name.substr(0, include.name.find('/'));
  const auto part = parts.find(mine);
  if (theirs == mine) return;
  if (theirs == "bench" && ends_with(path, "_bench.cc")) return;
  if (theirs == include.name) {
    out.push_back({path, include.line, "name the part in \"" + include.name + "\""});
    return;
  }
  if (part == parts.end()) return;  // told once, by check_includes
  if (part->second.deps.count(theirs) > 0) return;
  if (is_for_tests(path) && part->second.test_deps.count(theirs) > 0) return;
  out.push_back({path, include.line,
                 "\"" + include.name + "\": " + theirs + " is not in the DEPS of " + mine});
}

}  // namespace

std::vector<Finding> check_includes(const Repository& repository) {
  std::vector<Finding> out;
  const auto parts = parts_of(repository);
  for (const std::string& path : repository.code()) {
    if (part_of(path).empty()) continue;
    for (const Include& include : includes_of(repository.text_of(path))) {
      if (include.quoted) check_include(path, include, parts, out);
      const bool fake = contains(include.name, "/testing/") && !is_for_tests(path);
      if (fake) out.push_back({path, include.line, "\"" + include.name + "\" is for tests alone"});
    }
  }
  std::set<std::string> undeclared;
  for (const std::string& path : repository.code()) {
    const std::string part = part_of(path);
    if (part.empty() || parts.count(part) > 0 || !undeclared.insert(part).second) continue;
    out.push_back({"src/" + part, 0, "declares no nightjar_module"});
  }
  const auto layers = layers_of(repository);
  for (const auto& [name, part] : parts) {
    const std::string path = "src/" + name + "/CMakeLists.txt";
    if (layers.count(name) == 0)
      out.push_back({path, 0, name + " is in no row of NIGHTJAR_LAYERS"});
    for (const std::string& dep : part.deps) {
      if (name == "cli" && kPartsOfCli.count(dep) == 0) {
        out.push_back({path, 0, "cli may not link " + dep + ": go through api"});
      }
    }
  }
  return out;
}

std::vector<Finding> check_third_party(const Repository& repository) {
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    if (starts_with(path, "tests/tidy/")) continue;
    for (const Include& include : includes_of(repository.text_of(path))) {
      for (const Library& library : kLibraries) {
        if (!RE2::FullMatch(include.name, library.header)) continue;
        if (is_allowed(library, path)) continue;
        out.push_back({path, include.line, "<" + include.name + ">: " + library.why});
      }
      for (const Library& library : kTestOnly) {
        if (is_for_tests(path) || !RE2::FullMatch(include.name, library.header)) continue;
        out.push_back({path, include.line, "<" + include.name + ">: " + library.why});
      }
    }
  }
  return out;
}

std::vector<Finding> check_first_include(const Repository& repository) {
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    const std::string text = repository.text_of(path);
    if (ends_with(path, ".h")) {
      if (!RE2::PartialMatch(text, "(?m)^#pragma once$"))
        out.push_back({path, 0, "no #pragma once"});
      continue;
    }
    const std::string header = path.substr(0, path.size() - 3) + ".h";
    if (!repository.has(header)) continue;
    const auto includes = includes_of(text);
    const bool first = !includes.empty() && ends_with("/" + header, "/" + includes[0].name);
    const std::string own = header.substr(header.find('/') + 1);
    if (!first) out.push_back({path, 0, "the first include must be \"" + own + "\""});
  }
  return out;
}

}  // namespace nightjar::tidy
