// Which tests may be told case by case, and with what arguments their programs are started.
#include <algorithm>
#include <array>

#include "harness/runners/case_reports.h"

namespace nightjar::harness {
namespace {

constexpr const char* kReport = "/dev/fd/3";

using Words = std::vector<std::string>;

template <std::size_t N>
bool is_any(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

/// "--name=value" without its value.
std::string_view option_name(std::string_view word) { return word.substr(0, word.find('=')); }

bool gtest_takes(std::string_view word) {
  // Options that change how it looks or what is a failure, and not which cases run how often.
  static constexpr auto kHarmless = std::to_array<std::string_view>(
      {"--gtest_color", "--gtest_brief", "--gtest_print_time", "--gtest_shuffle",
       "--gtest_random_seed", "--gtest_catch_exceptions", "--gtest_death_test_style",
       "--gtest_also_run_disabled_tests", "--gtest_throw_on_failure", "--gtest_print_utf8"});
  if (word.starts_with("--gtest_filter=")) {
    return word.find_first_of("*?:") != std::string_view::npos ||
           word.starts_with("--gtest_filter=-");
  }
  return !word.starts_with("--gtest_") || is_any(option_name(word), kHarmless);
}

/// A word that chooses cases by a pattern or a tag. One that does not names one case.
bool is_catch_pattern(std::string_view word) {
  return word.find_first_of("[*") != std::string_view::npos || word.starts_with('~');
}

/// The arguments without reporters, or nullopt: they say something that is not known here.
/// `patterns`: with those that choose cases.
enum class Patterns { kept, dropped };
std::optional<Words> catch_words(const Words& command, Patterns patterns) {
  static constexpr auto kFlags = std::to_array<std::string_view>({"-s", "--success", "-i"});
  static constexpr auto kValued = std::to_array<std::string_view>(
      {"-d", "--durations", "-w", "--warn", "--use-colour", "--colour-mode"});
  Words out = {command.front()};
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::string& word = command[i];
    const std::string_view name = option_name(word);
    const bool reporter = name == "-r" || name == "--reporter";
    if (!word.starts_with('-')) {
      if (!is_catch_pattern(word)) return std::nullopt;
      if (patterns == Patterns::kept) out.push_back(word);
    } else if (is_any(word, kFlags)) {
      out.push_back(word);
    } else if (reporter || is_any(name, kValued)) {
      const bool apart = name.size() == word.size();
      if (apart && i + 1 >= command.size()) return std::nullopt;
      if (!reporter) out.push_back(word);
      if (apart && !reporter) out.push_back(command[i + 1]);
      if (apart) ++i;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

bool doctest_takes(std::string_view word) {
  static constexpr auto kHarmless =
      std::to_array<std::string_view>({"s",   "success",           "d",   "duration",
                                       "m",   "minimal",           "q",   "quiet",
                                       "ni",  "no-intro",          "nv",  "no-version",
                                       "nc",  "no-colors",         "fc",  "force-colors",
                                       "ts",  "test-suite",        "tse", "test-suite-exclude",
                                       "tce", "test-case-exclude", "e",   "exit"});
  if (!word.starts_with('-')) return true;
  word = option_name(word);
  while (word.starts_with('-')) word.remove_prefix(1);
  if (word.starts_with("dt-")) word.remove_prefix(3);
  return is_any(word, kHarmless);
}

std::string joined(const std::vector<TestCase>& cases, char between) {
  std::string out;
  const std::string* before = nullptr;
  for (const TestCase& one : cases) {
    if (before != nullptr && *before == one.filter) continue;  // one of the same name
    if (before != nullptr) out += between;
    out += one.filter;
    before = &one.filter;
  }
  return out;
}

void append(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string_view> marks_of(Framework framework) {
  switch (framework) {
    // In the help of what is linked in; the name of a function of one in a shared library.
    case Framework::gtest: return {"gtest_list_tests", "MakeAndRegisterTestInfo"};
    case Framework::catch2: return {"N5Catch"};
    case Framework::doctest: return {"dt-list-test-cases"};
  }
  return {};
}

bool may_have_cases(const CtestTest& test) {
  if (test.command.empty() || test.disabled || test.will_fail || test.fixtures) return false;
  if (!test.pass_patterns.empty() || !test.fail_patterns.empty() || !test.skip_patterns.empty()) {
    return false;
  }
  // Shards, repetitions and filters of GoogleTest.
  const auto steers = [](const std::string& one) {
    return one.starts_with("GTEST_") && !one.starts_with("GTEST_COLOR=") &&
           !one.starts_with("GTEST_BRIEF=");
  };
  return std::ranges::none_of(test.environment, steers);
}

bool may_have_cases(const CtestTest& test, Framework framework) {
  if (!may_have_cases(test)) return false;
  const auto all = [&](bool (*takes)(std::string_view)) {
    return std::all_of(test.command.begin() + 1, test.command.end(), takes);
  };
  switch (framework) {
    case Framework::gtest: return all(gtest_takes);
    case Framework::catch2: return catch_words(test.command, Patterns::kept).has_value();
    case Framework::doctest: return all(doctest_takes);
  }
  return false;
}

std::optional<Words> list_command(const CtestTest& test, Framework framework, int way) {
  if (way > (framework == Framework::doctest ? 0 : 1)) return std::nullopt;
  Words out = test.command;
  switch (framework) {
    case Framework::gtest:
      append(out, {"--gtest_list_tests"});
      if (way == 0) append(out, {std::string("--gtest_output=xml:") + kReport});
      return out;
    case Framework::catch2:
      out = catch_words(test.command, Patterns::kept).value_or(Words{});
      if (out.empty()) return std::nullopt;
      if (way == 0) append(out, {"--list-tests", "-r", "xml", "-o", kReport});
      if (way == 1) append(out, {"--list-test-names-only"});
      return out;
    case Framework::doctest:
      append(out, {"--dt-list-test-cases", "--dt-no-skip=true", "--dt-reporters=xml",
                   std::string("--dt-out=") + kReport});
      return out;
  }
  return std::nullopt;
}

Words run_command_of(const CtestTest& test, Framework framework, const CaseSelection& selection) {
  Words out = test.command;
  const bool some = !selection.cases.empty();
  switch (framework) {
    case Framework::gtest:
      append(out, {std::string("--gtest_output=xml:") + kReport});
      if (some) append(out, {"--gtest_filter=" + joined(selection.cases, ':')});
      if (selection.reversed) append(out, {"--gtest_shuffle", "--gtest_random_seed=7"});
      return out;
    case Framework::catch2:
      out = catch_words(test.command, some ? Patterns::dropped : Patterns::kept)
                .value_or(test.command);
      if (some) append(out, {joined(selection.cases, ',')});
      append(out, {"-r", "xml", "-o", kReport, "-d", "yes", "--rng-seed", "7"});
      if (selection.reversed) append(out, {"--order", "rand"});
      return out;
    case Framework::doctest:
      append(out, {"--dt-reporters=xml", std::string("--dt-out=") + kReport, "--dt-duration=true",
                   "--dt-case-sensitive=true"});
      if (some) append(out, {"--dt-test-case=" + joined(selection.cases, ',')});
      if (selection.reversed) append(out, {"--dt-order-by=rand", "--dt-rand-seed=7"});
      return out;
  }
  return out;
}

}  // namespace nightjar::harness
