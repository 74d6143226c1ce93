#include "store/data_dir.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/blobs/file_blobs.h"
#include "store/sqlite/sqlite_journal.h"

namespace nightjar::store {
namespace {

constexpr std::string_view kFormatWord = "nightjar-data ";
constexpr int kFormat = 1;
constexpr std::size_t kFormatBytesMax = 64;
constexpr int kLockPollMs = 10;

Result<> check_private(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return errno_error("stat " + path, errno);
  if (!S_ISDIR(info.st_mode)) {
    return {ErrorCode::conflict, path + " is not a folder: choose another data directory"};
  }
  if (info.st_uid != ::geteuid() && ::geteuid() != 0) {
    return {ErrorCode::denied, path + " belongs to another user: choose another data directory"};
  }
  if ((info.st_mode & 0022) != 0) {
    return {ErrorCode::denied,
            path + " may be written by other users: run chmod go-w on it, or choose another"};
  }
  return ok;
}

/// The pid in the lock file, for a person; nothing if its owner has not written it yet.
std::string owner_of(const std::string& lock_path) {
  const Result<std::string> content = read_file(lock_path, kFormatBytesMax);
  const std::string pid = content ? std::string(trim(*content)) : std::string();
  const bool is_number = !pid.empty() && std::all_of(pid.begin(), pid.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? "process " + pid : "another process";
}

}  // namespace

Result<DataDir> DataDir::open(const std::string& path, OpenMode mode,
                              std::chrono::milliseconds lock_wait_max) {
  DataDir directory(path, mode);
  if (mode == OpenMode::read_only) {
    if (!path_exists(path)) {
      return {ErrorCode::not_found,
              path + ": there is no data directory yet; `nightjar run` makes it"};
    }
    TRY(check_private(path));
    TRY(directory.check_format());
    return directory;
  }
  TRY(make_directories(path, 0700));
  TRY(check_private(path));
  TRY(directory.take_lock(lock_wait_max));
  // Under the lock, so that two first starts do not meet.
  const std::string format_path = path + "/format";
  if (!path_exists(format_path)) {
    if (path_exists(directory.journal_path())) {
      return {ErrorCode::corrupt,
              format_path + " is missing beside a journal: restore it, or write \"" +
                  std::string(kFormatWord) + std::to_string(kFormat) + "\" into it"};
    }
    TRY(write_file_atomically(format_path,
                              std::string(kFormatWord) + std::to_string(kFormat) + "\n", 0600));
  }
  TRY(directory.check_format());
  for (const std::string& folder : {directory.blobs_path(), directory.keys_path(),
                                    directory.context_path(), directory.holdouts_path()}) {
    TRY(make_directories(folder, 0700));
  }
  return directory;
}

Result<> DataDir::take_lock(std::chrono::milliseconds lock_wait_max) {
  const std::string lock_path = path_ + "/lock";
  lock_ = UniqueFd(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_) {
    return {ErrorCode::unavailable, errno_error("open " + lock_path, errno).message +
                                        ": check that the data directory is writable"};
  }
  const SystemClock clock;
  const std::chrono::nanoseconds start = clock.monotonic();
  while (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return errno_error("lock " + lock_path, errno);
    if (clock.monotonic() - start >= lock_wait_max) {
      return {ErrorCode::conflict, path_ + " is in use by " + owner_of(lock_path) +
                                       ": wait until it ends, or set NIGHTJAR_DATA_DIR to another "
                                       "folder"};
    }
    ::poll(nullptr, 0, kLockPollMs);  // flock(2) knows no limit in time.
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_.get(), 0) != 0 ||
      ::pwrite(lock_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return errno_error("write " + lock_path, errno);
  }
  return ok;
}

Result<> DataDir::check_format() const {
  const std::string format_path = path_ + "/format";
  TRY_INTO(const std::string content,
           read_file(format_path, kFormatBytesMax).with_context("data directory"));
  const std::string_view text = trim(content);
  int format = 0;
  const char* begin = text.data() + std::min(kFormatWord.size(), text.size());
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(begin, end, format);
  if (!text.starts_with(kFormatWord) || failure != std::errc() || stopped != end || format < 1) {
    return {ErrorCode::corrupt, format_path +
                                    " does not name a format: is this a data directory of "
                                    "Nightjar?"};
  }
  if (format > kFormat) {
    return {ErrorCode::unavailable, path_ + " has format " + std::to_string(format) +
                                        ", this Nightjar knows up to " + std::to_string(kFormat) +
                                        ": use the newer Nightjar that wrote it"};
  }
  return ok;
}

Result<std::unique_ptr<Journal>> DataDir::open_journal() const {
  return open_sqlite_journal(journal_path(), mode_);
}

Result<std::unique_ptr<Blobs>> DataDir::open_blobs() const {
  return open_file_blobs(blobs_path(), mode_);
}

}  // namespace nightjar::store
