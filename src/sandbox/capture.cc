#include "sandbox/capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

Capture::Capture(UniqueFd pipe, std::uint64_t bytes_max)
    : pipe_(std::move(pipe)), bytes_max_(bytes_max) {
  ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
}

Capture::Read Capture::read_once() {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(pipe_.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return Read::more;
  if (count < 0 && errno == EAGAIN) return Read::empty;
  if (count <= 0) return Read::ended;
  const std::uint64_t room = bytes_max_ - text_.size();
  const auto kept =
      static_cast<std::size_t>(std::min<std::uint64_t>(room, static_cast<std::uint64_t>(count)));
  text_.append(buffer.data(), kept);
  if (kept < static_cast<std::size_t>(count)) cut_ = true;
  return Read::more;
}

void Capture::read_some() {
  for (int round = 0; round < 4 && pipe_; ++round) {
    const Read read = read_once();
    if (read == Read::ended) pipe_ = UniqueFd();
    if (read != Read::more) return;
  }
}

void Capture::read_rest() {
  // A pipe whose writers are gone holds at most its buffer, which is 1 MiB at the very most; a
  // socket gives less at once where descriptors were sent beside the bytes.
  Read last = Read::more;
  for (int round = 0; round < 1024 && pipe_ && last == Read::more; ++round) last = read_once();
  if (pipe_ && last == Read::more) cut_ = true;
  pipe_ = UniqueFd();
}

std::string Capture::take() {
  if (cut_) text_ += kCutMarker;
  return std::move(text_);
}

}  // namespace nightjar::sandbox
