// The Python side of coverage: a start-up module that marks executed lines in a shared file
// mapping. Any thread.
#pragma once

#include <string>

namespace nightjar::reason::python {

/// The source of sitecustomize.py and usercustomize.py. Reads NIGHTJAR_COVERAGE (the mapping) and
/// the file beside it with ".files": lines of "BASE PATH".
std::string tracer_source();

}  // namespace nightjar::reason::python
