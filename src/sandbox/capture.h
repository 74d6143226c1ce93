// Reads one output stream of a program up to a limit and throws the rest away, so that a program
// that prints gigabytes neither blocks nor fills our memory. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/file.h"

namespace nightjar::sandbox {

class Capture {
 public:
  /// Takes the read end of a pipe or socket and makes it non-blocking.
  Capture(UniqueFd pipe, std::uint64_t bytes_max);

  /// -1 once the stream has ended.
  int fd() const { return pipe_.get(); }

  /// Reads what is there now, a few hundred KiB at most, so that the caller's other duties get
  /// their turn.
  void read_some();
  /// Reads until the pipe is empty or ended. Only after every writer is gone.
  void read_rest();

  bool cut() const { return cut_; }
  /// The text, with kCutMarker behind it if something was thrown away.
  std::string take();
  /// The bytes alone, for those who parse them.
  std::string take_unmarked() { return std::move(text_); }

 private:
  enum class Read { more, empty, ended };
  Read read_once();

  UniqueFd pipe_;
  std::uint64_t bytes_max_;
  std::string text_;
  bool cut_ = false;
};

}  // namespace nightjar::sandbox
