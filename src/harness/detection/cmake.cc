// C and C++ by CMake: configured with the project's own switches for tests on, everything that is
// fetched at configure time looked for on this machine.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.h"
#include "harness/detection/tree.h"
#include "harness/paths.h"

namespace nightjar::harness::detection {
namespace {

constexpr std::size_t kRootsMax = 8;
constexpr std::size_t kListFilesReadMax = 200;
constexpr std::size_t kSwitchesMax = 16;

/// The words of an option's name: "JSON_BuildTests" is json, build, tests.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool hump =
        i > 0 && std::isupper(c) != 0 && std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
    if (c == '_' || c == '-' || hump) words.emplace_back();
    if (c != '_' && c != '-') words.back() += static_cast<char>(std::tolower(c));
  }
  return words;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return text;
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, std::string_view(word)) != words.end();
}

/// Whether the option builds the project's tests, by its name alone.
bool switches_tests_on(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  bool tests = false;
  for (const std::string& word : words) {
    if (is_one_of(word,
                  {"disable", "no",          "skip",        "without",    "install",  "fuzz",
                   "fuzzing", "fuzzer",      "valgrind",    "gtest",      "gmock",    "googletest",
                   "catch2",  "coverage",    "cuda",        "asan",       "tsan",     "sanitizer",
                   "perf",    "performance", "bench",       "benchmarks", "example",  "examples",
                   "heavy",   "slow",        "extra",       "download",   "external", "system",
                   "only",    "modules",     "module",      "ssl",        "tls",      "async",
                   "network", "online",      "integration", "python",     "java",     "gui",
                   "docker",  "large",       "long",        "stress",     "memory"})) {
      return false;
    }
    tests = tests ||
            is_one_of(word, {"test", "tests", "testing", "unittest", "unittests", "buildtests"});
  }
  const std::string& last = words.back();
  return tests && (is_one_of(last, {"test", "tests", "testing", "unittest", "unittests", "enabled",
                                    "enable", "suite", "build", "buildtests"}));
}

bool makes_warnings_errors(std::string_view name) {
  const std::string small = join(words_of(name), "_");
  return small.find("werror") != std::string::npos ||
         small.find("warnings_as_errors") != std::string::npos ||
         small.find("warning_as_error") != std::string::npos ||
         small.find("warnings_are_errors") != std::string::npos;
}

/// One CMake project: its top folder and the list files below it.
class Project {
 public:
  Project(Tree& tree, std::string root) : tree_(tree), root_(std::move(root)) {
    for (const std::string& file : tree_.below(root_)) {
      const bool list = file_name(file) == "CMakeLists.txt" || file.ends_with(".cmake");
      if (!list || kind_of_path(file) == PathKind::vendored) continue;
      if (lists_.size() < kListFilesReadMax) lists_.push_back(file);
    }
    std::ranges::stable_sort(lists_, {}, depth_of);
  }

  Find find() {
    const std::string why = test_evidence();
    const std::string folder = build_folder();
    Find found{.root = root_, .suites = {}, .toolchains = {"c", "cmake"}};
    found.files = count_sources(tree_, root_, {"c", "c++"});
    found.build = "cmake -S . -B " + folder + arguments(found) + " && cmake --build " + folder;
    if (why.empty()) {
      found.reasons.push_back(path_in(root_, "CMakeLists.txt") +
                              " builds the project; no list file adds a test");
      return found;
    }
    found.suites.push_back({.runner = "ctest",
                            .root = root_,
                            .why = why,
                            .command = {},
                            .options = {{"build_dir", folder}}});
    found.reasons.insert(found.reasons.begin(), "CMake: " + why);
    return found;
  }

 private:
  std::string test_evidence() {
    static const RE2 kTests(R"((?im)^[^#\n]*\b(enable_testing|add_test|gtest_discover_tests|)"
                            R"(gtest_add_tests|catch_discover_tests|doctest_discover_tests)\s*\()");
    static const RE2 kInclude(R"((?im)^\s*include\s*\(\s*CTest\s*\))");
    for (const std::string& file : lists_) {
      std::string call;
      if (RE2::PartialMatch(tree_.text(file), kTests, &call)) return file + " calls " + lower(call);
      if (RE2::PartialMatch(tree_.text(file), kInclude)) return file + " includes CTest";
    }
    return {};
  }

  /// A repository may have a folder `build` of its own.
  std::string build_folder() const {
    return tree_.has_folder(path_in(root_, "build")) ? "build-nightjar" : "build";
  }

  std::string arguments(Find& found) {
    std::string out = " -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=ON";
    std::vector<std::string> on;
    std::vector<std::string> off;
    collect_switches(on, off);
    for (const std::string& name : on) out += " -D" + name + "=ON";
    for (const std::string& name : off) out += " -D" + name + "=OFF";
    if (!on.empty()) found.reasons.push_back("its options for tests are on: " + join(on, ", "));
    if (!off.empty()) found.reasons.push_back("warnings are no errors: " + join(off, ", "));
    out += " -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF";
    add_fetched(out, found);
    return out;
  }

  void collect_switches(std::vector<std::string>& on, std::vector<std::string>& off) {
    static const RE2 kOption(
        R"((?im)^\s*(?:option|cmake_dependent_option|[a-z_]*_option)\s*\(\s*([A-Za-z]\w*)\b)");
    for (const std::string& file : lists_) {
      std::string_view text = tree_.text(file);
      re2::StringPiece rest(text.data(), text.size());
      std::string name;
      while (RE2::FindAndConsume(&rest, kOption, &name)) {
        const bool tests = switches_tests_on(name) && name != "BUILD_TESTING";
        std::vector<std::string>& list = tests ? on : off;
        if (!tests && !makes_warnings_errors(name)) continue;
        if (list.size() >= kSwitchesMax || std::ranges::find(list, name) != list.end()) continue;
        list.push_back(name);
      }
    }
  }

  /// FetchContent reaches for the network, unless a package or a folder of this machine stands in.
  void add_fetched(std::string& out, Find& found) {
    const auto says = [&](std::string_view words) {
      return std::ranges::any_of(lists_,
                                 [&](const std::string& file) { return tree_.says(file, words); });
    };
    if (!says("FetchContent")) return;
    out += " -DFETCHCONTENT_TRY_FIND_PACKAGE_MODE=ALWAYS";
    found.reasons.push_back(
        "it fetches parts with FetchContent; there is no network: installed "
        "packages stand in");
    if (!says("googletest")) return;
    out += " -DFETCHCONTENT_SOURCE_DIR_GOOGLETEST=/usr/src/googletest";
    found.reasons.push_back("GoogleTest comes from /usr/src/googletest");
  }

  Tree& tree_;
  std::string root_;
  std::vector<std::string> lists_;
};

}  // namespace

std::vector<Find> find_cmake(Tree& tree) {
  static const RE2 kProject(R"((?im)^\s*project\s*\()");
  std::vector<Find> out;
  for (const std::string& folder : tree.folders_with("CMakeLists.txt")) {
    if (out.size() >= kRootsMax) break;
    const auto covers = [&](const Find& other) { return is_below(folder, other.root); };
    if (std::ranges::any_of(out, covers)) continue;
    if (!RE2::PartialMatch(tree.text(path_in(folder, "CMakeLists.txt")), kProject)) continue;
    out.push_back(Project(tree, folder).find());
  }
  return out;
}

}  // namespace nightjar::harness::detection
