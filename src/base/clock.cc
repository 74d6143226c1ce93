#include "base/clock.h"

namespace nightjar {

std::int64_t SystemClock::utc_ns() const {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::chrono::nanoseconds SystemClock::monotonic() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

std::int64_t elapsed_ms(const Clock& clock, std::chrono::nanoseconds start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.monotonic() - start).count();
}

}  // namespace nightjar
