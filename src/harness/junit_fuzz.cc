// Any bytes as a JUnit report: an answer, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "harness/junit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightjar;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const harness::JunitReport report = harness::parse_junit(text);
  for (const harness::JunitCase& test : report.cases) {
    CHECK(!test.result.id.empty());
    CHECK(is_utf8(test.result.id));
    CHECK(is_utf8(test.result.message));
    CHECK(test.result.message.size() <= harness::kMessageBytesMax);
    CHECK(test.result.wall_ms >= -1);
  }
  return 0;
}
