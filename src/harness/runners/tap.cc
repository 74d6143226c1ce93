// "tap": programs that speak TAP. With a command, its output; else each t/*.t by itself, as prove
// would start it (its shebang, or perl with the project's lib and blib), but without prove and its
// .proverc.
//
// Options of the suite: files (globs, default "t/*.t", and "t/**/*.t" where that finds nothing).
#include <sstream>
#include <utility>

#include "base/bytes.h"
#include "harness/runners/programs.h"
#include "harness/runners/runners.h"
#include "harness/runners/tap_program.h"
#include "harness/session.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

constexpr std::uint64_t kProgramBytesMax = std::uint64_t{16} << 20U;

/// "#!/usr/bin/env perl -w" → {"/usr/bin/env", "perl", "-w"}.
std::vector<std::string> shebang_of(std::string_view content) {
  std::vector<std::string> words;
  if (!content.starts_with("#!")) return words;
  std::istringstream line(std::string(content.substr(2, content.find('\n') - 2)));
  for (std::string word; line >> word;) words.push_back(word);
  return words;
}

bool is_perl(std::string_view word) {
  const std::size_t slash = word.rfind('/');
  return word.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with("perl");
}

std::vector<std::string> argv_of(std::string_view content, const std::string& file) {
  std::vector<std::string> words = shebang_of(content);
  std::size_t perl = 0;
  while (perl < words.size() && !is_perl(words[perl])) ++perl;
  if (!words.empty() && perl == words.size()) {
    words.push_back(file);
    return words;
  }
  std::vector<std::string> argv = {"perl"};
  // Before the flags: with -T, perl does not look at PERL5LIB.
  for (const char* folder : {"-Iblib/lib", "-Iblib/arch", "-Ilib"}) argv.emplace_back(folder);
  for (std::size_t i = perl + 1; i < words.size(); ++i) argv.push_back(words[i]);
  argv.push_back(file);
  return argv;
}

std::string libraries_of(const Workshop& workshop, const Suite& suite) {
  const std::string root = std::string(sandbox::kWorkspacePath) + "/" + in_root(suite, "");
  std::string out;
  for (const char* folder : {"blib/lib", "blib/arch", "lib"}) out += root + folder + ":";
  const auto given = workshop.env.find("PERL5LIB");
  return given == workshop.env.end() ? out.substr(0, out.size() - 1) : out + given->second;
}

SuiteRun judge_outcome(const sandbox::Outcome& outcome, const std::string& name) {
  return judge_tap(parse_tap(outcome.stdout_bytes, tap_prefix(name)), outcome, name);
}

Result<SuiteRun> run_file(const Workshop& workshop, const Suite& suite, sandbox::Sandbox& sandbox,
                          const std::string& file, const CommandLimits& limits,
                          std::stop_token stop) {
  const Result<std::string> content =
      sandbox::read_file_at(sandbox.workspace_fd(), file, kProgramBytesMax);
  const std::string name = relative_to_root(suite, file);
  sandbox::Command command =
      command_in(workshop, suite, limits, argv_of(content ? *content : "", name));
  command.env["PERL5LIB"] = libraries_of(workshop, suite);
  command.env["PERL_USE_UNSAFE_INC"] = "1";  // as `make test` of Perl's own modules
  command.env["HARNESS_ACTIVE"] = "1";
  TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, stop));
  if (is_absent(outcome)) {
    return lacks(command.argv.front() + " is not in the sandbox: install it, or name its folder " +
                 "in the user's [toolchains]");
  }
  return judge_outcome(outcome, file);
}

Result<SuiteRun> run_tap_command(const Workshop& workshop, const SuiteRequest& request,
                                 std::stop_token stop) {
  SuiteRun run;
  TRY(in_sandboxes(
      workshop, 1, 1, Between::kept,
      [&](sandbox::Sandbox& sandbox, std::size_t, std::stop_token token) -> Result<> {
        const sandbox::Command command = command_in(workshop, request.suite, request.limits,
                                                    {"/bin/sh", "-c", request.suite.command});
        TRY_INTO(const sandbox::Outcome outcome, run_command(sandbox, command, token));
        run = judge_outcome(outcome, request.suite.command);
        return ok;
      },
      stop));
  for (TestResult& test : run.tests) test.file.clear();
  conclude(run);
  return run;
}

}  // namespace

Result<SuiteRun> run_tap(const Workshop& workshop, const SuiteRequest& request,
                         std::stop_token stop) {
  if (!trim(request.suite.command).empty()) return run_tap_command(workshop, request, stop);
  return run_programs(
      workshop, request, {.globs = globs_of(request.suite, {"t/*.t", "t/**/*.t"})},
      [&](sandbox::Sandbox& sandbox, const std::string& file, const CommandLimits& limits,
          std::stop_token token) {
        return run_file(workshop, request.suite, sandbox, file, limits, token);
      },
      stop);
}

}  // namespace nightjar::harness
