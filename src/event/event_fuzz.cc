// Decoding never crashes; what it accepts encodes to the same bytes, and shows as JSON.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "event/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const nightjar::Result<nightjar::event::Envelope> read = nightjar::event::decode(bytes);
  if (!read) return 0;
  const std::string again = nightjar::event::encode(*read);
  CHECK(again == bytes);
  CHECK(*nightjar::event::decode(again) == *read);
  CHECK(nightjar::event::to_json(*read));
  return 0;
}
