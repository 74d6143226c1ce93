// Any bytes as nightjar.toml: an answer or an error with a place, never a crash or a hang.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto project = nightjar::config::parse_project(text, "nightjar.toml");
  if (project) {
    CHECK(!project->name.empty());
    CHECK(project->name.find('/') == std::string::npos);
  } else {
    CHECK(project.error().message.starts_with("nightjar.toml:"));
    CHECK(nightjar::is_utf8(project.error().message));
  }
  return 0;
}
