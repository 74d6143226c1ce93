// What became of each test between two trees. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "harness/suite.h"

namespace nightjar::harness {

enum class Transition {
  fixed,          // bad → good
  kept,           // good → good
  broken,         // good → bad
  still_bad,      // bad → bad (known red)
  added_good,     // only after, good
  added_bad,      // only after, bad
  gone,           // only before
  newly_skipped,  // good or bad → skipped
  unskipped,      // skipped → good or bad
  still_skipped,
  flaky,  // disagrees with itself before or after: counts for nothing
};
std::string_view name_of(Transition transition);

struct TestChange {
  std::string suite;  // Suite::id()
  std::string test;
  Transition transition = Transition::kept;
  TestOutcome before = TestOutcome::not_run;
  TestOutcome after = TestOutcome::not_run;
  std::string message{};  // of the bad side
  std::string file{};
  int line = 0;
};
Json to_json(const TestChange& change);
Result<TestChange> test_change_from(const Json& json);

/// Sorted by suite and test. Both runs of the same suite. Where a file or package could not be
/// loaded (an error with the id "tests/test_a.py"), its tests ("tests/test_a.py::test_x") of the
/// other run are compared with that error, and it is not told by itself.
std::vector<TestChange> compare(const std::string& suite, const SuiteRun& before,
                                const SuiteRun& after);

}  // namespace nightjar::harness
