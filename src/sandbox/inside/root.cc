#include "sandbox/inside/root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "sandbox/inside/copy.h"
#include "sandbox/inside/lock.h"
#include "sandbox/inside/mounts.h"
#include "sandbox/inside/report.h"
#include "sandbox/inside/walls.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox::inside {
namespace {

// Where the root is put together; any folder that every host has will do, since this mount
// namespace is ours and the host's tree leaves it at the end.
constexpr const char* kStage = "/tmp";
// Holds what the overlay is made of. Mode 0 on a read-only file system: only this process, which
// has capabilities in the namespace, can look inside, and nobody can change the mode.
constexpr const char* kLayers = "/.layers";
constexpr std::uint64_t kBytesPerFile = 8192;  // sets how many files a sandbox may make
constexpr std::uint64_t kFilesMin = 4096;
constexpr std::uint64_t kBytesBeforeUse = std::uint64_t{1} << 20U;
constexpr std::uint64_t kLayerBytesMin = std::uint64_t{64} << 10U;

std::string staged(std::string_view path) { return std::string(kStage) + std::string(path); }

Result<> make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return ok;
  return wall_failed("private root", "create folder " + path);
}

Result<> make_file(const std::string& path, std::string_view content) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return wall_failed("private root", "create " + path);
  if (::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
    return wall_failed("private root", "write " + path);
  }
  return ok;
}

Result<> make_link(const std::string& target, const std::string& path) {
  if (::symlink(target.c_str(), path.c_str()) == 0) return ok;
  return wall_failed("private root", "create link " + path);
}

/// Shows a host path at the same place in the root, if the host has it: a link stays a link.
Result<> show_host_path(const std::string& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return ok;
  if (S_ISLNK(info.st_mode)) {
    std::array<char, 4096> target{};
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size < 0) return wall_failed("private root", "read link " + path);
    return make_link(std::string(target.data(), static_cast<std::size_t>(size)), staged(path));
  }
  if (S_ISDIR(info.st_mode)) {
    TRY(make_folder(staged(path), 0755));
  } else {
    TRY(make_file(staged(path), ""));
  }
  TRY_INTO(const UniqueFd view, open_view(path, Submounts::included));
  TRY(attach(view.get(), staged(path)));
  if (!stands(Wall::read_only)) return ok;
  return make_read_only(staged(path));
}

Result<> show_toolchain() {
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    TRY(show_host_path(path));
  }
  return ok;
}

std::vector<std::string>& etc_paths() {
  static std::vector<std::string> paths;
  return paths;
}

