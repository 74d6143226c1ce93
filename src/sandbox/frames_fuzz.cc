// Bodies of frames as a hostile sandbox might send them. The first byte chooses the kind.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sandbox/frames.h"

namespace {

using namespace nightjar::sandbox;

/// What can be read is written back as it was.
template <typename Body>
void read_and_write(std::string_view bytes) {
  const auto body = decode<Body>(bytes);
  if (body) CHECK(encode(*body) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0: read_and_write<HelloBody>(bytes); break;
    case 1: read_and_write<ViewBody>(bytes); break;
    case 2: read_and_write<PrepareBody>(bytes); break;
    case 3: read_and_write<StartBody>(bytes); break;
    case 4: read_and_write<ExitedBody>(bytes); break;
    case 5: read_and_write<SampledBody>(bytes); break;
    default: (void)decode_error(bytes);
  }
  return 0;
}
