// "bats": each file by itself, through bats' TAP. What a test writes to bats' own descriptor shows
// as more points than were planned; the file's "@test" lines are counted as well.
//
// Options of the suite: files (globs), bats (the program; default: the one of the project, if it
// carries one, else "bats").
#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "harness/files.h"
#include "harness/runners/programs.h"
#include "harness/runners/runners.h"
#include "harness/runners/tap_program.h"
#include "harness/session.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr std::uint64_t kProgramBytesMax = std::uint64_t{16} << 20U;

/// bats and its libraries, as projects carry them, have tests of their own.
bool is_of_bats(std::string_view path) {
  for (const char* folder : {"node_modules/", "bats/", "bats-core/", "bats-support/",
                             "bats-assert/", "bats-file/", "test_helper/", "fixtures/"}) {
    if (path.starts_with(folder) ||
        path.find("/" + std::string(folder)) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

Result<std::string> program_of(const Suite& suite, const sandbox::Sandbox& sandbox) {
  const auto given = suite.options.find("bats");
  if (given != suite.options.end()) return given->second;
  std::vector<std::string> globs;
  for (const char* glob : {"*/bats/bin/bats", "*/bats-core/bin/bats", "*/*/bats/bin/bats",
                           "*/*/bats-core/bin/bats", "bats/bin/bats"}) {
    globs.push_back(in_root(suite, glob));
  }
  TRY_INTO(const auto found, find_files(sandbox, globs, 1));
  if (found.empty()) return std::string("bats");
  return std::string(sandbox::kWorkspacePath) + "/" + found.front();
}

int count_tests(std::string_view content) {
  const std::vector<std::string> lines = split_lines(content);
  return static_cast<int>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return trim(line).starts_with("@test ");
  }));
}

/// bats says a reached limit as a comment behind the name.
void read_limits(TapReport& report) {
  for (TestResult& test : report.tests) {
    const std::size_t at = test.id.rfind(" # timeout after ");
    if (at == std::string::npos) continue;
    test.message = test.id.substr(at + 3) + "\n" + test.message;
    test.id.resize(at);
    if (is_bad(test.outcome)) test.outcome = TestOutcome::timed_out;
  }
}

Result<SuiteRun> run_file(const Workshop& workshop, const SuiteRequest& request,
                          sandbox::Sandbox& sandbox, const std::string& file,
                          const CommandLimits& limits, std::stop_token stop) {
  const Suite& suite = request.suite;
  TRY_INTO(const std::string program, program_of(suite, sandbox));
  const Result<std::string> content =
      sandbox::read_file_at(sandbox.workspace_fd(), file, kProgramBytesMax);
  sandbox::Command command = command_in(
      workshop, suite, limits, {program, "--formatter", "tap", relative_to_root(suite, file)});
  if (request.test_wall_max.count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(request.test_wall_max).count();
    command.env["BATS_TEST_TIMEOUT"] = std::to_string(seconds);
  }
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  if (is_absent(outcome)) {
    return lacks(
        "bats is not in the sandbox: install it (Debian: bats), or carry bats-core in "
        "the project");
  }
  TapReport report = parse_tap(outcome.stdout_bytes, tap_prefix(file));
  read_limits(report);
  SuiteRun run = judge_tap(report, outcome, file);
  const int counted = content ? count_tests(*content) : 0;
  if (report.planned && *report.planned != counted) {
    add_once(run.doubts, file + ": bats plans another number of tests than the file has");
  }
  add_once(run.judged_by, "static count");
  return run;
}

}  // namespace

Result<SuiteRun> run_bats(const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  const ProgramSearch search = {
      .globs = globs_of(request.suite, {"test/*.bats", "tests/*.bats", "*.bats", "t/*.bats",
                                        "spec/*.bats", "**/*.bats"}),
      .skipped = request.suite.options.contains("files") ? nullptr : is_of_bats};
  return run_programs(
      workshop, request, search,
      [&](sandbox::Sandbox& sandbox, const std::string& file, const CommandLimits& limits,
          std::stop_token token) {
        return run_file(workshop, request, sandbox, file, limits, token);
      },
      stop);
}

}  // namespace nightjar::harness
