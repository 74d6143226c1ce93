// Tests that are there and do not run: skipped, disabled, expected to fail, left before they demand
// anything, crowded out by `only`.
#include <algorithm>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;
using enum Language;
using harness::PathKind;

const RE2* skip_pattern(Language language) {
  static const RE2 kPython(
      R"((@?(?:\bpytest\.)?\bmark\.(?:skip(?:if)?|xfail)\b|@(?:unittest\.|\w+\.)?(?:skip(?:If|)"
      R"(Unless|Test)?|expectedFailure)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(|)"
      R"(\bself\.skipTest\s*\(|raise\s+(?:unittest\.)?SkipTest|\b__test__\s*=\s*False|)"
      R"(^\s*@(?:skip\w*|xfail)\b))");
  static const RE2 kC(
      R"((\bGTEST_SKIP\b|\bDISABLED_\w+|\bSKIP\s*\(|\b(?:TEST_)?IGNORE(?:_MESSAGE)?\s*\(|)"
      R"("[^"]*\[(?:\.|!hide|!mayfail|!shouldfail)[^\]]*\]|\bdoctest::(?:skip|may_fail|)"
      R"(should_fail)|\bboost::unit_test::disabled|\bQSKIP\s*\(|\bQEXPECT_FAIL\s*\(|)"
      R"(\bskip\s*\(\s*\)|\bexit\s*\(\s*77\s*\)|\breturn\s+77\b))");
  static const RE2 kGo(
      R"((\b(?:t|b|s|tb)\.(?:Skip|Skipf|SkipNow)\s*\(|^//go:build\b.*|^// \+build\b.*))");
  static const RE2 kRust(
      R"((#!?\[\s*(?:cfg_attr\s*\([^)]*,\s*)?ignore\b|#\[\s*cfg\s*\(\s*(?:any\s*\(\s*\)|)"
      R"(feature\s*=|not\s*\(\s*test|FALSE|false)[^\]]*\]|#!?\[\s*should_panic\b))");
  static const RE2 kJavaScript(
      R"((\b(?:it|test|describe|suite|context|specify|t)\.(?:skip|todo|fails|failing|skipIf|)"
      R"(runIf)\b|\bx(?:it|test|describe|context|specify)\s*[(.]|\bthis\.skip\s*\(|)"
      R"(\bt\.skip\s*\(|\b(?:skip|todo)\s*:\s*(?:true|['"`])|\bpending\s*\())");
  static const RE2 kJvm(
      R"((@(?:Disabled|Ignore|DisabledIf\w*|DisabledOn\w*|EnabledIf\w*|EnabledOn\w*|)"
      R"(DisabledFor\w*|IgnoreRest)\b|\bassume(?:True|False|That|NotNull|NoException)\s*\(|)"
      R"(\bAssumptions?\.|enabled\s*=\s*false|throw\s+new\s+(?:SkipException|)"
      R"(TestAbortedException|AssumptionViolatedException)|\b\w*Test\s*\(\s*expected\s*=))");
  static const RE2 kRuby(
      R"((^\s*(?:xit|xdescribe|xcontext|xspecify|xexample|xfeature|xscenario|pending|skip)\b|)"
      R"(\b(?:skip|pending)\s*:\s*|,\s*:(?:skip|pending)\b|\bbroken\s*:))");
  static const RE2 kPhp(
      R"((\bmarkTest(?:Skipped|Incomplete)\s*\(|@(?:requires|group\s+\w*(?:skip|broken)\w*)|)"
      R"(#\[(?:Requires\w*|Group)\b|->skip\s*\(|->todo\s*\(|@doesNotPerformAssertions))");
  static const RE2 kShell(
      R"((^\s*skip\b|^\s*(?:startSkipping|skip_test|bats_skip)\b|\bexit\s+77\b))");
  static const RE2 kPerl(R"((\bskip_all\b|\bskip\s*\(|^\s*skip\s|\b(?:SKIP|TO)"
                         R"(DO)\s*:|\$TO)"
                         R"(DO\b|\btodo_skip\b|\bplan\s*\(?\s*skip_all))");
  switch (language) {
    case python: return &kPython;
    case c: return &kC;
    case go: return &kGo;
    case rust: return &kRust;
    case javascript: return &kJavaScript;
    case java:
    case kotlin: return &kJvm;
    case ruby: return &kRuby;
    case php: return &kPhp;
    case shell: return &kShell;
    case perl: return &kPerl;
    case none:
    case hash:
    case markup: return nullptr;
  }
  return nullptr;
}

const RE2* focus_pattern(Language language) {
  static const RE2 kJavaScript(
      R"((\b(?:it|test|describe|suite|context|specify|t)(?:\.\w+)*\.only\b|\bf(?:it|describe|)"
      R"(context|test)\s*\(\s*['"`]|\bonly\s*:\s*true))");
  static const RE2 kRuby(
      R"((^\s*f(?:it|describe|context|specify|example)\s|,\s*:focus\b|\bfocus\s*:\s*true))");
  static const RE2 kPhp(R"((->only\s*\())");
  static const RE2 kJvm(R"((@(?:Only|Focus|EnabledOnly)\b))");
  switch (language) {
    case javascript: return &kJavaScript;
    case ruby: return &kRuby;
    case php: return &kPhp;
    case java:
    case kotlin: return &kJvm;
    case none:
    case hash:
    case markup:
    case python:
    case c:
    case go:
    case rust:
    case shell:
    case perl: return nullptr;
  }
  return nullptr;
}

