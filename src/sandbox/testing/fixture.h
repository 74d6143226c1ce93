// What the sandbox's own tests share: limits, commands, a scratch folder, the helper beside the
// test.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace nightjar::sandbox::testing {

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// Small but sufficient limits.
Spec spec_with(std::vector<std::string> lower_dirs);
/// With twenty seconds and a MiB of output.
Command command_of(std::vector<std::string> argv);
Command shell(const std::string& script);

/// A scratch folder that is gone afterwards.
class ScratchFolder {
 public:
  ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  const std::string& path() const { return path_; }
  /// A folder with these files, as repo::export_tree would leave it, adopted by the launcher.
  std::string lower_dir(Launcher& launcher, const std::string& name,
                        const std::map<std::string, std::string>& files) const;

 private:
  std::string path_;
};

/// Runs and expects that the sandbox itself did not fail.
Outcome run(Sandbox& sandbox, const Command& command);

}  // namespace nightjar::sandbox::testing
