// "node": node:test, each file by itself with a reporter of ours (reporters/nightjar_node.cjs), and
// not under `node --test`, whose children say their results on their standard output.
//
// A file is a test as well, which holds the others: it has passed when it came to its end, nothing
// in it failed and its process exited with 0. Options of the suite: args (as after `node --test`:
// files, folders, globs; options that load modules are kept, those of the runner are not).
#include <algorithm>
#include <array>
#include <utility>

#include "harness/events.h"
#include "harness/reported.h"
#include "harness/runners/programs.h"
#include "harness/runners/runners.h"
#include "harness/runners/script_words.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr auto kWithValue = std::to_array<std::string_view>(
    {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"});

struct Arguments {
  std::vector<std::string> options;  // for node
  std::vector<std::string> globs;
};

bool is_script(std::string_view path) {
  return std::ranges::any_of(std::to_array<std::string_view>({".js", ".cjs", ".mjs", ".ts"}),
                             [&](std::string_view end) { return path.ends_with(end); });
}

void add_globs(std::vector<std::string>& globs, std::string word) {
  if (word.starts_with("./")) word.erase(0, 2);
  while (word.ends_with('/')) word.pop_back();
  const bool pattern = word.find_first_of("*?") != std::string::npos;
  // Braces are alternatives: one glob each.
  const std::size_t open = word.find('{');
  const std::size_t close = word.find('}', open == std::string::npos ? 0 : open);
  if (open != std::string::npos && close != std::string::npos && globs.size() < 100) {
    std::string item;
    for (std::size_t at = open + 1; at <= close; ++at) {
      if (word[at] != ',' && at != close) {
        item += word[at];
        continue;
      }
      add_globs(globs, word.substr(0, open) + item + word.substr(close + 1));
      item.clear();
    }
  } else if (pattern || is_script(word)) {
    globs.push_back(word);
  } else {
    for (const char* end : {"/**/*.js", "/**/*.cjs", "/**/*.mjs"}) globs.push_back(word + end);
  }
}

Arguments arguments_of(const Suite& suite) {
  Arguments out;
  const std::vector<std::string> words = words_of(suite, "args");
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool of_runner = word.starts_with("--test") || word.starts_with("--watch") ||
                           word == "--experimental-test-coverage";
    if (!word.starts_with('-')) {
      add_globs(out.globs, word);
    } else if (!of_runner) {
      out.options.push_back(word);
      if (std::ranges::find(kWithValue, word) != kWithValue.end() && i + 1 < words.size()) {
        out.options.push_back(words[++i]);
      }
    }
  }
  return out;
}

/// The names that `node --test` looks for by itself.
std::vector<std::string> usual_globs() {
  std::vector<std::string> out;
  for (const std::string end : {"js", "cjs", "mjs"}) {
    for (const char* name : {"*.test.", "*-test.", "*_test.", "test-*.", "test."}) {
      out.push_back("**/" + std::string(name) + end);
    }
    out.push_back("**/test/**/*." + end);
  }
  return out;
}

bool is_installed(std::string_view path) {
  return path.starts_with("node_modules/") || path.find("/node_modules/") != std::string_view::npos;
}

void decide(const sandbox::Outcome& outcome, const SessionJudgement& judgement,
            TestResult& program) {
  const auto& tests = judgement.run.tests;
  const auto bad =
      std::ranges::count_if(tests, [](const TestResult& test) { return is_bad(test.outcome); });
  program.outcome = TestOutcome::error;
  if (outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit) {
    program.outcome = TestOutcome::timed_out;
    program.message = ending_of(outcome);
  } else if (!judgement.run.problem.empty()) {
    program.message = judgement.run.problem;
  } else if (bad > 0) {
    program.outcome = TestOutcome::failed;
    program.message = std::to_string(bad) + " of " + std::to_string(tests.size()) + " tests failed";
  } else if (!outcome.succeeded()) {
    program.message = ending_of(outcome) + " although no test failed";
  } else {
    program.outcome = TestOutcome::passed;
  }
}

