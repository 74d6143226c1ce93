// The third captured stream of a command: its two ends, made inside the sandbox.
//
// A socket remembers the network it was made in, and tells of it to whoever asks by ioctl; so one
// of the launcher's would show the host's addresses. A pipe without a name could be opened again
// for reading, which would take from it what others wrote: its owner is the sandbox's user, who may
// change its mode. So the pipe is a fifo with a name that nobody but the first process can reach,
// write-only by its mode, on a read-only file system where the mode cannot be changed; and Landlock
// allows no more than writing to it. Run in a sandbox's first process. One thread.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox::inside {

struct Report {
  UniqueFd read_end;   // the launcher's; none if there is no report
  UniqueFd write_end;  // the command's

  /// Makes the fifo, while its file system can be written to.
  static Result<> stage();
  /// Every command has its own: what an earlier one wrote is gone with its ends.
  static Result<Report> open(Command::Report kind);
};

}  // namespace nightjar::sandbox::inside
