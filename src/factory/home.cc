#include "factory/home.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"

namespace nightjar::factory {
namespace {

/// A shared lock that is refused means that somebody has the exclusive one; an owner writes its pid
/// into the file when it begins.
std::int64_t owned_since(const std::string& path) {
  const UniqueFd lock(::open((path + "/lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!lock || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return 0;
  struct stat info{};
  if (::fstat(lock.get(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
}

}  // namespace

Result<Home> open_home(const std::string& path, HomeMode mode, std::chrono::milliseconds wait_max) {
  Home home;
  const bool owns = mode == HomeMode::owner;
  if (owns) TRY(make_directories(path, 0700));
  TRY_INTO(store::DataDir directory,
           store::DataDir::open(
               path, owns ? store::OpenMode::read_write : store::OpenMode::read_only, wait_max));
  home.directory = std::move(directory);
  TRY_INTO(home.journal, home.directory->open_journal());
  TRY_INTO(home.blobs, home.directory->open_blobs());
  if (!owns) home.owned_since_utc_ns = owned_since(path);
  return home;
}

}  // namespace nightjar::factory
