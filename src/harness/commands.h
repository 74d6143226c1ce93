// What runners share to run programs: a command in the suite's folder with the workshop's
// environment, sandboxes side by side, what is left of the time.
//
// Threads: each function says. Errors: failures of the sandbox, cancelled.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "harness/build.h"
#include "harness/suite.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

/// `argv` in the suite's root, with the workshop's environment; no report channel.
sandbox::Command command_in(const Workshop& workshop, const Suite& suite,
                            const CommandLimits& limits, std::vector<std::string> argv);

/// Runs it. A command that was stopped is an Error (cancelled).
Result<sandbox::Outcome> run_command(sandbox::Sandbox& sandbox, const sandbox::Command& command,
                                     std::stop_token stop);

/// The program itself does not exist inside.
bool is_absent(const sandbox::Outcome& outcome);

/// The end of what it printed, for people: at most 8 KiB, printable.
std::string output_tail(const sandbox::Outcome& outcome);

/// `path` in the suite's root, relative to the project.
std::string in_root(const Suite& suite, std::string_view path);

/// The wall time that a session may still use; its other limits stay. Any thread.
class TimeLeft {
 public:
  explicit TimeLeft(const CommandLimits& limits);
  /// wall_max is what is left, at least one millisecond, at most `command_wall_max` if that is
  /// above zero.
  CommandLimits limits(std::chrono::milliseconds command_wall_max = {}) const;
  bool is_over() const;
  std::int64_t used_ms() const;

 private:
  CommandLimits limits_;
  std::chrono::steady_clock::time_point start_;
};

/// Does jobs 0 … count-1, `parallel` (at most 64) at a time, each on a thread with a sandbox of its
/// own. A sandbox serves several jobs; each starts from the workshop's workspace, unless `Between`
/// says that jobs may find what others wrote. The first error stops the others and is returned.
enum class Between { fresh, kept };
using Job =
    std::function<Result<>(sandbox::Sandbox& sandbox, std::size_t index, std::stop_token stop)>;
Result<> in_sandboxes(const Workshop& workshop, int parallel, std::size_t count, Between between,
                      const Job& job, std::stop_token stop);

}  // namespace nightjar::harness
