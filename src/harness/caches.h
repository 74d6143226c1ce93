// The package caches that belong to a toolchain, shown read-only, and the variables that keep its
// tools from the network and from writing elsewhere than below /work/.nightjar and /tmp.
// Pure but for looking at the host's folders; any thread.
#pragma once

#include "harness/environment.h"

namespace nightjar::harness {

/// Where caches are shown inside.
inline constexpr const char* kCachesPath = "/opt/nightjar/caches";
/// Where tools may write, and what set-ups leave: a folder of the workspace.
inline constexpr const char* kStatePath = "/work/.nightjar";

void add_caches(Toolchain& toolchain, const HostView& host);

}  // namespace nightjar::harness
