// Any bytes as a scenario file: an answer or an error with a place, never a crash or a hang.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "scenario/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenarios = nightjar::scenario::parse_scenarios(text, "a.yaml");
  if (!scenarios) {
    CHECK(scenarios.error().message.starts_with("a.yaml:"));
    CHECK(nightjar::is_utf8(scenarios.error().message));
    return 0;
  }
  for (const auto& scenario : *scenarios) {
    CHECK(!scenario.name.empty() && !scenario.steps.empty() && scenario.trials >= 1);
    for (const auto& step : scenario.steps) CHECK(!step.argv.empty() && !step.argv[0].empty());
  }
  return 0;
}
