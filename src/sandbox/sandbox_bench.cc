// Sandboxes against bubblewrap with the same namespaces: from the request to the last process gone.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "bench/report.h"
#include "sandbox/launcher.h"

namespace nightjar {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kStartsARound = 10;
constexpr int kRounds = 21;
// Long enough for the helper to have made the next spare sandbox: that is what "warm" means. The
// peer gets the same pause.
constexpr int kPauseMs = 5;

// Ends at once, without a C library: what remains is the price of the sandbox.
constexpr const char* kProgram =
    "#include <sys/syscall.h>\n"
    "void _start(void) {\n"
    "#if defined(__x86_64__)\n"
    "  __asm__ volatile(\"syscall\" : : \"a\"(SYS_exit_group), \"D\"(0));\n"
    "#else\n"
    "  register long number __asm__(\"x8\") = SYS_exit_group;\n"
    "  register long status __asm__(\"x0\") = 0;\n"
    "  __asm__ volatile(\"svc 0\" : : \"r\"(number), \"r\"(status));\n"
    "#endif\n"
    "  __builtin_unreachable();\n"
    "}\n";

Result<int> run_outside(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int failure = ::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ);
  if (failure != 0) return errno_error("run " + arguments.front(), failure);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

struct Setting {
  std::string folder;  // holds the program "nop"
  std::unique_ptr<sandbox::Launcher> warm;
  std::unique_ptr<sandbox::Launcher> cold;
};

Result<Setting> set_up() {
  Setting setting;
  setting.folder = (std::filesystem::temp_directory_path() / "sandbox-bench-XXXXXX").string();
  if (::mkdtemp(setting.folder.data()) == nullptr) return errno_error("make a folder", errno);
  // bubblewrap without capabilities reads it as a stranger.
  if (::chmod(setting.folder.c_str(), 0755) != 0) return errno_error("open a folder", errno);
  const std::string source = setting.folder + "/nop.c";
  TRY(write_file_atomically(source, kProgram, 0644));
  TRY_INTO(const int status,
           run_outside({"cc", "-O1", "-static", "-nostdlib", "-fno-stack-protector", "-o",
                        setting.folder + "/nop", source}));
  if (status != 0) return {ErrorCode::unavailable, "cc cannot build the smallest program"};
  const std::string helper = NIGHTJAR_BINARY_DIR "/nightjar-helper";
  TRY_INTO(setting.warm, sandbox::start_helper({.helper_path = helper, .spares = 2}));
  TRY_INTO(setting.cold, sandbox::start_helper({.helper_path = helper, .spares = 0}));
  TRY(setting.warm->adopt(setting.folder));
  return setting;
}

sandbox::Spec spec_of(const Setting& setting) {
  return {.lower_dirs = {setting.folder},
          .mounts = {},
          .limits = {.memory_bytes_max = std::uint64_t{256} << 20U,
                     .disk_bytes_max = std::uint64_t{64} << 20U,
                     .processes_max = 32}};
}

sandbox::Command nop() {
  return {.argv = {"./nop"},
          .wall_max = std::chrono::seconds(10),
          .cpu_max = std::chrono::seconds(10),
          .output_bytes_max = 4096};
}

/// Milliseconds of one start, the mean of a round; the pauses do not count.
Result<double> round_of(const std::function<Result<>()>& once) {
  double total_ms = 0;
  for (int i = 0; i < kStartsARound; ++i) {
    ::poll(nullptr, 0, kPauseMs);
    const auto start = Clock::now();
    TRY(once());
    total_ms += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }
  return total_ms / kStartsARound;
}

Result<> start_bubblewrap(const Setting& setting) {
  TRY_INTO(const int status, run_outside({"/usr/bin/bwrap", "--unshare-all", "--die-with-parent",
                                          "--new-session",  "--ro-bind",     "/usr",
                                          "/usr",           "--symlink",     "usr/lib",
                                          "/lib",           "--symlink",     "usr/lib64",
                                          "/lib64",         "--symlink",     "usr/bin",
                                          "/bin",           "--proc",        "/proc",
                                          "--dev",          "/dev",          "--tmpfs",
                                          "/tmp",           "--bind",        setting.folder,
                                          "/work",          "--cap-drop",    "ALL",
                                          "/work/nop"}));
  if (status != 0) return {ErrorCode::unavailable, "bwrap failed; is bubblewrap installed?"};
  return ok;
}

Result<> run_nop(sandbox::Sandbox& sandbox) {
  TRY_INTO(const sandbox::Outcome outcome, sandbox.run(nop(), {}));
  if (!outcome.succeeded()) return {ErrorCode::unavailable, "nop failed: " + outcome.stderr_bytes};
  return ok;
}

Result<> start_ours(sandbox::Launcher& launcher, const Setting& setting) {
  TRY_INTO(const std::unique_ptr<sandbox::Sandbox> sandbox, launcher.open(spec_of(setting)));
  return run_nop(*sandbox);
}

Result<> run_in_layer(sandbox::Sandbox& sandbox) {
  TRY(sandbox.begin_layer());
  TRY(run_nop(sandbox));
  return sandbox.end_layer();
}

}  // namespace

void bench_sandbox(bench::Report& report) {
  Result<Setting> made = set_up();
  if (!made) return report.failed("sandbox", made.error());
  const Setting& setting = *made;
  const auto bubblewrap = [&] { return round_of([&] { return start_bubblewrap(setting); }); };
  report.ratio({.name = "sandbox start to exit, warm",
                .floor = "bubblewrap, same namespaces",
                .unit = "ms",
                .limit = bench::at_most(0.125),
                .rounds = kRounds},
               bubblewrap,
               [&] { return round_of([&] { return start_ours(*setting.warm, setting); }); });
  report.ratio({.name = "sandbox start to exit, cold",
                .floor = "bubblewrap, same namespaces",
                .unit = "ms",
                .limit = bench::at_most(1.0 / 3),
                .rounds = kRounds},
               bubblewrap,
               [&] { return round_of([&] { return start_ours(*setting.cold, setting); }); });
  auto sandbox = setting.warm->open(spec_of(setting));
  if (!sandbox) return report.failed("command in an open sandbox", sandbox.error());
  report.figure({.name = "command in an open sandbox",
                 .unit = "ms",
                 .limit = bench::no_limit(),
                 .rounds = kRounds},
                [&] { return round_of([&] { return run_nop(**sandbox); }); });
  report.figure({.name = "the same in a layer of its own",
                 .unit = "ms",
                 .limit = bench::no_limit(),
                 .rounds = kRounds},
                [&] { return round_of([&] { return run_in_layer(**sandbox); }); });
  (void)remove_tree(setting.folder);
}

}  // namespace nightjar
