// Reading and writing a hostile folder tree by descriptor: no link is followed, nothing outside is
// reached (openat2 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS), fifos and devices are refused, every
// size has a limit. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nightjar::sandbox {

/// A relative path without "." or ".." parts, empty parts, NUL or a leading slash. Else
/// invalid_input.
Result<> check_relative_path(std::string_view path);

/// not_found, invalid_input (no regular file, a link on the way), exhausted (larger than
/// bytes_max).
Result<std::string> read_file_at(int folder_fd, const std::string& path, std::uint64_t bytes_max);

/// Creates folders on the way; replaces a file or link of that name. `executable`: mode 0755, else
/// 0644.
enum class FileMode { regular, executable };
Result<> write_file_at(int folder_fd, const std::string& path, std::string_view content,
                       FileMode mode);

struct TreeLimits {
  std::uint64_t files_max = 0;
  std::uint64_t bytes_max = 0;
  std::uint32_t depth_max = 0;
};
struct TreeEntry {
  std::string path;
  enum class Kind { file, executable, link, folder } kind = Kind::file;
  std::uint64_t bytes = 0;
  std::string link_target = {};
};
/// Visits files, links and folders in sorted order, parents first. Sockets, fifos, devices are
/// skipped.
Result<> walk_tree(int folder_fd, const TreeLimits& limits,
                   const std::function<Result<>(const TreeEntry&)>& visit);

/// Copies the workspace into a new host folder (links are kept as links, never followed; files keep
/// their dates).
Result<> export_workspace(int folder_fd, const std::string& host_dir, const TreeLimits& limits);

}  // namespace nightjar::sandbox
