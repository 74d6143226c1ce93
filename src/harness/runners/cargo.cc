// "cargo": Rust's test programs, built by `cargo test --no-run`, listed and run by us; then the
// documentation tests through cargo.
//
// A test in which the program ends is told as an error, and what was still to come is run again,
// one process each. Reversed is as it is: libtest has no other order.
#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "harness/commands.h"
#include "harness/runners/libtest.h"
#include "harness/runners/runners.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kAloneMax = 500;  // tests that are run again, one process each

struct Program {
  std::string path;    // inside
  std::string folder;  // its package's, inside
  std::string name;    // of its target, before the names of its tests
};
struct Built {
  std::vector<Program> programs;
  std::vector<TestResult> broken;  // targets that do not compile
  bool has_library = false;
};

std::string target_name(const Json& target) {
  const std::string name = target.string_or("name", "");
  const std::vector<std::string> kinds = target.get_strings("kind").value_or({});
  const std::string kind = kinds.empty() ? "" : kinds.front();
  if (kind == "test") return name + " (test)";
  return kind == "bin" || kind == "example" ? name + " (" + kind + ")" : name;
}

Built read_messages(std::string_view messages) {
  Built out;
  std::set<std::string> broken;
  for (const std::string& line : split_lines(messages)) {
    const Result<Json> json = line.starts_with("{") ? parse_json(line) : Result<Json>(Json());
    const Json* target = json ? json->find("target") : nullptr;
    if (target == nullptr) continue;
    const std::string reason = json->string_or("reason", "");
    const std::string name = target_name(*target);
    if (reason == "compiler-artifact") {
      const std::string program = json->string_or("executable", "");
      const Json* profile = json->find("profile");
      const bool test = profile != nullptr && profile->bool_or("test", false);
      if (name.find(" (") == std::string::npos) out.has_library = true;
      if (program.empty() || !test) continue;
      std::string folder = json->string_or("manifest_path", "");
      folder = folder.substr(0, folder.rfind('/'));
      out.programs.push_back({.path = program, .folder = folder, .name = name});
    } else if (reason == "compiler-message") {
      const Json* message = json->find("message");
      if (message == nullptr || message->string_or("level", "") != "error") continue;
      if (!broken.insert(name).second) continue;
      TestResult test;
      test.id = bounded_id(name);
      test.outcome = TestOutcome::error;
      test.message = bounded_message(message->string_or("rendered", ""));
      out.broken.push_back(std::move(test));
    }
  }
  return out;
}

class Cargo {
 public:
  Cargo(sandbox::Sandbox& sandbox, const Workshop& workshop, const SuiteRequest& request,
        std::stop_token stop)
      : sandbox_(sandbox),
        workshop_(workshop),
        request_(request),
        stop_(std::move(stop)),
        only_(request.only.begin(), request.only.end()),
        time_(request.limits) {}

  Result<SuiteRun> run() {
    TRY_INTO(const sandbox::Outcome build,
             shell("command -v cargo >/dev/null || { echo nightjar: no cargo >&2; exit 127; }; "
                   "exec cargo test --offline --no-run --workspace --message-format=json >&3 3>&-",
                   {}, sandbox::Command::Report::pipe));
    if (is_absent(build)) {
      return lacks(
          "cargo is not on the PATH of the sandbox: install it (Debian: cargo), or name "
          "its folder in the user's [toolchains]");
    }
    Built built = read_messages(build.report_bytes);
    if (!build.succeeded() && built.broken.empty()) return cannot_build(build);
    run_.complete = true;
    for (const Program& program : built.programs) TRY(run_program(program));
    for (TestResult& test : built.broken) {
      if (only_.empty() || only_.contains(test.id)) run_.tests.push_back(std::move(test));
    }
    if (built.has_library && built.broken.empty()) TRY(run_doc_tests());
    run_.complete = run_.complete && run_.problem.empty();
    run_.wall_ms = time_.used_ms();
    return std::move(run_);
  }

 private:
  Result<sandbox::Outcome> shell(const std::string& script, const std::vector<std::string>& words,
                                 sandbox::Command::Report report) {
    std::vector<std::string> argv = {"/bin/sh", "-c", script, "cargo"};
    argv.insert(argv.end(), words.begin(), words.end());
    sandbox::Command command =
        command_in(workshop_, request_.suite, time_.limits(), std::move(argv));
    command.report = report;
    if (report != sandbox::Command::Report::none) command.report_bytes_max = kReportBytesMax;
    return run_command(sandbox_, command, stop_);
  }

  /// A program by itself, in its package's folder, its standard output on the report channel.
  Result<sandbox::Outcome> start(const Program& program, const std::vector<std::string>& words) {
    std::vector<std::string> all = {program.folder, program.path};
    all.insert(all.end(), words.begin(), words.end());
    TRY_INTO(sandbox::Outcome outcome,
             shell("cd \"$1\" || exit 126; export CARGO_MANIFEST_DIR=\"$1\"; shift; "
                   "exec \"$@\" >&3 3>&-",
                   all, sandbox::Command::Report::pipe));
    outcome.stdout_bytes = std::move(outcome.report_bytes);
    return outcome;
  }

