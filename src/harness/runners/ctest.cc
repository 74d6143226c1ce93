// "ctest": the tests that a CMake build folder registers. ctest lists them; each is run by us, with
// its own limits, and judged by its exit status and its properties.
//
// A program of GoogleTest, Catch2 or doctest that ctest runs as a whole is told case by case as
// well (ctest_cases.h).
//
// Options of the suite: build_dir (relative to the suite's root; default "build"). Tests that
// depend on others run one after the other in one workspace; the rest side by side, in a workspace
// each worker. Reversed is the opposite order, as far as dependencies let it.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/guarded.h"
#include "harness/commands.h"
#include "harness/runners/ctest_cases.h"
#include "harness/runners/ctest_plan.h"
#include "harness/runners/gcov.h"
#include "harness/runners/runners.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kListingBytesMax = std::size_t{64} << 20;

std::string build_dir_of(const Suite& suite) {
  const auto at = suite.options.find("build_dir");
  return at == suite.options.end() ? "build" : at->second;
}

struct Listing {
  std::vector<CtestTest> tests;
  std::map<std::string, Framework> frameworks;  // of programs
  std::optional<SuiteRun> instead;              // it could not be listed
};

Result<Listing> list_tests(sandbox::Sandbox& sandbox, const Workshop& workshop,
                           const SuiteRequest& request, std::stop_token stop) {
  const std::string folder = build_dir_of(request.suite);
  sandbox::Command command = command_in(workshop, request.suite, request.limits,
                                        {"/bin/sh", "-c",
                                         "command -v ctest >/dev/null || { echo nightjar: no ctest "
                                         ">&2; exit 127; }; cd \"$1\" || exit 1; "
                                         "exec ctest --show-only=json-v1 >&3 3>&-",
                                         "ctest", folder});
  command.report = sandbox::Command::Report::pipe;
  command.report_bytes_max = kListingBytesMax;
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  Listing out;
  if (is_absent(outcome)) {
    out.instead = lacks("ctest is not on the PATH of the sandbox: install it (Debian: cmake)");
    return out;
  }
  Result<std::vector<CtestTest>> tests = parse_ctest_plan(outcome.report_bytes);
  if (!tests) {
    out.instead = could_not_run("ctest lists no tests in " + printable(folder, 200) + " (" +
                                ending_of(outcome) + "): " + printable(outcome.stderr_bytes, 400));
    return out;
  }
  out.tests = *std::move(tests);
  TRY_INTO(out.frameworks, frameworks_in(sandbox, workshop, request.limits, out.tests, stop));
  return out;
}

TestResult not_run(const CtestTest& test, TestOutcome outcome, const char* why) {
  TestResult out;
  out.id = bounded_id(test.name);
  out.outcome = outcome;
  out.message = why;
  return out;
}

class Ctest {
 public:
  Ctest(const Workshop& workshop, const SuiteRequest& request, Listing listing)
      : workshop_(workshop),
        request_(request),
        time_(request.limits),
        only_(request.only.begin(), request.only.end()),
        tests_(std::move(listing.tests)),
        frameworks_(std::move(listing.frameworks)) {}

  Result<SuiteRun> run(std::stop_token stop) {
    select();
    const bool dependent =
        std::ranges::any_of(tests_, [](const CtestTest& test) { return !test.depends.empty(); });
    const std::size_t shards =
        dependent ? 1
                  : std::min<std::size_t>(static_cast<std::size_t>(request_.parallel),
                                          std::max<std::size_t>(tests_.size(), 1));
    TRY(in_sandboxes(
        workshop_, static_cast<int>(shards), shards, Between::kept,
        [&](sandbox::Sandbox& sandbox, std::size_t shard, std::stop_token token) {
          return run_shard(sandbox, shard, shards, token);
        },
        stop));
    SuiteRun run = run_.with([](SuiteRun& all) { return std::move(all); });
    run.complete = run.problem.empty();
    for (const char* source : {"listing", "exit status", "properties of the tests"}) {
      add_once(run.judged_by, source);
    }
    run.wall_ms = time_.used_ms();
    return run;
  }

 private:
  void select() {
    if (!only_.empty()) {
      // What a wanted test depends on has to run before it.
      std::set<std::string> wanted = only_;
      for (auto test = tests_.rbegin(); test != tests_.rend(); ++test) {
        if (wanted.contains(test->name) || only_.contains(bounded_id(test->name)) ||
            !wanted_cases(*test).empty()) {
          wanted.insert(test->name);
          wanted.insert(test->depends.begin(), test->depends.end());
        }
      }
      std::erase_if(tests_, [&](const CtestTest& test) { return !wanted.contains(test.name); });
    }
    const bool dependent =
        std::ranges::any_of(tests_, [](const CtestTest& test) { return !test.depends.empty(); });
    if (request_.order == SuiteRequest::Order::reversed && !dependent) std::ranges::reverse(tests_);
  }

