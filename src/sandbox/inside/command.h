// Starts one command inside the walls: fork, streams, lock(), exec. Called by a sandbox's first
// process. One thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "sandbox/frames.h"
#include "sandbox/inside/lock.h"

namespace nightjar::sandbox::inside {

struct RunningCommand {
  pid_t pid = -1;
  UniqueFd report;  // holds the error of a step that failed before exec
};

/// `streams`: stdout, stderr and, if there is any input, stdin. A program that cannot be started is
/// not an error: it exits with 127 (not found) or 126 and a line on stderr, as in a shell.
Result<RunningCommand> start_command(const StartBody& command, const Lock& lock,
                                     std::vector<UniqueFd> streams);

/// After the command's end: the wall or folder that could not be had, if that is why it ended.
std::optional<Error> failure_before_exec(const RunningCommand& command);

}  // namespace nightjar::sandbox::inside
