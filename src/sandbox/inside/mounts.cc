#include "sandbox/inside/mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nightjar::sandbox::inside {

Error wall_failed(std::string_view wall, std::string_view step) {
  return {ErrorCode::unavailable,
          "wall " + std::string(wall) + ": " + errno_error(step, errno).message};
}

Result<UniqueFd> open_view(const std::string& path, Submounts submounts) {
  const unsigned recursive = submounts == Submounts::included ? AT_RECURSIVE : 0U;
  UniqueFd view(static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path.c_str(),
                                           OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive)));
  if (!view) return errno_error("show " + path, errno);
  return view;
}

Result<> attach(int view, const std::string& path) {
  if (::syscall(SYS_move_mount, view, "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return wall_failed("private root", "mount " + path);
  }
  return ok;
}

Result<> make_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return wall_failed("mount namespace", "make the mounts private");
  }
  return ok;
}

Result<> make_read_only(const std::string& path) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), AT_RECURSIVE, &attributes,
                sizeof attributes) != 0) {
    return wall_failed("read-only toolchain", "make " + path + " read-only");
  }
  return ok;
}

Result<> make_root_read_only() {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  // Busy while another process of the sandbox is just writing to it, or only to the time of its
  // last access: that lasts for microseconds.
  constexpr int kTriesMax = 2000;
  for (int tries = 1;; ++tries) {
    if (::syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof attributes) == 0) {
      return ok;
    }
    if (errno != EBUSY || tries == kTriesMax) break;
    ::poll(nullptr, 0, 1);
  }
  return wall_failed("private root", "make it read-only");
}

Result<> mount_new(std::string_view wall, const char* type, const std::string& path,
                   unsigned long flags, const std::string& options) {
  if (::mount(type, path.c_str(), type, flags, options.c_str()) != 0) {
    return wall_failed(wall, "mount " + std::string(type));
  }
  return ok;
}

Result<> resize_tmpfs(std::string_view wall, const std::string& path, const std::string& options) {
  if (::mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, options.c_str()) !=
      0) {
    return wall_failed(wall, "resize tmpfs");
  }
  return ok;
}

Result<> bind_folder(const std::string& from, const std::string& to) {
  if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return wall_failed("private root", "bind " + to);
  }
  return ok;
}

Result<> detach(const std::string& path) {
  if (::umount2(path.c_str(), MNT_DETACH) != 0) return wall_failed("workspace", "detach " + path);
  return ok;
}

}  // namespace nightjar::sandbox::inside
