#include "harness/tap.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kLinesMax = 4'000'000;
constexpr std::size_t kIndent = 4;  // of a subtest

bool starts_with_word(std::string_view line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  if (line.size() == word.size()) return true;
  const char next = line[word.size()];
  return next == ' ' || next == '\t';
}

/// Takes the digits at the front.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

struct Point {
  bool ok = false;
  std::optional<int> number;
  std::string description;
  enum class Directive { none, skip, todo } directive = Directive::none;
  std::string reason;
};

/// " # SKIP reason" and " # todo reason", in any case; "\#" is no directive.
void split_directive(std::string_view text, Point& out) {
  for (std::size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1)) {
    if (at > 0 && text[at - 1] == '\\') continue;
    const std::string_view rest = trim(text.substr(at + 1));
    const std::string word = lower(rest.substr(0, 4));
    if (word != "skip" && word != "todo") continue;
    out.directive = word == "skip" ? Point::Directive::skip : Point::Directive::todo;
    std::size_t end = 4;  // "SKIPPED:" is seen as well
    while (end < rest.size() && std::isalpha(static_cast<unsigned char>(rest[end])) != 0) ++end;
    out.reason = trim(rest.substr(end));
    if (out.reason.starts_with(':')) out.reason = trim(std::string_view(out.reason).substr(1));
    text = text.substr(0, at);
    break;
  }
  out.description = trim(text);
}

std::optional<Point> point_of(std::string_view line) {
  Point out;
  if (starts_with_word(line, "ok")) {
    out.ok = true;
    line.remove_prefix(2);
  } else if (starts_with_word(line, "not ok")) {
    line.remove_prefix(6);
  } else {
    return std::nullopt;
  }
  line = trim(line);
  if (!line.empty() && std::isdigit(static_cast<unsigned char>(line.front())) != 0) {
    std::string_view rest = line;
    const auto number = take_number(rest);
    if (number && (rest.empty() || rest.front() == ' ' || rest.front() == '\t')) {
      out.number = number;
      line = trim(rest);
    }
  }
  if (line.starts_with("- ")) line.remove_prefix(2);
  if (line == "-") line = {};
  split_directive(line, out);
  return out;
}

class Reader {
 public:
  Reader(TapReport& out, std::string_view prefix) : out_(out), prefix_(prefix) {}

  void read(std::string_view text) {
    std::size_t lines = 0;
    while (!text.empty() && !bailed_) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (++lines > kLinesMax) return refuse("more than " + std::to_string(kLinesMax) + " lines");
      take(line);
    }
    finish();
  }

 private:
  void refuse(std::string problem) {
    if (out_.problem.empty()) out_.problem = std::move(problem);
  }

  void take(std::string_view line) {
    if (line.starts_with("Bail out!")) {
      bailed_ = true;
      return refuse("it bailed out: " + printable(trim(line.substr(9)), 200));
    }
    if (yaml_) {
      if (trim(line) == "...") {
        yaml_ = false;
      } else {
        explain(line);
      }
      return;
    }
    if (line.starts_with(std::string(kIndent, ' '))) return take_subtest(line.substr(kIndent));
    if (trim(line) == "---" && line.starts_with(' ')) {
      yaml_ = true;
      return;
    }
    if (line.starts_with("1..")) return take_plan(line.substr(3));
    if (line.starts_with('#')) return explain(line.substr(1));
    if (const auto point = point_of(line)) take_point(*point);
  }

  void take_plan(std::string_view rest) {
    const auto number = take_number(rest);
    if (!number) return;  // "1..x" is other output.
    Point tail;
    split_directive(rest, tail);
    if (!tail.description.empty()) return;
    if (out_.planned) return add_once(out_.doubts, "two plans");
    out_.planned = number;
    if (*number == 0) {
      out_.skip_all = tail.reason.empty() ? "it plans no tests" : bounded_message(tail.reason);
    }
  }

  void take_subtest(std::string_view line) {
    if (const auto point = point_of(line)) {
      if (!point->ok && point->directive == Point::Directive::none) subtest_failed_ = true;
    }
    explain_next_ += std::string(line) + "\n";
    if (explain_next_.size() > 4 * kMessageBytesMax) explain_next_.resize(4 * kMessageBytesMax);
  }

  void explain(std::string_view line) {
    if (out_.tests.empty() || !is_bad(out_.tests.back().outcome)) return;
    std::string& message = out_.tests.back().message;
    if (message.size() > kMessageBytesMax) return;
    if (!message.empty()) message += '\n';
    message += trim(line).substr(0, kMessageBytesMax);
  }

  void take_point(const Point& point) {
    const int expected = static_cast<int>(out_.tests.size()) + 1;
    if (point.number && *point.number != expected) {
      add_once(out_.doubts, "points are not numbered in order");
    }
    if (out_.tests.size() >= kTestsMax) {
      return refuse("more than " + std::to_string(kTestsMax) + " points");
    }
    TestResult test;
    test.id = bounded_id(
        prefix_ + (point.description.empty() ? "#" + std::to_string(expected) : point.description));
    test.message = bounded_message(point.reason);
    if (point.directive == Point::Directive::skip) {
      test.outcome = TestOutcome::skipped;
      if (!point.ok) test.outcome = TestOutcome::failed;
    } else if (point.ok) {
      // One that passes although it is to be done is no failure in TAP.
      test.outcome = TestOutcome::passed;
    } else {
      const bool todo = point.directive == Point::Directive::todo;
      test.outcome = todo ? TestOutcome::xfailed : TestOutcome::failed;
    }
    if (subtest_failed_ && point.ok) {
      add_once(out_.doubts, "a point says ok although its subtest failed");
    }
    if (is_bad(test.outcome)) test.message += explain_next_;
    subtest_failed_ = false;
    explain_next_.clear();
    out_.tests.push_back(std::move(test));
  }

  void finish() {
    for (TestResult& test : out_.tests) test.message = bounded_message(test.message);
    if (!out_.planned) return refuse("no plan came: it ended before its end");
    const auto seen = static_cast<int>(out_.tests.size());
    if (*out_.planned != seen) {
      refuse("its plan says " + std::to_string(*out_.planned) + " points, and " +
             std::to_string(seen) + " came");
    }
  }

  TapReport& out_;
  std::string prefix_;
  std::string explain_next_;
  bool subtest_failed_ = false;
  bool yaml_ = false;
  bool bailed_ = false;
};

}  // namespace

TapReport parse_tap(std::string_view text, std::string_view prefix) {
  TapReport out;
  Reader(out, prefix).read(text);
  return out;
}

}  // namespace nightjar::harness
