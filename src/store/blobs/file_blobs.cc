#include "store/blobs/file_blobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/file.h"

namespace nightjar::store {
namespace {

constexpr std::string_view kTemporaryPrefix = "new-";

Error as_store_error(Error error) {
  if (error.code != ErrorCode::exhausted) error.code = ErrorCode::unavailable;
  return error;
}

Result<> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return as_store_error(errno_error("write " + path, errno));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ok;
}

Result<> sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return as_store_error(errno_error("sync " + folder, errno));
  return ok;
}

/// A written file under a temporary name; deleted unless it got its own name.
class NewFile {
 public:
  static Result<NewFile> write(const std::string& folder, std::string_view content) {
    NewFile file;
    std::string path = folder + "/" + std::string(kTemporaryPrefix) + "XXXXXX";
    file.fd_ = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
    if (!file.fd_) return as_store_error(errno_error("create a file in " + folder, errno));
    file.path_ = path;
    TRY(write_all(file.fd_.get(), content, path));
    return file;
  }
  NewFile(NewFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  Result<> sync() const {
    if (::fsync(fd_.get()) != 0) return as_store_error(errno_error("sync " + path_, errno));
    return ok;
  }
  Result<> move_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) {
      return as_store_error(errno_error("rename to " + path, errno));
    }
    path_.clear();
    return ok;
  }

 private:
  NewFile() = default;
  std::string path_;
  UniqueFd fd_;
};

class FileBlobs final : public Blobs {
 public:
  FileBlobs(std::string folder, OpenMode mode) : folder_(std::move(folder)), mode_(mode) {}

  Result<Digest> put(std::string_view content) override {
    TRY_INTO(const std::vector<Digest> names, put_all({content}));
    return names.front();
  }
  Result<std::vector<Digest>> put_all(const std::vector<std::string_view>& contents) override;
  Result<std::string> get(const Digest& name, std::size_t bytes_max) const override;

 private:
  std::string folder_of(const Digest& name) const {
    return folder_ + "/" + name.hex().substr(0, 2);
  }
  std::string path_of(const Digest& name) const {
    return folder_of(name) + "/" + name.hex().substr(2);
  }

  const std::string folder_;
  const OpenMode mode_;
};

// All files are written before the first is synced, so that the disk can take them together.
Result<std::vector<Digest>> FileBlobs::put_all(const std::vector<std::string_view>& contents) {
  if (mode_ == OpenMode::read_only) {
    return {ErrorCode::unavailable, folder_ + " is open for reading only"};
  }
  std::vector<Digest> names;
  std::vector<std::pair<Digest, NewFile>> files;
  std::set<std::string> folders;
  for (const std::string_view content : contents) {
    if (content.size() > kBlobBytesMax) {
      return {ErrorCode::exhausted,
              "a blob holds at most 1 GiB, not " + std::to_string(content.size()) + " bytes"};
    }
    const Digest name = blake3(content);
    names.push_back(name);
    // Its name may have been given a moment ago by another thread: the folder is synced all the
    // same.
    folders.insert(folder_of(name));
    if (get(name, content.size())) continue;
    TRY_INTO(NewFile file, NewFile::write(folder_, content));
    files.emplace_back(name, std::move(file));
  }
  for (const auto& [name, file] : files) TRY(file.sync());
  for (auto& [name, file] : files) {
    if (::mkdir(folder_of(name).c_str(), 0700) == 0) folders.insert(folder_);
    TRY(file.move_to(path_of(name)));
  }
  for (const std::string& folder : folders) TRY(sync_folder(folder));
  return names;
}

Result<std::string> FileBlobs::get(const Digest& name, std::size_t bytes_max) const {
  Result<std::string> content = read_file(path_of(name), bytes_max);
  if (!content) {
    if (content.error().code == ErrorCode::not_found) {
      return {ErrorCode::not_found, "no blob " + name.name()};
    }
    if (content.error().code == ErrorCode::exhausted) return content;
    return {ErrorCode::unavailable, content.error().message};
  }
  if (blake3(*content) != name) {
    return {ErrorCode::corrupt, "blob " + name.name() + " is not what was written"};
  }
  return content;
}

/// Files that a crash left under temporary names.
Result<> sweep(const std::string& folder) {
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return as_store_error(errno_error("open " + folder, errno));
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name.starts_with(kTemporaryPrefix)) ::unlinkat(::dirfd(entries), entry->d_name, 0);
  }
  ::closedir(entries);
  return ok;
}

}  // namespace

Result<std::unique_ptr<Blobs>> open_file_blobs(const std::string& folder, OpenMode mode) {
  if (mode == OpenMode::read_write) {
    TRY(make_directories(folder, 0700));
    TRY(sweep(folder));
  } else if (!path_exists(folder)) {
    return {ErrorCode::not_found, folder + ": there are no blobs yet"};
  }
  return std::unique_ptr<Blobs>(std::make_unique<FileBlobs>(folder, mode));
}

}  // namespace nightjar::store
