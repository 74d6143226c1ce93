#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace nightjar {
namespace {

ErrorCode code_for_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::denied;
    case EEXIST:
    case ENOTEMPTY:
    case EBUSY: return ErrorCode::conflict;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return ErrorCode::exhausted;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
    case EISDIR: return ErrorCode::invalid_input;
    case ETIMEDOUT: return ErrorCode::timeout;
    default: return ErrorCode::unavailable;
  }
}

Result<> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("write " + path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok;
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

Error errno_error(std::string_view what, int error_number) {
  return {code_for_errno(error_number),
          std::string(what) + ": " + std::generic_category().message(error_number)};
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return errno_error("open " + path, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return errno_error("stat " + path, errno);
  if (!S_ISREG(info.st_mode)) {
    return {ErrorCode::invalid_input, path + ": not a regular file"};
  }
  std::string content;
  std::string buffer(std::size_t{64} * 1024, '\0');
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read " + path, errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > bytes_max) {
      return {ErrorCode::exhausted,
              path + ": larger than the limit of " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

Result<> write_file_atomically(const std::string& path, std::string_view content, int mode) {
  const std::filesystem::path target(path);
  const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
  std::string beside = path + ".XXXXXX";
  const UniqueFd fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd) return errno_error("create a file beside " + path, errno);
  const auto undo = [&](Error error) {
    ::unlink(beside.c_str());
    return error;
  };
  if (Result<> written = write_all(fd.get(), content, path); !written) return undo(written.error());
  if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0 || ::fsync(fd.get()) != 0) {
    return undo(errno_error("sync " + path, errno));
  }
  if (::rename(beside.c_str(), path.c_str()) != 0)
    return undo(errno_error("rename to " + path, errno));
  const UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_fd || ::fsync(folder_fd.get()) != 0) return errno_error("sync " + folder, errno);
  return ok;
}

Result<> make_directories(const std::string& path, int mode) {
  std::string prefix;
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    prefix = path.substr(0, at);
    if (prefix.empty()) continue;
    if (::mkdir(prefix.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
      return errno_error("create folder " + prefix, errno);
    }
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return errno_error("stat " + path, errno);
  if (!S_ISDIR(info.st_mode)) return {ErrorCode::conflict, path + " is not a folder"};
  return ok;
}

Result<> remove_tree(const std::string& path) {
  std::error_code failure;
  std::filesystem::remove_all(path, failure);  // Unlinks links, never follows them.
  if (failure) return errno_error("remove " + path, failure.value());
  return ok;
}

bool path_exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

}  // namespace nightjar
