// Any files with any content: detection may find nothing, but never crashes. The input is files one
// after the other: a line with the path, then its content up to a line "--".
#include <cstddef>
#include <cstdint>
#include <map>

#include "base/bytes.h"
#include "base/check.h"
#include "harness/paths.h"
#include "harness/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace nightjar;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  std::map<std::string, std::string> files;
  std::string* content = nullptr;
  for (const std::string& line : split_lines(text)) {
    if (line == "--") {
      content = nullptr;
    } else if (content == nullptr) {
      content = &files[line];
    } else {
      *content += line + "\n";
    }
  }
  harness::TreeFiles tree;
  for (const auto& [path, ignored] : files) {
    tree.paths.push_back(path);
    (void)harness::kind_of_path(path, ignored);
  }
  tree.read = [&](const std::string& path, std::size_t) -> std::optional<std::string> {
    const auto file = files.find(path);
    return file == files.end() ? std::nullopt : std::optional(file->second);
  };
  const Result<harness::Recipe> recipe = harness::detect(tree);
  if (!recipe) return 0;
  const Result<harness::Recipe> again = harness::recipe_from(harness::to_json(*recipe));
  CHECK(again);
  (void)harness::recipe_toml(*again);
  return 0;
}
