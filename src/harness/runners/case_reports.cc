#include "harness/runners/case_reports.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include <pugixml.hpp>

#include "base/bytes.h"
#include "harness/junit.h"
#include "harness/session.h"
#include "harness/xml.h"
#include "sandbox/sandbox.h"

namespace nightjar::harness {
namespace {

constexpr int kGroupDepthMax = 4;
constexpr int kLineMax = 1'000'000'000;

bool is(const pugi::xml_node& node, const char* name) {
  return std::strcmp(node.name(), name) == 0;
}

std::string attribute(const pugi::xml_node& node, const char* name) {
  return node.attribute(name).value();
}

std::string in_project(std::string_view path) {
  const std::string top = std::string(sandbox::kWorkspacePath) + "/";
  return path.starts_with(top) ? bounded_id(path.substr(top.size())) : std::string();
}

int bounded_line(int line) { return std::clamp(line, 0, kLineMax); }

std::int64_t milliseconds(const pugi::xml_attribute& seconds) {
  constexpr double kSecondsMax = 1e9;
  const double value = seconds.as_double(-1);
  if (!std::isfinite(value) || value < 0 || value > kSecondsMax) return -1;
  return static_cast<std::int64_t>(std::llround(value * 1000));
}

// --- Cases
// -----------------------------------------------------------------------------------------

std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

TestCase gtest_case(const std::string& suite, const std::string& name) {
  const std::string whole = suite + "." + name;
  return {.id = whole, .key = whole, .filter = whole};
}

/// A report has the name without the white space around it.
TestCase catch_case(const std::string& name) {
  std::string key(trim(name));
  std::string filter = escaped(name, "\\,[]");
  if (filter.starts_with('~')) filter.insert(0, 1, '\\');
  return {.id = key, .key = std::move(key), .filter = std::move(filter)};
}

std::string doctest_key(const std::string& suite, const std::string& name) {
  return suite + '\n' + name;
}

TestCase doctest_case(const std::string& suite, const std::string& name) {
  return {.id = suite.empty() ? name : suite + " > " + name,
          .key = doctest_key(suite, name),
          .filter = escaped(name, "\\,")};
}

// --- Listings
// --------------------------------------------------------------------------------------

using Cases = std::vector<TestCase>;

void add_case(Cases& cases, TestCase one, std::string_view file, int line) {
  one.file = in_project(file);
  one.line = bounded_line(line);
  cases.push_back(std::move(one));
}

std::optional<Cases> read_gtest_list(const pugi::xml_node& root) {
  if (!is(root, "testsuites")) return std::nullopt;
  Cases out;
  for (const pugi::xml_node& suite : root.children("testsuite")) {
    for (const pugi::xml_node& test : suite.children("testcase")) {
      if (out.size() >= kTestsMax) return std::nullopt;
      add_case(out, gtest_case(attribute(suite, "name"), attribute(test, "name")),
               attribute(test, "file"), test.attribute("line").as_int(0));
    }
  }
  return out;
}

/// GoogleTest 1.8.0 and older list as text alone.
std::optional<Cases> read_gtest_text(std::string_view text) {
  Cases out;
  std::string suite;
  for (const std::string& whole : split_lines(text)) {
    const std::string_view line = std::string_view(whole).substr(0, whole.find("  # "));
    if (line.empty() || line.starts_with("Running main() from ")) continue;
    const std::string name(trim(line));
    const bool one_word = name.find_first_of(" \t") == std::string::npos;
    if (!one_word || out.size() >= kTestsMax) return std::nullopt;
    if (!line.starts_with(' ')) {
      if (!name.ends_with('.') || name.size() < 2) return std::nullopt;
      suite = name.substr(0, name.size() - 1);
    } else if (!suite.empty() && line.starts_with("  ") && !name.empty()) {
      out.push_back(gtest_case(suite, name));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<Cases> read_catch_list(const pugi::xml_node& root) {
  if (!is(root, "MatchingTests")) return std::nullopt;
  Cases out;
  for (const pugi::xml_node& test : root.children("TestCase")) {
    if (out.size() >= kTestsMax) return std::nullopt;
    const pugi::xml_node source = test.child("SourceInfo");
    add_case(out, catch_case(test.child("Name").child_value()),
             trim(source.child("File").child_value()), source.child("Line").text().as_int(0));
  }
  return out;
}

/// Catch2 before version 3: a name each line, and the exit status is their count.
std::optional<Cases> read_catch_text(std::string_view text, int code) {
  Cases out;
  for (const std::string& line : split_lines(text)) {
    if (trim(line).empty()) continue;
    if (out.size() >= kTestsMax) return std::nullopt;
    const bool marked = line.starts_with("\"#") && line.ends_with('"');
    out.push_back(catch_case(marked ? line.substr(1, line.size() - 2) : line));
  }
  const std::size_t low_byte = out.size() & 0xFFU;
  const bool counted = static_cast<std::size_t>(code) == low_byte ||
                       (out.size() > 0xFF && (code == 0xFF || code == 0));
  if (!counted) return std::nullopt;
  return out;
}

std::optional<Cases> read_doctest_list(const pugi::xml_node& root) {
  if (!is(root, "doctest")) return std::nullopt;
  Cases out;
  for (const pugi::xml_node& test : root.children("TestCase")) {
    if (out.size() >= kTestsMax) return std::nullopt;
    add_case(out, doctest_case(attribute(test, "testsuite"), attribute(test, "name")),
             attribute(test, "filename"), test.attribute("line").as_int(0));
  }
  const pugi::xml_attribute count = root.child("OverallResultsTestCases").attribute("unskipped");
  if (count.as_int(-1) != static_cast<int>(out.size())) return std::nullopt;
  return out;
}

std::optional<Cases> numbered(std::optional<Cases> cases) {
  if (!cases || cases->empty()) return std::nullopt;
  std::map<std::string, int> seen;
  for (TestCase& one : *cases) {
    if (one.key.empty()) return std::nullopt;
    const int count = ++seen[one.id];
    if (count > 1) one.id += "#" + std::to_string(count);
  }
  return cases;
}

// --- Reports
// ---------------------------------------------------------------------------------------

CaseReport read_gtest_report(std::string_view xml) {
  CaseReport out;
  JunitReport report = parse_junit(xml);
  out.whole = report.problem.empty();
  // It is written at the end, all at once.
  if (!out.whole) return out;
  out.doubts = std::move(report.doubts);
  for (JunitCase& test : report.cases) {
    test.result.id.clear();
    test.result.file = in_project(test.result.file);
    // What fails in no case, but in the set-up of a suite or of all, has no name.
    auto& list = test.name.empty() ? out.troubles : out.results;
    const std::string suite = test.classname.empty() ? test.suite : test.classname;
    list.push_back(
        {.key = test.name.empty() ? suite : suite + "." + test.name, .result = test.result});
  }
  return out;
}

bool is_crash(const pugi::xml_node& node) {
  return is(node, "FatalErrorCondition") || node.attribute("crash").as_bool();
}

bool tells_why(const pugi::xml_node& node) {
  if (is(node, "Expression")) return !node.attribute("success").as_bool(true);
  return is(node, "Failure") || is(node, "Exception") || is(node, "FatalErrorCondition") ||
         is(node, "Skip") || is(node, "Message");
}

std::string why_of(const pugi::xml_node& test) {
  pugi::xml_node node = test.find_node(tells_why);
  if (const pugi::xml_node crash = test.find_node(is_crash)) node = crash;
  if (!node) return {};
  std::string out = attribute(node, "filename") + ":" + attribute(node, "line") + "\n";
  if (is(node, "Expression")) {
    out += attribute(node, "type") + ": ";
    out += trim(node.child("Original").child_value());
    out += "\nwith expansion: ";
    out += trim(node.child("Expanded").child_value());
    if (const pugi::xml_node thrown = node.child("Exception")) {
      out += trim(thrown.child_value());
    }
  } else {
    const pugi::xml_node text = node.child("Text");
    out += trim(text ? text.child_value() : node.child_value());
  }
  return bounded_message(out);
}

/// The two frameworks that write while they run have nearly the same elements.
class StreamedReport {
 public:
  explicit StreamedReport(Framework framework) : framework_(framework) {}

  CaseReport read(std::string_view xml) {
    pugi::xml_document document;
    const std::string problem = load_xml(xml, document);
    const pugi::xml_node root = document.document_element();
    const bool fits = framework_ == Framework::doctest
                          ? is(root, "doctest")
                          : is(root, "Catch") || is(root, "Catch2TestRun");
    if (!fits) return std::move(out_);
    group(root, 0, "");
    out_.whole = problem.empty() && out_.unfinished.empty() && !alone_not(document);
    if (out_.whole) count(root);
    return std::move(out_);
  }

 private:
  /// A second document behind the first is somebody else's.
  static bool alone_not(const pugi::xml_document& document) {
    std::size_t elements = 0;
    for (const pugi::xml_node& node : document.children()) {
      if (node.type() == pugi::node_element) ++elements;
    }
    return elements != 1;
  }

  void group(const pugi::xml_node& node, int depth, const std::string& suite) {
    for (const pugi::xml_node& child : node.children()) {
      if (is(child, "TestCase")) {
        test(child, suite);
      } else if ((is(child, "Group") || is(child, "TestSuite")) && depth < kGroupDepthMax) {
        group(child, depth + 1, attribute(child, "name"));
      }
    }
  }

  void test(const pugi::xml_node& node, const std::string& suite) {
    if (out_.results.size() >= kTestsMax) return;
    const bool doctest = framework_ == Framework::doctest;
    const std::string name = attribute(node, "name");
    CaseResult found{.key = doctest ? doctest_key(suite, name) : name, .result = {}};
    TestResult& result = found.result;
    result.file = in_project(attribute(node, "filename"));
    result.line = bounded_line(node.attribute("line").as_int(0));
    if (doctest && node.attribute("skipped").as_bool()) {
      result.outcome = TestOutcome::skipped;
      out_.results.push_back(std::move(found));
      return;
    }
    const pugi::xml_node end = node.child(doctest ? "OverallResultsAsserts" : "OverallResult");
    const pugi::xml_attribute success = end.attribute(doctest ? "test_case_success" : "success");
    if (success.empty()) {
      out_.unfinished.push_back(std::move(found.key));
      return;
    }
    result.wall_ms = milliseconds(end.attribute(doctest ? "duration" : "durationInSeconds"));
    if (!success.as_bool()) {
      ++bad_;
      result.outcome = node.find_node(is_crash) ? TestOutcome::error : TestOutcome::failed;
    } else {
      const bool skipped = end.attribute("skips").as_int(0) > 0;
      result.outcome = skipped ? TestOutcome::skipped : TestOutcome::passed;
    }
    ++ended_;
    if (result.outcome != TestOutcome::passed) result.message = why_of(node);
    out_.results.push_back(std::move(found));
  }

  void count(const pugi::xml_node& root) {
    const bool doctest = framework_ == Framework::doctest;
    const pugi::xml_node total =
        root.child(doctest ? "OverallResultsTestCases" : "OverallResultsCases");
    if (!total) return;  // Catch2 did not always have it.
    const auto number = [&](const char* name) {
      return std::int64_t{total.attribute(name).as_int(0)};
    };
    std::int64_t all = number("successes") + number("failures");
    if (!doctest) all += number("expectedFailures") + number("skips");
    if (number("failures") != bad_ || all != ended_) {
      add_once(out_.doubts, "the program counts other cases than it tells");
    }
  }

  Framework framework_;
  CaseReport out_;
  std::int64_t ended_ = 0;
  std::int64_t bad_ = 0;
};

}  // namespace

std::optional<std::vector<TestCase>> parse_case_list(Framework framework, int way,
                                                     const sandbox::Outcome& outcome) {
  if (outcome.ended != sandbox::Ended::exited || outcome.report_cut) return std::nullopt;
  const std::string& text = outcome.report_bytes;
  if (framework == Framework::catch2 && way == 1) {
    return numbered(read_catch_text(text, outcome.code));
  }
  if (outcome.code != 0) return std::nullopt;
  if (framework == Framework::gtest && way == 1) return numbered(read_gtest_text(text));
  pugi::xml_document document;
  if (!load_xml(text, document).empty()) return std::nullopt;
  const pugi::xml_node root = document.document_element();
  switch (framework) {
    case Framework::gtest: return numbered(read_gtest_list(root));
    case Framework::catch2: return numbered(read_catch_list(root));
    case Framework::doctest: return numbered(read_doctest_list(root));
  }
  return std::nullopt;
}

CaseReport parse_case_report(Framework framework, std::string_view xml) {
  return framework == Framework::gtest ? read_gtest_report(xml)
                                       : StreamedReport(framework).read(xml);
}

}  // namespace nightjar::harness
