#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <memory>

#include "tidy/rules.h"
#include "tidy/source_text.h"

namespace nightjar::tidy {
namespace {

enum class Where { everywhere, sources, headers, outside_net, outside_base, outside_adapters };

/// What may not be written, and what to write instead.
struct Ban {
  const char* pattern;
  Where where;
  const char* instead;
};
constexpr std::array kBans = {
    Ban{R"(\bcatch\s*\()", Where::outside_adapters,
        "`catch`: only the adapter of a throwing library"},
    Ban{R"(\btry\s*\{)", Where::outside_adapters, "`try`: only the adapter of a throwing library"},
    Ban{R"(\bthrow\b)", Where::everywhere, "`throw`: return an Error"},
    Ban{R"(\bco_(await|return|yield)\b)", Where::outside_net, "coroutines live in net/"},
    Ban{R"(\bstd::(shared_|recursive_|timed_)?mutex\b)", Where::outside_base,
        "`std::mutex`: use Guarded or BoundedQueue"},
    Ban{R"(\bstd::condition_variable)", Where::outside_base,
        "`std::condition_variable`: use BoundedQueue"},
    Ban{R"(\busing\s+namespace\b)", Where::headers, "`using namespace` in a header"},
    Ban{R"(\bsleep_(for|until)\b)", Where::everywhere,
        "sleep: wait for what must happen, with a limit"},
    Ban{R"(\b(u|nano)?sleep\s*\()", Where::everywhere,
        "sleep: wait for what must happen, with a limit"},
    Ban{R"(\.detach\(\))", Where::everywhere, "a detached thread: join it in a destructor"},
    Ban{R"(\bdelete\b\s*(\[\])?\s*[A-Za-z_*])", Where::sources,
        "`delete`: one owner frees it, by itself"},
    Ban{R"(\b(GTEST_SKIP|DISABLED_\w*))", Where::everywhere, "a skipped test: it must run, or go"},
    Ban{R"(\b(strcpy|strcat|sprintf|gets|system|popen)\s*\()", Where::sources,
        "an unbounded or shell function"},
    Ban{R"(\basm\b|\bgoto\b)", Where::sources, "asm, goto"},
};

/// Files that turn a library's exceptions into errors.
constexpr std::array kAdapters = {"src/base/json.cc", "src/config/toml.cc", "src/scenario/yaml.cc"};

bool applies(const Ban& ban, const std::string& path) {
  switch (ban.where) {
    case Where::everywhere: return true;
    case Where::sources: return !is_for_tests(path);
    case Where::headers: return ends_with(path, ".h");
    case Where::outside_net: return !starts_with(path, "src/net/");
    case Where::outside_base:
      return starts_with(path, "src/") && !starts_with(path, "src/base/") && !is_for_tests(path);
    case Where::outside_adapters:
      return std::find(kAdapters.begin(), kAdapters.end(), path) == kAdapters.end();
  }
  return true;
}

void search(const std::string& path, const std::string& code, const RE2& pattern,
            const std::string& what, std::vector<Finding>& out) {
  const auto lines = lines_of(code);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const re2::StringPiece line(lines[i].data(), lines[i].size());
    if (RE2::PartialMatch(line, pattern)) out.push_back({path, static_cast<int>(i) + 1, what});
  }
}

/// Functions that reach the world. Below the factory they are defined, and built from each other;
/// in the factory and above, only the gate's effects_*.cc may call them.
constexpr const char* kReaching =
    R"(\breason::search_repair\(|\bscenario::run_(scenarios|trial)\(|\bharness::build_and_test\()"
    R"(|(\.|->)(write_branch|write_note|apply_patch)\(|launcher(_|\(\))?\)?(\.|->)open\()";

bool above_the_gate(const std::string& path) {
  for (const std::string_view folder :
       {"src/factory/", "src/agent/", "src/cli/", "src/server/", "src/api/", "apps/nightjar/"}) {
    if (starts_with(path, folder)) return !starts_with(path, "src/factory/effects");
  }
  return false;
}

void check_fuzzer(const Repository& repository, const std::string& path,
                  std::vector<Finding>& out) {
  if (path == "tests/canary_fuzz.cc") return;
  const std::string stem = path.substr(0, path.size() - std::string("_fuzz.cc").size());
  if (!repository.has_match(stem + "_corpus/*")) {
    out.push_back({path, 0, "its corpus " + stem + "_corpus/ is empty or missing"});
  }
}

}  // namespace

std::vector<Finding> check_banned_code(const Repository& repository) {
  static const RE2 kBareNolint(R"(NOLINT(NEXTLINE)?(\([^)]*\))?\s*$)");
  std::vector<std::unique_ptr<RE2>> patterns;
  for (const Ban& ban : kBans) patterns.push_back(std::make_unique<RE2>(ban.pattern));
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    const std::string code = code_of(repository.text_of(path));
    for (std::size_t i = 0; i < kBans.size(); ++i) {
      if (applies(kBans[i], path)) search(path, code, *patterns[i], kBans[i].instead, out);
    }
    search(path, repository.text_of(path), kBareNolint, "NOLINT without its reason", out);
  }
  return out;
}

std::vector<Finding> check_effect_gate(const Repository& repository) {
  static const RE2 kPerform(R"((\.|->)\s*perform\()");
  static const RE2 kReach(kReaching);
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    if (is_for_tests(path)) continue;
    const std::string code = code_of(repository.text_of(path));
    if (path != "src/factory/effects.cc") {
      search(path, code, kPerform, "only src/factory/effects.cc may call perform", out);
    }
    if (above_the_gate(path)) {
      search(path, code, kReach, "it reaches the world outside of the gate's effects_*.cc", out);
    }
  }
  return out;
}

std::vector<Finding> check_tests(const Repository& repository) {
  static const RE2 kAsserts(R"(\b(EXPECT|ASSERT)_[A-Z]|\bADD_FAILURE\b)");
  std::vector<Finding> out;
  for (const std::string& path : repository.code()) {
    if (ends_with(path, "_fuzz.cc")) check_fuzzer(repository, path, out);
    if (!ends_with(path, "_test.cc")) continue;
    if (!RE2::PartialMatch(code_of(repository.text_of(path)), kAsserts)) {
      out.push_back({path, 0, "asserts nothing"});
    }
  }
  return out;
}

}  // namespace nightjar::tidy
