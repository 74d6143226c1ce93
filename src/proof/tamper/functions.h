// Test functions of a file: where each begins and ends, and what it is called. By the shape of the
// text; what is generated or registered at run time is not seen here (the runners list it).
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proof/tamper/scan.h"

namespace nightjar::proof {

inline constexpr std::size_t kTestFunctionsMax = 5'000;  // of one file; more are not looked at

struct TestFunction {
  std::string name;    // with what encloses it: "Class.test_x", "describe > it"; "#2" for a second
  int first_line = 0;  // of its decorators, attributes or annotations
  int head_line = 0;
  int last_line = 0;
  int body_line = 0;  // where the body begins; the lines before it are its marks
};

/// In order. `path` tells whether a runner would look into the file at all.
std::vector<TestFunction> tests_in(const Scan& scan, std::string_view path);

/// Lines [first, last] of parts of a source file that are compiled for tests only (Rust).
std::vector<std::pair<int, int>> test_parts(const Scan& scan);

/// Whether a runner collects tests from a file of this name by its usual rules.
bool is_collected(std::string_view path);

}  // namespace nightjar::proof
