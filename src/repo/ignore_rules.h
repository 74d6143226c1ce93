// The ignore rules of a commit: gitignore(5), read from the commit's own .gitignore files and from
// nowhere else (no excludesFile, no info/exclude). Matching never takes exponential time.
// Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::repo {

inline constexpr std::size_t kIgnoreRulesMax = 20'000;
inline constexpr std::size_t kIgnoreFileBytesMax = std::size_t{1} << 20;

class IgnoreRules {
 public:
  /// Adds the lines of the .gitignore in `folder` ("" is the top). Parents before children: the
  /// last rule that matches decides. exhausted above kIgnoreRulesMax.
  Result<> add(const std::string& folder, std::string_view text);

  /// Whether the path itself matches; ask for each folder on the way down, as git does.
  enum class Kind { file, folder };
  bool ignores(std::string_view path, Kind kind) const;

 private:
  struct Rule {
    std::string folder;  // with a slash at the end, or empty: the rule holds below it
    std::vector<std::string> parts;
    bool negated = false;
    bool folders_only = false;
    bool anchored = false;  // matches the whole path below `folder`, not only the last part
  };
  static bool matches(const Rule& rule, const std::vector<std::string>& path_parts,
                      std::string_view path);
  std::vector<Rule> rules_;
};

/// Whether one name matches one pattern with *, ?, [a-z], [!a] and \.
bool matches_glob(std::string_view pattern, std::string_view name);

}  // namespace nightjar::repo