/// The few files of /etc that programs need to run at all; none says anything about the host's
/// users.
Result<> show_etc() {
  TRY(make_folder(staged("/etc"), 0755));
  TRY(make_file(staged("/etc/passwd"),
                "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n"
                "nightjar:x:1000:1000:nightjar:/tmp/home:/bin/sh\n"
                "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"));
  TRY(make_file(staged("/etc/group"), "root:x:0:\nnightjar:x:1000:\nnogroup:x:65534:\n"));
  TRY(make_file(staged("/etc/hosts"), "127.0.0.1 localhost nightjar\n::1 localhost\n"));
  TRY(make_file(staged("/etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files\n"));
  for (const std::string& path : etc_paths()) TRY(show_host_path(path));
  return ok;
}

Result<> make_devices() {
  TRY(make_folder(staged("/dev"), 0755));
  TRY(make_folder(staged("/dev/shm"), 0755));
  for (const std::string& name : device_names()) {
    // Bound, not made: a user namespace may not make device files.
    TRY(make_file(staged("/dev/" + name), ""));
    TRY_INTO(const UniqueFd view, open_view("/dev/" + name, Submounts::left_out));
    TRY(attach(view.get(), staged("/dev/" + name)));
  }
  TRY(make_link("/proc/self/fd", staged("/dev/fd")));
  TRY(make_link("/proc/self/fd/0", staged("/dev/stdin")));
  TRY(make_link("/proc/self/fd/1", staged("/dev/stdout")));
  return make_link("/proc/self/fd/2", staged("/dev/stderr"));
}

Result<> mount_proc() {
  TRY(make_folder(staged("/proc"), 0755));
  // Of the pid namespace only; without sysctls and other system-wide files; and a process that the
  // reader may not trace, such as the first one, is not there at all.
  const char* options = stands(Wall::hidden_proc) ? "subset=pid,hidepid=ptraceable" : "";
  return mount_new("private /proc", "proc", staged("/proc"), MS_NOSUID | MS_NODEV | MS_NOEXEC,
                   options);
}

/// Only for the test that shows what the private root is good for.
Result<> show_whole_host(int view) {
  TRY(make_folder(staged("/host"), 0755));
  return attach(view, staged("/host"));
}

Result<> swap_roots() {
  if (::chdir(kStage) != 0) return wall_failed("private root", "enter it");
  // pivot_root(".", ".") stacks the old root over the new one; detaching "." then takes the old
  // one, and with it every path of the host, out of this namespace.
  if (::syscall(SYS_pivot_root, ".", ".") != 0) {
    return wall_failed("private root", "pivot_root (it fails when the host's root is a ramfs)");
  }
  if (::umount2(".", MNT_DETACH) != 0) return wall_failed("private root", "detach the host's root");
  if (::chdir("/") != 0) return wall_failed("private root", "enter it");
  return ok;
}

std::string level_path(int level) { return std::string(kLayers) + "/" + std::to_string(level); }
std::string upper_path(int level) { return level_path(level) + "/upper"; }
std::string lower_path(std::size_t index) {
  return std::string(kLayers) + "/lower" + std::to_string(index);
}

/// A user's mount: the folders on the way, the mount itself, read-only.
Result<> show_mount(int view, const std::string& inside_path) {
  const std::vector<std::string> parts = split(inside_path.substr(1), '/');
  std::string path;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    path += "/" + parts[i];
    TRY(make_folder(path, 0755));
  }
  struct stat info{};
  if (::fstat(view, &info) != 0) return wall_failed("private root", "stat a mount");
  if (S_ISDIR(info.st_mode)) {
    TRY(make_folder(inside_path, 0755));
  } else {
    TRY(make_file(inside_path, ""));
  }
  TRY(attach(view, inside_path));
  if (!stands(Wall::read_only)) return ok;
  return make_read_only(inside_path);
}

std::string size_options(std::uint64_t bytes_max) {
  const std::uint64_t files = std::max(kFilesMin, bytes_max / kBytesPerFile);
  return "size=" + std::to_string(bytes_max) + ",nr_inodes=" + std::to_string(files);
}

}  // namespace

void find_etc_paths() {
  etc_paths() = {"/etc/ld.so.cache",  "/etc/ld.so.conf", "/etc/ld.so.conf.d",
                 "/etc/alternatives", "/etc/services",   "/etc/protocols"};
  // Debian keeps the settings of its Java below /etc, and Java does not start without them.
  const std::unique_ptr<DIR, int (*)(DIR*)> etc(::opendir("/etc"), &::closedir);
  while (const dirent* entry = etc ? ::readdir(etc.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name.starts_with("java-")) etc_paths().push_back("/etc/" + name);
  }
}

Result<> enter_private_root() {
  // 1. Nothing mounted from here on may travel back to the host; pivot_root insists on it, too.
  TRY(make_private());
  UniqueFd whole_host;
  if (!stands(Wall::private_root)) {
    TRY_INTO(whole_host, open_view("/", Submounts::included));
  }
  // 2. The new root is a small tmpfs over a folder of the host; all further steps fill it. Its own
  //    files are few: the limit is there so that a mistake shows.
  //    Without dates of access: following a link would write one, and the root cannot become
  //    read-only in that moment (the runner looks up its program meanwhile).
  TRY(mount_new("private root", "tmpfs", kStage, MS_NOSUID | MS_NODEV | MS_NOATIME,
                "size=1m,nr_inodes=256,mode=0755"));
  // 3. Read-only views of the host, while its paths can still be named.
  TRY(show_toolchain());
  TRY(show_etc());
  TRY(make_devices());
  if (!stands(Wall::private_root)) TRY(show_whole_host(whole_host.get()));
  // 4. A fresh proc before the host's leaves: the kernel allows one only to those who can see one.
  TRY(mount_proc());
  // 5. Places for the workspace, /tmp and the layers.
  for (const char* path : {"/tmp", kWorkspacePath}) TRY(make_folder(staged(path), 0755));
  TRY(make_folder(staged(kLayers), 0));
  // 6. The host's root goes last of all: every view above was taken from it.
  return swap_roots();
}

