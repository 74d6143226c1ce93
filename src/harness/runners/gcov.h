// Lines of C and C++ that were executed, from the data that programs built with --coverage leave
// (gcov's JSON: https://gcc.gnu.org/onlinedocs/gcc/Invoking-Gcov.html).
//
// Threads: as the sandbox's. Errors: failures of the sandbox, cancelled. A project that was not
// built so, or no gcov: nothing is measured.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite.h"

namespace nightjar::harness {

/// Of those `wanted` files that are C or C++, after programs of the suite have run in the sandbox.
Result<Coverage> gcov_lines(sandbox::Sandbox& sandbox, const Workshop& workshop,
                            const SuiteRequest& request, std::stop_token stop);

/// One JSON object a line, as `gcov --json-format --stdout` prints it. `top` is the project's
/// folder there.
Coverage parse_gcov(std::string_view lines, std::string_view top,
                    const std::vector<std::string>& wanted);

}  // namespace nightjar::harness
