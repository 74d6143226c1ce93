#include "sandbox/inside/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/file.h"

namespace nightjar::sandbox::inside {
namespace {

// Rights and fields that came after the headers we build with, by the ABI that brought them.
constexpr std::uint64_t kRightRefer = std::uint64_t{1} << 13U;     // 2
constexpr std::uint64_t kRightTruncate = std::uint64_t{1} << 14U;  // 3
constexpr std::uint64_t kRightIoctl = std::uint64_t{1} << 15U;     // 5
constexpr std::uint64_t kScopeAbstractSocket = 1;                  // 6
constexpr std::uint64_t kScopeSignal = 2;                          // 6

// The kernel's struct grew with the ABI; it takes a longer one if the rest is zero.
struct RulesetAttributes {
  std::uint64_t files = 0;
  // Left at zero: programs may test their servers on the loopback of their own, empty network.
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kReadAndRun = kRead | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kDevice =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kRightTruncate | kRightIoctl;
constexpr std::uint64_t kFirstRights = (std::uint64_t{1} << 13U) - 1;  // ABI 1
// The only ones that a rule on a single file may name.
constexpr std::uint64_t kFileRights = kDevice | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kDeviceFiles = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

std::uint64_t handled_rights(int abi) {
  std::uint64_t rights = kFirstRights;
  if (abi >= 2) rights |= kRightRefer;
  if (abi >= 3) rights |= kRightTruncate;
  if (abi >= 5) rights |= kRightIoctl;
  return rights;
}

Error failure(std::string_view step) {
  return {ErrorCode::unavailable, "wall landlock: " + errno_error(step, errno).message};
}

Result<> add_rule(int ruleset, const std::string& path, std::uint64_t rights) {
  const UniqueFd folder(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!folder && errno == ENOENT) return ok;
  struct stat info{};
  if (!folder || ::fstat(folder.get(), &info) != 0) return failure("open " + path);
  if (!S_ISDIR(info.st_mode)) rights &= kFileRights;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = folder.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failure("allow " + path);
  }
  return ok;
}

}  // namespace

Result<int> landlock_abi() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi >= 1) return static_cast<int>(abi);
  return Error{ErrorCode::unavailable,
               "wall landlock: this kernel has none (" + errno_error("ask", errno).message +
                   "); use Linux 5.13 or later with landlock in the lsm= list"};
}

Result<FileRules> FileRules::make() {
  TRY_INTO(const int abi, landlock_abi());
  RulesetAttributes attributes;
  attributes.files = handled_rights(abi);
  if (abi >= 6) attributes.scopes = kScopeAbstractSocket | kScopeSignal;
  const std::size_t size = abi >= 6   ? sizeof attributes
                           : abi >= 4 ? 2 * sizeof(std::uint64_t)
                                      : sizeof(std::uint64_t);
  UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset) return failure("create the ruleset");
  return FileRules(std::move(ruleset), attributes.files);
}

Result<> FileRules::allow(const FileRights& rights) const {
  const auto allow_each = [&](const std::vector<std::string>& paths,
                              std::uint64_t wanted) -> Result<> {
    for (const std::string& path : paths) {
      TRY(add_rule(ruleset_.get(), path, wanted & handled_));
    }
    return ok;
  };
  TRY(allow_each(rights.read_and_run, kReadAndRun));
  TRY(allow_each(rights.read, kRead));
  TRY(allow_each(rights.devices, kDevice));
  // Not the right to ioctl: no device file can lie there.
  return allow_each(rights.everything, handled_ & ~(kDeviceFiles | kRightIoctl));
}

Result<> FileRules::allow_writing(int file) const {
  landlock_path_beneath_attr rule{};
  rule.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE;
  rule.parent_fd = file;
  if (::syscall(SYS_landlock_add_rule, ruleset_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failure("allow writing");
  }
  return ok;
}

Result<> FileRules::enforce() const {
  if (::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0) != 0) return failure("restrict");
  return ok;
}

}  // namespace nightjar::sandbox::inside