SuiteRun judged(ReportEvents report, sandbox::Outcome outcome, const std::string& name) {
  const std::vector<std::string> missing = std::move(report.missing);
  Session session;
  session.events = std::move(report.events);
  session.counted = report.counted;
  session.report_problem = report.problem;
  session.outcome = std::move(outcome);
  SessionJudgement judgement = judge(session);
  SuiteRun& run = judgement.run;
  TestResult program{.id = bounded_id(name), .file = {}, .wall_ms = session.outcome.wall_ms};
  decide(session.outcome, judgement, program);
  for (TestResult& test : run.tests) test.id = bounded_id(name + " > " + test.id);
  run.tests.push_back(std::move(program));
  if (!missing.empty()) {
    run.environment = true;
    run.problem = missing.front() + ", which " + name +
                  " needs, is not installed in node_modules: restore it from the lock file in the "
                  "project's [environment] setup";
  } else if (report.problem.empty()) {
    run.problem.clear();  // The file's own result tells it.
  }
  run.complete = run.problem.empty();
  if (!session.outcome.succeeded()) run.output_tail = output_tail(session.outcome);
  return run;
}

class NodeFile {
 public:
  NodeFile(const Workshop& workshop, const SuiteRequest& request, Arguments arguments)
      : workshop_(workshop), request_(request), arguments_(std::move(arguments)) {}

  Result<SuiteRun> run(sandbox::Sandbox& sandbox, const std::string& file,
                       const CommandLimits& limits, std::stop_token stop) const {
    const std::string name = relative_to_root(request_.suite, file);
    const std::string reporter = reporter_path("nightjar_node.cjs");
    std::vector<std::string> argv = {"node", "--require", reporter, "--test-reporter=" + reporter,
                                     "--test-reporter-destination=stderr"};
    argv.insert(argv.end(), arguments_.options.begin(), arguments_.options.end());
    argv.push_back("./" + name);
    sandbox::Command command = command_in(workshop_, request_.suite, limits, std::move(argv));
    command.env["NODE_ENV"] = "test";
    if (!request_.coverage_files.empty()) command.env["NODE_V8_COVERAGE"] = kV8Folder;
    command.report = sandbox::Command::Report::socket;
    command.report_bytes_max = kReportBytesMax;
    Orders orders = orders_of(request_);
    orders.nonce = new_nonce();
    command.stdin_bytes = orders_json(orders);
    TRY_INTO(sandbox::Outcome outcome, run_command(sandbox, command, stop));
    if (is_absent(outcome)) {
      return lacks(
          "node is not on the PATH of the sandbox: install it, or name its folder in the "
          "user's [toolchains]");
    }
    ReportEvents report = parse_events(outcome.report_bytes, orders.nonce);
    SuiteRun run = judged(std::move(report), std::move(outcome), name);
    for (TestResult& test : run.tests) {
      if (test.file.empty()) test.file = bounded_id(file);
    }
    if (!request_.coverage_files.empty()) {
      TRY(read_v8_lines(sandbox, workshop_, request_, run, stop));
    }
    return run;
  }

 private:
  const Workshop& workshop_;
  const SuiteRequest& request_;
  Arguments arguments_;
};

/// One file that lacks a package says little where others ran.
void judge_missing(SuiteRun& run) {
  const bool ran =
      std::ranges::any_of(run.tests, [](const TestResult& test) { return is_good(test.outcome); });
  if (!run.environment || !ran || run.problem.find("node_modules") == std::string::npos) return;
  add_once(run.doubts, run.problem);
  run.environment = false;
  run.problem.clear();
  run.complete = true;
}

}  // namespace

Result<SuiteRun> run_node(const Workshop& workshop, const SuiteRequest& request,
                          std::stop_token stop) {
  Arguments arguments = arguments_of(request.suite);
  std::vector<std::string> globs = arguments.globs;
  if (globs.empty()) globs = usual_globs();
  const NodeFile node(workshop, request, std::move(arguments));
  TRY_INTO(
      SuiteRun run,
      run_programs(
          workshop, request, {.globs = std::move(globs), .skipped = is_installed, .together = true},
          [&](sandbox::Sandbox& sandbox, const std::string& file, const CommandLimits& limits,
              std::stop_token token) { return node.run(sandbox, file, limits, token); },
          stop));
  judge_missing(run);
  return run;
}

}  // namespace nightjar::harness
