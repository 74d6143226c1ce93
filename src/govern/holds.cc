#include "govern/holds.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"

namespace nightjar::govern {
namespace {

constexpr std::string_view kEnding = ".json";
constexpr std::size_t kFileBytesMax = 16'384;  // a hold in JSON, escapes and all
constexpr std::size_t kUniqueBytes = 7;  // write_file_atomically() writes to NAME.XXXXXX first
static_assert(kFileBytesMax > (kHoldReasonBytesMax + kHoldWhoBytesMax) * 6 + 1'000);

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_id(std::string_view text) { return parse_uuid(text).has_value(); }

/// The id in a hold's file name; "" for other names.
std::string id_in(std::string_view name) {
  if (!name.ends_with(kEnding)) return {};
  name.remove_suffix(kEnding.size());
  return is_id(name) ? std::string(name) : std::string();
}

/// What a crash left of a placement that never returned.
bool is_unfinished(std::string_view name) {
  return name.size() > kUniqueBytes && name[name.size() - kUniqueBytes] == '.' &&
         !id_in(name.substr(0, name.size() - kUniqueBytes)).empty();
}

Json scope_json(const HoldScope& scope) {
  if (const auto* project = std::get_if<ProjectId>(&scope)) {
    return Json::object({{"project", project->str()}});
  }
  if (const auto* run = std::get_if<RunId>(&scope)) return Json::object({{"run", run->str()}});
  return "everything";
}

Result<HoldScope> scope_from(const Json& json) {
  if (json.is_string() && json.as_string() == "everything") return HoldScope(Everything{});
  const bool one = json.is_object() && json.as_object().size() == 1;
  if (one && json.find("project") != nullptr) {
    TRY_INTO(const std::string text, json.get_string("project"));
    TRY_INTO(const ProjectId project, ProjectId::parse(text));
    return HoldScope(project);
  }
  if (one && json.find("run") != nullptr) {
    TRY_INTO(const std::string text, json.get_string("run"));
    TRY_INTO(const RunId run, RunId::parse(text));
    return HoldScope(run);
  }
  return {ErrorCode::corrupt, "its scope is neither everything nor a project nor a run"};
}

/// The whole file. The digest is there because a flipped bit in an id would hold another run.
std::string text_of(const Hold& hold) {
  Json json = Json::object({{"id", hold.name},
                            {"scope", scope_json(hold.scope)},
                            {"reason", hold.reason},
                            {"who", hold.who},
                            {"since_utc_ns", hold.since_utc_ns}});
  json.set("digest", blake3(json.dump()).name());
  return json.dump() + "\n";
}

Result<Hold> hold_from(std::string_view text, const std::string& id) {
  TRY_INTO(const Json json, parse_json(text));
  Hold hold;
  TRY_INTO(hold.name, json.get_string("id"));
  if (hold.name != id) return {ErrorCode::corrupt, "it has another id than its name says"};
  const Json* scope = json.find("scope");
  if (scope == nullptr) return {ErrorCode::corrupt, "it has no scope"};
  TRY_INTO(hold.scope, scope_from(*scope));
  TRY_INTO(hold.reason, json.get_string("reason"));
  TRY_INTO(hold.who, json.get_string("who"));
  TRY_INTO(hold.since_utc_ns, json.get_int("since_utc_ns"));
  if (text_of(hold) != text) return {ErrorCode::corrupt, "it is not what was written"};
  return hold;
}

Hold damaged(const std::string& name, const std::string& why) {
  Hold hold;
  hold.name = name;
  hold.damage = why;
  return hold;  // Its scope is everything.
}

/// Nothing: it was lifted in between. Never waits and never follows a link: what lies there may be
/// anything.
std::optional<Hold> read_hold(int folder, const std::string& name) {
  const std::string id = id_in(name);
  if (id.empty()) return damaged(name, "no hold has such a name");
  const UniqueFd fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) return damaged(name, errno_error("open", errno).message);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return damaged(name, "it is no regular file");
  }
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(fd.get(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return damaged(name, errno_error("read", errno).message);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  if (filled > kFileBytesMax) {
    return damaged(name, "it has more than " + std::to_string(kFileBytesMax) + " bytes");
  }
  text.resize(filled);
  auto hold = hold_from(text, id);
  return hold ? *std::move(hold) : damaged(name, hold.error().message);
}

Result<> check_text(const char* what, const std::string& text, std::size_t bytes_max) {
  if (!trim(text).empty() && text.size() <= bytes_max && is_utf8(text)) return ok;
  return {ErrorCode::invalid_input, std::string("a hold says ") + what + ", in 1 to " +
                                        std::to_string(bytes_max) + " bytes of UTF-8"};
}

bool stops(const Hold& hold, const RunId& run, const ProjectId& project) {
  if (const auto* held = std::get_if<RunId>(&hold.scope)) return *held == run;
  if (const auto* held = std::get_if<ProjectId>(&hold.scope)) return *held == project;
  return true;
}

}  // namespace

std::string describe(const Hold& hold) {
  const std::string name = printable(hold.name, kHoldWhoBytesMax);
  if (!hold.damage.empty()) {
    return "everything is held: the hold " + name + " is damaged (" +
           printable(hold.damage, kHoldReasonBytesMax) + "); lift it if nothing has to stop";
  }
  std::string what = "everything";
  if (const auto* project = std::get_if<ProjectId>(&hold.scope)) what = "project " + project->str();
  if (const auto* run = std::get_if<RunId>(&hold.scope)) what = "run " + run->str();
  return what + " is held by " + printable(hold.who, kHoldWhoBytesMax) + " since " +
         rfc3339(hold.since_utc_ns) + ": " + printable(hold.reason, kHoldReasonBytesMax) +
         " (hold " + name + ")";
}

Result<Hold> Holds::place(const Request& request) const {
  TRY(check_text("why", request.reason, kHoldReasonBytesMax));
  TRY(check_text("who", request.who, kHoldWhoBytesMax));
  TRY(make_directories(folder_, 0700));
  TRY_INTO(const std::vector<Hold> known, list());
  if (known.size() >= kHoldsMax) {
    return {ErrorCode::exhausted, "there are " + std::to_string(known.size()) +
                                      " holds already; lift some, or hold everything"};
  }
  Hold hold{.name = to_string(make_uuid_v7(request.at_utc_ns)),
            .scope = request.scope,
            .reason = request.reason,
            .who = request.who,
            .since_utc_ns = request.at_utc_ns,
            .damage = {}};
  TRY(write_file_atomically(folder_ + "/" + hold.name + std::string(kEnding), text_of(hold), 0600));
  return hold;
}

Result<> Holds::lift(const std::string& name) const {
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
  const Error unknown{ErrorCode::not_found, "there is no hold '" + printable(name, 200) + "'"};
  if (!plain) return unknown;
  const UniqueFd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder && errno == ENOENT) return unknown;
  if (!folder) return errno_error("open " + folder_, errno);
  const std::string file = is_id(name) ? name + std::string(kEnding) : name;
  if (::unlinkat(folder.get(), file.c_str(), 0) != 0) {
    if (errno == ENOENT) return unknown;
    return errno_error("lift the hold " + printable(name, 200), errno);
  }
  if (::fsync(folder.get()) != 0) return errno_error("sync " + folder_, errno);
  return ok;
}

Result<std::vector<Hold>> Holds::list() const {
  std::vector<Hold> out;
  const std::unique_ptr<DIR, CloseFolder> entries(::opendir(folder_.c_str()));
  if (!entries && errno == ENOENT) return out;
  if (!entries) return errno_error("read the holds in " + folder_, errno);
  for (errno = 0; const dirent* entry = ::readdir(entries.get()); errno = 0) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || is_unfinished(name)) continue;
    if (out.size() > kHoldsMax) {
      return {ErrorCode::exhausted, "there are more than " + std::to_string(kHoldsMax) +
                                        " files in " + folder_ + "; each holds something"};
    }
    if (auto hold = read_hold(::dirfd(entries.get()), name)) out.push_back(*std::move(hold));
  }
  if (errno != 0) return errno_error("read the holds in " + folder_, errno);
  std::sort(out.begin(), out.end(), [](const Hold& left, const Hold& right) {
    return std::tuple(left.damage.empty(), left.since_utc_ns, left.name) <
           std::tuple(right.damage.empty(), right.since_utc_ns, right.name);
  });
  return out;
}

Result<std::optional<Hold>> Holds::find(const RunId& run, const ProjectId& project) const {
  TRY_INTO(const std::vector<Hold> holds, list());
  for (const Hold& hold : holds) {
    if (stops(hold, run, project)) return std::optional<Hold>(hold);
  }
  return std::optional<Hold>();
}

}  // namespace nightjar::govern
