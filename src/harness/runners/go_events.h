// What `go test -json` says, as events of a session.
// Format: https://pkg.go.dev/cmd/test2json (Go 1.10 and later; build events of 1.24 as well).
//
// Pure; any thread; never fails: what cannot be read is a doubt.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/session.h"
#include "harness/suite.h"

namespace nightjar::harness {

struct GoReport {
  std::vector<SessionEvent> events;  // ids: "PACKAGE.Test/sub"; of a package that broke "PACKAGE"
  std::vector<std::string> doubts;
  std::vector<std::string> missing;  // modules that are not on this machine
  std::set<std::string> packages;    // that the report tells the end of
};
/// `errors` is the tool's standard error: before Go 1.24 it alone says why a package does not
/// build.
GoReport parse_go_events(std::string_view json_lines, std::string_view errors);

/// Lines of a profile of -coverprofile (https://go.dev/doc/build-cover), for files below `module`,
/// which is in `root`; only of those in `wanted`.
Coverage parse_go_profile(std::string_view profile, std::string_view module, std::string_view root,
                          const std::vector<std::string>& wanted);

/// The module's path in a go.mod; "" when it says none.
std::string go_module_in(std::string_view go_mod);

}  // namespace nightjar::harness
