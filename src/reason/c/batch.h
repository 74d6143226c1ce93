// Many candidates in one build: each edited function stands beside the original under another name,
// and a dispatcher with the old name calls the one that NIGHTJAR_CANDIDATE names.
//
// Compiling dominates a search in C; so one compilation serves dozens of candidates. What is found
// is confirmed with an ordinary build. Pure; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reason/edits.h"

namespace nightjar::reason::c {

struct Variant {
  int id = 0;  // from 1
  const Edit* edit = nullptr;
};

/// Whether the edit changes nothing but the body of one function that can stand twice: fixed named
/// parameters, no attributes, no use of its own name.
bool can_be_variant(const SyntaxTree& tree, const Edit& edit);

/// The source with all variants; each must satisfy can_be_variant.
std::string with_variants(const SyntaxTree& tree, const std::vector<Variant>& variants);

/// The variants that a compiler's or linker's complaints name.
std::set<int> variants_in_errors(const std::string& output);

}  // namespace nightjar::reason::c