int count_in(const RE2& pattern, const Scan& scan, int first, int last) {
  int count = 0;
  for (int line = first; line <= last; ++line) {
    count += matches(pattern, scan.bare_line(line)) && !trim(scan.code_line(line)).empty() ? 1 : 0;
  }
  return count;
}

/// For a platform or a missing tool, as honest tests do.
bool is_conditional(const FileView& file, int line) {
  static const RE2 kCondition(
      R"((?i)\b(?:win32|windows|darwin|macos|cygwin|msvc|_WIN32|__APPLE__|GOOS|GOARCH|)"
      R"(runtime\.|os\.name|sys\.platform|platform|version_info|python_implementation|pypy|)"
      R"(testing\.Short|short|cfg_attr|target_os|miri|not\s+installed|which|importorskip|)"
      R"(hasattr|shutil|getenv|environ|process\.env|setlocale|nullptr|root|getuid|geteuid|)"
      R"(command -v|LookPath|ENV|\$\^O|OS\.\w+|JRE\.|DisabledOnOs|EnabledOnOs|requires|)"
      R"(require_ok|eval)\b)");
  static const RE2 kIf(
      R"(\b(?:if|unless|skipif|skipIf|skipUnless|runIf|when|case)\b|\|\||&&|OnOs|OnJre|)"
      R"(IfEnvironment|assume|cfg_attr|importorskip|requires)");
  for (int i = line; i >= 1 && i > line - 4; --i) {
    const std::string_view text = file.after.bare_line(i);
    if (matches(kIf, text) && matches(kCondition, text)) return true;
  }
  return false;
}

bool is_build_tag(std::string_view text) {
  return text.starts_with("//go:build") || text.starts_with("// +build");
}
bool is_platform_tag(std::string_view text) {
  static const RE2 kPlatform(
      R"(^// ?(?:go:build|\+build)[\s!(]*(?:unix|linux|windows|darwin|freebsd|openbsd|netbsd|)"
      R"(amd64|arm64|cgo|race|go1\.\d+|js|wasm|solaris|plan9|aix|android|purego|[\s!()&|,])+$)");
  return matches(kPlatform, text);
}

/// Whether a line outside of any test stops tests that were there before.
bool stops_old_tests(const ChangeView& change, std::size_t index, int line) {
  const FileView& file = change.files[index];
  if (file.tests_before.empty() && file.assertions_before.empty()) return false;
  // A block (describe, class) that holds the line's end: are its tests all new?
  const int depth = indentation(file.after.code_line(line));
  bool any = false;
  for (const TestPair& pair : change.pairs) {
    if (pair.after.file != index) continue;
    const TestFunction& test = change.after(pair.after);
    if (test.head_line > line &&
        (depth <= 0 || indentation(file.after.code_line(test.head_line)) >= depth)) {
      // Up to the end of the block that begins here.
      bool left = false;
      for (int i = line + 1; i < test.head_line && depth > 0; ++i) {
        const int here = indentation(file.after.code_line(i));
        if (here >= 0 && here < depth) left = true;
      }
      if (!left) any = true;
    }
  }
  return any || file.tests_after.empty();
}

class Skips {
 public:
  Skips(const ChangeView& change, std::size_t index, Findings& out)
      : change_(change), index_(index), file_(change.files[index]), out_(out) {}

