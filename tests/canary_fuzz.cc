// A fuzzer that must find something: it dies on one input, which only coverage guidance reaches in
// seconds. If `./dev fuzz` does not see it die, its other results prove nothing.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 4 && data[0] == 'b' && data[1] == 'i' && data[2] == 'r' && data[3] == 'd') {
    std::fprintf(stderr, "canary: found\n");
    std::abort();
  }
  return 0;
}
