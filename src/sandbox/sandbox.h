// Where strangers' code runs: builds, tests, candidates, command engineers.
//
// A sandbox is one set of namespaces with a private root: the system toolchain read-only, an empty
// network, a workspace that starts as a copy-on-write view of host folders and is dropped at the
// end. Its walls are mandatory: one that cannot be built is an error (unavailable, naming the wall
// and what to do), never a weaker sandbox. Nothing inside can turn them off; no flag outside does.
// Design, threat model, order of the steps: docs/sandbox.md.
// Threads: a Launcher may be used from any thread; a Sandbox belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::sandbox {

/// No defaults but zero, which refuses: the call site shows what it grants.
struct Limits {
  std::uint64_t memory_bytes_max =
      0;                             // of all processes together, where this machine can enforce it
  std::uint64_t disk_bytes_max = 0;  // of everything written to workspace and /tmp
  std::uint32_t processes_max = 0;   // at one time
};

/// A host folder or file shown read-only. Comes from the user's configuration, never from a
/// project.
struct Mount {
  std::string host_path;
  std::string inside_path;
};

struct Spec {
  /// Host folders whose union is the workspace at the start, topmost first; never written to.
  /// Nightjar made them (repo::export_tree, export_workspace); Launcher::adopt made them readable
  /// inside.
  std::vector<std::string> lower_dirs;
  std::vector<Mount> mounts;
  Limits limits;
  /// Of each command, above the fixed allow-list and below what the command says itself.
  std::map<std::string, std::string> env = {};
};

/// The workspace's path inside. The same in each sandbox, so builds are alike. HOME lies below
/// /tmp.
inline constexpr const char* kWorkspacePath = "/work";

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked up in the inside PATH unless it holds a '/'
  std::map<std::string, std::string> env =
      {};                // above those of the Spec and the allow-list (PATH HOME LANG TZ TMPDIR)
  std::string cwd = {};  // relative to the workspace; empty: the workspace itself
  std::string stdin_bytes = {};
  std::chrono::milliseconds wall_max{0};
  std::chrono::milliseconds cpu_max{0};  // of the whole process tree of this command
  std::uint64_t output_bytes_max = 0;    // of stdout and of stderr, each; the rest is cut
  /// A third stream, for results: the command finds it at descriptor kReportFd, and the number in
  /// NIGHTJAR_REPORT_FD. Nothing inside can read what was written to it, or take it back. A pipe
  /// may be opened as /dev/fd/3, by any process of the command; a socket cannot be opened again,
  /// only inherited. Whoever has it can add to it, and close a socket for all with shutdown().
  enum class Report { none, socket, pipe } report = Report::none;
  std::uint64_t report_bytes_max = 0;  // the rest is cut; 0 only with `none`
};
inline constexpr int kReportFd = 3;

enum class Ended { exited, signalled, wall_limit, cpu_limit, memory_limit, cancelled };
std::string_view name_of(Ended ended);

struct Outcome {
  Ended ended = Ended::exited;
  int code = 0;  // exit status, or the signal's number
  std::string stdout_bytes = {};
  std::string stderr_bytes = {};
  bool stdout_cut = false;  // more came than output_bytes_max; the text ends with kCutMarker
  bool stderr_cut = false;
  std::string report_bytes = {};
  bool report_cut = false;  // more came than report_bytes_max; nothing marks the place
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  std::int64_t memory_peak_bytes = 0;

  bool succeeded() const { return ended == Ended::exited && code == 0; }
};

inline constexpr const char* kCutMarker = "\n[output cut at the limit]\n";

/// For people and evidence: which walls stand and which totals this machine cannot enforce.
struct Walls {
  std::vector<std::string> standing;      // "user namespace", "landlock ABI 7", "seccomp", …
  std::vector<std::string> not_enforced;  // "memory total: no delegated cgroup"
};

class Sandbox {
 public:
  /// Ends it. No command's process was left before; what the kernel still takes apart (the first
  /// process, the mounts) is gone at the latest when the launcher is.
  virtual ~Sandbox() = default;

  /// Runs one command to its end. When it returned, no process of it is left, daemons included.
  /// A non-zero exit, a signal or a limit is an Outcome; an Error means that the sandbox failed.
  virtual Result<Outcome> run(const Command& command, std::stop_token stop) = 0;

  /// A fresh copy-on-write layer over the workspace as it is now; /tmp becomes empty. Two levels at
  /// most.
  virtual Result<> begin_layer() = 0;
  /// Forgets everything written since the matching begin_layer.
  virtual Result<> end_layer() = 0;

  /// An open folder: the workspace as it is now. Valid until the next begin_layer, end_layer or the
  /// sandbox's end. Hostile content: use it only with the functions of sandbox/tree.h. Negative if
  /// the workspace could not be mounted, and then run() says why. Like all here, not to be called
  /// while another thread is in run(); what it returned may be used there.
  virtual int workspace_fd() const = 0;
};

/// Outlives its sandboxes.
class Launcher {
 public:
  virtual ~Launcher() = default;
  /// Returns when the walls stand. The workspace may still be on its way to being mounted.
  virtual Result<std::unique_ptr<Sandbox>> open(const Spec& spec) = 0;
  /// Makes a folder tree that Nightjar wrote usable as a lower_dir (owner and modes).
  virtual Result<> adopt(const std::string& host_dir) = 0;
  virtual Walls walls() const = 0;
};

}  // namespace nightjar::sandbox
