// C sources that tell which statements they execute.
//
// Before each statement a call is inserted that sets one byte of a shared file mapping, so nothing
// is lost when the program crashes, is killed or leaves by _exit. No compiler option, no gcov, no
// other object file is needed: any C compiler that the project's build calls will do. Line numbers
// stay. The bytes: docs/reasoner.md#coverage. Any thread.
#pragma once

#include <string>

#include "reason/syntax.h"

namespace nightjar::reason::c {

enum class Depth { declarations_too, statements_only };  // The second suits C90.

/// `base`: where the file's lines begin in the mapping of `map_bytes` bytes.
std::string instrumented(const SyntaxTree& tree, std::uint32_t base, std::uint32_t map_bytes,
                         Depth depth);

}  // namespace nightjar::reason::c
