// The language between the launcher, the helper, its stems and the sandboxes: one frame is one
// packet of a SOCK_SEQPACKET socket, at most 64 KiB, with descriptors beside it.
// Bytes and order of the conversation: docs/formats/helper-protocol.md.
// A sandbox's end is not trusted: whatever cannot be decoded is `corrupt`. One thread per socket
// end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

inline constexpr std::uint8_t kProtocolVersion = 2;
inline constexpr std::size_t kFrameBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kFrameDescriptorsMax = 40;

enum class FrameType : std::uint8_t {
  hello = 1,    // helper: it is up; which walls it builds
  stem,         // launcher, with a socket and group files: a process that makes sandboxes
  open,         // launcher to a stem, with a socket: make a sandbox that listens there
  opened,       // stem, with a pidfd: the sandbox's first process
  view,         // launcher to a stem: a private view of a host path
  viewed,       // stem, with a detached mount
  standing,     // sandbox, when its walls are built
  prepare,      // launcher, with detached mounts: folders and limits of the sandbox
  ready,        // sandbox, with the workspace folder
  start,        // launcher, with stdout, stderr and perhaps stdin: run a command
  exited,       // sandbox: the command and all it left behind are gone
  kill,         // launcher: end the command now
  sample,       // launcher: what has the command used so far
  sampled,      // sandbox
  begin_layer,  // launcher
  end_layer,    // launcher
  failed,       // instead of any answer
  reporting,    // sandbox, with a read end: the command was given the other end at kReportFd
};

struct Frame {
  FrameType type = FrameType::failed;
  std::string body;
  std::vector<UniqueFd> descriptors;
};

/// unavailable when the other end is gone, exhausted when the body is too large.
Result<> send_frame(int socket, FrameType type, std::string_view body,
                    const std::vector<int>& descriptors);
/// Waits for one frame. unavailable when the other end is gone, corrupt when it is no frame.
Result<Frame> receive_frame(int socket);

/// How long an answer may take: work of the kernel that is measured in milliseconds.
inline constexpr int kAnswerMsMax = 10'000;
/// False: nothing to read within the time.
bool wait_readable(int fd, int timeout_ms);
/// Waits for a frame of this type; a `failed` frame becomes its error. timeout after kAnswerMsMax.
Result<Frame> expect_frame(int socket, FrameType type);

/// A connected pair of packet sockets, both closed on exec.
Result<std::pair<UniqueFd, UniqueFd>> socket_pair();

struct HelloBody {
  std::vector<std::string> walls;
  std::vector<std::string> not_enforced;
};
struct ViewBody {
  std::string host_path;
  bool with_submounts = false;
};
struct PrepareBody {
  std::uint32_t lower_count = 0;          // detached mounts first in the frame
  std::vector<std::string> inside_paths;  // one for each of the mounts after them
  std::uint64_t disk_bytes_max = 0;
};
struct StartBody {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // NAME=value
  std::string cwd;
  std::vector<std::string> mounts;    // the user's, by their inside paths
  std::uint64_t disk_bytes_max = 0;   // of one file; the workspace limits the total
  std::uint64_t cpu_seconds_max = 0;  // of one process; the launcher watches the total
  std::uint32_t processes_max = 0;
  Command::Report report = Command::Report::none;
};
struct ExitedBody {
  std::int32_t wait_status = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t memory_peak_bytes = 0;  // of the largest process
};
struct SampledBody {
  std::uint64_t cpu_ns = 0;
  std::uint64_t memory_bytes = 0;
};

std::string encode(const HelloBody& body);
std::string encode(const ViewBody& body);
std::string encode(const PrepareBody& body);
std::string encode(const StartBody& body);
std::string encode(const ExitedBody& body);
std::string encode(const SampledBody& body);
std::string encode(const Error& error);

/// Defined for each body above. Fails with corrupt.
template <typename Body>
Result<Body> decode(std::string_view bytes);
/// What a `failed` frame says; corrupt when it cannot be read.
Error decode_error(std::string_view bytes);

}  // namespace nightjar::sandbox
