// Atoms: small comparisons over the variables that are visible at a place, likeliest first.
// What conditions and guards are made of. Any thread.
#pragma once

#include <string>
#include <vector>

#include "reason/names.h"

namespace nightjar::reason {

struct Atom {
  std::string text;  // "x == NULL"
  double extra = 0;  // how much less likely than the first
};

/// Tests of one value for emptiness: zero, NULL, None, negative, end of text. `expression` has
/// `type`.
std::vector<Atom> emptiness_atoms(Language language, const std::string& expression,
                                  const std::string& type);

/// Tests for a guard at `node`: variables named in it first, then other visible ones.
std::vector<Atom> guard_atoms(const SyntaxTree& tree, const Names& names, NodeIndex node);

/// Tests for a condition at `node`: the guard's, comparisons of pairs, and other conditions of the
/// file.
std::vector<Atom> condition_atoms(const SyntaxTree& tree, const Names& names, NodeIndex node);

}  // namespace nightjar::reason
