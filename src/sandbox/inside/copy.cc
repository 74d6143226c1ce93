#include "sandbox/inside/copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "base/bytes.h"
#include "base/file.h"

namespace nightjar::sandbox::inside {
namespace {

constexpr int kDepthMax = 128;
constexpr std::size_t kBytesAtOnce = std::size_t{16} << 20U;

Error failure(std::string_view step, const std::string& name) {
  return errno_error("workspace: " + std::string(step) + " " + printable(name, 200), errno);
}

Result<> keep_times(int folder, const std::string& name, const struct stat& info) {
  const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
  if (::utimensat(folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    return failure("set the time of", name);
  }
  return ok;
}

Result<> copy_file(int from, int to, const std::string& name, const struct stat& info) {
  const UniqueFd target(
      ::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target && errno == EEXIST) return ok;
  const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!target || !source) return failure("copy", name);
  while (true) {
    const ssize_t count = ::sendfile(target.get(), source.get(), nullptr, kBytesAtOnce);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("copy", name);
    if (count == 0) break;
  }
  if (::fchmod(target.get(), info.st_mode & 0777U) != 0) return failure("chmod", name);
  return keep_times(to, name, info);
}

Result<> copy_link(int from, int to, const std::string& name, const struct stat& info) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlinkat(from, name.c_str(), target.data(), target.size());
  if (size < 0) return failure("read the link", name);
  const std::string text(target.data(), static_cast<std::size_t>(size));
  if (::symlinkat(text.c_str(), to, name.c_str()) != 0) {
    return errno == EEXIST ? Result<>(ok) : failure("link", name);
  }
  return keep_times(to, name, info);
}

Result<> copy_folder(int from, int to, int depth);

Result<> copy_entry(int from, int to, const std::string& name, int depth) {
  struct stat info{};
  if (::fstatat(from, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return failure("stat", name);
  if (S_ISREG(info.st_mode)) return copy_file(from, to, name, info);
  if (S_ISLNK(info.st_mode)) return copy_link(from, to, name, info);
  if (!S_ISDIR(info.st_mode)) return ok;
  const bool made = ::mkdirat(to, name.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return failure("create folder", name);
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd target(::openat(to, name.c_str(), kFlags));
  if (!target && (errno == ENOTDIR || errno == ELOOP))
    return ok;  // A file above hides this folder.
  const UniqueFd source(::openat(from, name.c_str(), kFlags));
  if (!target || !source) return failure("open", name);
  TRY(copy_folder(source.get(), target.get(), depth + 1));
  if (!made) return ok;
  if (::fchmod(target.get(), info.st_mode & 0777U) != 0) return failure("chmod", name);
  return keep_times(to, name, info);
}

Result<> copy_folder(int from, int to, int depth) {
  if (depth > kDepthMax) {
    return {ErrorCode::exhausted, "workspace: more than 128 nested folders"};
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(::fcntl(from, F_DUPFD_CLOEXEC, 0)),
                                                    &::closedir);
  if (!entries) return failure("list", "a folder");
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") TRY(copy_entry(from, to, name, depth));
  }
  return ok;
}

}  // namespace

Result<> copy_tree(const std::string& from, const std::string& to) {
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd target(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!source || !target) return failure("open", source ? to : from);
  return copy_folder(source.get(), target.get(), 0);
}

}  // namespace nightjar::sandbox::inside
