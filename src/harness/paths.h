// What a file of a project is for, told from its path (and, where that does not say, its first
// bytes). Pure; any thread. One table: harness/paths.cc.
#pragma once

#include <string>
#include <string_view>

namespace nightjar::harness {

enum class PathKind {
  source,
  test,    // a test, or data and helpers that only tests use (fixtures, snapshots, conftest.py)
  judge,   // decides how a change is judged: CI files, nightjar.toml, specs/, scenarios/,
           // policy/, workflows/, hooks
  config,  // runs or steers tests and builds: Makefile, CMakeLists.txt, package.json, pom.xml,
           // pytest.ini, tox.ini, .npmrc, .cargo/config.toml, …
  lock,    // lock files of package managers
  docs,
  generated,
  vendored,
  binary,  // not text
  other,   // text that no row knows: data, licences, editor settings
};
std::string_view name_of(PathKind kind);

/// `path` is relative to the project. `head` may hold the first bytes (shebang, "generated" marks,
/// NUL bytes); empty: by path alone.
PathKind kind_of_path(std::string_view path, std::string_view head = {});

/// "python", "c", "c++", "go", "rust", "javascript", "typescript", "java", "kotlin", "ruby", "php",
/// "shell", "perl", "" when unknown.
std::string_view language_of_path(std::string_view path);

}  // namespace nightjar::harness
