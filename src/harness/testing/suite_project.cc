#include "harness/testing/suite_project.h"

#include <fcntl.h>

#include <utility>

#include "base/file.h"
#include "sandbox/launcher.h"
#include "sandbox/testing/local_sandbox.h"
#include "sandbox/tree.h"

namespace nightjar::harness::testing {

using sandbox::testing::kMiB;

SuiteProject::SuiteProject(Walls walls, const Files& files, const std::string& helper_path) {
  if (walls == Walls::none) {
    launcher_ = std::make_unique<sandbox::testing::LocalLauncher>();
    write(files);
    return;
  }
  auto started = sandbox::start_helper({.helper_path = helper_path, .spares = 1});
  EXPECT_TRUE(started) << started.error().message;
  launcher_ = std::move(*started);
  write(files);
  const std::string reporters = scratch_.path() + "/reporters";
  const Result<> written = write_reporters(reporters);
  EXPECT_TRUE(written) << written.error().message;
  spec_.mounts.push_back({.host_path = reporters, .inside_path = kReportersPath});
}

void SuiteProject::write(const Files& files) {
  const std::string folder = scratch_.path() + "/project";
  EXPECT_TRUE(make_directories(folder, 0755));
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const auto& [path, content] : files) {
    const bool program = content.starts_with("#!") || content.starts_with("\177ELF");
    const auto mode = program ? sandbox::FileMode::executable : sandbox::FileMode::regular;
    EXPECT_TRUE(sandbox::write_file_at(fd.get(), path, content, mode)) << path;
  }
  const Result<> adopted = launcher_->adopt(folder);
  EXPECT_TRUE(adopted) << adopted.error().message;
  spec_ = {
      .lower_dirs = {folder},
      .mounts = {},
      .limits = {
          .memory_bytes_max = 1024 * kMiB, .disk_bytes_max = 256 * kMiB, .processes_max = 128}};
}

SuiteRun SuiteProject::run(SuiteRequest request) {
  if (request.limits.wall_max.count() == 0) {
    request.limits = {.wall_max = std::chrono::seconds(60),
                      .cpu_max = std::chrono::seconds(60),
                      .output_bytes_max = kMiB};
  }
  const Workshop workshop = {.launcher = *launcher_, .spec = spec_, .env = env_};
  Result<SuiteRun> run = run_suite(workshop, request, {});
  EXPECT_TRUE(run) << run.error().message;
  return run ? *std::move(run) : SuiteRun{};
}

std::vector<std::string> outcomes(const SuiteRun& run) {
  std::vector<std::string> out;
  for (const TestResult& test : run.tests) {
    out.push_back(test.id + " " + std::string(name_of(test.outcome)));
  }
  return out;
}

}  // namespace nightjar::harness::testing
