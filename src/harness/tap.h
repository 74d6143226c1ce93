// TAP, the Test Anything Protocol, versions 12 to 14: https://testanything.org
//
// TAP is the tested program's own word: what it prints is all there is. Points, plan and the
// program's exit status are compared; a subtest's points are compared with the point that closes
// it.
// Pure; any thread; never fails: what is wrong is in the report.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite.h"

namespace nightjar::harness {

struct TapReport {
  std::vector<TestResult> tests;  // points at the top, in order; ids are descriptions or "#3"
  std::optional<int> planned;     // nullopt: no plan came
  std::string skip_all;           // reason of "1..0 # SKIP reason"
  std::vector<std::string> doubts;
  std::string problem;  // bail out, no plan, another number of points; "" if none
};

/// `prefix` goes in front of each id: "t/basic.t: ", or "".
TapReport parse_tap(std::string_view text, std::string_view prefix);

}  // namespace nightjar::harness
