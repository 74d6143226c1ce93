#include "sandbox/testing/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "sandbox/tree.h"

namespace nightjar::sandbox::testing {

Spec spec_with(std::vector<std::string> lower_dirs) {
  return {
      .lower_dirs = std::move(lower_dirs),
      .mounts = {},
      .limits = {.memory_bytes_max = 256 * kMiB, .disk_bytes_max = 64 * kMiB, .processes_max = 32}};
}

Command command_of(std::vector<std::string> argv) {
  return {.argv = std::move(argv),
          .wall_max = std::chrono::seconds(20),
          .cpu_max = std::chrono::seconds(20),
          .output_bytes_max = kMiB};
}

Command shell(const std::string& script) { return command_of({"sh", "-c", script}); }

ScratchFolder::ScratchFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sandbox-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  EXPECT_EQ(::chmod(path_.c_str(), 0755), 0);  // What it holds must not be safe by its mode alone.
}

ScratchFolder::~ScratchFolder() { (void)remove_tree(path_); }

std::string ScratchFolder::lower_dir(Launcher& launcher, const std::string& name,
                                     const std::map<std::string, std::string>& files) const {
  std::string folder = path_ + "/" + name;
  EXPECT_TRUE(make_directories(folder, 0755));
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const auto& [file, text] : files) {
    EXPECT_TRUE(write_file_at(fd.get(), file, text, FileMode::executable));
  }
  const auto adopted = launcher.adopt(folder);
  EXPECT_TRUE(adopted) << adopted.error().message;
  return folder;
}

Outcome run(Sandbox& sandbox, const Command& command) {
  auto outcome = sandbox.run(command, {});
  EXPECT_TRUE(outcome) << outcome.error().message;
  return outcome ? *outcome : Outcome{};
}

}  // namespace nightjar::sandbox::testing
