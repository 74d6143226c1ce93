#include "sandbox/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::sandbox {
namespace {

constexpr std::size_t kPathBytesMax = PATH_MAX - 1;
constexpr std::size_t kCopyBytes = std::size_t{256} * 1024;

std::string shown(std::string_view path) { return printable(path, 200); }

/// openat2 that stays below `folder_fd`, follows no link and crosses no mount.
int open_beneath(int folder_fd, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return static_cast<int>(::syscall(SYS_openat2, folder_fd, path.c_str(), &how, sizeof how));
}

Error open_error(const std::string& path, int error_number) {
  if (error_number == ELOOP || error_number == EXDEV) {
    return {ErrorCode::invalid_input,
            shown(path) + ": a link or another file system is on the way; neither is followed"};
  }
  if (error_number == ENXIO || error_number == ENODEV) {
    return {ErrorCode::invalid_input, shown(path) + ": not a regular file"};
  }
  return errno_error("open " + shown(path), error_number);
}

Result<UniqueFd> open_regular(int folder_fd, const std::string& path, struct stat& info) {
  // O_NONBLOCK: opening a fifo must not wait for its writer.
  UniqueFd fd(open_beneath(folder_fd, path, O_RDONLY | O_NONBLOCK));
  if (!fd) return open_error(path, errno);
  if (::fstat(fd.get(), &info) != 0) return errno_error("stat " + shown(path), errno);
  if (!S_ISREG(info.st_mode)) {
    return {ErrorCode::invalid_input, shown(path) + ": not a regular file"};
  }
  return fd;
}

Result<UniqueFd> open_folder(int folder_fd, const std::string& path) {
  UniqueFd fd(open_beneath(folder_fd, path, O_RDONLY | O_DIRECTORY));
  if (!fd) return open_error(path, errno);
  return fd;
}

Error too_large(std::string_view path, std::uint64_t bytes_max) {
  return {ErrorCode::exhausted,
          shown(path) + ": larger than the limit of " + std::to_string(bytes_max) + " bytes"};
}

/// While it lives, this thread creates files as the folder's owner. Root needs it: a sandbox's file
/// system has no place for files of users that its user namespace does not know.
class ActAsOwner {
 public:
  explicit ActAsOwner(int folder_fd) {
    struct stat info{};
    if (::geteuid() != 0 || ::fstat(folder_fd, &info) != 0 || info.st_uid == 0) return;
    active_ = true;
    ::setfsgid(info.st_gid);
    ::setfsuid(info.st_uid);
  }
  ActAsOwner(const ActAsOwner&) = delete;
  ActAsOwner& operator=(const ActAsOwner&) = delete;
  ~ActAsOwner() {
    if (!active_) return;
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
  }

 private:
  bool active_ = false;
};

/// Opens the folder that holds `path`, creating what is missing; `name` becomes the last part.
Result<UniqueFd> open_parent(int folder_fd, const std::string& path, std::string& name) {
  UniqueFd folder(::fcntl(folder_fd, F_DUPFD_CLOEXEC, 0));
  if (!folder) return errno_error("duplicate a descriptor", errno);
  std::vector<std::string> parts = split(path, '/');
  name = parts.back();
  parts.pop_back();
  for (const std::string& part : parts) {
    if (::mkdirat(folder.get(), part.c_str(), 0755) != 0 && errno != EEXIST) {
      return errno_error("create the folder of " + shown(path), errno);
    }
    TRY_INTO(folder, open_folder(folder.get(), part));
  }
  return folder;
}

Result<> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write " + shown(path), errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok;
}

