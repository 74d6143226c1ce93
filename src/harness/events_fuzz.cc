// Any bytes as the stream of a reporter: an answer, never a crash, and no test without a name.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "harness/events.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nightjar;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  harness::ReportEvents events = harness::parse_events(text, "n");
  for (const harness::SessionEvent& event : events.events) {
    CHECK(event.kind == harness::SessionEvent::Kind::ended || !event.id.empty());
  }
  harness::Session session;
  session.events = std::move(events.events);
  session.counted = events.counted;
  harness::SuiteRun run = harness::judge(session).run;
  harness::conclude(run);
  for (const harness::TestResult& test : run.tests) {
    CHECK(is_utf8(test.id));
    CHECK(is_utf8(test.message));
    CHECK(test.message.size() <= harness::kMessageBytesMax);
  }
  CHECK(harness::suite_run_from(harness::to_json(run)));
  return 0;
}