  std::set<std::string> wanted_cases(const CtestTest& test) const {
    const std::string prefix = test.name + kCaseMark;
    std::set<std::string> out;
    for (auto id = only_.lower_bound(prefix); id != only_.end() && id->starts_with(prefix); ++id) {
      out.insert(*id);
    }
    return out;
  }

  Result<> run_shard(sandbox::Sandbox& sandbox, std::size_t shard, std::size_t shards,
                     std::stop_token stop) {
    for (std::size_t i = shard; i < tests_.size(); i += shards) {
      if (stop.stop_requested()) return Error{ErrorCode::cancelled, "the suite was stopped"};
      TRY(run_one(sandbox, tests_[i], stop));
    }
    if (request_.coverage_files.empty()) return ok;
    TRY_INTO(Coverage coverage, gcov_lines(sandbox, workshop_, request_, stop));
    SuiteRun part;
    part.complete = true;
    part.coverage = std::move(coverage);
    run_.with([&](SuiteRun& all) { merge(all, std::move(part)); });
    return ok;
  }

  Result<> run_one(sandbox::Sandbox& sandbox, const CtestTest& test, std::stop_token stop) {
    SuiteRun part;
    part.complete = true;
    if (test.disabled) {
      part.tests.push_back(not_run(test, TestOutcome::skipped, "DISABLED"));
    } else if (test.command.empty()) {
      part.tests.push_back(not_run(test, TestOutcome::not_run, "its program was not built"));
    } else if (time_.is_over()) {
      part.tests.push_back(not_run(test, TestOutcome::not_run, "the suite's time was over"));
      part.problem = "the suite's time was over before all tests ran";
      part.complete = false;
    } else {
      std::chrono::milliseconds most = request_.test_wall_max;
      if (test.timeout.count() > 0 && (most.count() == 0 || test.timeout < most)) {
        most = test.timeout;
      }
      TRY(run_program(sandbox, test, most, part, stop));
    }
    run_.with([&](SuiteRun& all) { merge(all, std::move(part)); });
    return ok;
  }

  /// Its cases, where it has some and they are told; else what its end makes of it.
  Result<> run_program(sandbox::Sandbox& sandbox, const CtestTest& test,
                       std::chrono::milliseconds most, SuiteRun& part, std::stop_token stop) {
    Suite top = request_.suite;
    top.root.clear();
    const RunCtestCommand start = [&](const std::vector<std::string>& argv, ReadsReport report) {
      sandbox::Command command =
          command_in(workshop_, top, time_.limits(most), ctest_argv(test, argv));
      for (const std::string& one : test.environment) {
        const std::size_t equals = one.find('=');
        if (equals != std::string::npos && equals > 0) {
          command.env[one.substr(0, equals)] = one.substr(equals + 1);
        }
      }
      if (report == ReadsReport::yes) {
        command.report = sandbox::Command::Report::pipe;
        command.report_bytes_max = kReportBytesMax;
      }
      return run_command(sandbox, command, stop);
    };
    const auto framework = frameworks_.find(test.command.front());
    if (framework != frameworks_.end() && may_have_cases(test, framework->second)) {
      std::set<std::string> cases = wanted_cases(test);
      // What another test depends on is run, and only told.
      const bool program = cases.empty() || only_.contains(bounded_id(test.name));
      TRY_INTO(std::optional<SuiteRun> told,
               run_cases({.test = test,
                          .framework = framework->second,
                          .all = only_.empty(),
                          .program = program,
                          .only = std::move(cases),
                          .reversed = request_.order == SuiteRequest::Order::reversed},
                         time_, start));
      if (told) {
        part = *std::move(told);
        return ok;
      }
    }
    TRY_INTO(const sandbox::Outcome outcome, start(test.command, ReadsReport::no));
    part.tests.push_back(judge_ctest(test, outcome));
    part.cpu_ms = outcome.cpu_ms;
    if (is_bad(part.tests.back().outcome)) part.output_tail = output_tail(outcome);
    return ok;
  }

  const Workshop& workshop_;
  const SuiteRequest& request_;
  TimeLeft time_;
  std::set<std::string> only_;
  std::vector<CtestTest> tests_;
  std::map<std::string, Framework> frameworks_;
  Guarded<SuiteRun> run_{SuiteRun{.tests = {}, .complete = true}};
};

}  // namespace

Result<SuiteRun> run_ctest(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  Listing listing;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        TRY_INTO(listing, list_tests(sandbox, workshop, request, token));
        return ok;
      },
      stop));
  if (listing.instead) return *std::move(listing.instead);
  TRY_INTO(SuiteRun run, Ctest(workshop, request, std::move(listing)).run(stop));
  conclude(run);
  return run;
}

}  // namespace nightjar::harness
