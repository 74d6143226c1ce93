#include "sandbox/adopt.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/launcher.h"

namespace nightjar::sandbox {
namespace {

/// user_namespaces(7): lines of "first inside, first outside, length".
bool maps_sandbox_user(const std::string& map_path) {
  const Result<std::string> map = read_file(map_path, 64 * 1024);
  if (!map) return false;
  for (const std::string& line : split_lines(*map)) {
    unsigned long first = 0;
    unsigned long outside = 0;
    unsigned long length = 0;
    if (std::sscanf(line.c_str(), "%lu %lu %lu", &first, &outside, &length) != 3) continue;
    if (first <= kSandboxUid && kSandboxUid - first < length) return true;
  }
  return false;
}

constexpr int kDepthMax = 64;
constexpr mode_t kFolderMode = S_IRWXU;
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;

Error failure(std::string_view step, const std::string& path) {
  return errno_error(std::string(step) + " " + printable(path, 200), errno);
}

Result<> adopt_folder(UniqueFd folder, const std::string& path, int depth);

Result<> adopt_entry(int folder, const std::string& name, const std::string& path, int depth) {
  struct stat info{};
  if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return failure("stat", path);
  }
  if (S_ISREG(info.st_mode) && info.st_nlink > 1) {
    return {ErrorCode::invalid_input,
            printable(path, 200) + ": has a second name elsewhere; copy it instead of linking it"};
  }
  if (acts_as_root() && info.st_uid != kSandboxUid &&
      ::fchownat(folder, name.c_str(), kSandboxUid, kSandboxUid, AT_SYMLINK_NOFOLLOW) != 0) {
    return failure("change the owner of", path);
  }
  if (S_ISDIR(info.st_mode)) {
    if ((info.st_mode & kFolderMode) != kFolderMode &&
        ::fchmodat(folder, name.c_str(), info.st_mode | kFolderMode, 0) != 0) {
      return failure("chmod", path);
    }
    UniqueFd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return failure("open", path);
    return adopt_folder(std::move(below), path, depth + 1);
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & kFileMode) == kFileMode) return ok;
  const UniqueFd file(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  const std::string by_descriptor = "/proc/self/fd/" + std::to_string(file.get());
  if (!file || ::chmod(by_descriptor.c_str(), (info.st_mode | kFileMode) & 07777U) != 0) {
    return failure("chmod", path);
  }
  return ok;
}

Result<> adopt_folder(UniqueFd folder, const std::string& path, int depth) {
  if (depth > kDepthMax) {
    return {ErrorCode::exhausted, printable(path, 200) + ": more than 64 nested folders"};
  }
  const int fd = folder.get();
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(folder.release()), &::closedir);
  if (!entries) return failure("list", path);
  errno = 0;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") TRY(adopt_entry(fd, name, path + "/" + name, depth));
    errno = 0;
  }
  if (errno != 0) return failure("list", path);
  return ok;
}

}  // namespace

bool acts_as_root() {
  static const bool kMapsUser =
      maps_sandbox_user("/proc/self/uid_map") && maps_sandbox_user("/proc/self/gid_map");
  return ::geteuid() == 0 && kMapsUser;
}

Result<> adopt_tree(const std::string& host_dir) {
  UniqueFd folder(::open(host_dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return failure("open", host_dir);
  if (acts_as_root() && ::fchown(folder.get(), kSandboxUid, kSandboxUid) != 0) {
    return failure("change the owner of", host_dir);
  }
  struct stat info{};
  if (::fstat(folder.get(), &info) != 0 ||
      ::fchmod(folder.get(), (info.st_mode | kFolderMode) & 07777U) != 0) {
    return failure("chmod", host_dir);
  }
  return adopt_folder(std::move(folder), host_dir, 0);
}

}  // namespace nightjar::sandbox
