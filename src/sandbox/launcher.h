// The real Launcher: sandboxes made by the helper process. docs/sandbox.md tells the whole story.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

/// The user that root's sandboxes run as, on the host. The owner of adopted folders.
inline constexpr uid_t kSandboxUid = 65534;
/// Where the helper finds its end of the socket.
inline constexpr int kHelperSocketFd = 3;

struct HelperOptions {
  std::string helper_path = {};  // empty: nightjar-helper beside the running program
  std::size_t spares = 2;        // sandboxes kept ready, so that open() need not wait for one
};

/// Starts the helper. Call it from the main thread before there is any other one: the helper dies
/// with the thread that started it. Fails with not_found (no helper program) or unavailable (a wall
/// that this machine cannot build: which, and what to do).
Result<std::unique_ptr<Launcher>> start_helper(const HelperOptions& options);

/// Opens a sandbox, runs a program in it, closes it, and says which walls stood.
Result<Walls> probe(Launcher& launcher);

}  // namespace nightjar::sandbox
