// A change in its parts: what judges, what is judged. From them the trees of a proof are made.
//
// Pure but for reading the repository; any thread with a Repository of its own. Errors: repo's.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "repo/repository.h"

namespace nightjar::factory {

/// Each part is laid over the base. A source file that holds tests in itself (Rust's
/// `#[cfg(test)]` at its end) is in both: with the base's tests in `product`, with the change's
/// tests in `tests`.
struct PartedChange {
  repo::Changes tests;    // test files: over the base they are what the change demands
  repo::Changes judges;   // tests, CI files, specifications: what the base is restored by
  repo::Changes product;  // everything but `judges`
};
Result<PartedChange> part_change(const repo::Repository& repository, const std::string& commit,
                                 const repo::Changes& changes);

/// Where the tests of a Rust file begin that end it; npos when it has none, or code follows them.
std::size_t inline_tests_at(std::string_view text);

}  // namespace nightjar::factory
