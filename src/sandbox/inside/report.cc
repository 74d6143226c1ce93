#include "sandbox/inside/report.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>

#include "sandbox/inside/mounts.h"

namespace nightjar::sandbox::inside {
namespace {

// In the folder that only the first process can look into.
constexpr const char* kFifo = "/.layers/report";

Result<Report> open_socket() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return wall_failed("report", "socketpair");
  }
  Report report{.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
  if (::shutdown(report.write_end.get(), SHUT_RD) != 0) return wall_failed("report", "shutdown");
  return report;
}

Result<Report> open_fifo() {
  // The reader first, and without waiting: a writer would wait for it.
  Report report;
  report.read_end = UniqueFd(::open(kFifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!report.read_end) return wall_failed("report", "open the fifo for reading");
  report.write_end = UniqueFd(::open(kFifo, O_WRONLY | O_CLOEXEC));
  if (!report.write_end) return wall_failed("report", "open the fifo for writing");
  return report;
}

}  // namespace

Result<> Report::stage() {
  if (::mkfifo(kFifo, 0200) != 0) return wall_failed("report", "create the fifo");
  return ok;
}

Result<Report> Report::open(Command::Report kind) {
  if (kind == Command::Report::socket) return open_socket();
  if (kind == Command::Report::pipe) return open_fifo();
  return Report{};
}

}  // namespace nightjar::sandbox::inside