/// A name beside the final one, so that a file is replaced in one step and never through a link.
std::string scratch_name() {
  static std::atomic<std::uint64_t> count = 0;
  return ".nightjar-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

Result<> put_in_place(int folder_fd, const std::string& scratch, const std::string& name,
                      const std::string& path) {
  if (::renameat(folder_fd, scratch.c_str(), folder_fd, name.c_str()) == 0) return ok;
  const int error_number = errno;
  ::unlinkat(folder_fd, scratch.c_str(), 0);
  if (error_number == EISDIR) {
    return {ErrorCode::conflict, shown(path) + ": a folder of that name is there"};
  }
  return errno_error("write " + shown(path), error_number);
}

/// The names in a folder, sorted; `budget` counts down over the whole walk.
Result<std::vector<std::string>> sorted_names(int folder_fd, const std::string& path,
                                              std::uint64_t& budget) {
  const int fd = ::fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return errno_error("list " + shown(path), errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd), &::closedir);
  if (!folder) {
    ::close(fd);
    return errno_error("list " + shown(path), errno);
  }
  ::rewinddir(folder.get());  // The position is shared with folder_fd, which may be read twice.
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr && errno != 0) return errno_error("list " + shown(path), errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (budget == 0) return {ErrorCode::exhausted, "the folder tree has too many files"};
    --budget;
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Walk {
 public:
  Walk(const TreeLimits& limits, const std::function<Result<>(const TreeEntry&)>& visit)
      : limits_(limits),
        visit_(visit),
        files_left_(limits.files_max),
        bytes_left_(limits.bytes_max) {}

  Result<> folder(int fd, const std::string& prefix, std::uint32_t depth) {
    if (depth > limits_.depth_max) {
      return {ErrorCode::exhausted, shown(prefix) + ": folders are nested deeper than " +
                                        std::to_string(limits_.depth_max)};
    }
    TRY_INTO(const std::vector<std::string> names, sorted_names(fd, prefix, files_left_));
    for (const std::string& name : names) TRY(entry(fd, prefix + name, name, depth));
    return ok;
  }

 private:
  Result<> entry(int fd, const std::string& path, const std::string& name, std::uint32_t depth) {
    if (path.size() > kPathBytesMax) {
      return {ErrorCode::exhausted, "a path is longer than 4095 bytes: " + shown(path)};
    }
    struct stat info{};
    if (::fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return ok;  // Gone since it was listed.
      return errno_error("stat " + shown(path), errno);
    }
    TreeEntry found{.path = path};
    if (S_ISDIR(info.st_mode)) {
      found.kind = TreeEntry::Kind::folder;
      TRY(visit_(found));
      TRY_INTO(const UniqueFd below, open_folder(fd, name));
      return folder(below.get(), path + "/", depth + 1);
    }
    if (S_ISLNK(info.st_mode)) return link(fd, name, found);
    if (!S_ISREG(info.st_mode)) return ok;
    found.bytes = static_cast<std::uint64_t>(info.st_size);
    if (found.bytes > bytes_left_) return too_large("the folder tree", limits_.bytes_max);
    bytes_left_ -= found.bytes;
    if ((info.st_mode & S_IXUSR) != 0) found.kind = TreeEntry::Kind::executable;
    return visit_(found);
  }

  Result<> link(int fd, const std::string& name, TreeEntry& found) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(fd, name.c_str(), target.data(), target.size());
    if (size < 0) return errno_error("read the link " + shown(found.path), errno);
    found.kind = TreeEntry::Kind::link;
    found.link_target.assign(target.data(), static_cast<std::size_t>(size));
    return visit_(found);
  }

  const TreeLimits& limits_;
  const std::function<Result<>(const TreeEntry&)>& visit_;
  std::uint64_t files_left_;
  std::uint64_t bytes_left_;
};

/// make and its kind go by dates: with others they would build everything again.
Result<> keep_date(int fd, const struct stat& source, const std::string& path) {
  const std::array<timespec, 2> times = {source.st_mtim, source.st_mtim};
  if (::futimens(fd, times.data()) == 0) return ok;
  return errno_error("set the date of " + shown(path), errno);
}

