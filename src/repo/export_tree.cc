// Writing the project folder of a commit out.
//
// First the folders are made and everything is counted, in the order of the tree. Then several
// threads write the files, each with a handle of its own on the repository, folder by folder:
// making small files costs the kernel more than reading them costs us, and it makes them side by
// side when their folders differ. Links come last, so that while files are written the new folder
// holds none.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "base/bytes.h"
#include "base/file.h"
#include "base/guarded.h"
#include "repo/repository.h"
#include "repo/repository_impl.h"
#include "repo/tree_reader.h"

namespace nightjar::repo {
namespace {

constexpr std::size_t kFilesForThreads = 2'000;  // fewer are written before a thread has begun
constexpr unsigned kThreadsMax = 4;

/// Makes `path`, or takes it when it is empty.
Result<UniqueFd> make_empty_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) {
    if (errno != EEXIST) return errno_error("create " + path, errno);
    std::error_code failure;
    const bool empty = std::filesystem::is_empty(std::filesystem::path(path), failure);
    if (failure) return {ErrorCode::unavailable, "read " + path + ": " + failure.message()};
    if (!empty) return {ErrorCode::conflict, path + " is not empty; name a new folder"};
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error("open " + path, errno);
  return fd;
}

Result<> write_new_file(int folder, const char* name, std::string_view content, mode_t mode) {
  const auto failed = [&](const char* what) {
    return errno_error(std::string(what) + printable(name, 300), errno);
  };
  const UniqueFd fd(
      ::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return failed("create ");
  while (!content.empty()) {
    const ssize_t count = ::write(fd.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("write ");
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  // The umask may have taken something away; to look costs less than to set.
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return failed("look at ");
  if ((status.st_mode & 07777U) != mode && ::fchmod(fd.get(), mode) != 0) {
    return failed("set the mode of ");
  }
  return ok;
}

/// The files of one folder.
struct Folder {
  std::string path;  // "" is the project folder itself
  std::vector<TreeItem> files;
};

/// What is to be written, counted against the limits.
class Plan {
 public:
  Plan(int root, const ExportLimits& limits) : root_(root), limits_(limits) {}

  Result<> add(TreeItem item) {
    if (item.kind == TreeItem::Kind::folder) {
      if (::mkdirat(root_, item.path.c_str(), 0755) != 0) {
        return errno_error("create " + printable(item.path, 300), errno);
      }
      return ok;
    }
    if (item.kind == TreeItem::Kind::submodule) {
      return {ErrorCode::invalid_input,
              "'" + printable(item.path, 200) +
                  "' is a git submodule, whose files the repository does not"
                  " hold; copy them in (`git rm --cached`, then `git add`) or"
                  " run the project in a sub-folder without it"};
    }
    if (++files_ > limits_.files_max) {
      return {ErrorCode::exhausted, "the project has more than " +
                                        std::to_string(limits_.files_max) +
                                        " files; keep it in a smaller sub-folder"};
    }
    if (item.kind == TreeItem::Kind::link) {
      links.push_back(std::move(item));
      return ok;
    }
    // A folder's entries come one after the other.
    const std::size_t slash = item.path.rfind('/');
    std::string folder = slash == std::string::npos ? "" : item.path.substr(0, slash);
    if (folders.empty() || folders.back().path != folder) folders.push_back({folder, {}});
    folders.back().files.push_back(std::move(item));
    return ok;
  }

  std::uint64_t files() const { return files_; }

  std::vector<Folder> folders;
  std::vector<TreeItem> links;

 private:
  int root_;
  const ExportLimits limits_;
  std::uint64_t files_ = 0;
};

/// The bytes that are left, for all threads.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : left_(bytes) {}
  std::uint64_t left() const { return left_; }
  bool take(std::uint64_t bytes) {
    std::uint64_t left = left_;
    while (left >= bytes && !left_.compare_exchange_weak(left, left - bytes)) {}
    return left >= bytes;
  }

 private:
  std::atomic<std::uint64_t> left_;
};

Result<ObjectHandle> take_blob(git_odb* odb, const TreeItem& item, Budget& budget) {
  TRY_INTO(ObjectHandle blob, read_blob(odb, item.id, item.path, budget.left()));
  if (!budget.take(git_odb_object_size(blob.get()))) {
    return {ErrorCode::exhausted,
            "the project is larger than the limit (at '" + printable(item.path, 200) + "')"};
  }
  return blob;
}

std::string_view content_of(const ObjectHandle& object) {
  return {static_cast<const char*>(git_odb_object_data(object.get())),
          git_odb_object_size(object.get())};
}

Result<> write_folder(git_odb* odb, int root, const Folder& folder, Budget& budget) {
  const char* path = folder.path.empty() ? "." : folder.path.c_str();
  const UniqueFd at(::openat(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!at) return errno_error("open " + printable(folder.path, 300), errno);
  for (const TreeItem& item : folder.files) {
    TRY_INTO(const ObjectHandle blob, take_blob(odb, item, budget));
    const std::string_view content = content_of(blob);
    if (is_lfs_pointer(content)) return lfs_error(item.path);
    const std::size_t name_at = folder.path.empty() ? 0 : folder.path.size() + 1;
    const mode_t mode = item.kind == TreeItem::Kind::executable ? 0755 : 0644;
    TRY(write_new_file(at.get(), item.path.c_str() + name_at, content, mode));
  }
  return ok;
}

/// Of several failures the one that comes first in the tree.
struct Failure {
  std::size_t at = 0;
  std::optional<Error> error;
};

class Writers {
 public:
  Writers(int root, const Plan& plan, Budget& budget) : root_(root), plan_(plan), budget_(budget) {}

  /// Takes folders until none is left or somebody failed.
  void work(git_odb* odb) {
    while (!failed_) {
      const std::size_t index = next_++;
      if (index >= plan_.folders.size()) return;
      auto written = write_folder(odb, root_, plan_.folders[index], budget_);
      if (!written) note(index, std::move(written).error());
    }
  }

  /// For a thread of its own; without a handle the others do its share.
  void work_with_own_handle(const std::string& git_dir) {
    git_repository* raw = nullptr;
    if (git_repository_open(&raw, git_dir.c_str()) < 0) return;
    const RepositoryHandle git(raw);
    const auto odb = odb_of(git.get());
    if (odb) work(odb->get());
  }

  Result<> result() {
    return failure_.with([](Failure& failure) -> Result<> {
      if (failure.error) return *failure.error;
      return ok;
    });
  }

 private:
  void note(std::size_t at, Error error) {
    failed_ = true;
    failure_.with([&](Failure& failure) {
      if (!failure.error || at < failure.at) failure = {at, std::move(error)};
    });
  }

  int root_;
  const Plan& plan_;
  Budget& budget_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  Guarded<Failure> failure_;
};

Result<> write_links(git_odb* odb, int root, const Plan& plan, Budget& budget) {
  std::vector<std::string> targets;
  for (const TreeItem& link : plan.links) {  // All are looked at before one is made.
    TRY_INTO(const ObjectHandle blob, take_blob(odb, link, budget));
    const std::string_view target = content_of(blob);
    if (!stays_inside(link.path, target)) {
      return {ErrorCode::invalid_input,
              "the link '" + printable(link.path, 200) + "' points out of the project (to '" +
                  printable(target, 200) +
                  "', or by '..' after a name); replace it by a file or by a link"
                  " that stays inside"};
    }
    targets.emplace_back(target);
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (::symlinkat(targets[i].c_str(), root, plan.links[i].path.c_str()) != 0) {
      return errno_error("create link " + printable(plan.links[i].path, 300), errno);
    }
  }
  return ok;
}

}  // namespace

Result<Repository::Exported> Repository::export_tree(const std::string& commit,
                                                     const std::string& host_dir,
                                                     const ExportLimits& limits) const {
  TRY_INTO(const TreeHandle tree, impl_->project_tree(commit));
  TRY_INTO(const OdbHandle odb, odb_of(impl_->git.get()));
  TRY_INTO(const UniqueFd root, make_empty_folder(host_dir));
  Plan plan(root.get(), limits);
  TRY(visit_tree(impl_->git.get(), tree.get(), kEntriesMax,
                 [&](const TreeItem& item) { return plan.add(item); }));

  Budget budget(limits.bytes_max);
  Writers writers(root.get(), plan, budget);
  {
    const std::string git_dir = git_repository_path(impl_->git.get());
    const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, kThreadsMax);
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < cores && plan.files() >= kFilesForThreads; ++i) {
      threads.emplace_back([&] { writers.work_with_own_handle(git_dir); });
    }
    writers.work(odb.get());
  }
  TRY(writers.result());
  TRY(write_links(odb.get(), root.get(), plan, budget));
  return Exported{.files = plan.files(), .bytes = limits.bytes_max - budget.left()};
}

}  // namespace nightjar::repo
