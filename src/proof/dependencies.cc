// Manifests of package managers, as far as names and versions go. What cannot be read names
// nothing.
#include <re2/re2.h>

#include "base/bytes.h"
#include "proof/review.h"
#include "proof/tamper/pattern.h"

namespace nightjar::proof {
namespace {

using Dependencies = std::map<std::string, std::string>;

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// {"dependencies": {"left-pad": "^1.3"}}, under any of the keys.
Dependencies of_json(std::string_view text, std::initializer_list<const char*> keys) {
  Dependencies out;
  const Result<Json> json = parse_json(text);
  if (!json) return out;
  for (const char* key : keys) {
    const Json* members = json->find(key);
    if (members == nullptr || !members->is_object()) continue;
    for (const auto& [name, version] : members->as_object()) {
      out[name] = version.is_string() ? version.as_string() : "";
    }
  }
  return out;
}

/// Lines `name = "1"` in tables whose name holds "dependencies".
Dependencies of_tables(std::string_view text) {
  static const RE2 kTable(R"(^\s*\[+([^\]]+)\])");
  static const RE2 kEntry(R"re(^\s*"?([A-Za-z0-9_.-]+)"?\s*=\s*(.*)$)re");
  Dependencies out;
  bool inside = false;
  for (const std::string& line : split_lines(text)) {
    std::string name, version;
    if (RE2::PartialMatch(line, kTable, &name)) {
      inside = name.find("dependencies") != std::string::npos;
    } else if (inside && RE2::PartialMatch(line, kEntry, &name, &version)) {
      out[name] = std::string(trim(version));
    }
  }
  return out;
}

/// Requirements as PEP 508 writes them, one a line or quoted in a list.
Dependencies of_requirements(std::string_view text, const RE2& entry) {
  Dependencies out;
  for (const std::string& line : split_lines(text)) {
    re2::StringPiece rest = piece(line);
    std::string name, version;
    while (RE2::FindAndConsume(&rest, entry, &name, &version)) {
      out[name] = std::string(trim(version));
    }
  }
  return out;
}

/// Lists under `dependencies = [` and the tables of optional ones, and Poetry's tables.
Dependencies of_pyproject(std::string_view text) {
  static const RE2 kList(R"((?m)^\s*(?:dependencies|requires|[\w-]+)\s*=\s*\[([^\]]*)\])");
  static const RE2 kQuoted(R"re(["']([A-Za-z0-9_.-]+)\s*((?:\[[^\]]*\])?\s*[<>=!~][^"']*|)["'])re");
  Dependencies out = of_tables(text);
  std::string lists;
  each_match(kList, text,
             [&](std::size_t, std::string_view list) { lists += std::string(list) + "\n"; });
  out.merge(of_requirements(lists, kQuoted));
  return out;
}

Dependencies of_pom(std::string_view text) {
  static const RE2 kEntry(
      R"((?s)<dependency>.*?<artifactId>\s*([^<\s]+)\s*</artifactId>(.*?)</dependency>)");
  static const RE2 kVersion(R"(<version>\s*([^<\s]+)\s*</version>)");
  Dependencies out;
  re2::StringPiece rest = piece(text);
  std::string name, body;
  while (RE2::FindAndConsume(&rest, kEntry, &name, &body)) {
    std::string version;
    RE2::PartialMatch(body, kVersion, &version);
    out[name] = version;
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> dependencies_in(std::string_view path, std::string_view text) {
  static const RE2 kRequirements(R"(^requirements[\w.-]*\.(?:txt|in)$)");
  static const RE2 kRequirement(R"(^\s*([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?\s*([<>=!~][^#;]*|$|[#;]))");
  static const RE2 kGo(R"(^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/[^\s]+)\s+(v[^\s]+))");
  static const RE2 kGem(R"re(^\s*gem\s+["']([^"']+)["'](.*)$)re");
  const std::string_view name = base_name(path);
  if (name == "package.json") {
    return of_json(text,
                   {"dependencies", "devDependencies", "peerDependencies", "optionalDependencies"});
  }
  if (name == "composer.json") return of_json(text, {"require", "require-dev"});
  if (name == "Cargo.toml") return of_tables(text);
  if (name == "pyproject.toml") return of_pyproject(text);
  if (name == "go.mod") return of_requirements(text, kGo);
  if (name == "pom.xml") return of_pom(text);
  if (name == "Gemfile") return of_requirements(text, kGem);
  if (matches(kRequirements, name)) return of_requirements(text, kRequirement);
  return {};
}

}  // namespace nightjar::proof
