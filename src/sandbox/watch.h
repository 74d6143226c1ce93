// Waits for a running command and ends it at the first limit it reaches. One thread, one command.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/file.h"
#include "base/result.h"
#include "sandbox/capture.h"
#include "sandbox/cgroup.h"
#include "sandbox/frames.h"
#include "sandbox/sandbox.h"

namespace nightjar::sandbox {

class Watch {
 public:
  struct Subject {
    int control = -1;  // socket of the sandbox's first process
    const Group& group;
    const Limits& limits;
    const Command& command;
    std::uint64_t& oom_kills_seen;  // in the life of the sandbox
  };

  /// Made before the command starts, because that is when the clocks start.
  Watch(Subject subject, UniqueFd out, UniqueFd err);

  /// Returns when every process of the command is gone. An error: the sandbox itself failed.
  Result<Outcome> finish(std::stop_token stop);

 private:
  using Clock = std::chrono::steady_clock;

  Result<std::optional<ExitedBody>> wait_once(int stop_fd);
  Result<std::optional<ExitedBody>> take_frame();
  Result<> take_report(Frame frame);
  Result<> take_sample();
  Result<> judge(std::uint64_t cpu_ns, std::uint64_t memory_bytes);
  Result<> end_command(Ended reason);
  Outcome outcome(const ExitedBody& exited);

  Subject subject_;
  Capture out_;
  Capture err_;
  std::optional<Capture> report_;  // once the sandbox has sent its read end
  Clock::time_point start_;
  Clock::time_point deadline_;
  Clock::time_point next_sample_;
  std::uint64_t cpu_ns_before_ = 0;
  std::optional<Ended> reason_;  // why we ended it
  bool sample_asked_ = false;
};

}  // namespace nightjar::sandbox
