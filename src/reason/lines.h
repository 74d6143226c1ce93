// Which statement a source line belongs to. Coverage is marked at the first line of a statement;
// all its lines share the mark. Any thread.
#pragma once

#include <vector>

#include "reason/edits.h"

namespace nightjar::reason {

/// Index: line (from 1; [0] is unused). Value: the first line of the innermost statement around it,
/// 0 for lines outside of functions (C) and blank lines at the top.
std::vector<int> statement_lines(const SyntaxTree& tree);

/// Gives lines that no statement owns the score of what depends on them: a definition that of the
/// statements that use its name, a function's head that of its body.
void spread_scores(const SourceFile& file, const std::vector<int>& statement_line,
                   std::vector<double>& scores);

}  // namespace nightjar::reason
