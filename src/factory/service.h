// The factory in this process: api::Service over journal, gate and engine.
//
// Opening creates nothing; the first call that needs the data directory, the helper process or the
// journal opens it. A call that writes owns the data directory (flock) until it returns.
// Threads: one call at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/service.h"
#include "config/config.h"
#include "harness/environment.h"

namespace nightjar::factory {

struct ServiceOptions {
  config::Settings settings;
  std::string helper_path;     // the sandbox helper's executable
  std::string scratch_parent;  // where `try` puts example projects: "/tmp"
  std::string version{};       // of this program, for evidence
  harness::HostView host{};    // where toolchains are looked for
  /// Called once, after the helper process was started and before any thread is.
  std::function<void()> helper_started;
};

std::unique_ptr<api::Service> open_service(ServiceOptions options);

}  // namespace nightjar::factory
