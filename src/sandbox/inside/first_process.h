// The first process of a sandbox (PID 1 of its pid namespace): builds the inside of the walls, then
// runs one command after another for the launcher, in the same sandbox. Never runs strangers' code
// itself; holds one socket and, while a command runs, nothing else. When it ends, for whatever
// reason, the kernel kills everything in the sandbox.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <vector>

#include "base/file.h"

namespace nightjar::sandbox::inside {

struct FirstProcess {
  UniqueFd control;
  uid_t uid = 0;  // outside, as the helper sees it
  gid_t gid = 0;
  const std::vector<sock_filter>* filter = nullptr;
};

/// Called in the child of clone3 with all namespaces new.
[[noreturn]] void run_first_process(FirstProcess process);

/// Maps one user and group of the parent namespace to one inside, for the calling process.
Result<> map_user(uid_t inside_uid, uid_t uid, gid_t inside_gid, gid_t gid);

}  // namespace nightjar::sandbox::inside
