// Where time comes from. UTC is recorded; the monotonic clock measures and is never persisted.
// Both implementations may be used from any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace nightjar {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t utc_ns() const = 0;
  virtual std::chrono::nanoseconds monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t utc_ns() const override;
  std::chrono::nanoseconds monotonic() const override;
};

/// Whole milliseconds from `start` to now.
std::int64_t elapsed_ms(const Clock& clock, std::chrono::nanoseconds start);

}  // namespace nightjar
