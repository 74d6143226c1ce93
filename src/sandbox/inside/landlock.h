// Landlock: which files a command may reach, by an allow-list that binds it and all it starts.
// The second lock behind the private root: it also covers what a later mistake might leave there.
// One thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace nightjar::sandbox::inside {

struct FileRights {
  std::vector<std::string> read_and_run;  // the toolchain, the user's mounts
  std::vector<std::string> read;          // /proc
  std::vector<std::string> devices;       // read, write and ioctl of single device files
  std::vector<std::string> everything;    // workspace, /tmp, shared memory; no device files
};

/// The version of Landlock in this kernel; unavailable if there is none.
Result<int> landlock_abi();

/// Needs no_new_privs. A path that does not exist is left out.
Result<> restrict_files(const FileRights& rights);

}  // namespace nightjar::sandbox::inside
