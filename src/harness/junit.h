// JUnit's XML as the tools of this world write it: testsuites, testsuite (nested), testcase with
// failure, error, skipped, and Surefire's marks of repeated tries. There is no one schema; the
// Jenkins one is the nearest: https://github.com/jenkinsci/xunit-plugin
//
// Hostile: no entity is expanded, a document type is refused, sizes and depth have limits, and what
// the counts claim is compared with what is there.
// Pure; any thread; never fails: what is wrong is in the report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/suite.h"

namespace nightjar::harness {

struct JunitCase {
  std::string suite;  // name of the innermost testsuite
  std::string classname;
  std::string name;
  TestResult result;  // id: see junit_id(); file and line where the tool says them
};

struct JunitReport {
  std::vector<JunitCase> cases;     // in order of the document
  std::vector<std::string> doubts;  // counts that disagree with the cases
  std::string problem;              // it could not be read: why; "" if it could
};
JunitReport parse_junit(std::string_view xml);

/// "classname::name", and without a classname "suite::name" or "name". Names are lossy in every
/// tool: two tests may share one.
std::string junit_id(const JunitCase& test);

}  // namespace nightjar::harness
