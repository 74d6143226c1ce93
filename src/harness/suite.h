// A project's own test suites: what they are, how one is run, what each of its tests did.
//
// A runner (harness/runners/, one file each) drives one kind of suite in sandboxes and reads the
// results from the runner's own structured output. Nothing that the program under test prints is
// read as a result where a structured form exists, and no single source is believed: a test has
// passed only if it was listed, started and ended, the session ended, and the exit status agrees.
// Threads: any; a runner may open as many sandboxes as `parallel` says and uses threads of its own.
// Errors: failures of the sandbox or of the host's disk, and cancelled. Whatever a suite does wrong
// is in the SuiteRun.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "harness/build.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

inline constexpr std::size_t kTestsMax = 200'000;       // of one suite; more: the run is incomplete
inline constexpr std::size_t kTestIdBytesMax = 2'000;   // a longer id is cut and given a hash
inline constexpr std::size_t kMessageBytesMax = 2'000;  // of what a failing test said
inline constexpr std::size_t kReportBytesMax = std::size_t{256} << 20;  // of one report

/// One suite of a project, as detection or the project's file names it.
struct Suite {
  std::string runner;     // a name of runners(): "pytest", "ctest", "command", …
  std::string root{};     // folder in the project, "" at its top; the runner starts there
  std::string why{};      // the evidence: "pyproject.toml has [tool.pytest.ini_options]"
  std::string command{};  // of "command" and "junit": for the shell
  std::map<std::string, std::string>
      options{};  // of the runner: {"build_dir": "build"}; see its file

  /// Unique in a project: "pytest", or "pytest:sub/folder".
  std::string id() const { return root.empty() ? runner : runner + ":" + root; }
};
Json to_json(const Suite& suite);
Result<Suite> suite_from(const Json& json);

enum class TestOutcome {
  passed,
  failed,  // an assertion
  error,   // set-up, hook, collection, import or crash
  timed_out,
  skipped,
  xfailed,  // failed as it was expected to
  xpassed,  // passed although it was expected to fail
  not_run,  // listed and never started
  unknown,  // what was seen does not fit together
};
std::string_view name_of(TestOutcome outcome);
std::optional<TestOutcome> test_outcome_from(std::string_view name);
/// passed, xfailed
bool is_good(TestOutcome outcome);
/// failed, error, timed_out, not_run, unknown, xpassed
bool is_bad(TestOutcome outcome);

struct TestResult {
  std::string id;  // the runner's own id, UTF-8; a repeated id gets "#2", "#3" in order
  TestOutcome outcome = TestOutcome::unknown;
  std::string message{};  // of one that is bad or skipped, at most kMessageBytesMax
  std::string file{};     // relative to the project where the runner says so, else ""
  int line = 0;
  std::int64_t wall_ms = -1;  // -1: not told
  bool flaky = false;         // disagreed with itself over several runs
};

/// Lines that ran, by file relative to the project. A file that is absent was not measured.
struct Coverage {
  struct File {
    std::set<int> executable;  // lines that could run; empty when the tool does not tell
    std::set<int> executed;
  };
  std::map<std::string, File> files;
};

struct SuiteRun {
  std::vector<TestResult> tests;  // sorted by id
  /// The session was seen to its end, and everything that was seen agrees.
  bool complete = false;
  std::string problem{};  // why it is not complete, or could not run at all: what, why, what next
  /// `problem` is something missing on this machine (a tool, a package): says nothing of the change
  bool environment = false;
  std::vector<std::string> doubts{};     // what disagreed: "exit status 0 although 2 tests failed"
  std::vector<std::string> judged_by{};  // "listing", "event stream", "exit status", …
  Coverage coverage{};
  std::string output_tail{};  // for people, at most 8 KiB
  std::int64_t wall_ms = 0;
  std::int64_t cpu_ms = 0;

  const TestResult* find(std::string_view id) const;
};
Json to_json(const SuiteRun& run);
Result<SuiteRun> suite_run_from(const Json& json);

/// Where suites run: the project, set up and built, as the workspace of each sandbox that is
/// opened.
struct Workshop {
  sandbox::Launcher& launcher;
  sandbox::Spec spec;  // mounts hold toolchains and, at kReportersPath, reporters
  std::map<std::string, std::string> env;  // of every command: PATH with toolchains, and so on
  std::vector<std::string> services{};     // started beside every command; services.h
};

struct SuiteRequest {
  Suite suite;
  CommandLimits limits;                        // of the whole session
  std::chrono::milliseconds test_wall_max{0};  // of one test where the runner can; 0: none
  std::vector<std::string> only{};             // ids; empty: all
  enum class Order { as_is, reversed } order = Order::as_is;
  int parallel = 1;                           // sandboxes side by side, 1 to 64
  std::vector<std::string> coverage_files{};  // measure these, relative to the project; empty: none
};

using RunSuite = Result<SuiteRun> (*)(const Workshop& workshop, const SuiteRequest& request,
                                      std::stop_token stop);

struct Runner {
  std::string_view name;
  std::string_view what;   // for people: "pytest (Python)"
  bool measures_coverage;  // fills SuiteRun::coverage when asked
  RunSuite run;
};
std::span<const Runner> runners();
const Runner* find_runner(std::string_view name);

/// Runs with the suite's runner. invalid_input: there is no such runner (names the nearest).
Result<SuiteRun> run_suite(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop);

/// Our in-process reporters (files of harness/reporters/, embedded) live here inside.
inline constexpr const char* kReportersPath = "/opt/nightjar/reporters";
/// Writes them into a new folder; the caller mounts it at kReportersPath.
Result<> write_reporters(const std::string& host_dir);

}  // namespace nightjar::harness
