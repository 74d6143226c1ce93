// Thin, checked wrappers of the mount calls. Each failure names the wall it was for.
// Run in a sandbox's first process, and open_view also in the helper and the launcher.
#pragma once

#include <sys/mount.h>

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace nightjar::sandbox::inside {

/// "wall NAME: STEP: errno text", unavailable.
Error wall_failed(std::string_view wall, std::string_view step);

enum class Submounts { included, left_out };
/// A detached copy of the mount at `path`; lives as long as its descriptor.
Result<UniqueFd> open_view(const std::string& path, Submounts submounts);
/// Puts a detached mount in its place.
Result<> attach(int view, const std::string& path);

Result<> make_private();
/// With everything mounted below it; also no set-user-ID and no device files.
Result<> make_read_only(const std::string& path);
Result<> make_root_read_only();
Result<> mount_new(std::string_view wall, const char* type, const std::string& path,
                   unsigned long flags, const std::string& options);
Result<> resize_tmpfs(std::string_view wall, const std::string& path, const std::string& options);
Result<> bind_folder(const std::string& from, const std::string& to);
/// Takes a mount out of the namespace, busy or not.
Result<> detach(const std::string& path);

}  // namespace nightjar::sandbox::inside
