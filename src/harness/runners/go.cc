// "go": `go test -json` over the packages of a module, in one process.
//
// The tool's standard output is the report channel: the programs under test write into pipes of the
// tool, which marks the framework's lines (since Go 1.20). Reversed is -shuffle with a fixed seed.
// Where several packages are tested, each test program knows the lines of all (-coverpkg=./...).
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/files.h"
#include "harness/runners/go_events.h"
#include "harness/runners/runners.h"
#include "harness/session.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr const char* kProfile =
    ".nightjar/go-cover.out";  // in the suite's root; Go passes it over
constexpr std::size_t kFilesMax = 20'000;
constexpr std::uint64_t kFileBytesMax = std::uint64_t{4} << 20;
constexpr std::uint64_t kProfileBytesMax = std::uint64_t{256} << 20;

struct Place {
  std::string file;
  int line = 0;
};

/// Where each test function of the module stands, by "PACKAGE.Test".
Result<std::map<std::string, Place>> places_of(const sandbox::Sandbox& sandbox, const Suite& suite,
                                               const std::string& module) {
  static const RE2 kTest(R"(^func ((?:Test|Example|Fuzz)\w*)\()");
  std::map<std::string, Place> out;
  TRY_INTO(const std::vector<std::string> files,
           find_files(sandbox, {in_root(suite, "*_test.go"), in_root(suite, "**/*_test.go")},
                      kFilesMax));
  for (const std::string& file : files) {
    const auto text = sandbox::read_file_at(sandbox.workspace_fd(), file, kFileBytesMax);
    if (!text) continue;
    std::string folder = file.substr(0, file.rfind('/') + 1);
    folder = folder.substr(std::min(folder.size(), suite.root.empty() ? 0 : suite.root.size() + 1));
    std::string package = module + (folder.empty() ? "" : "/" + folder);
    if (package.ends_with('/')) package.pop_back();
    int number = 0;
    for (const std::string& line : split_lines(*text)) {
      ++number;
      std::string name;
      if (RE2::PartialMatch(line, kTest, &name)) {
        out[package + "." + name] = {.file = file, .line = number};
      }
    }
  }
  return out;
}

/// The test function of an id, without its package and its subtests; "" for a package.
std::string function_of(const std::string& id) {
  const std::size_t slash = id.rfind('/', id.find(".Test"));
  const std::size_t dot = id.find('.', slash == std::string::npos ? 0 : slash);
  static const RE2 kTail(R"(\.((?:Test|Example|Fuzz)\w*)(?:/.*)?$)");
  std::string name;
  if (dot == std::string::npos || !RE2::PartialMatch(id, kTail, &name)) return {};
  return name;
}
std::string package_of(const std::string& id) {
  const std::string name = function_of(id);
  return name.empty() ? id : id.substr(0, id.find("." + name));
}

