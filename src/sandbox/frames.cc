#include "sandbox/frames.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace nightjar::sandbox {
namespace {

constexpr std::size_t kHeaderBytes = 2;  // version, type
constexpr std::uint32_t kListMax = 16'384;

class Writer {
 public:
  Writer& number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
    return *this;
  }
  Writer& text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
    return *this;
  }
  Writer& list(const std::vector<std::string>& values) {
    number(values.size());
    for (const std::string& value : values) text(value);
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what Writer wrote; after the first failure everything is zero and done() fails.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    if (bytes_.size() < 8) return fail();
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes_[static_cast<std::size_t>(i)])}
               << (8 * i);
    }
    bytes_.remove_prefix(8);
    return value;
  }
  std::uint64_t number_up_to(std::uint64_t most) {
    const std::uint64_t value = number();
    return value <= most ? value : fail();
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }
  std::vector<std::string> list() {
    const std::uint64_t count = number_up_to(kListMax);
    std::vector<std::string> values;
    for (std::uint64_t i = 0; i < count && !failed_; ++i) values.push_back(text());
    return values;
  }
  template <typename Body>
  Result<Body> done(Body body) const {
    if (failed_ || !bytes_.empty()) {
      return {ErrorCode::corrupt, "the sandbox helper sent a frame that cannot be read"};
    }
    return body;
  }

 private:
  std::uint64_t fail() {
    failed_ = true;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

constexpr std::uint64_t kInt32Max = 0x7fffffff;
constexpr std::uint64_t kUint32Max = 0xffffffff;
constexpr auto kReportKindMax = static_cast<std::uint64_t>(Command::Report::pipe);

/// Room for the descriptors' control message, aligned as the kernel wants it.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kFrameDescriptorsMax)> bytes{};
};

std::vector<UniqueFd> take_descriptors(msghdr& message) {
  std::vector<UniqueFd> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

}  // namespace

