// Every runner's function; each is in the file of its name. runners.cc is the table.
#pragma once

#include "harness/suite.h"

namespace nightjar::harness {

// Any project
Result<SuiteRun> run_one_command(const Workshop&, const SuiteRequest&, std::stop_token);

}  // namespace nightjar::harness
