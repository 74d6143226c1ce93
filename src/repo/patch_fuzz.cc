// Any bytes as a patch: an error, or files whose hunks and binary data go onto a text or are
// refused.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "repo/patch_binary.h"
#include "repo/patch_hunks.h"
#include "repo/patch_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace repo = nightjar::repo;
  constexpr std::uint64_t kBytesMax = 1 << 20;
  const auto files = repo::parse_patch({reinterpret_cast<const char*>(data), size});
  if (!files) return 0;
  for (const repo::PatchFile& file : *files) {
    CHECK(!file.old_path.empty() && !file.new_path.empty());
    const std::string_view before = "line 1\nline 2\nline 3\nline 4\r\nline 5";
    std::uint64_t steps_left = 100'000;
    static_cast<void>(repo::apply_hunks(before, file.hunks, steps_left));
    if (!file.binary) continue;
    const auto after = repo::apply_binary(*file.binary, before, kBytesMax);
    CHECK(!after || after->size() <= kBytesMax);
  }
  return 0;
}
