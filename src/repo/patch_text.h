// The text of a patch as a list of files: git's format (git diff, git format-patch, git log -p) and
// plain unified diffs (diff -u). Pure; the views point into the text. Not for other parts.
// Errors: invalid_input with the line of the patch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::repo {

inline constexpr std::size_t kPatchHunksMax = 1'000'000;

struct PatchLine {
  char kind = ' ';        // ' ' stays, '-' goes, '+' comes
  std::string_view text;  // with its newline, unless the file has none there
};

struct PatchHunk {
  std::string_view header;  // "@@ -1,3 +1,4 @@"
  std::size_t old_start = 0;
  std::size_t old_count = 0;
  std::size_t new_start = 0;
  std::size_t new_count = 0;
  std::vector<PatchLine> lines;
};

/// Git's form of a file that is not text: a zlib stream in base 85, of the file or of a delta.
struct BinaryPatch {
  enum class Kind { literal, delta } kind = Kind::literal;
  std::uint64_t bytes = 0;  // inflated
  std::vector<std::string_view> lines;
};

struct PatchFile {
  enum class Kind { change, create, remove, rename, copy } kind = Kind::change;
  std::string old_path;
  std::string new_path;
  /// What else the paths may mean, in the order to try; for plain diffs alone, whose names follow
  /// no rule.
  std::vector<std::string> other_paths;
  std::optional<std::uint32_t> old_mode;
  std::optional<std::uint32_t> new_mode;
  std::vector<PatchHunk> hunks;
  std::optional<BinaryPatch> binary;
  bool lacks_binary = false;  // "Binary files differ", and no more
  bool plain = false;         // no "diff --git" line
  std::size_t commit = 0;     // counts the commits of a series: each is made on top of the last
  std::size_t line = 0;       // in the patch, from 1
};

Result<std::vector<PatchFile>> parse_patch(std::string_view text);

}  // namespace nightjar::repo
