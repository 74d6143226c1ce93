// Landlock: which files a command may reach, by an allow-list that binds it and all it starts.
// The second lock behind the private root: it also covers what a later mistake might leave there.
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace nightjar::sandbox::inside {

struct FileRights {
  std::vector<std::string> read_and_run = {};  // the toolchain, the user's mounts
  std::vector<std::string> read = {};          // /proc
  std::vector<std::string> devices = {};       // read, write and ioctl of single device files
  std::vector<std::string> everything = {};    // workspace, /tmp, shared memory; no device files
};

/// The version of Landlock in this kernel; unavailable if there is none.
Result<int> landlock_abi();

/// A set of rules that binds nobody yet. It is opened early, because most of its paths are known
/// before the command is.
class FileRules {
 public:
  static Result<FileRules> make();

  /// Adds rules. A path that does not exist is left out.
  Result<> allow(const FileRights& rights) const;
  /// Allows the descriptor's file to be opened for writing, by whatever name, and never for
  /// reading.
  Result<> allow_writing(int file) const;
  /// Binds the calling process and all it will start. Needs no_new_privs.
  Result<> enforce() const;

 private:
  FileRules(UniqueFd ruleset, std::uint64_t handled)
      : ruleset_(std::move(ruleset)), handled_(handled) {}

  UniqueFd ruleset_;
  std::uint64_t handled_;
};

}  // namespace nightjar::sandbox::inside
