#include "scenario/trial.h"

#include <algorithm>

#include "base/bytes.h"
#include "sandbox/tree.h"
#include "scenario/match.h"

namespace nightjar::scenario {
namespace {

constexpr std::size_t kOutputTailBytes = 2048;
/// What a program may have written to a file that is compared with text of a scenario.
constexpr std::uint64_t kFileBytesKept = std::uint64_t{4} << 20;

/// What the program inside caused is an answer; what this machine cannot do is an error.
bool is_programs_doing(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_input:  // A link or folder lies where a file should.
    case ErrorCode::not_found:
    case ErrorCode::conflict:
    case ErrorCode::denied:
    case ErrorCode::exhausted: return true;
    default: return false;
  }
}

sandbox::FileMode mode_of(std::string_view content) {
  return content.starts_with("#!") ? sandbox::FileMode::executable : sandbox::FileMode::regular;
}

sandbox::Command command_of(const Step& step, const StepLimits& limits) {
  sandbox::Command command;
  command.argv = step.argv;
  command.env = step.env;
  command.cwd = step.cwd;
  command.stdin_bytes = step.stdin_bytes;
  command.wall_max = std::min(limits.wall_max, step.expect.within.value_or(limits.wall_max));
  command.cpu_max = limits.cpu_max;
  command.output_bytes_max = limits.output_bytes_max;
  return command;
}

/// The end of both streams; the last bytes say most about a failure.
std::string tail_of(const sandbox::Outcome& outcome) {
  const auto end_of = [](std::string_view text, std::size_t bytes) {
    std::size_t begin = text.size() > bytes ? text.size() - bytes : 0;
    while (begin > 0 && begin < text.size() &&
           (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) {
      ++begin;
    }
    return text.substr(begin);
  };
  const std::string_view err = end_of(outcome.stderr_bytes, kOutputTailBytes / 2);
  std::string tail(end_of(outcome.stdout_bytes, kOutputTailBytes - err.size()));
  if (!tail.empty() && !err.empty() && tail.back() != '\n') tail += '\n';
  tail += err;
  const std::string shown = printable_block(tail, kOutputTailBytes - std::string_view("…").size());
  return shown;
}

void fail(Trial& trial, int step, const Mismatch& mismatch) {
  const std::string where = "step " + std::to_string(step) + ": ";
  trial.satisfied = false;
  trial.step_failed = step;
  trial.failure = where + mismatch.text;
  trial.fingerprint = fingerprint_of(where + mismatch.stable);
}

Mismatch same(std::string text) {
  std::string stable = text;
  return Mismatch{std::move(text), std::move(stable)};
}

Result<std::optional<Mismatch>> write_files(sandbox::Sandbox& sandbox, const Step& step) {
  for (const auto& [path, content] : step.files) {
    const Result<> written =
        sandbox::write_file_at(sandbox.workspace_fd(), path, content, mode_of(content));
    if (written) continue;
    if (!is_programs_doing(written.error())) return Error(written.error());
    return std::optional(same("cannot write file " + printable(path, 80) + ": " +
                              printable(written.error().message, 200)));
  }
  return std::optional<Mismatch>();
}

Result<std::optional<Mismatch>> match_files(sandbox::Sandbox& sandbox, const Expectation& expect) {
  for (const auto& [path, content] : expect.files) {
    const std::string name = "file " + printable(path, 80);
    const Result<std::string> actual = sandbox::read_file_at(
        sandbox.workspace_fd(), path, std::max<std::uint64_t>(kFileBytesKept, content.size()));
    if (!actual) {
      if (!is_programs_doing(actual.error())) return Error(actual.error());
      if (actual.error().code == ErrorCode::not_found) {
        return std::optional(same(name + " does not exist"));
      }
      return std::optional(same(name + ": " + printable(actual.error().message, 200)));
    }
    if (auto mismatch = match_exact(content, Output{name, *actual})) {
      return std::optional(same(*std::move(mismatch)));
    }
  }
  return std::optional<Mismatch>();
}

Result<std::optional<Mismatch>> run_step(sandbox::Sandbox& sandbox, const Step& step,
                                         const StepLimits& limits, std::stop_token stop,
                                         Trial& trial) {
  TRY_INTO(auto unwritten, write_files(sandbox, step));
  if (unwritten) return unwritten;
  const sandbox::Command command = command_of(step, limits);
  TRY_INTO(sandbox::Outcome outcome, sandbox.run(command, stop));
  if (outcome.ended == sandbox::Ended::cancelled) {
    return Error{ErrorCode::cancelled, "the trial was stopped"};
  }
  trial.wall_ms += outcome.wall_ms;
  trial.cpu_ms += outcome.cpu_ms;
  trial.step_wall_ms_max = std::max(trial.step_wall_ms_max, outcome.wall_ms);
  trial.step_cpu_ms_max = std::max(trial.step_cpu_ms_max, outcome.cpu_ms);
  std::optional<Mismatch> mismatch = match_outcome(step.expect, outcome, command.wall_max);
  if (!mismatch) {
    TRY_INTO(mismatch, match_files(sandbox, step.expect));
  }
  if (mismatch) {
    trial.crashed = is_crash(step, outcome);
    trial.output_tail = tail_of(outcome);
    trial.stderr_bytes = std::move(outcome.stderr_bytes);
  }
  return mismatch;
}

Result<Trial> run_steps(sandbox::Sandbox& sandbox, const Scenario& scenario,
                        const StepLimits& limits, std::stop_token stop) {
  Trial trial;
  int number = 0;
  for (const Step& step : scenario.steps) {
    ++number;
    TRY_INTO(const auto mismatch, run_step(sandbox, step, limits, stop, trial));
    if (!mismatch) continue;
    fail(trial, number, *mismatch);
    return trial;
  }
  trial.satisfied = true;
  return trial;
}

}  // namespace

Result<Trial> run_trial(sandbox::Sandbox& sandbox, const Scenario& scenario,
                        const StepLimits& limits, std::stop_token stop) {
  if (stop.stop_requested()) return Error{ErrorCode::cancelled, "the trial was stopped"};
  TRY(sandbox.begin_layer());
  Result<Trial> trial = run_steps(sandbox, scenario, limits, stop);
  // Also after a failure: the next trial must find the built project as it was.
  Result<> dropped = sandbox.end_layer();
  if (trial && !dropped) return std::move(dropped).error();
  return trial;
}

}  // namespace nightjar::scenario
