// Any bytes as TAP: an answer, never a crash; without a problem the plan holds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "harness/tap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightjar;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const harness::TapReport report = harness::parse_tap(text, "t/a.t: ");
  for (const harness::TestResult& test : report.tests) {
    CHECK(is_utf8(test.id));
    CHECK(is_utf8(test.message));
    CHECK(test.message.size() <= harness::kMessageBytesMax);
  }
  if (report.problem.empty()) {
    CHECK(report.planned && *report.planned == static_cast<int>(report.tests.size()));
  }
  return 0;
}
