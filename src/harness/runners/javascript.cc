// "node" (node:test), "mocha", "jest", "vitest": each with a reporter of ours
// (reporters/nightjar_*), through the session's report channel.
//
// Options of the suite: args, as they stand behind the runner's name in package.json. Left out of
// them is what reports, watches, covers or stops early. What is asked for is told, though all of it
// runs; a reversed run is shuffled with a fixed seed by vitest, and as it is by the others. Lines
// of node and mocha come from V8, of files that run as they are written.
#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "harness/caches.h"
#include "harness/reported.h"
#include "harness/runners/runners.h"

namespace nightjar::harness {
namespace {

struct Tool {
  std::string_view name;
  std::string_view command;  // before the suite's own arguments; $R is the reporters' folder
  std::string_view reversed;
  bool shell_globs;  // the tool does not expand them itself
  bool v8_lines;
};
constexpr auto kTools = std::to_array<Tool>({
    {"node", "node --test --test-reporter=$R/nightjar_node.mjs --test-reporter-destination=stdout",
     "", true, true},
    {"mocha", "mocha --reporter $R/nightjar_mocha.cjs", "", false, true},
    {"jest", "jest --ci --testLocationInResults --reporters=$R/nightjar_jest.cjs", "", false,
     false},
    {"vitest", "vitest run --reporter=$R/nightjar_vitest.mjs",
     "--sequence.shuffle --sequence.seed=2025", false, false},
});

constexpr const char* kAbsent = "nightjar found no such tool";

struct Dropped {
  std::string_view option;
  bool takes_value;
};
constexpr auto kDropped = std::to_array<Dropped>({
    {"--reporter", true},
    {"-R", true},
    {"--reporters", true},
    {"--reporter-option", true},
    {"--reporter-options", true},
    {"--test-reporter", true},
    {"--test-reporter-destination", true},
    {"--watch", false},
    {"-w", false},
    {"--watchAll", false},
    {"--bail", false},
    {"-b", false},
    {"--parallel", false},
    {"-p", false},
    {"--coverage", false},
    {"--collectCoverage", false},
    {"--experimental-test-coverage", false},
    {"--ui", false},
    {"run", false},
    {"--silent", false},
    {"--verbose", false},
    {"--notify", false},
    {"--onlyChanged", false},
    {"-o", false},
});

/// What the tool is started with by the project, without what hides or changes results.
std::string arguments_of(const Suite& suite) {
  const auto at = suite.options.find("args");
  if (at == suite.options.end()) return {};
  std::istringstream words(at->second);
  std::vector<std::string> kept;
  for (std::string word; words >> word;) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    const auto row = std::ranges::find(kDropped, name, &Dropped::option);
    const bool coverage = word.starts_with("--coverage");
    if (row == kDropped.end() && !coverage) {
      kept.push_back(word);
    } else if (row != kDropped.end() && row->takes_value && word.find('=') == std::string::npos) {
      words >> word;
    }
  }
  return join(kept, " ");
}

std::string script_of(const Tool& tool, const SuiteRequest& request) {
  std::string script = "R=" + std::string(kReportersPath) +
                       "; PATH=\"$PWD/node_modules/.bin:" + sandbox::kWorkspacePath +
                       "/node_modules/.bin:$PATH\"; export PATH; ";
  if (tool.v8_lines && !request.coverage_files.empty()) {
    script += "export NODE_V8_COVERAGE=" + std::string(kStatePath) + "/v8; ";
  }
  if (!tool.shell_globs) script += "set -f; ";
  script += "command -v " + std::string(tool.name) + " >/dev/null || { echo '" + kAbsent +
            "' >&2; exit 127; }; exec " + std::string(tool.command);
  if (request.order == SuiteRequest::Order::reversed) script += " " + std::string(tool.reversed);
  if (tool.name == "node" && request.test_wall_max.count() > 0) {
    script += " --test-timeout=" + std::to_string(request.test_wall_max.count());
  }
  return script + " " + arguments_of(request.suite);
}

Result<Coverage> v8_lines(sandbox::Sandbox& sandbox, const Workshop& workshop,
                          const SuiteRequest& request, const CommandLimits& limits,
                          std::stop_token stop) {
  Suite top = request.suite;
  top.root.clear();
  std::vector<std::string> argv = {"/bin/sh",
                                   "-c",
                                   "exec \"$@\" >&3 3>&-",
                                   "v8",
                                   "node",
                                   std::string(kReportersPath) + "/nightjar_v8.cjs",
                                   std::string(kStatePath) + "/v8",
                                   sandbox::kWorkspacePath};
  argv.insert(argv.end(), request.coverage_files.begin(), request.coverage_files.end());
  sandbox::Command command = command_in(workshop, top, limits, std::move(argv));
  command.report = sandbox::Command::Report::pipe;
  command.report_bytes_max = kReportBytesMax;
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  Coverage out;
  const auto add = [](const Json& line, const char* key, std::set<int>& lines) {
    const Json* numbers = line.find(key);
    if (numbers == nullptr || !numbers->is_array()) return;
    for (const Json& number : numbers->as_array()) {
      if (number.is_int() && number.as_int() > 0 && number.as_int() < 10'000'000) {
        lines.insert(static_cast<int>(number.as_int()));
      }
    }
  };
  for (const std::string& line : split_lines(outcome.report_bytes)) {
    const Result<Json> json = parse_json(line);
    if (!json) continue;
    const std::string name = json->string_or("file", "");
    if (std::ranges::find(request.coverage_files, name) == request.coverage_files.end()) continue;
    add(*json, "executable", out.files[name].executable);
    add(*json, "executed", out.files[name].executed);
  }
  return out;
}

/// A tool or a package that is not there ends the process before our reporter is loaded.
void blame_machine(const Tool& tool, SessionOutcome& outcome) {
  SuiteRun& run = outcome.judgement.run;
  if (run.output_tail.find(kAbsent) != std::string::npos) {
    run = lacks(std::string(tool.name) +
                " is neither in node_modules/.bin nor on the PATH of the "
                "sandbox; a set-up from the project's lock file brings it (docs/environments.md)");
    outcome.judgement.cut_short = false;
  }
  if (!run.tests.empty() || run.environment) return;
  const std::size_t at = run.output_tail.find("Cannot find module '");
  if (at == std::string::npos) return;
  const std::string_view rest = std::string_view(run.output_tail).substr(at + 20);
  const std::string_view name = rest.substr(0, rest.find('\''));
  if (name.empty() || name.front() == '.' || name.front() == '/') return;
  run = lacks("the package " + printable(name, 200) + " is not installed here, and " +
              std::string(tool.name) +
              " cannot start without it; run `npm ci` once in a checkout, "
              "so that npm's cache holds the packages");
  outcome.judgement.cut_short = false;
}

Result<SuiteRun> run_tool(const Tool& tool, const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  SuiteRequest one = request;
  one.parallel = 1;  // The tools spread files over processes themselves.
  return run_sessions(
      workshop, one,
      [&](sandbox::Sandbox& sandbox, const SessionPart& part,
          std::stop_token token) -> Result<SessionOutcome> {
        ReportedSession session;
        session.argv = {"/bin/sh", "-c", script_of(tool, one)};
        session.orders = orders_of(one);
        session.env["CI"] = "true";
        session.env["NO_COLOR"] = "1";
        TRY_INTO(SessionOutcome outcome,
                 run_reported(sandbox, workshop, one.suite, part, std::move(session), token));
        blame_machine(tool, outcome);
        if (tool.v8_lines && !one.coverage_files.empty()) {
          TRY_INTO(outcome.judgement.run.coverage,
                   v8_lines(sandbox, workshop, one, part.limits, token));
        }
        return outcome;
      },
      stop);
}

}  // namespace

Result<SuiteRun> run_node(const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  return run_tool(kTools[0], workshop, request, stop);
}
Result<SuiteRun> run_mocha(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  return run_tool(kTools[1], workshop, request, stop);
}
Result<SuiteRun> run_jest(const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  return run_tool(kTools[2], workshop, request, stop);
}
Result<SuiteRun> run_vitest(const Workshop& workshop, const SuiteRequest& request,
                            std::stop_token stop) {
  return run_tool(kTools[3], workshop, request, stop);
}

}  // namespace nightjar::harness