  static SuiteRun cannot_build(const sandbox::Outcome& build) {
    const std::string& text = build.stderr_bytes;
    for (const char* words :
         {"no matching package named", "--offline", "failed to download", "can't find crate",
          "unable to update registry", "failed to load source for dependency"}) {
      const std::size_t at = text.find(words);
      if (at == std::string::npos) continue;
      std::size_t begin = text.rfind('\n', at);
      begin = begin == std::string::npos ? 0 : begin + 1;
      return lacks("crates are not on this machine: " +
                   printable(text.substr(begin, text.find('\n', at) - begin), 300) +
                   "; run `cargo fetch` once in a checkout, so that Cargo's registry holds them");
    }
    SuiteRun run = could_not_run("the test programs cannot be built (" + ending_of(build) + ")");
    run.output_tail = output_tail(build);
    return run;
  }

  bool wants_any(const std::string& prefix) const {
    return only_.empty() || std::ranges::any_of(only_, [&](const std::string& id) {
             return id.starts_with(prefix);
           });
  }

  Result<> run_program(const Program& program) {
    const std::string prefix = program.name + "::";
    if (!wants_any(program.name)) return ok;
    TRY_INTO(const sandbox::Outcome listing, start(program, {"--list", "--format", "terse"}));
    auto listed = listing.succeeded() ? parse_libtest_list(listing.stdout_bytes) : std::nullopt;
    if (!listed) return run_plain(program);
    if (!only_.empty()) {
      std::erase_if(*listed, [&](const std::string& name) {
        return !only_.contains(bounded_id(prefix + name));
      });
    }
    if (listed->empty()) return ok;
    std::vector<std::string> words = {"--test-threads=" + std::to_string(request_.parallel)};
    if (!only_.empty()) {
      words.emplace_back("--exact");
      words.insert(words.end(), listed->begin(), listed->end());
    }
    TRY_INTO(const sandbox::Outcome outcome, start(program, words));
    LibtestRun judged = judge_libtest(*listed, outcome, prefix);
    TRY(decide_alone(program, prefix, judged));
    if (!outcome.succeeded()) judged.run.output_tail = output_tail(outcome);
    merge(run_, std::move(judged.run));
    return ok;
  }

  /// The program ended in one of these tests: which one shows when each has its own process.
  Result<> decide_alone(const Program& program, const std::string& prefix, LibtestRun& judged) {
    if (judged.undecided.empty() || time_.is_over()) return ok;
    std::size_t count = 0;
    for (const std::string& name : judged.undecided) {
      if (++count > kAloneMax || time_.is_over()) break;
      TRY_INTO(const sandbox::Outcome outcome, start(program, {"--exact", name}));
      LibtestRun alone = judge_libtest({name}, outcome, prefix);
      const auto place =
          std::ranges::find(judged.run.tests, alone.run.tests.front().id, &TestResult::id);
      if (place != judged.run.tests.end()) *place = std::move(alone.run.tests.front());
      judged.run.cpu_ms += outcome.cpu_ms;
    }
    add_once(judged.run.judged_by, "one process each");
    judged.run.complete = judged.run.complete || !judged.run.tests.empty();
    return ok;
  }

  Result<> run_plain(const Program& program) {
    TRY_INTO(const sandbox::Outcome outcome, start(program, {}));
    TestResult test;
    test.id = bounded_id(program.name);
    test.wall_ms = outcome.wall_ms;
    test.outcome = outcome.succeeded() ? TestOutcome::passed : TestOutcome::failed;
    if (!outcome.succeeded()) test.message = ending_of(outcome);
    run_.tests.push_back(std::move(test));
    run_.cpu_ms += outcome.cpu_ms;
    return ok;
  }

  Result<> run_doc_tests() {
    if (!wants_any("doc: ")) return ok;
    TRY_INTO(sandbox::Outcome listing,
             shell("exec cargo test --offline --workspace --doc -- --list --format terse >&3 3>&-",
                   {}, sandbox::Command::Report::pipe));
    const auto listed = parse_libtest_list(listing.report_bytes);
    if (!listing.succeeded() || !listed || listed->empty()) return ok;
    TRY_INTO(sandbox::Outcome outcome,
             shell("exec cargo test --offline --workspace --doc --no-fail-fast >&3 3>&-", {},
                   sandbox::Command::Report::pipe));
    outcome.stdout_bytes = std::move(outcome.report_bytes);
    LibtestRun judged = judge_libtest(*listed, outcome, "");
    const std::vector<std::string> names = doc_test_names(*listed);
    for (std::size_t i = 0; i < names.size() && i < judged.run.tests.size(); ++i) {
      judged.run.tests[i].id = bounded_id("doc: " + names[i]);
    }
    if (!only_.empty()) {
      std::erase_if(judged.run.tests,
                    [&](const TestResult& test) { return !only_.contains(test.id); });
    }
    merge(run_, std::move(judged.run));
    return ok;
  }

  sandbox::Sandbox& sandbox_;
  const Workshop& workshop_;
  const SuiteRequest& request_;
  std::stop_token stop_;
  std::set<std::string> only_;
  TimeLeft time_;
  SuiteRun run_;
};

}  // namespace

Result<SuiteRun> run_cargo(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  SuiteRun run;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        TRY_INTO(run, Cargo(sandbox, workshop, request, token).run());
        return ok;
      },
      stop));
  conclude(run);
  return run;
}

}  // namespace nightjar::harness