Result<> copy_file(int from_fd, int to_fd, const TreeEntry& entry) {
  struct stat info{};
  TRY_INTO(const UniqueFd source, open_regular(from_fd, entry.path, info));
  const mode_t mode = entry.kind == TreeEntry::Kind::executable ? 0755 : 0644;
  const UniqueFd target(::openat(to_fd, entry.path.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!target) return errno_error("create " + shown(entry.path), errno);
  if (::fchmod(target.get(), mode) != 0) return errno_error("chmod " + shown(entry.path), errno);
  // The size was counted against the limit, so a file that grows meanwhile is cut there.
  std::uint64_t left = entry.bytes;
  std::string buffer(std::min<std::uint64_t>(left, kCopyBytes), '\0');
  while (left > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(left, buffer.size());
    const ssize_t count = ::read(source.get(), buffer.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read " + shown(entry.path), errno);
    if (count == 0) break;
    const auto size = static_cast<std::size_t>(count);
    TRY(write_all(target.get(), std::string_view(buffer).substr(0, size), entry.path));
    left -= size;
  }
  return keep_date(target.get(), info, entry.path);
}

Result<> copy_entry(int from_fd, int to_fd, const TreeEntry& entry) {
  if (entry.kind == TreeEntry::Kind::folder) {
    if (::mkdirat(to_fd, entry.path.c_str(), 0755) == 0) return ok;
    return errno_error("create folder " + shown(entry.path), errno);
  }
  if (entry.kind == TreeEntry::Kind::link) {
    if (::symlinkat(entry.link_target.c_str(), to_fd, entry.path.c_str()) == 0) return ok;
    return errno_error("create link " + shown(entry.path), errno);
  }
  return copy_file(from_fd, to_fd, entry);
}

}  // namespace

Result<> check_relative_path(std::string_view path) {
  const auto refuse = [&](std::string_view why) -> Result<> {
    return {ErrorCode::invalid_input, "path '" + shown(path) + "' " + std::string(why)};
  };
  if (path.empty()) return refuse("is empty");
  if (path.size() > kPathBytesMax) return refuse("is longer than 4095 bytes");
  if (path.find('\0') != std::string_view::npos) return refuse("holds a NUL byte");
  if (path.front() == '/') return refuse("is absolute; it must be relative to the workspace");
  for (const std::string& part : split(path, '/')) {
    if (part.empty()) return refuse("has an empty part");
    if (part == "." || part == "..") return refuse("has a '" + part + "' part");
    if (part.size() > NAME_MAX) return refuse("has a part longer than 255 bytes");
  }
  return ok;
}

Result<std::string> read_file_at(int folder_fd, const std::string& path, std::uint64_t bytes_max) {
  TRY(check_relative_path(path));
  struct stat info{};
  TRY_INTO(const UniqueFd fd, open_regular(folder_fd, path, info));
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > bytes_max) return too_large(path, bytes_max);
  std::string content;
  content.reserve(size);
  std::string buffer(std::min<std::uint64_t>(size + 1, kCopyBytes), '\0');
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read " + shown(path), errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > bytes_max) return too_large(path, bytes_max);
  }
}

Result<> write_file_at(int folder_fd, const std::string& path, std::string_view content,
                       FileMode mode) {
  TRY(check_relative_path(path));
  const ActAsOwner owner(folder_fd);
  std::string name;
  TRY_INTO(const UniqueFd folder, open_parent(folder_fd, path, name));
  const std::string scratch = scratch_name();
  const mode_t bits = mode == FileMode::executable ? 0755 : 0644;
  const UniqueFd fd(::openat(folder.get(), scratch.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, bits));
  if (!fd) return errno_error("create " + shown(path), errno);
  Result<> written = write_all(fd.get(), content, path);
  if (written && ::fchmod(fd.get(), bits) != 0) {
    written = errno_error("chmod " + shown(path), errno);
  }
  if (!written) {
    ::unlinkat(folder.get(), scratch.c_str(), 0);
    return written;
  }
  return put_in_place(folder.get(), scratch, name, path);
}

Result<> walk_tree(int folder_fd, const TreeLimits& limits,
                   const std::function<Result<>(const TreeEntry&)>& visit) {
  return Walk(limits, visit).folder(folder_fd, "", 0);
}

Result<> export_workspace(int folder_fd, const std::string& host_dir, const TreeLimits& limits) {
  if (::mkdir(host_dir.c_str(), 0755) != 0) return errno_error("create folder " + host_dir, errno);
  const UniqueFd target(::open(host_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!target) return errno_error("open " + host_dir, errno);
  Result<> copied = walk_tree(folder_fd, limits, [&](const TreeEntry& entry) {
    return copy_entry(folder_fd, target.get(), entry);
  });
  if (!copied) {
    TRY(remove_tree(host_dir));
    return std::move(copied).with_context("export the workspace");
  }
  return ok;
}

}  // namespace nightjar::sandbox
