#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "harness/environment.h"
#include "sandbox/tree.h"

namespace nightjar::harness {
namespace {

Result<> copy_entry(int from_fd, int to_fd, const std::string& host_dir,
                    const sandbox::TreeEntry& entry, std::uint64_t bytes_max) {
  using Kind = sandbox::TreeEntry::Kind;
  const std::string target = host_dir + "/" + entry.path;
  // The target is ours and holds no links on the way: a walk goes through folders alone.
  if (entry.kind == Kind::folder) return make_directories(target, 0755);
  if (entry.kind == Kind::link) {
    TRY(make_directories(target.substr(0, target.rfind('/')), 0755));
    if (::symlink(entry.link_target.c_str(), target.c_str()) == 0) return ok;
    return errno_error("link " + printable(entry.path, 200), errno);
  }
  TRY_INTO(const std::string content, sandbox::read_file_at(from_fd, entry.path, bytes_max));
  TRY(sandbox::write_file_at(
      to_fd, entry.path, content,
      entry.kind == Kind::executable ? sandbox::FileMode::executable : sandbox::FileMode::regular));
  // make and its kind go by dates.
  struct stat info{};
  if (::fstatat(from_fd, entry.path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return ok;
  const std::array<timespec, 2> times = {info.st_mtim, info.st_mtim};
  if (::utimensat(to_fd, entry.path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0) return ok;
  return errno_error("set the date of " + printable(entry.path, 200), errno);
}

}  // namespace

Result<> export_added(int workspace_fd, const std::string& source_dir, const std::string& host_dir,
                      const sandbox::TreeLimits& limits) {
  const UniqueFd source(::open(source_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!source) return errno_error("open " + source_dir, errno);
  TRY(make_directories(host_dir, 0755));
  const UniqueFd target(::open(host_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!target) return errno_error("open " + host_dir, errno);
  return sandbox::walk_tree(workspace_fd, limits, [&](const sandbox::TreeEntry& entry) -> Result<> {
    struct stat info{};
    if (::fstatat(source.get(), entry.path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
      return ok;
    }
    return copy_entry(workspace_fd, target.get(), host_dir, entry, limits.bytes_max);
  });
}

}  // namespace nightjar::harness
