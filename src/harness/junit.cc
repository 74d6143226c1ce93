#include "harness/junit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include <pugixml.hpp>

#include "base/bytes.h"
#include "harness/session.h"
#include "harness/xml.h"

namespace nightjar::harness {
namespace {

constexpr int kDepthMax = 32;
constexpr int kCountMax = 1'000'000'000;

bool is(const pugi::xml_node& node, const char* name) {
  return std::strcmp(node.name(), name) == 0;
}

std::string attribute(const pugi::xml_node& node, const char* name) {
  return node.attribute(name).value();
}

/// Attribute `message`, and the element's text where that says more.
std::string message_of(const pugi::xml_node& node) {
  std::string message = attribute(node, "message");
  const std::string_view text = trim(node.child_value());
  if (message.empty()) return bounded_message(text);
  if (!text.empty() && text.substr(0, kMessageBytesMax).find(message) == std::string_view::npos) {
    message += "\n";
    message += text.substr(0, kMessageBytesMax);
  }
  return bounded_message(message);
}

std::int64_t wall_ms_of(const pugi::xml_node& node) {
  if (node.attribute("time").empty()) return -1;
  const double seconds = node.attribute("time").as_double(-1);
  constexpr double kSecondsMax = 1e9;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kSecondsMax) return -1;
  return static_cast<std::int64_t>(std::llround(seconds * 1000));
}

/// What the tool wrote instead of an element: ctest and GoogleTest use attributes.
TestOutcome outcome_by_attributes(const pugi::xml_node& node) {
  const std::string status = attribute(node, "status");
  const std::string result = attribute(node, "result");
  if (status == "fail" || status == "failed") return TestOutcome::failed;
  if (status == "error") return TestOutcome::error;
  for (const char* word : {"notrun", "disabled", "skipped", "suppressed", "pending", "todo"}) {
    if (status == word || result == word) return TestOutcome::skipped;
  }
  return TestOutcome::passed;
}

void read_outcome(const pugi::xml_node& node, TestResult& out) {
  out.outcome = outcome_by_attributes(node);
  bool failed = false;
  for (const pugi::xml_node& child : node.children()) {
    if (is(child, "failure") || is(child, "error") || is(child, "rerunFailure") ||
        is(child, "rerunError")) {
      const bool error = is(child, "error") || is(child, "rerunError");
      if (!failed) out.message = message_of(child);
      // An error outweighs a failure: the test's body failed, and then something around it.
      if (!failed || error) out.outcome = error ? TestOutcome::error : TestOutcome::failed;
      failed = true;
    } else if (is(child, "flakyFailure") || is(child, "flakyError")) {
      out.flaky = true;
      if (out.message.empty()) out.message = message_of(child);
    } else if (is(child, "skipped") && !failed) {
      const bool expected = attribute(child, "type") == "pytest.xfail";
      out.outcome = expected ? TestOutcome::xfailed : TestOutcome::skipped;
      out.message = message_of(child);
    }
  }
}

bool counts_as_bad(TestOutcome outcome) {
  return outcome == TestOutcome::failed || outcome == TestOutcome::error;
}

struct Tally {
  int tests = 0;
  int bad = 0;
};

class Reader {
 public:
  explicit Reader(JunitReport& out) : out_(out) {}

  /// A testsuite or testsuites; what it holds.
  Tally suite(const pugi::xml_node& node, int depth) {
    Tally all;
    Tally own;
    if (depth > kDepthMax) {
      refuse("its testsuites are nested deeper than " + std::to_string(kDepthMax) + " levels");
      return all;
    }
    for (const pugi::xml_node& child : node.children()) {
      if (is(child, "testcase")) {
        test(node, child, own);
      } else if (is(child, "testsuite") || is(child, "testsuites")) {
        const Tally inner = suite(child, depth + 1);
        all.tests += inner.tests;
        all.bad += inner.bad;
      }
    }
    all.tests += own.tests;
    all.bad += own.bad;
    compare(node, own, all);
    return all;
  }

  void refuse(std::string why) {
    if (out_.problem.empty()) out_.problem = "the JUnit report cannot be read: " + std::move(why);
  }

 private:
  void test(const pugi::xml_node& parent, const pugi::xml_node& node, Tally& tally) {
    if (out_.cases.size() >= kTestsMax) {
      return refuse("it has more than " + std::to_string(kTestsMax) + " tests");
    }
    JunitCase found;
    found.suite = attribute(parent, "name");
    found.classname = attribute(node, "classname");
    found.name = attribute(node, "name");
    found.result.id = junit_id(found);
    found.result.file = bounded_id(attribute(node, "file"));
    found.result.line = std::clamp(node.attribute("line").as_int(0), 0, kCountMax);
    found.result.wall_ms = wall_ms_of(node);
    read_outcome(node, found.result);
    ++tally.tests;
    if (counts_as_bad(found.result.outcome)) ++tally.bad;
    out_.cases.push_back(std::move(found));
  }

  static std::optional<int> count(const pugi::xml_node& node, const char* name) {
    const pugi::xml_attribute found = node.attribute(name);
    if (found.empty()) return std::nullopt;
    return found.as_int(-1);
  }

  /// Some tools count what is nested into the outer suite, some do not.
  void compare(const pugi::xml_node& node, const Tally& own, const Tally& all) {
    const std::string name = "testsuite '" + printable(attribute(node, "name"), 100) + "' ";
    const auto tests = count(node, "tests");
    if (tests && *tests != own.tests && *tests != all.tests) {
      add_once(out_.doubts, name + "claims another number of tests than it holds");
    }
    const auto failures = count(node, "failures");
    const auto errors = count(node, "errors");
    if (!failures && !errors) return;
    const std::int64_t bad = std::int64_t{failures.value_or(0)} + errors.value_or(0);
    // A test with a failure and an error counts once here, and twice in some tools.
    const bool fits =
        (bad >= own.bad && bad <= 2 * own.bad) || (bad >= all.bad && bad <= 2 * all.bad);
    if (!fits) add_once(out_.doubts, name + "claims another number of failures than it holds");
  }

  JunitReport& out_;
};

}  // namespace

std::string junit_id(const JunitCase& test) {
  const std::string& scope = test.classname.empty() ? test.suite : test.classname;
  std::string id = scope.empty() ? test.name : scope + "::" + test.name;
  return bounded_id(id.empty() ? "(no name)" : id);
}

JunitReport parse_junit(std::string_view xml) {
  JunitReport out;
  Reader reader(out);
  pugi::xml_document document;
  if (std::string problem = load_xml(xml, document); !problem.empty()) {
    reader.refuse(std::move(problem));
    return out;
  }
  const pugi::xml_node root = document.document_element();
  if (!is(root, "testsuites") && !is(root, "testsuite")) {
    reader.refuse("its root is '" + printable(root.name(), 40) + "', not testsuites");
    return out;
  }
  reader.suite(root, 0);
  return out;
}

}  // namespace nightjar::harness