Result<> send_frame(int socket, FrameType type, std::string_view body,
                    const std::vector<int>& descriptors) {
  if (body.size() + kHeaderBytes > kFrameBytesMax || descriptors.size() > kFrameDescriptorsMax) {
    return {ErrorCode::exhausted, "a frame to the sandbox helper is larger than 64 KiB"};
  }
  std::array<char, kHeaderBytes> header = {static_cast<char>(kProtocolVersion),
                                           static_cast<char>(type)};
  std::array<iovec, 2> parts{
      {{header.data(), header.size()}, {const_cast<char*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  Control control;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::memcpy(CMSG_DATA(part), descriptors.data(), sizeof(int) * descriptors.size());
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno_error("talk to the sandbox helper", errno);
  }
  return ok;
}

Result<Frame> receive_frame(int socket) {
  // Left uninitialised: clearing 64 KiB costs more than most of these exchanges.
  std::array<char, kFrameBytesMax> buffer;
  iovec part{buffer.data(), buffer.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno_error("listen to the sandbox helper", errno);
  Frame frame;
  frame.descriptors = take_descriptors(message);
  if (size == 0) return {ErrorCode::unavailable, "the sandbox helper closed its socket"};
  const auto length = static_cast<std::size_t>(size);
  if (length < kHeaderBytes || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
      static_cast<std::uint8_t>(buffer[0]) != kProtocolVersion) {
    return {ErrorCode::corrupt, "the sandbox helper speaks another protocol; reinstall Nightjar"};
  }
  frame.type = static_cast<FrameType>(buffer[1]);
  frame.body.assign(buffer.data() + kHeaderBytes, length - kHeaderBytes);
  return frame;
}

bool wait_readable(int fd, int timeout_ms) {
  pollfd polled{fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&polled, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

Result<Frame> expect_frame(int socket, FrameType type) {
  if (!wait_readable(socket, kAnswerMsMax)) {
    return {ErrorCode::timeout, "the sandbox helper did not answer within 10 s"};
  }
  TRY_INTO(Frame frame, receive_frame(socket));
  if (frame.type == FrameType::failed) return decode_error(frame.body);
  if (frame.type != type) {
    return {ErrorCode::corrupt, "the sandbox helper gave another answer than was asked for"};
  }
  return frame;
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_error("create a socket pair", errno);
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

std::string encode(const HelloBody& body) {
  return Writer().list(body.walls).list(body.not_enforced).take();
}

std::string encode(const ViewBody& body) {
  return Writer().text(body.host_path).number(body.with_submounts ? 1 : 0).take();
}

std::string encode(const PrepareBody& body) {
  return Writer()
      .number(body.lower_count)
      .list(body.inside_paths)
      .number(body.disk_bytes_max)
      .take();
}

std::string encode(const StartBody& body) {
  return Writer()
      .list(body.argv)
      .list(body.env)
      .text(body.cwd)
      .list(body.mounts)
      .number(body.disk_bytes_max)
      .number(body.cpu_seconds_max)
      .number(body.processes_max)
      .number(static_cast<std::uint64_t>(body.report))
      .take();
}

std::string encode(const ExitedBody& body) {
  return Writer()
      .number(static_cast<std::uint32_t>(body.wait_status))
      .number(body.cpu_ns)
      .number(body.memory_peak_bytes)
      .take();
}

std::string encode(const SampledBody& body) {
  return Writer().number(body.cpu_ns).number(body.memory_bytes).take();
}

std::string encode(const Error& error) {
  return Writer().text(name_of(error.code)).text(error.message).take();
}

template <>
Result<HelloBody> decode(std::string_view bytes) {
  Reader reader(bytes);
  HelloBody body;
  body.walls = reader.list();
  body.not_enforced = reader.list();
  return reader.done(std::move(body));
}

template <>
Result<ViewBody> decode(std::string_view bytes) {
  Reader reader(bytes);
  ViewBody body;
  body.host_path = reader.text();
  body.with_submounts = reader.number_up_to(1) == 1;
  return reader.done(std::move(body));
}

template <>
Result<PrepareBody> decode(std::string_view bytes) {
  Reader reader(bytes);
  PrepareBody body;
  body.lower_count = static_cast<std::uint32_t>(reader.number_up_to(kFrameDescriptorsMax));
  body.inside_paths = reader.list();
  body.disk_bytes_max = reader.number();
  return reader.done(std::move(body));
}

template <>
Result<StartBody> decode(std::string_view bytes) {
  Reader reader(bytes);
  StartBody body;
  body.argv = reader.list();
  body.env = reader.list();
  body.cwd = reader.text();
  body.mounts = reader.list();
  body.disk_bytes_max = reader.number();
  body.cpu_seconds_max = reader.number();
  body.processes_max = static_cast<std::uint32_t>(reader.number_up_to(kUint32Max));
  body.report = static_cast<Command::Report>(reader.number_up_to(kReportKindMax));
  return reader.done(std::move(body));
}

template <>
Result<ExitedBody> decode(std::string_view bytes) {
  Reader reader(bytes);
  ExitedBody body;
  body.wait_status = static_cast<std::int32_t>(reader.number_up_to(kInt32Max));
  body.cpu_ns = reader.number();
  body.memory_peak_bytes = reader.number();
  return reader.done(body);
}

template <>
Result<SampledBody> decode(std::string_view bytes) {
  Reader reader(bytes);
  SampledBody body;
  body.cpu_ns = reader.number();
  body.memory_bytes = reader.number();
  return reader.done(body);
}

Error decode_error(std::string_view bytes) {
  Reader reader(bytes);
  const std::string name = reader.text();
  const std::string message = reader.text();
  const Result<> done = reader.done(ok);
  if (!done) return done.error();
  return {error_code_from(name).value_or(ErrorCode::unavailable), message};
}

}  // namespace nightjar::sandbox
