// Edits: what one slip of a programmer could have changed, as replacements of a byte range.
//
// Each edit touches one place. Its prior says how likely such a slip is (small is likely), whatever
// the place; the search subtracts how suspicious the place is. Two edits never give the same text.
// Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reason/names.h"
#include "reason/syntax.h"

namespace nightjar::reason {

struct SourceFile {
  std::string path;  // in the workspace
  bool executable = false;
  SyntaxTree tree;
  Names names;
};

Result<SourceFile> read_source(std::string path, std::string text);

struct Edit {
  std::uint32_t start = 0;  // bytes of the old text to replace
  std::uint32_t end = 0;
  std::string replacement;
  std::string_view kind;  // words: "comparison operator"; static
  double prior = 0;
  int line = 0;
  std::string because;  // "the comparison `<` should be `<=`"
};

std::string apply_edit(const std::string& text, const Edit& edit);

/// How many tokens the edit takes away and adds.
int changed_tokens(const std::string& text, const Edit& edit);

/// False when the changed text has more syntax mistakes than the file had.
bool still_parses(const SourceFile& file, const Edit& edit);

/// Where edits are wanted: true for a line that may hold the fault.
using LineFilter = std::function<bool(int line)>;

/// The seam for other sources of edits. `known` holds the functions of the project's other files.
using EditSource = std::function<std::vector<Edit>(
    const SourceFile& file, const std::vector<Function>& known, const LineFilter& wanted)>;

inline constexpr std::size_t kEditsOfFileMax = 200'000;

/// The built-in source: every kind of the table in edit_kinds.h, cheapest first, then by place.
std::vector<Edit> single_site_edits(const SourceFile& file, const std::vector<Function>& known,
                                    const LineFilter& wanted);

}  // namespace nightjar::reason
