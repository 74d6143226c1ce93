// Services of this machine (databases, key stores) beside the commands of a sandbox.
//
// A sandbox has no network but its own loopback, so a service that a command needs runs in the
// same sandbox, as the same user, from the programs below /usr: nothing of the host's own servers
// or their data is there. reporters/nightjar_services.sh starts it before the command, and it ends
// with the command. Its data are files below /tmp: fresh in each sandbox and layer.
// Threads: any; a sandbox belongs to one thread at a time. Errors: unavailable (a service did not
// start), and those of the sandbox.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "harness/environment.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {

/// Sorted.
std::vector<std::string> known_services();

/// A service as what is shown of this machine: no mounts, for it lies below /usr, but a version.
/// nullopt: it is not installed, or nobody knows it. `root` is the host's "/", or a test's.
std::optional<Toolchain> find_service(const std::string& name, const std::string& root = "");

/// Why a service cannot be had, and what to do.
std::string lack_of_service(const std::string& name);

/// Shell, run once before the set-up: leaves fresh data in the workspace's layer, which is unpacked
/// faster than it is made.
std::string make_service_data(const std::vector<std::string>& services);

/// Opens sandboxes in which each command finds these services. Needs the reporters at
/// kReportersPath. Without services it is the launcher itself.
class ServiceLauncher final : public sandbox::Launcher {
 public:
  ServiceLauncher(sandbox::Launcher& launcher, std::vector<std::string> services)
      : launcher_(launcher), services_(std::move(services)) {}

  Result<std::unique_ptr<sandbox::Sandbox>> open(const sandbox::Spec& spec) override;
  /// The same for a sandbox that is open.
  std::unique_ptr<sandbox::Sandbox> serve(std::unique_ptr<sandbox::Sandbox> sandbox);
  Result<> adopt(const std::string& host_dir) override { return launcher_.adopt(host_dir); }
  sandbox::Walls walls() const override { return launcher_.walls(); }

  /// Why a service did not start: the first time that Sandbox::run() failed for it.
  std::optional<std::string> problem() const;

 private:
  sandbox::Launcher& launcher_;
  const std::vector<std::string> services_;
  Guarded<std::optional<std::string>> problem_;
};

}  // namespace nightjar::harness
