// Judging one session of a test runner: what was listed, what its event stream said, how the
// process ended and what the runner counted have to tell the same story. None of them is believed
// alone.
//
//   seen                                                   outcome
//   listed, started, final event, session's end            what the event says
//   listed, never started, session's end                   not_run
//   started, no final event                                error: the process ended in it; or
//                                                          timed_out, when a limit ended it
//   no end of the session                                  tests that had not started are
//   undecided:
//                                                          the runner runs them again (sessions.h)
//   exit status 0 although a test failed                   the events count; a doubt
//   another exit status although no test failed            the session is not complete
//   an event of a test that was not listed, a second       unknown; a doubt
//   final event, a final event before the start
//
// Pure; any thread; never fails: whatever the suite did wrong is in the SuiteRun.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/suite.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

struct SessionEvent {
  enum class Kind {
    listed,
    started,
    finished,
    trouble,  // something (id: a file, a class) could not be loaded or set up: an error by itself
    ended,    // the session
  } kind = Kind::listed;
  std::string id{};
  TestOutcome outcome = TestOutcome::unknown;  // of `finished`
  std::string message{};
  std::string file{};
  int line = 0;
  std::int64_t wall_ms = -1;
  bool flaky = false;    // the runner itself tried it again and the tries disagreed
  bool selected = true;  // of `listed`: false when this session is not the one that runs it
};

struct Session {
  /// From a listing of its own, apart from `events`. nullopt: what the events list, and if they
  /// list nothing, what they start.
  std::optional<std::vector<std::string>> listed{};
  std::vector<SessionEvent> events{};  // in order
  bool tells_starts = true;            // false: a report that has final events alone
  bool tells_end = true;               // false: the process's end is the session's
  /// Whether a failed test shows in the exit status. Not: of processes whose status says something
  /// else.
  bool exit_tells = true;
  std::optional<std::int64_t> counted{};  // tests that the runner itself says it ran
  std::vector<std::string> doubts{};      // of whoever read the report
  std::string report_problem{};           // the report could not be read to its end
  sandbox::Outcome outcome{};             // of the process
};

struct SessionJudgement {
  SuiteRun run;                        // tests in the order of the listing; see conclude()
  std::vector<std::string> undecided;  // ids, as the runner gave them
  std::vector<std::string> died;       // ids of tests in which the process ended
  bool cut_short = false;              // run.problem is that the session did not come to its end
};

SessionJudgement judge(const Session& session);

/// Sorts the tests; a run without any is not complete. Every runner ends with it.
void conclude(SuiteRun& run);

/// Puts two parts of one suite together (shards, files, programs). wall_ms is the caller's.
void merge(SuiteRun& into, SuiteRun from);

/// Adds `text` unless it is there; at most 100 are kept.
void add_once(std::vector<std::string>& texts, std::string text);

/// A result of a suite that could not run at all. `environment`: this machine lacks something.
SuiteRun could_not_run(std::string problem);
SuiteRun lacks(std::string problem);

/// UTF-8, at most kTestIdBytesMax; one that had to be changed ends with a hash of the whole.
std::string bounded_id(std::string_view id);
/// UTF-8, at most kMessageBytesMax, without white space around it.
std::string bounded_message(std::string_view message);

/// "killed by SIGSEGV (signal 11)", "exit status 3", "reached its time limit".
std::string ending_of(const sandbox::Outcome& outcome);

}  // namespace nightjar::harness
