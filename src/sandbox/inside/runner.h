// The process that a command will run in, forked and half locked before the command is known: what
// it can do early costs more than all the rest. It exists only while nothing else runs in the
// sandbox, so no stranger ever meets one that waits. One thread. Used by a sandbox's first process.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <optional>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "sandbox/frames.h"

namespace nightjar::sandbox::inside {

/// Exit statuses as of a shell.
inline constexpr int kExitCannotRun = 126;
inline constexpr int kExitNotFound = 127;

class Runner {
 public:
  static Result<Runner> fork(const std::vector<sock_filter>& filter);

  pid_t pid() const { return pid_; }

  /// Hands on a `start` frame with stdout, stderr and, if there is any input, stdin, and the
  /// report's write end, if there is one. A program that cannot be started is no error: it exits
  /// with 127 (not found) or 126 and a line on stderr, as in a shell.
  Result<> start(const Frame& order, const UniqueFd& report) const;

  /// After its end: the wall or folder that could not be had, if that is why it ended.
  std::optional<Error> failure_before_exec() const;

 private:
  pid_t pid_ = -1;
  UniqueFd order_;
};

}  // namespace nightjar::sandbox::inside
