// A Launcher without walls, for other parts' tests: commands run as plain children in a temporary
// copy of the lower folders. Never linked into the program. Mounts are ignored; kWorkspacePath does
// not exist here, so commands use relative paths. Threads as in sandbox/sandbox.h.
#pragma once

#include <memory>
#include <string>

#include "sandbox/sandbox.h"

namespace nightjar::sandbox::testing {

class LocalLauncher final : public Launcher {
 public:
  Result<std::unique_ptr<Sandbox>> open(const Spec& spec) override;
  Result<> adopt(const std::string& host_dir) override;
  Walls walls() const override;
};

}  // namespace nightjar::sandbox::testing
