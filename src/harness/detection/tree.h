// The files of a tree as detection asks for them: by name, by folder, by content.
//
// Reads each file once, and not more than kReadBytesMax in all: a repository is as large as a
// stranger likes. Keeps a reference to the files it was made of. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "config/toml.h"
#include "harness/recipe.h"

namespace nightjar::harness::detection {

inline constexpr std::size_t kFileReadBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kReadBytesMax = std::size_t{48} << 20;
inline constexpr std::size_t kFoldersMax = 256;  // with a manifest of one name

class Tree {
 public:
  explicit Tree(const TreeFiles& files);

  bool has(std::string_view path) const;
  bool has_folder(std::string_view folder) const;
  /// The first of the names that the folder holds, as a path; "" when it holds none.
  std::string first_of(std::string_view folder,
                       std::initializer_list<std::string_view> names) const;

  /// Files below the folder ("" is the top), sorted.
  std::span<const std::string> below(std::string_view folder) const;

  /// Folders that hold a file of this name and are a part of the project themselves: no examples,
  /// fixtures or vendored code. Shallow ones first, at most kFoldersMax.
  std::vector<std::string> folders_with(std::string_view name) const;

  /// "" when it is absent, too large, or over the total.
  const std::string& text(const std::string& path);
  bool says(const std::string& path, std::string_view words);
  std::optional<Json> json(const std::string& path);
  /// nullopt also where the text is no TOML, or stranger than config/toml.h takes.
  std::optional<config::TomlValue> toml(const std::string& path);

 private:
  const TreeFiles& files_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::size_t bytes_left_ = kReadBytesMax;
};

/// "" + "x" is "x", "a" + "x" is "a/x".
std::string path_in(std::string_view folder, std::string_view name);
std::string folder_of(std::string_view path);
std::string file_name(std::string_view path);
std::size_t depth_of(std::string_view folder);
bool is_below(std::string_view path, std::string_view folder);

/// Example, fixture, template and vendored folders hold manifests that are nobody's suite.
bool is_aside(std::string_view path);

/// Whether the text holds the word, with no letter, digit or '_' beside it.
bool has_word(std::string_view text, std::string_view word);

/// A value of a TOML table by dotted path; nullptr when a part is missing.
const config::TomlValue* at(const config::TomlValue& root,
                            std::initializer_list<std::string_view> keys);
std::vector<std::string> texts_of(const config::TomlValue* value);

/// 'x' for a POSIX shell.
std::string quoted(std::string_view text);

/// What one language found in one folder.
struct Find {
  std::string root;
  std::vector<Suite> suites;
  std::string build{};               // to be run in `root`
  std::vector<std::string> setup{};  // likewise
  std::vector<std::string> cache_files{};
  std::vector<std::string> toolchains{};
  std::map<std::string, std::string> env{};
  std::vector<std::string> reasons{};
  bool weak = false;      // counts only where nothing else has a suite
  std::size_t files = 0;  // of source in its language; the larger part of a project comes first
};

// One function a family, in the file of its name.
std::vector<Find> find_python(Tree& tree);
std::vector<Find> find_cmake(Tree& tree);
std::vector<Find> find_meson(Tree& tree);
std::vector<Find> find_autotools(Tree& tree);
std::vector<Find> find_makefile(Tree& tree);
std::vector<Find> find_go(Tree& tree);
std::vector<Find> find_rust(Tree& tree);
std::vector<Find> find_node(Tree& tree);
std::vector<Find> find_java(Tree& tree);
std::vector<Find> find_php(Tree& tree);
std::vector<Find> find_ruby(Tree& tree);
std::vector<Find> find_perl(Tree& tree);
std::vector<Find> find_shell(Tree& tree);

/// Files below `root` of one of the languages that are source, not vendored.
std::size_t count_sources(const Tree& tree, const std::string& root,
                          std::initializer_list<std::string_view> languages);

}  // namespace nightjar::harness::detection