Result<> Workspace::stage() {
  for (int level = 0; level <= kLevelsMax; ++level) TRY(make_folder(level_path(level), 0755));
  TRY(Report::stage());
  TRY(mount_level(kBytesBeforeUse));
  // An overlay marks a folder that replaces another by such an attribute.
  const std::string upper = upper_path(0);
  has_overlay_ =
      stands(Wall::workspace_overlay) && ::setxattr(upper.c_str(), "user.nightjar", "1", 1, 0) == 0;
  return ok;
}

Result<> Workspace::fill(const Contents& contents) {
  lower_count_ = contents.lower_dirs.size();
  for (std::size_t i = 0; i < contents.mounts.size(); ++i) {
    TRY(show_mount(contents.mounts[i], contents.inside_paths[i]));
  }
  for (std::size_t i = 0; i < lower_count_; ++i) {
    TRY(make_folder(lower_path(i), 0755));
    TRY(attach(contents.lower_dirs[i], lower_path(i)));
  }
  // An overlay wants a lower folder; an empty one stands in if there is none.
  if (lower_count_ == 0) TRY(make_folder(lower_path(lower_count_++), 0755));
  // Every mount point exists now, so the root itself can become read-only.
  if (stands(Wall::read_only)) TRY(make_root_read_only());
  TRY(resize_tmpfs("disk limit", level_path(0), size_options(contents.disk_bytes_max)));
  if (!has_overlay_) {
    for (std::size_t i = 0; i < lower_count_; ++i) {
      TRY(copy_tree(lower_path(i), upper_path(0)));
    }
  }
  return mount_workspace();
}

/// A level is one tmpfs that holds all that is written, with what programs see of it beside the
/// workspace: /tmp and shared memory, stacked over those of the level below.
Result<> Workspace::mount_level(std::uint64_t bytes_max) {
  const std::string path = level_path(level_);
  TRY(mount_new("disk limit", "tmpfs", path, MS_NOSUID | MS_NODEV,
                size_options(bytes_max) + ",mode=0755"));
  for (const char* name : {"/upper", "/work", "/tmp", "/tmp/home", "/shm"}) {
    TRY(make_folder(path + name, 0755));
  }
  TRY(bind_folder(path + "/tmp", "/tmp"));
  return bind_folder(path + "/shm", "/dev/shm");
}

Result<> Workspace::mount_workspace() {
  if (!has_overlay_) return bind_folder(upper_path(level_), kWorkspacePath);
  std::string lower;
  for (int below = level_ - 1; below >= 0; --below) lower += upper_path(below) + ":";
  for (std::size_t i = 0; i < lower_count_; ++i) lower += (i > 0 ? ":" : "") + lower_path(i);
  const std::string path = level_path(level_);
  return mount_new(
      "workspace", "overlay", kWorkspacePath, MS_NOSUID | MS_NODEV,
      "lowerdir=" + lower + ",upperdir=" + path + "/upper,workdir=" + path + "/work,userxattr");
}

Result<> Workspace::begin_layer() {
  if (level_ == kLevelsMax) return {ErrorCode::conflict, "a sandbox has at most two layers"};
  struct statfs info{};
  if (::statfs(level_path(level_).c_str(), &info) != 0) return wall_failed("disk limit", "statfs");
  // What the levels below left over. A copy of them takes their share once more.
  const std::uint64_t blocks = has_overlay_ ? info.f_bfree : info.f_blocks;
  const std::uint64_t bytes_max = blocks * static_cast<std::uint64_t>(info.f_bsize);
  // The overlay below must be gone before its upper folder serves as a lower one.
  TRY(detach(kWorkspacePath));
  ++level_;
  TRY(mount_level(std::max(bytes_max, kLayerBytesMin)));
  if (!has_overlay_) TRY(copy_tree(upper_path(level_ - 1), upper_path(level_)));
  return mount_workspace();
}

Result<> Workspace::end_layer() {
  if (level_ == 0) return {ErrorCode::conflict, "no layer was begun"};
  for (const char* path : {"/dev/shm", "/tmp", kWorkspacePath}) TRY(detach(path));
  --level_;
  return mount_workspace();
}

/// Apart from end_layer, because nobody has to wait for it.
Result<> Workspace::forget_ended_layer() { return detach(level_path(level_ + 1)); }

Result<UniqueFd> Workspace::open() const {
  UniqueFd folder(::open(kWorkspacePath, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return wall_failed("workspace", "open it");
  return folder;
}

}  // namespace nightjar::sandbox::inside
