// Files and descriptors of our own (the data directory, configuration). Trees of strangers are read
// through repo/ and sandbox/, never by these functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace nightjar {

/// Owns one descriptor; closes it.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// "open /x: No such file or directory", with the code that fits errno.
Error errno_error(std::string_view what, int error_number);

/// A regular file of at most `bytes_max` bytes; larger: exhausted.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Writes beside, syncs, renames, syncs the folder: the old or the new content, never a mix.
Result<> write_file_atomically(const std::string& path, std::string_view content, int mode);

Result<> make_directories(const std::string& path, int mode);
/// Deletes the tree, following no link. A path that does not exist is fine.
Result<> remove_tree(const std::string& path);
bool path_exists(const std::string& path);

}  // namespace nightjar