std::vector<std::string> argv_of(const SuiteRequest& request, const CommandLimits& limits) {
  // -timeout ends a test program that hangs, and names the test, before our limit ends all.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits.wall_max * 9 / 10);
  std::vector<std::string> words = {
      "go",
      "test",
      "-json",
      "-count=1",
      "-p=" + std::to_string(request.parallel),
      "-timeout=" + std::to_string(std::max<std::int64_t>(seconds.count(), 1)) + "s"};
  if (request.order == SuiteRequest::Order::reversed) words.emplace_back("-shuffle=20250");
  if (!request.coverage_files.empty()) {
    words.push_back("-coverprofile=" + std::string(kProfile));
    words.emplace_back("-coverpkg=./...");
  }
  std::set<std::string> packages;
  std::set<std::string> names;
  bool whole = request.only.empty();
  for (const std::string& id : request.only) {
    packages.insert(package_of(id));
    const std::string name = function_of(id);
    whole = whole || name.empty();
    names.insert(name);
  }
  if (!whole) words.push_back("-run=^(" + join({names.begin(), names.end()}, "|") + ")$");
  if (packages.empty()) packages.insert("./...");
  words.insert(words.end(), packages.begin(), packages.end());
  // Tests get no descriptor of the report: the tool writes it.
  std::vector<std::string> argv = {
      "/bin/sh", "-c",
      "mkdir -p .nightjar; command -v go >/dev/null || { echo nightjar: no go >&2; exit 127; }; "
      "exec \"$@\" >&3 3>&-",
      "go-test"};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

bool is_wanted(const std::string& id, const std::set<std::string>& only) {
  if (only.empty() || only.contains(id)) return true;
  for (std::size_t at = id.find('/'); at != std::string::npos; at = id.find('/', at + 1)) {
    if (only.contains(id.substr(0, at))) return true;
  }
  // A parent of what is asked for, or its package.
  const auto next = only.lower_bound(id);
  return next != only.end() && (next->starts_with(id + "/") || next->starts_with(id + "."));
}

SuiteRun judge_report(GoReport report, sandbox::Outcome outcome, const SuiteRequest& request) {
  const std::set<std::string> only(request.only.begin(), request.only.end());
  std::erase_if(report.events,
                [&](const SessionEvent& event) { return !is_wanted(event.id, only); });
  const bool any = !report.events.empty();
  Session session;
  session.events = std::move(report.events);
  session.doubts = std::move(report.doubts);
  session.tells_end = false;
  session.outcome = std::move(outcome);
  if (session.outcome.report_cut) session.report_problem = "the report was larger than the limit";
  SessionJudgement judgement = judge(session);
  SuiteRun run = std::move(judgement.run);
  const bool ran = std::ranges::any_of(
      run.tests, [](const TestResult& test) { return test.outcome != TestOutcome::error; });
  if (!ran && !report.missing.empty()) {
    run.environment = true;
    run.complete = false;
    run.problem =
        "this machine lacks " + join(report.missing, ", ") +
        "; for modules run `go mod download` once in a checkout, so that the module cache "
        "holds them";
  } else if (!any && run.problem.empty()) {
    run.complete = false;
    run.problem =
        "go test told of no test: " + printable(session.outcome.stderr_bytes.substr(0, 400), 400);
  }
  run.output_tail = output_tail(session.outcome);
  return run;
}

Result<SuiteRun> run_in(sandbox::Sandbox& sandbox, const Workshop& workshop,
                        const SuiteRequest& request, std::stop_token stop) {
  const Suite& suite = request.suite;
  const auto go_mod =
      sandbox::read_file_at(sandbox.workspace_fd(), in_root(suite, "go.mod"), kFileBytesMax);
  const std::string module = go_mod ? go_module_in(*go_mod) : "";
  TRY_INTO(const auto places, places_of(sandbox, suite, module));
  sandbox::Command command =
      command_in(workshop, suite, request.limits, argv_of(request, request.limits));
  command.report = sandbox::Command::Report::socket;
  command.report_bytes_max = kReportBytesMax;
  TRY_INTO(sandbox::Outcome outcome, run_command(sandbox, command, stop));
  if (is_absent(outcome)) {
    return lacks(
        "go is not on the PATH of the sandbox: install it (Debian: golang-go), or name "
        "its folder in the user's [toolchains]");
  }
  const std::string report = std::move(outcome.report_bytes);
  const std::string errors = outcome.stderr_bytes;
  SuiteRun run = judge_report(parse_go_events(report, errors), std::move(outcome), request);
  for (TestResult& test : run.tests) {
    const auto place = places.find(package_of(test.id) + "." + function_of(test.id));
    if (place == places.end()) continue;
    test.file = place->second.file;
    test.line = place->second.line;
  }
  if (!request.coverage_files.empty()) {
    const auto profile =
        sandbox::read_file_at(sandbox.workspace_fd(), in_root(suite, kProfile), kProfileBytesMax);
    if (profile) {
      run.coverage = parse_go_profile(*profile, module, suite.root, request.coverage_files);
    }
  }
  return run;
}

}  // namespace

Result<SuiteRun> run_go(const Workshop& workshop, const SuiteRequest& request,
                        std::stop_token stop) {
  SuiteRun run;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        TRY_INTO(run, run_in(sandbox, workshop, request, token));
        return ok;
      },
      stop));
  conclude(run);
  return run;
}

}  // namespace nightjar::harness
