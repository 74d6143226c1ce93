// write_branch, apply_patch and write_note: a proven candidate, or a verdict, into the user's
// repository. They are keyed: done twice they leave what doing them once leaves.
#include <fcntl.h>

#include "base/bytes.h"
#include "base/file.h"
#include "factory/performers.h"
#include "sandbox/tree.h"

namespace nightjar::factory {
namespace {

struct Target {
  repo::Repository repository;
  std::string folder;  // the project's folder on this machine
  std::string commit;
  repo::Changes changes;
};

Result<Target> target_of(const Json& tree, const store::Blobs& blobs) {
  const std::string below = tree.string_or("folder", "");
  const std::string top = tree.string_or("top", "");
  std::string folder = below.empty() ? top : top + "/" + below;
  TRY_INTO(repo::Repository repository, repo::Repository::open(folder));
  TRY_INTO(repo::Changes changes, load_changes(blobs, tree.string_or("changes", "")));
  return Target{.repository = std::move(repository),
                .folder = std::move(folder),
                .commit = tree.string_or("commit", ""),
                .changes = std::move(changes)};
}

class WriteBranch final : public Performer {
 public:
  explicit WriteBranch(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token) override {
    const auto start = world_.clock.monotonic();
    const Json& arguments = request.arguments;
    TRY_INTO(Target target, target_of(*arguments.find("tree"), world_.blobs));
    const std::string branch = arguments.string_or("branch", "");
    TRY_INTO(const std::string commit,
             target.repository.write_branch({.branch = branch,
                                             .base_commit = target.commit,
                                             .changes = std::move(target.changes),
                                             .message = arguments.string_or("message", ""),
                                             .key = arguments.string_or("key", ""),
                                             .at_utc_ns = arguments.int_or("at_utc_ns", 0)}));
    return Performed{.result = Json::object({{"branch", branch}, {"commit", commit}}),
                     .cost = {.wall_ms = elapsed_ms(world_.clock, start)}};
  }

 private:
  World& world_;
};

class ApplyPatch final : public Performer {
 public:
  explicit ApplyPatch(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token) override {
    const auto start = world_.clock.monotonic();
    TRY_INTO(const Target target, target_of(*request.arguments.find("tree"), world_.blobs));
    const UniqueFd fd(::open(target.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return errno_error("open " + target.folder, errno);
    for (const auto& [path, change] : target.changes)
      TRY(check_unchanged(fd.get(), target, path, change));
    Json files = Json::array();
    for (const auto& [path, change] : target.changes) {
      if (!change.content)
        return {ErrorCode::invalid_input, path + ": a patch does not delete files"};
      TRY(sandbox::write_file_at(
          fd.get(), path, *change.content,
          change.executable ? sandbox::FileMode::executable : sandbox::FileMode::regular));
      files.push(path);
    }
    return Performed{.result = Json::object({{"files", std::move(files)}}),
                     .cost = {.wall_ms = elapsed_ms(world_.clock, start)}};
  }

 private:
  /// The user's own edits are never overwritten: the file is as in the commit, or as we would write
  /// it.
  static Result<> check_unchanged(int fd, const Target& target, const std::string& path,
                                  const repo::Change& change) {
    Result<std::string> now = sandbox::read_file_at(fd, path, kCandidateFileBytesMax);
    if (now && change.content && *now == *change.content) return ok;
    const Result<std::string> before =
        target.repository.read_file(target.commit, path, kCandidateFileBytesMax);
    if (now && before && *now == *before) return ok;
    if (!now && now.error().code == ErrorCode::not_found && !before) return ok;
    return {ErrorCode::conflict, path +
                                     " differs from the commit that was repaired; commit or undo "
                                     "your change to it and run again, or apply the diff by hand"};
  }

  World& world_;
};

class WriteNote final : public Performer {
 public:
  explicit WriteNote(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token) override {
    const auto start = world_.clock.monotonic();
    const Json& arguments = request.arguments;
    TRY_INTO(repo::Repository repository, repo::Repository::open(arguments.string_or("top", "")));
    TRY(repository.write_note({.commit = arguments.string_or("commit", ""),
                               .line = arguments.string_or("line", ""),
                               .at_utc_ns = arguments.int_or("at_utc_ns", 0)}));
    return Performed{.result = Json::object({{"reference", repo::kNotesReference}}),
                     .cost = {.wall_ms = elapsed_ms(world_.clock, start)}};
  }

 private:
  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_write_branch(World& world) {
  return std::make_unique<WriteBranch>(world);
}

std::unique_ptr<Performer> make_write_note(World& world) {
  return std::make_unique<WriteNote>(world);
}

std::unique_ptr<Performer> make_apply_patch(World& world) {
  return std::make_unique<ApplyPatch>(world);
}

}  // namespace nightjar::factory