  void run() {
    const RE2* skip = skip_pattern(file_.after.language);
    const RE2* focus = focus_pattern(file_.after.language);
    for (const int line : file_.added) {
      const bool of_tests = file_.is_test() || file_.in_test_part(line);
      if (!of_tests) continue;
      const std::string_view text =
          file_.after.language == go ? file_.after.text_line(line) : file_.after.bare_line(line);
      if (focus != nullptr && matches(*focus, text) && !was_there(*focus, text)) {
        out_.add("test-focused", serious, file_, line, "only this runs: " + quoted(text));
      }
      if (skip != nullptr && matches(*skip, text)) look_at(*skip, line, text);
    }
    for (const TestPair& pair : change_.pairs) {
      if (pair.after.file == index_) find_return(pair);
    }
  }

 private:
  bool was_there(const RE2& pattern, std::string_view text) const {
    return change_.is_moved(text) && matches(pattern, text);
  }

  void look_at(const RE2& skip, int line, std::string_view text) {
    const std::string what = quoted(text);
    if (is_build_tag(text)) {
      if (file_.is_new() || is_platform_tag(text)) return;
      if (!was_tagged())
        out_.add("test-skipped", serious, file_, line, "tests are built with a tag alone: " + what);
      return;
    }
    static const RE2 kExpects(R"(should_panic|expected\s*=)");
    const ChangeView::Enclosing at = change_.enclosing(index_, line);
    if (matches(kExpects, text) && (at.test == nullptr || at.was == nullptr)) return;
    if (at.test != nullptr && at.was == nullptr) {
      out_.add("test-skipped", note, file_, line, "a new test is skipped: " + what);
      return;
    }
    if (at.test != nullptr) {
      const int before = count_in(skip, at.was_in->before, at.was->first_line, at.was->last_line);
      const int after = count_in(skip, file_.after, at.test->first_line, at.test->last_line);
      if (after <= before) return;
      out_.add("test-skipped", is_conditional(file_, line) ? warning : serious, file_, line,
               "test `" + printable(at.test->name, 160) + "` is skipped: " + what);
      return;
    }
    if (change_.is_moved(text)) return;
    if (is_todo(text)) return;  // A test without a body is compared as a test that is gone.
    const bool old = stops_old_tests(change_, index_, line);
    const auto severity = !old ? note : is_conditional(file_, line) ? warning : serious;
    out_.add("test-skipped", severity, file_, line,
             (old ? "tests are skipped: " : "new tests are skipped: ") + what);
  }

  bool was_tagged() const {
    for (int line = 1; line <= file_.before.lines(); ++line) {
      if (is_build_tag(file_.before.text_line(line)) &&
          !is_platform_tag(file_.before.text_line(line)))
        return true;
    }
    return false;
  }

  bool is_todo(std::string_view text) const {
    static const RE2 kTodo(R"(\b(?:it|test)\.todo\s*\()");
    return file_.after.language == javascript && matches(kTodo, text);
  }

  /// A bare `return` at the top level of an old test, before what it demands.
  void find_return(const TestPair& pair) {
    static const RE2 kReturn(R"(^\s*return\s*(?:0|None|nil|true|undefined|null|;)?\s*;?\s*$)");
    const TestFunction& test = change_.after(pair.after);
    int top = -1;
    for (int line = test.body_line + 1; line <= test.last_line && top < 0; ++line) {
      top = indentation(file_.after.code_line(line));
    }
    for (const int line : file_.added) {
      if (line <= test.body_line || line >= test.last_line) continue;
      const std::string_view code = file_.after.code_line(line);
      if (indentation(code) != top || !matches(kReturn, code)) continue;
      bool demands = false;
      for (const Assertion& one : file_.assertions_after) {
        if (one.line > line && one.line <= test.last_line) demands = true;
      }
      if (demands) {
        out_.add("test-skipped", serious, file_, line,
                 "test `" + printable(test.name, 160) + "` returns before it demands anything");
      }
    }
  }

  const ChangeView& change_;
  std::size_t index_;
  const FileView& file_;
  Findings& out_;
};

}  // namespace

void find_skipped_tests(const ChangeView& change, Findings& out) {
  for (std::size_t i = 0; i < change.files.size(); ++i) {
    if (change.files[i].holds_tests() && !change.files[i].is_deleted()) Skips(change, i, out).run();
  }
}

}  // namespace nightjar::proof
