// Workspaces of a large repository: its files written out, compared with git's own checkout into
// the same file system, and alone into memory, where the disk does not count; and once they are
// kept.
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "bench/report.h"
#include "factory/workspaces.h"
#include "repo/repository.h"
#include "sandbox/testing/local_sandbox.h"
#include "store/memory/memory_blobs.h"

namespace nightjar {
namespace {

namespace fs = std::filesystem;

constexpr int kFolders = 500;
constexpr int kFilesInFolder = 200;
constexpr int kRounds = 3;  // Deleting the last round's files slows ext4 down for half a minute.
constexpr double kMsMax = 1'500;
constexpr double kWarmMsMax = 50;

Result<> run_shell(const std::string& command) {
  std::string line = command;
  std::string shell = "sh";
  std::string option = "-c";
  char* argv[] = {shell.data(), option.data(), line.data(), nullptr};
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, "sh", nullptr, nullptr, argv, environ);
  if (failure != 0) return errno_error("run sh", failure);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (status != 0) return {ErrorCode::unavailable, "failed: " + command};
  return ok;
}

/// Scratch space that goes away with it.
class Scratch {
 public:
  static Result<Scratch> make(const std::string& parent) {
    std::string path = parent + "/nightjar-export-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return errno_error("make a folder", errno);
    return Scratch(path);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (!path_.empty()) static_cast<void>(remove_tree(path_));
  }
  const std::string& path() const { return path_; }
  std::string fresh() { return path_ + "/out" + std::to_string(++made_); }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
  int made_ = 0;
};

/// git reads the files from one stream: a working tree of them would take longer than the
/// benchmark.
Result<> make_repository(const std::string& folder) {
  const std::string stream = folder + ".stream";
  std::ofstream out(stream, std::ios::binary);
  out << "commit refs/heads/main\ncommitter A <a@localhost> 0 +0000\ndata 0\n";
  for (int d = 0; d < kFolders; ++d) {
    for (int f = 0; f < kFilesInFolder; ++f) {
      std::string text = "// " + std::to_string(d) + " " + std::to_string(f) + "\n";
      for (int line = 0; line < 20 + (d * 7 + f) % 60; ++line)
        text += "int f(void) { return 0; }\n";
      out << "M 100644 inline p" << d / 25 << "/m" << d % 25 << "/file_" << f << ".c\ndata "
          << text.size() << "\n"
          << text << "\n";
    }
  }
  out.close();
  if (!out) return {ErrorCode::unavailable, "cannot write " + stream};
  return run_shell("git init -q -b main " + folder + " && git -C " + folder +
                   " fast-import --quiet < " + stream);
}

Result<double> export_ms(const repo::Repository& repository, Scratch& scratch) {
  TRY_INTO(const std::string head, repository.head_commit());
  const std::string out = scratch.fresh();
  Result<> result = ok;
  const double seconds = bench::seconds_of([&] {
    const auto exported = repository.export_tree(head, out, repo::ExportLimits{});
    if (!exported) result = exported.error();
  });
  if (!result) return result.error();
  return seconds * 1000;
}

Result<double> checkout_ms(const std::string& repository, Scratch& scratch) {
  const std::string out = scratch.fresh();
  fs::create_directory(out);
  Result<> result = ok;
  const std::string git = "git -C " + out + " --git-dir=" + repository + "/.git --work-tree=. ";
  const double seconds =
      bench::seconds_of([&] { result = run_shell(git + "checkout-index -a -q"); });
  if (!result) return result.error();
  return seconds * 1000;
}

/// The sources as a run gets them, kept by the first one. Without walls: nothing is run here.
class Runs {
 public:
  Runs(const std::string& repository, const std::string& folder)
      : repository_(repository), folder_(folder), blobs_(store::make_memory_blobs()) {}

  Result<double> source_ms(const std::string& commit) {
    factory::Workspaces workspaces({.scratch_dir = folder_ + "/scratch",
                                    .layers_dir = folder_ + "/layers",
                                    .layers_bytes_max = std::uint64_t{1} << 40U},
                                   *blobs_, launcher_);
    const Json tree =
        Json::object({{"top", repository_}, {"folder", ""}, {"commit", commit}, {"changes", ""}});
    Result<> result = ok;
    const double seconds = bench::seconds_of([&] {
      const auto source = workspaces.source(tree);
      if (!source) result = source.error();
    });
    if (!result) return result.error();
    return seconds * 1000;
  }

 private:
  std::string repository_;
  std::string folder_;
  std::unique_ptr<store::Blobs> blobs_;
  sandbox::testing::LocalLauncher launcher_;
};

}  // namespace

void bench_workspaces(bench::Report& report) {
  const std::string name = "workspace of 100,000 files";
  auto disk = Scratch::make(fs::temp_directory_path().string());
  auto memory = Scratch::make("/dev/shm");
  if (!disk) return report.failed(name, disk.error());
  if (!memory) return report.failed(name, memory.error());
  const std::string folder = disk->path() + "/repository";
  auto made = make_repository(folder);
  if (made) made = run_shell("git -C " + folder + " read-tree HEAD");
  if (!made) return report.failed(name, made.error());
  auto repository = repo::Repository::open(folder);
  if (!repository) return report.failed(name, repository.error());

  report.figure({.name = name + ", in memory",
                 .unit = "ms",
                 .limit = bench::at_most(kMsMax),
                 .rounds = kRounds},
                [&] { return export_ms(*repository, *memory); });
  report.ratio(
      {.name = name + ", on disk",
       .floor = "git checkout-index",
       .unit = "ms",
       .limit = bench::at_most(1.2),
       .rounds = kRounds},
      [&] { return checkout_ms(folder, *disk); }, [&] { return export_ms(*repository, *disk); });

  const auto head = repository->head_commit();
  if (!head) return report.failed(name, head.error());
  Runs runs(folder, disk->fresh());
  if (const auto first = runs.source_ms(*head); !first) return report.failed(name, first.error());
  report.figure({.name = name + ", kept by an earlier run",
                 .unit = "ms",
                 .limit = bench::at_most(kWarmMsMax),
                 .rounds = kRounds},
                [&] { return runs.source_ms(*head); });
}

}  // namespace nightjar
