// The helper: a small, single-threaded process between the launcher and all sandboxes. It makes
// sandboxes on request and dies, with all of them, when its socket closes.
#pragma once

#include "base/file.h"

namespace nightjar::sandbox::inside {

/// Serves until the socket closes; returns the program's exit status.
int serve_launcher(UniqueFd socket);

}  // namespace nightjar::sandbox::inside
