#include "repo/git_handles.h"

#include "base/bytes.h"

namespace nightjar::repo {
namespace {

constexpr std::size_t kMessageBytesMax = 500;

int set_options() {
  // Nothing outside the repository itself may steer what we read.
  for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                          GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
    if (const int code = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, ""); code < 0)
      return code;
  }
  if (const int code = git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, ""); code < 0) return code;
  // git refuses a repository of another user (safe.directory) because its configuration can name
  // programs to run. libgit2 runs none of them: no hook, filter, fsmonitor, pager or editor; we
  // read objects and write objects and refs. So the check would refuse CI checkouts and protect
  // nothing.
  if (const int code = git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0); code < 0) return code;
  if (const int code = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1); code < 0)
    return code;
  if (const int code = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1); code < 0)
    return code;
  // A branch that write_branch() returned is on disk.
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

ErrorCode code_of(int code) {
  switch (code) {
    case GIT_ENOTFOUND:
    case GIT_EUNBORNBRANCH: return ErrorCode::not_found;
    case GIT_EEXISTS:
    case GIT_EMODIFIED:
    case GIT_ECONFLICT: return ErrorCode::conflict;
    case GIT_ELOCKED: return ErrorCode::unavailable;
    case GIT_EINVALIDSPEC:
    case GIT_EAMBIGUOUS:
    case GIT_EBAREREPO: return ErrorCode::invalid_input;
    case GIT_EMISMATCH: return ErrorCode::corrupt;
    default: break;
  }
  const git_error* last = git_error_last();
  const int klass = last == nullptr ? GIT_ERROR_NONE : last->klass;
  const bool damaged = klass == GIT_ERROR_ZLIB || klass == GIT_ERROR_ODB ||
                       klass == GIT_ERROR_OBJECT || klass == GIT_ERROR_TREE ||
                       klass == GIT_ERROR_INDEXER;
  return damaged ? ErrorCode::corrupt : ErrorCode::unavailable;
}

}  // namespace

Result<> start_libgit2() {
  // Once per process, by the language's own guarantee for local statics.
  static const int code = [] {
    const int count = git_libgit2_init();
    return count < 0 ? count : set_options();
  }();
  if (code < 0) return git_error_of("start libgit2", code);
  return ok;
}

Error git_error_of(std::string_view what, int code) {
  const git_error* last = git_error_last();
  std::string message(what);
  message += ": ";
  message += last == nullptr || last->message == nullptr
                 ? "git error " + std::to_string(code)
                 : printable(last->message, kMessageBytesMax);
  return {code_of(code), message};
}

std::string hex_of(const git_oid& id) {
  char hex[GIT_OID_HEXSZ + 1];
  git_oid_tostr(hex, sizeof hex, &id);
  return hex;
}

Result<git_oid> oid_from(const std::string& hex) {
  git_oid id;
  if (hex.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, hex.data(), hex.size()) != 0) {
    return {ErrorCode::invalid_input,
            "'" + printable(hex, 80) + "' is no commit id; a commit id has 40 hexadecimal digits"};
  }
  return id;
}

}  // namespace nightjar::repo
