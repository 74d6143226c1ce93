// The files of the repository as the house rules see them: relative path → text. A value, so that a
// rule is shown to fail on a tree made of three strings.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nightjar::tidy {

struct Finding {
  std::string path;
  int line = 0;  // 0: the file as a whole
  std::string what;
};

class Repository {
 public:
  Repository() = default;
  explicit Repository(std::map<std::string, std::string> files);
  /// Reads all but what was built; a binary file has its path and an empty text.
  static Repository load(const std::string& root);

  const std::map<std::string, std::string>& files() const { return files_; }
  /// A file or a folder.
  bool has(const std::string& path) const;
  /// `*` stands for any characters.
  bool has_match(const std::string& pattern) const;
  std::string text_of(const std::string& path) const;  // empty when there is none
  /// Paths of our own C++: src, apps, bench, tests, sim, without fixtures and corpora.
  std::vector<std::string> code() const;
  /// Documents: *.md at the top and in docs/.
  std::vector<std::string> documents() const;

 private:
  std::map<std::string, std::string> files_;
  std::set<std::string> folders_;
};

bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);
bool contains(std::string_view text, std::string_view part);
/// "src/store/sqlite/x.cc" → "store"; empty outside of src/.
std::string part_of(std::string_view path);
/// _test.cc, _fuzz.cc, _bench.cc or below testing/.
bool is_for_tests(std::string_view path);
/// "src/store/x.cc" → "src/store".
std::string folder_of(std::string_view path);

}  // namespace nightjar::tidy
