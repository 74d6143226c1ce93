// What one added line gives away: results that are forged, tests that are detected, processes that
// leave early, runners that are told to look away. One table; a row more is a trick more.
#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;
using enum Language;
using harness::PathKind;

/// Where a row holds: in product code, tests, settings, or files of a name.
enum Where : unsigned { kSource = 1, kTest = 2, kSettings = 4, kCode = kSource | kTest };

struct Row {
  std::string_view rule;
  Finding::Severity severity;
  unsigned where;
  Languages languages;
  std::string_view path;     // a pattern of the file's name; empty: any
  std::string_view pattern;  // of the line, comments left out
  std::string_view what;
};

constexpr Languages kJvm = in(java, kotlin);

constexpr auto kRows = std::to_array<Row>({
    // --- Leaving early
    {"early-exit", serious, kTest, in(python), "", R"(\bos\._exit\s*\(|\bsys\.exit\s*\(\s*0?\s*\))",
     "the process of the tests ends here as a success"},
    {"early-exit", serious, kSource, in(python), "", R"(\bos\._exit\s*\()",
     "the process ends here without telling anybody"},
    {"early-exit", serious, kTest, in(c), "",
     R"(\b(?:_Exit|_exit|quick_exit|exit)\s*\(\s*(?:0|EXIT_SUCCESS)\s*\))",
     "the process of the tests ends here as a success"},
    {"early-exit", warning, kSource, in(c), "", R"(\b(?:_Exit|_exit|quick_exit)\s*\()",
     "the process ends here without telling anybody"},
    {"early-exit", serious, kTest, in(go), "", R"(\b(?:os|syscall)\.Exit\s*\(\s*0\s*\))",
     "the process of the tests ends here as a success"},
    {"early-exit", serious, kSource, in(go), "", R"(\bsyscall\.Exit\s*\()",
     "the process ends here without telling anybody"},
    {"early-exit", serious, kTest, in(rust), "", R"(\bprocess::exit\s*\(\s*0\s*\))",
     "the process of the tests ends here as a success"},
    {"early-exit", warning, kSource, in(rust), R"((?:^|/)lib\.rs$|^src/(?:[^/]*/)*[^/]+\.rs$)",
     R"(\bprocess::exit\s*\(\s*0\s*\))", "a library ends the process as a success"},
    {"early-exit", serious, kTest, in(javascript), "",
     R"(\bprocess\.(?:exit|reallyExit)\s*\(\s*0?\s*\)|\bprocess\.exitCode\s*=\s*0)",
     "the process of the tests ends here as a success"},
    {"early-exit", serious, kSource, in(javascript), "",
     R"(\bprocess\.reallyExit\b|process\.on\s*\(\s*['"](?:exit|)"
     R"(beforeExit)['"].*(?:exitCode\s*=\s*0|[eE]xit\s*\())",
     "the exit status is turned into a success"},
    {"early-exit", serious, kCode, kJvm, "", R"(\.halt\s*\(\s*0\s*\))",
     "the process ends here without telling anybody"},
    {"early-exit", serious, kTest, kJvm, "",
     R"(\bSystem\.exit\s*\(\s*0\s*\)|\bexitProcess\s*\(\s*0)",
     "the process of the tests ends here as a success"},
    {"early-exit", serious, kCode, in(ruby), "",
     R"(\bexit!\s*(?:\(?\s*(?:0|true)?\s*\)?)|\bat_exit\b.*\bexit\b)",
     "the process ends here without telling anybody"},
    {"early-exit", serious, kTest, in(php), "", R"(\b(?:exit|die)\s*(?:\(\s*0?\s*\))?\s*;)",
     "the process of the tests ends here as a success"},
    {"early-exit", warning, kSource, in(php), "", R"(\b(?:exit|die)\s*\(\s*0?\s*\)\s*;)",
     "a library ends the process as a success"},
    {"early-exit", serious, kTest, in(shell), "",
     R"(^\s*(?:exit\s+0|kill\s+-9\s+\$\$|trap\s+.*exit\s+0))", "the test ends here as a success"},
    {"early-exit", serious, kTest, in(perl), "",
     R"(\bexit\s*(?:\(\s*0?\s*\)|\s0)?\s*;|\bPOSIX::_exit\b)", "the test ends here as a success"},
    // --- Results that are printed or written by the product
    {"result-forged", serious, kSource, kCodeLanguages, "",
     R"(--- PASS: |\[  PASSED  \]|\[       OK \]|test result: ok|100% tests passed|# pass \d|)"
     R"("ok \d+ - |All tests passed|OK \(\d+ tests?)",
     "the product prints what a test runner prints"},
    {"result-forged", serious, kTest, in(go, c), "",
     R"(\\x16--- PASS|--- PASS: Test|\[  PASSED  \])", "a test prints what its runner prints"},
    {"result-forged", serious, kCode, kCodeLanguages, "",
     R"((?i)(?:open|write\w*|>)\s*\(?\s*['"][^'"]*(?:junit|surefire-reports|TEST-[\w.]*\.xml|)"
     R"(\.trs)\b)",
     "code writes a result file"},
    // --- The framework, altered
    {"framework-patched", serious, kCode, in(python), "",
     R"(\b(?:unittest(?:\.\w+)*|TestCase|pytest|_pytest(?:\.\w+)*)\.\w+(?:\.\w+)*\s*=[^=]|)"
     R"(sys\.modules\[\s*['"]_?(?:pytest|unittest))",
     "the test framework is altered"},
    {"framework-patched", serious, kTest, in(python), "", R"(^\s*def\s+load_tests\s*\()",
     "load_tests decides which tests there are"},
    {"framework-patched", serious, kTest, in(python), "",
     R"(\.outcome\s*=\s*['"]passed|exitstatus\s*=\s*0\b|\.addSuccess\s*\(\s*self)",
     "a result is turned into a success"},
    {"framework-patched", serious, kCode, in(javascript), "",
     R"(\b(?:assert|expect|chai|jest|vi|mocha|Mocha|tap)(?:\.\w+)+\s*=[^=>]|\b(?:globalThis|)"
     R"(global|window)\.(?:it|test|describe|expect|assert)\s*=[^=])",
     "the test framework is altered"},
    {"framework-patched", serious, kTest, in(javascript), "",
     R"(\bexpect\.extend\s*\(\s*\{\s*(?:toBe|toEqual)\b)",
     "a matcher of the framework is replaced"},
    {"framework-patched", serious, kCode, in(ruby), "",
     R"(\b(?:class|module)\s+(?:RSpec|Minitest|Test::Unit)\b|\b(?:Minitest|)"
     R"(RSpec)\S*\.(?:class_eval|prepend|send)\b)",
     "the test framework is altered"},
    {"framework-patched", serious, kCode, in(perl), "",
     R"(\*(?:Test::(?:More|Builder)|main)::\w+\s*=|no warnings 'redefine')",
     "the test framework is altered"},
    {"framework-patched", serious, kCode, in(shell), "",
     R"(^\s*(?:function\s+)?(?:\[|\[\[|false|test|run|fail|diff|cmp|grep|assert\w*|)"
     R"(refute\w*)\s*\(\)\s*\{)",
     "a command that tests decide by is replaced"},
    {"framework-patched", serious, kTest, in(c), "",
     R"(#\s*(?:define|undef)\s+(?:assert|ASSERT_\w+|EXPECT_\w+|REQUIRE|CHECK\w*|)"
     R"(TEST_ASSERT\w*|NDEBUG)\b)",
     "a macro that tests decide by is replaced"},
    {"framework-patched", serious, kTest, kJvm, "",
     R"(\bInvocationInterceptor\b|\bTestExecutionExceptionHandler\b|invocation\.skip\s*\()",
     "an extension stands between tests and their results"},
    // --- Being tested, noticed
    {"detects-tests", serious, kSource, in(python), "",
     R"(PYTEST_CURRENT_TEST|['"](?:_?pytest|unittest)(?:\.\w+)*['"]\s+in\s+sys\.modules|)"
     R"(sys\.modules\.get\(\s*['"](?:pytest|unittest))",
     "the product finds out whether it is being tested"},
    {"detects-tests", serious, kSource, in(javascript), "",
     R"(\bJEST_WORKER_ID\b|\bVITEST(?:_\w+)?\b|\bNODE_TEST_CONTEXT\b|\bMOCHA_\w+)",
     "the product finds out whether it is being tested"},
    {"detects-tests", warning, kSource, in(javascript), "", R"(NODE_ENV\s*={2,3}\s*['"`]test)",
     "the product behaves in another way while it is tested"},
    {"detects-tests", serious, kSource, in(rust), "", R"(\bcfg!\s*\(\s*test\b)",
     "the product behaves in another way while it is tested"},
    {"detects-tests", serious, kSource, in(go), "",
     R"(\btesting\.Testing\s*\(|flag\.Lookup\(\s*"test\.|)"
     R"(HasSuffix\(\s*os\.Args\[0\],\s*"\.test")",
     "the product finds out whether it is being tested"},
    {"detects-tests", serious, kSource, kJvm, "",
     R"(Class\.forName\(\s*"org\.junit|"surefire\.|getStackTrace\(\).*(?:junit|Test))",
     "the product finds out whether it is being tested"},
    {"detects-tests", serious, kSource, in(ruby), "",
     R"(defined\?\s*\(?\s*(?:RSpec|Minitest|Test::Unit)\b|\$PROGRAM_NAME.*(?:rspec|minitest))",
     "the product finds out whether it is being tested"},
    {"detects-tests", serious, kSource, in(php), "",
     R"(defined\(\s*['"]PHPUNIT|class_exists\(\s*['"]\\{0,4}PHPUnit)",
     "the product finds out whether it is being tested"},
    {"detects-tests", serious, kSource, in(c, shell, perl), "",
     R"(\b(?:GTEST_\w+|CTEST_\w+|BATS_TEST_\w+|TEST_PREMATURE_EXIT_FILE|HARNESS_ACTIVE)\b)",
     "the product finds out whether it is being tested"},
    {"detects-tests", serious, kCode, kCodeLanguages, "",
     R"(\bNIGHTJAR_REPORT_FD\b|/opt/nightjar\b)", "the code looks for what judges it"},
    // --- Runners that are told to look away
    {"runner-config-touched", serious, kSettings, kAllLanguages,
     R"((?:^|/)\.cargo/config(?:\.toml)?$)", R"(^\s*(?:runner|rustc-wrapper|rustc)\s*=)",
     "test programs are started by something else"},
    {"runner-config-touched", serious, kSettings, kAllLanguages, R"((?:^|/)Cargo\.toml$)",
     R"(^\s*(?:test|harness|doctest)\s*=\s*false)", "a target is no longer tested"},
    {"runner-config-touched", serious, kSettings, kAllLanguages, R"((?:CMakeLists\.txt|\.cmake)$)",
     R"(\bWILL_FAIL\b|\bDISABLED\s+(?:ON|TRUE|1)\b|CTEST_CUSTOM_\w+_IGNORE|)"
     R"(\bPASS_REGULAR_EXPRESSION\s+["']?\.?\*?["']?\s*\)|COMMAND\s+(?:true|)"
     R"(\$\{CMAKE_COMMAND\}\s+-E\s+true)\b)",
     "a test is made to pass, or left out"},
    {"runner-config-touched", serious, kSettings, kAllLanguages,
     R"((?:pom\.xml|\.gradle|\.kts|\.properties|maven\.config|jvm\.config)$)",
     R"((?i)ignoreFailures\s*(?:=|\.set\()\s*true|testFailureIgnore>\s*true|skipTests>\s*true|)"
     R"(maven\.test\.(?:skip|failure\.ignore)>\s*true|)"
     R"(extensions\.autodetection\.enabled\s*=\s*true|)"
     R"(enabled\s*=\s*false)",
     "failures of tests are ignored, or tests left out"},
    {"runner-config-touched", serious, kTest | kSettings, kAllLanguages,
     R"(META-INF/services/org\.junit)", R"(\S)", "an extension of JUnit is loaded by itself"},
    {"runner-config-touched", serious, kSettings, kAllLanguages,
     R"((?:pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|conftest\.py|noxfile\.py)$)",
     R"((?:addopts|PYTEST_ADDOPTS|pytest)\b.*(?:-k\b|--deselect|--ignore|-p\s+no:|--co\b|)"
     R"(--collect-only)|^\s*(?:collect_ignore(?:_glob)?|norecursedirs)\b)",
     "tests are left out"},
    {"runner-config-touched", serious, kTest | kSettings | kSource, in(javascript),
     R"((?:vitest|vite|jest|karma|playwright|ava|wtr)\S*\.config\.|(?:^|/)\.mocharc)",
     R"(\b(?:testPathIgnorePatterns|modulePathIgnorePatterns|passWithNoTests|exclude|)"
     R"(testIgnore|forbidOnly\s*:\s*false|ignore)\b)",
     "tests are left out"},
    {"runner-config-touched", serious, kSettings, kAllLanguages,
     R"((?:phpunit\S*\.xml(?:\.dist)?)$)", R"(<exclude\b|<groups>|stopOn|failOn\w+="false")",
     "tests are left out"},
    {"runner-config-touched", serious, kSettings, kAllLanguages, R"((?:^|/)\.npmrc$)",
     R"(^\s*(?:node-options|script-shell)\s*=)", "something is loaded before the tests"},
    {"runner-config-touched", serious, kSettings | kTest, kAllLanguages,
     R"((?:^|/)(?:\.proverc|\.rspec|\.bats\w*|CTestCustom\.cmake|\.mvn/\S+)$)", R"(\S)",
     "options are given to the test runner"},
    {"runner-config-touched", serious, kSettings, kAllLanguages,
     R"((?:package\.json|composer\.json|Makefile|\.mk|GNUmakefile|CMakeLists\.txt|tox\.ini|)"
     R"(Rakefile|justfile|noxfile\.py)$)",
     R"((?:\|\|\s*(?:true\b|:(?:\s|"|$)|exit\s+0|echo\b)|;\s*(?:true|exit\s+0)\b))",
     "a command fails unnoticed"},
    {"runner-config-touched", serious, kSettings, kAllLanguages, R"(package\.json$)",
     R"re("(?:test|pretest|posttest)"\s*:\s*"(?:true|:|exit 0|echo\b[^"&|]*)")re",
     "the command of the tests runs no test"},
    {"runner-config-touched", warning, kTest, in(python), R"(conftest\.py$)",
     R"(^\s*def\s+pytest_(?:runtest_\w+|collection_\w+|pyfunc_call|ignore_collect|)"
     R"(sessionfinish|deselected|report_teststatus)\b)",
     "a hook of pytest is added"},
    // --- Failures that are caught
    {"error-swallowed", serious, kTest, in(ruby), "",
     R"(\brescue\s+(?:Minitest::Assertion|RSpec::Expectations\S*|Exception)\b)",
     "a failure is caught and forgotten"},
    {"error-swallowed", serious, kTest, kJvm, "",
     R"(\bcatch\s*\(\s*(?:final\s+)?(?:AssertionError|Throwable|\w+\s*:\s*(?:AssertionError|)"
     R"(Throwable)))",
     "a failure is caught"},
    // --- Surprises
    {"obfuscated", warning, kCode, in(python), "",
     R"(\b(?:exec|eval|compile)\s*\(.*(?:b64decode|base64|unhexlify|fromhex|rot|zlib|)"
     R"(marshal|bytes\()|marshal\.loads)",
     "code is decoded and executed"},
    {"obfuscated", warning, kCode, in(javascript), "",
     R"(\b(?:eval|Function)\s*\(.*(?:atob|fromCharCode|Buffer\.from|decodeURI)|)"
     R"(\beval\s*\(\s*[A-Za-z_]\w*\s*\))",
     "code is decoded and executed"},
    {"obfuscated", warning, kCode, in(ruby, php, perl, shell), "",
     R"(\beval\b.*(?:base64|decode64|unpack|str_rot13|gzinflate)|base64\s+(?:-d|)"
     R"(--decode)\b.*\|\s*(?:sh|bash))",
     "code is decoded and executed"},
    {"suppression-comment", note, kCode, kCodeLanguages, "",
     R"(#\s*noqa|//\s*nolint|eslint-disable|#\s*type:\s*ignore|pragma:\s*no cover|)"
     R"(istanbul ignore|NOSONAR|@SuppressWarnings|@ts-ignore|rubocop:disable|phpcs:ignore)",
     "a checker is told to be quiet"},
});

unsigned where_of(const FileView& file, int line) {
  switch (file.kind) {
    case PathKind::test: return kTest;
    case PathKind::source: return file.in_test_part(line) ? kTest : kSource;
    case PathKind::config: return kSettings;
    case PathKind::other:
    case PathKind::judge: return kSettings;
    case PathKind::lock:
    case PathKind::docs:
    case PathKind::generated:
    case PathKind::vendored:
    case PathKind::binary: return 0;
  }
  return 0;
}

/// Patterns, compiled once, in the order of kRows.
struct Compiled {
  std::unique_ptr<RE2> path;
  std::unique_ptr<RE2> pattern;
};
const std::vector<Compiled>& compiled() {
  static const std::vector<Compiled> kCompiled = [] {
    std::vector<Compiled> out;
    for (const Row& row : kRows) {
      Compiled one;
      if (!row.path.empty()) one.path = std::make_unique<RE2>(piece(row.path));
      one.pattern = std::make_unique<RE2>(piece(row.pattern));
      out.push_back(std::move(one));
    }
    return out;
  }();
  return kCompiled;
}

/// The same stood in the file before, or moved: nothing new.
bool is_old(const ChangeView& change, const FileView& file, const RE2& pattern,
            std::string_view text) {
  if (change.is_moved(text)) return true;
  int before = 0;
  int after = 0;
  for (const int line : file.removed)
    before += matches(pattern, file.before.text_line(line)) ? 1 : 0;
  for (const int line : file.added) after += matches(pattern, file.after.text_line(line)) ? 1 : 0;
  return before >= after;
}

/// Looking for a tool, and targets of a new manifest (fuzzing, benchmarks).
bool is_harmless(const FileView& file, std::string_view text) {
  static const RE2 kProbe(R"(\$\(shell\b|\bwhich\s|\bcommand\s+-v\b|2>\s*/dev/null)");
  const bool manifest = file.is_new() && file.path.ends_with("Cargo.toml");
  return file.kind == PathKind::config && (manifest || matches(kProbe, text));
}

}  // namespace

void find_telling_lines(const ChangeView& change, Findings& out) {
  const std::vector<Compiled>& patterns = compiled();
  for (const FileView& file : change.files) {
    if (!file.scanned || file.is_deleted()) continue;
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      const Row& row = kRows[i];
      if (!has(row.languages, file.after.language)) continue;
      if (patterns[i].path != nullptr && !matches(*patterns[i].path, file.path)) continue;
      for (const int line : file.added) {
        if ((where_of(file, line) & row.where) == 0) continue;
        const bool comment = row.rule == "suppression-comment";
        const std::string_view text =
            comment ? file.after.text_line(line) : file.after.bare_line(line);
        if (!matches(*patterns[i].pattern, text)) continue;
        if (is_old(change, file, *patterns[i].pattern, text) || is_harmless(file, text)) continue;
        out.add(row.rule, row.severity, file, line, std::string(row.what) + ": " + quoted(text));
      }
    }
  }
}

}  // namespace nightjar::proof
