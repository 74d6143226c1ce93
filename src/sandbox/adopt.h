// Gives a folder tree that Nightjar wrote to the user that sandboxes run as. Any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace nightjar::sandbox {

/// Whether this process is root and may hand things to kSandboxUid. Root of a user namespace that
/// maps no other user (`unshare -Ur`, some containers) may not, and is treated as the plain user it
/// is.
bool acts_as_root();

/// As root: every folder, file and link gets the sandbox user as its owner. Always: the owner may
/// read and write everything and enter every folder. Follows no link. invalid_input for a file
/// that has a second name elsewhere, since that would change too; exhausted beyond 64 nested
/// folders.
Result<> adopt_tree(const std::string& host_dir);

}  // namespace nightjar::sandbox
