#include "scenario/match.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <unordered_map>

#include "base/bytes.h"
#include "config/units.h"
#include "scenario/numbers.h"

namespace nightjar::scenario {
namespace {

constexpr std::size_t kExcerptBytes = 80;
constexpr std::size_t kOutputNumbersMax = 100'000;

std::string quoted(std::string_view text) { return "\"" + printable(text, kExcerptBytes) + "\""; }

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_max_mem(std::int64_t{8} << 20);  // Of the compiled pattern and its caches.
  options.set_log_errors(false);
  return options;
}

/// `text` from a little before `at` on, cut between characters.
std::string excerpt_around(std::string_view text, std::size_t at) {
  if (text.size() <= kExcerptBytes || at < kExcerptBytes / 2) return quoted(text);
  std::size_t begin = at - kExcerptBytes / 4;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return "\"…" + printable(text.substr(begin), kExcerptBytes) + "\"";
}

std::string_view line_at(std::string_view text, std::size_t begin) {
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string number_of(std::size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// For texts too long to show whole: the first line that differs.
std::string first_difference(std::string_view name, std::string_view actual,
                             std::string_view expected) {
  const std::string subject(name);
  const auto [a, e] = std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
  const auto at = static_cast<std::size_t>(a - actual.begin());
  if (a == actual.end() && expected.substr(at) == "\n") {
    return subject + " lacks the newline at its end";
  }
  if (e == expected.end() && actual.substr(at) == "\n") {
    return subject + " has one newline too many at its end";
  }
  const std::size_t begin = actual.substr(0, at).rfind('\n') + 1;  // npos + 1 is 0.
  const auto line = static_cast<std::size_t>(std::count(actual.begin(), a, '\n')) + 1;
  const std::string place = subject + " line " + std::to_string(line);
  if (begin == at && at == actual.size()) {
    return subject + " ends after " + number_of(line - 1, "line") + ", expected " +
           quoted(line_at(expected, begin)) + " next";
  }
  if (begin == at && at == expected.size()) {
    return subject + " goes on after the " + number_of(line - 1, "line") + " expected, with " +
           quoted(line_at(actual, begin));
  }
  return place + " is " + excerpt_around(line_at(actual, begin), at - begin) + ", expected " +
         excerpt_around(line_at(expected, begin), at - begin);
}

std::optional<std::string> match_contains(const std::vector<std::string>& parts,
                                          const Output& actual) {
  for (const std::string& part : parts) {
    if (actual.bytes.find(part) != std::string_view::npos) continue;
    return std::string(actual.name) + " does not contain " + quoted(part) + "; it is " +
           quoted(actual.bytes);
  }
  return std::nullopt;
}

std::optional<std::string> match_pattern(const std::string& pattern, const Output& actual) {
  const RE2 compiled(pattern, pattern_options());
  if (RE2::PartialMatch(re2::StringPiece(actual.bytes.data(), actual.bytes.size()), compiled)) {
    return std::nullopt;
  }
  return std::string(actual.name) + " does not match /" + printable(pattern, kExcerptBytes) +
         "/; it is " + quoted(actual.bytes);
}

std::optional<std::string> match_json(const Json& expected, const Output& actual) {
  const Result<Json> value = parse_json(actual.bytes);
  if (!value) {
    return std::string(actual.name) + " is not JSON (" + printable(value.error().message, 80) +
           "); it is " + quoted(actual.bytes);
  }
  const std::string difference = json_difference(*value, expected);
  if (difference.empty()) return std::nullopt;
  return std::string(actual.name) + " as JSON" + difference;
}

std::optional<std::string> match_numbers(const Numbers& expected, const Output& actual) {
  const std::vector<double> numbers = numbers_in(actual.bytes, kOutputNumbersMax);
  const std::size_t common = std::min(numbers.size(), expected.values.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (is_near(numbers[i], expected.values[i], expected.tolerance)) continue;
    std::string text = "number " + std::to_string(i + 1) + " in " + std::string(actual.name) +
                       " is " + number_text(numbers[i]) + ", expected " +
                       number_text(expected.values[i]);
    if (expected.tolerance > 0) text += " within " + number_text(expected.tolerance);
    return text;
  }
  if (numbers.size() == expected.values.size()) return std::nullopt;
  return std::string(actual.name) + " holds " + number_of(numbers.size(), "number") +
         ", expected " + std::to_string(expected.values.size()) + "; it is " + quoted(actual.bytes);
}

bool wants_whole(const TextExpectation& expected) {
  return expected.equals || expected.json || expected.numbers;
}

std::string signal_text(int number) {
  const char* name = ::sigabbrev_np(number);
  const std::string shown = "signal " + std::to_string(number);
  return name == nullptr ? shown : "SIG" + std::string(name) + " (" + shown + ")";
}

/// The last line that is not empty: where both Python and the C library say what went wrong.
std::string last_words(std::string_view stderr_bytes) {
  const std::string_view text = trim(stderr_bytes);
  if (text.empty()) return "";
  const std::size_t begin = text.rfind('\n') + 1;
  return "; stderr ends with " + quoted(text.substr(begin));
}

std::optional<Mismatch> same(std::string text) {
  std::string stable = text;
  return Mismatch{std::move(text), std::move(stable)};
}

std::optional<Mismatch> match_ending(const Expectation& expected, const sandbox::Outcome& actual,
                                     std::chrono::milliseconds wall_max) {
  const int wanted = expected.exit.value_or(0);
  switch (actual.ended) {
    case sandbox::Ended::exited:
      if (actual.code == wanted) return std::nullopt;
      return same("exit status is " + std::to_string(actual.code) + ", expected " +
                  std::to_string(wanted) + last_words(actual.stderr_bytes));
    case sandbox::Ended::signalled:
      if (wanted == 128 + actual.code) return std::nullopt;  // As a shell would report it.
      return same("killed by " + signal_text(actual.code) + ", expected exit status " +
                  std::to_string(wanted) + last_words(actual.stderr_bytes));
    case sandbox::Ended::wall_limit:
      return Mismatch{"did not end within " + config::duration_text(wall_max.count()),
                      "did not end in time"};
    case sandbox::Ended::cpu_limit:
      return Mismatch{"used more processor time than is allowed", "did not end in time"};
    case sandbox::Ended::memory_limit: return same("used more memory than is allowed");
    case sandbox::Ended::cancelled: break;
  }
  return same("was stopped");
}

std::string json_excerpt(const Json& value) { return printable(value.dump(), kExcerptBytes); }

bool numbers_equal(const Json& a, const Json& b) {
  if (a.is_int() && b.is_int()) return a.as_int() == b.as_int();
  return a.as_double() == b.as_double();
}

std::string escaped_pointer(const std::string& key) {  // RFC 6901
  std::string out = "/";
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return printable(out, kExcerptBytes);
}

std::string differs_at(const std::string& pointer, const std::string& how) {
  return pointer.empty() ? " " + how : " at " + pointer + " " + how;
}

std::string compare(const Json& actual, const Json& expected, const std::string& pointer);

std::string compare_arrays(const Json& actual, const Json& expected, const std::string& pointer) {
  const Json::Array& a = actual.as_array();
  const Json::Array& e = expected.as_array();
  for (std::size_t i = 0; i < std::min(a.size(), e.size()); ++i) {
    std::string difference = compare(a[i], e[i], pointer + "/" + std::to_string(i));
    if (!difference.empty()) return difference;
  }
  if (a.size() == e.size()) return "";
  return differs_at(
      pointer, "has " + number_of(a.size(), "item") + ", expected " + std::to_string(e.size()));
}

std::string compare_objects(const Json& actual, const Json& expected, const std::string& pointer) {
  // By a table: output with many members would make a search for each of them slow.
  std::unordered_map<std::string_view, const Json*> found;
  for (const auto& [key, value] : actual.as_object()) found.emplace(key, &value);
  for (const auto& [key, value] : expected.as_object()) {
    const auto member = found.find(key);
    if (member == found.end()) return differs_at(pointer, "lacks the key " + quoted(key));
    std::string difference = compare(*member->second, value, pointer + escaped_pointer(key));
    if (!difference.empty()) return difference;
    found.erase(member);
  }
  if (found.empty()) return "";
  for (const auto& [key, value] : actual.as_object()) {
    if (found.contains(key)) return differs_at(pointer, "has the unexpected key " + quoted(key));
  }
  return "";
}

std::string compare(const Json& actual, const Json& expected, const std::string& pointer) {
  if (actual.is_number() && expected.is_number() && numbers_equal(actual, expected)) return "";
  if (actual.is_array() && expected.is_array()) return compare_arrays(actual, expected, pointer);
  if (actual.is_object() && expected.is_object()) return compare_objects(actual, expected, pointer);
  if (actual == expected) return "";
  return differs_at(pointer, "is " + json_excerpt(actual) + ", expected " + json_excerpt(expected));
}

struct Rule {
  RE2 pattern;
  const char* replacement;
};

}  // namespace

std::optional<std::string> match_exact(const std::string& expected, const Output& actual) {
  if (actual.bytes == expected) return std::nullopt;
  if (actual.bytes.size() <= kExcerptBytes && expected.size() <= kExcerptBytes) {
    return std::string(actual.name) + " is " + quoted(actual.bytes) + ", expected " +
           quoted(expected);
  }
  return first_difference(actual.name, actual.bytes, expected);
}

std::optional<std::string> match_text(const TextExpectation& expected, const Output& actual) {
  if (actual.cut && wants_whole(expected)) {
    return std::string(actual.name) + " is longer than the limit on output; it begins with " +
           quoted(actual.bytes);
  }
  std::optional<std::string> mismatch;
  if (expected.equals) mismatch = match_exact(*expected.equals, actual);
  if (!mismatch) mismatch = match_contains(expected.contains, actual);
  if (!mismatch && expected.matches) mismatch = match_pattern(*expected.matches, actual);
  if (!mismatch && expected.json) mismatch = match_json(*expected.json, actual);
  if (!mismatch && expected.numbers) mismatch = match_numbers(*expected.numbers, actual);
  return mismatch;
}

std::optional<Mismatch> match_outcome(const Expectation& expected, const sandbox::Outcome& actual,
                                      std::chrono::milliseconds wall_max) {
  if (auto mismatch = match_ending(expected, actual, wall_max)) return mismatch;
  const Output out{"stdout", actual.stdout_bytes, actual.stdout_cut};
  if (auto mismatch = match_text(expected.stdout_text, out)) return same(*std::move(mismatch));
  const Output err{"stderr", actual.stderr_bytes, actual.stderr_cut};
  if (auto mismatch = match_text(expected.stderr_text, err)) return same(*std::move(mismatch));
  return std::nullopt;
}

bool is_crash(const Step& step, const sandbox::Outcome& outcome) {
  if (outcome.ended == sandbox::Ended::signalled) return true;
  const bool shell = step.argv.size() == 3 && step.argv[0] == "/bin/sh" && step.argv[1] == "-c";
  if (!shell || outcome.ended != sandbox::Ended::exited) return false;
  const auto crashes = {SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
  return std::ranges::any_of(crashes, [&](int number) { return outcome.code == 128 + number; });
}

std::string json_difference(const Json& actual, const Json& expected) {
  return compare(actual, expected, "");
}

Result<> check_pattern(const std::string& pattern) {
  const RE2 compiled(pattern, pattern_options());
  if (compiled.ok()) return ok;
  return {ErrorCode::invalid_input, "not an RE2 pattern: " + printable(compiled.error(), 200)};
}

std::string fingerprint_of(std::string_view line) {
  constexpr std::size_t kBytesMax = 240;
  static const Rule kRules[] = {
      {RE2("0x[0-9a-fA-F]+"), "0x?"},
      {RE2("==[0-9]+=="), "==?=="},
      {RE2("(?i)\\b(pid|process|thread)([ =:#]+)[0-9]+"), "\\1\\2?"},
      {RE2("/(var/)?tmp/[^\\s\"':,;()]*"), "/tmp/?"},
      {RE2("[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?"), "?:?:?"},
      {RE2("[0-9]+\\.[0-9]{3,} ?(s|sec|seconds|ms)\\b"), "? s"},
      {RE2("\\b(in|after|took) [0-9]+(\\.[0-9]+)? ?(s|sec|seconds|ms|us)\\b"), "\\1 ? s"},
  };
  std::string out = printable(line, 4096);
  for (const Rule& rule : kRules) RE2::GlobalReplace(&out, rule.pattern, rule.replacement);
  return printable(out, kBytesMax);
}

}  // namespace nightjar::scenario
