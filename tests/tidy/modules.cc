#include "tidy/modules.h"

#include <re2/re2.h>

#include "base/bytes.h"

namespace nightjar::tidy {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  re2::StringPiece rest(text);
  std::string word;
  static const RE2 kWord(R"(\s*([^\s]+))");
  while (RE2::Consume(&rest, kWord, &word)) out.push_back(word);
  return out;
}

Part part_from(const std::vector<std::string>& words) {
  Part part;
  std::string keyword;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "DEPS" || words[i] == "EXTERNAL" || words[i] == "TEST_DEPS") {
      keyword = words[i];
    } else if (keyword == "DEPS") {
      part.deps.insert(words[i]);
    } else if (keyword == "TEST_DEPS") {
      part.test_deps.insert(words[i]);
    }
  }
  return part;
}

}  // namespace

std::map<std::string, Part> parts_of(const Repository& repository) {
  static const RE2 kModule(R"(nightjar_module\(([^)]*)\))");
  std::map<std::string, Part> parts;
  for (const auto& [path, text] : repository.files()) {
    std::string arguments;
    if (!starts_with(path, "src/") || !ends_with(path, "/CMakeLists.txt")) continue;
    if (!RE2::PartialMatch(text, kModule, &arguments)) continue;
    const auto words = words_of(arguments);
    if (!words.empty()) parts[words[0]] = part_from(words);
  }
  return parts;
}

std::map<std::string, int> layers_of(const Repository& repository) {
  static const RE2 kLayers(R"(set\(NIGHTJAR_LAYERS([^)]*)\))");
  std::map<std::string, int> layers;
  std::string rows;
  if (!RE2::PartialMatch(repository.text_of("cmake/modules.cmake"), kLayers, &rows)) return layers;
  int row = 0;
  for (const std::string& names : words_of(rows)) {
    for (const std::string& name : split(names, ',')) layers[name] = row;
    ++row;
  }
  return layers;
}

}  // namespace nightjar::tidy
