// Tests that are gone: deleted, renamed so that no runner collects them, no longer called or no
// longer built.
#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;
using harness::PathKind;

/// Names that sources define and that are gone after the change.
std::set<std::string> names_gone(const ChangeView& change) {
  static const RE2 kDefines(
      R"(\b(?:def|class|func|fn|function|struct|enum|interface|type|trait|sub|module|fun|const|)"
      R"(void|int|bool|static|public|export)\s+(?:\([^)]*\)\s*)?(?:self\.)?(\w+))");
  std::set<std::string> gone;
  for (const FileView& file : change.files) {
    if (!file.is_source()) continue;
    for (const int line : file.removed) {
      each_match(kDefines, file.before.code_line(line), [&](std::size_t, std::string_view name) {
        if (name.size() > 2) gone.emplace(name);
      });
    }
  }
  for (const FileView& file : change.files) {
    if (!file.is_source()) continue;
    // A definition elsewhere, or still used: not gone.
    for (const Token& token : tokens_of(file.after.code)) {
      if (token.kind == Token::Kind::word) gone.erase(std::string(token.text));
    }
  }
  return gone;
}

/// Every demand of the test is made elsewhere in the change: it was merged.
bool is_merged(const ChangeView& change, const FileView& file, const TestFunction& test) {
  std::vector<const Assertion*> demands;
  for (const Assertion& one : file.assertions_before) {
    if (one.line >= test.first_line && one.line <= test.last_line) demands.push_back(&one);
  }
  if (demands.empty()) return false;
  std::set<std::string> literals;
  std::set<std::string> texts;
  for (const FileView& other : change.files) {
    if (!other.holds_tests()) continue;
    const std::set<int> added(other.added.begin(), other.added.end());
    for (const Assertion& one : other.assertions_after) {
      bool is_added = false;
      for (int line = one.line; line <= one.last_line; ++line) is_added |= added.contains(line);
      if (!is_added) continue;
      texts.insert(one.text);
      literals.insert(one.literals.begin(), one.literals.end());
    }
  }
  return std::ranges::all_of(demands, [&](const Assertion* one) {
    if (texts.contains(one->text)) return true;
    bool telling = false;
    for (const std::string& literal : one->literals) {
      if (!is_telling(literal)) continue;
      telling = true;
      if (!literals.contains(literal)) return false;
    }
    return telling;
  });
}

bool is_no_test(const TestFunction& test) {
  static const RE2 kOther(R"((^|\.)(Benchmark|Example)[A-Z_]\w*$|^bench)");
  return matches(kOther, test.name);
}

void find_gone(const ChangeView& change, Findings& out) {
  const std::set<std::string> gone =
      change.deleted.empty() ? std::set<std::string>() : names_gone(change);
  for (const TestRef ref : change.deleted) {
    const FileView& file = change.files[ref.file];
    const TestFunction& test = change.before(ref);
    const int line = file.is_deleted() ? 0 : file.place_of(test.head_line);
    const std::string name = "`" + printable(test.name, 160) + "`";
    bool tests_gone_code = false;
    const std::string body = bare_text(file.before, test.first_line, test.last_line);
    for (const Token& token : tokens_of(body)) {
      if (token.kind == Token::Kind::word && gone.contains(std::string(token.text)))
        tests_gone_code = true;
    }
    if (is_merged(change, file, test)) {
      out.add("test-deleted", note, file, line,
              "test " + name + " is gone; what it demanded is demanded elsewhere");
    } else if (is_no_test(test)) {
      out.add("test-deleted", note, file, line, name + " is gone");
    } else if (tests_gone_code) {
      out.add("test-deleted", warning, file, line,
              "test " + name + " is gone, with code that it used");
    } else {
      out.add("test-deleted", serious, file, line,
              "test " + name + " is gone or no longer collected");
    }
  }
}

/// A test function that the program's own main called and no longer calls.
void find_uncalled(const ChangeView& change, Findings& out) {
  const auto calls = [](const Scan& scan, const std::string& name, int but_line) {
    int count = 0;
    for (int line = 1; line <= scan.lines(); ++line) {
      if (line == but_line) continue;
      for (const Token& token : tokens_of(scan.code_line(line)))
        count += token.text == name ? 1 : 0;
    }
    return count;
  };
  std::size_t looked_at = 0;
  for (const TestPair& pair : change.pairs) {
    const FileView& file = change.files[pair.after.file];
    if (!has(in(Language::c, Language::shell, Language::perl), file.after.language)) continue;
    if (file.removed.empty() || ++looked_at > 500) continue;
    const TestFunction& was = change.before(pair.before);
    const TestFunction& now = change.after(pair.after);
    const FileView& old_file = change.files[pair.before.file];
    if (was.name.find_first_of(". ") != std::string::npos) continue;
    if (calls(old_file.before, was.name, was.head_line) > 0 &&
        calls(file.after, now.name, now.head_line) == 0) {
      out.add("test-deleted", serious, file, now.head_line,
              "test `" + printable(now.name, 160) + "` is no longer called");
    }
  }
}

/// Registrations in build files: add_test, sources of test programs, mod tests.
void find_unregistered(const ChangeView& change, Findings& out) {
  static const RE2 kTest(R"(^\s*(?:\w*add_test|\w*_discover_tests|\w*add_\w*test|)"
                         R"(gtest_add_tests)\s*\(\s*(?:NAME\s+)?([\w\-./$<>{}]+))");
  static const RE2 kEnable(R"(^\s*(enable_testing|include\s*\(\s*CTest)\b)");
  static const RE2 kSource(
      R"((?:^|[\s("'])([\w\-./]*(?:[Tt]est|spec)\w*\.(?:c|cc|cpp|cxx|java|go|py|rs|js|ts|sh|)"
      R"(t))\b)");
  static const RE2 kMod(R"(^\s*(mod\s+\w*tests?\s*;))");
  static const RE2 kSubdirectory(R"((?i)^\s*add_subdirectory\s*\(\s*(\w*tests?\w*))");
  for (const FileView& file : change.files) {
    const bool build = file.kind == PathKind::config;
    if ((!build && !file.is_source()) || file.is_new()) continue;
    for (const int line : file.removed) {
      const std::string_view code = file.before.bare_line(line);
      const int place = file.is_deleted() ? 0 : file.place_of(line);
      std::string name;
      const auto still = [&](std::string_view word) {
        return file.after.bare.find(word) != std::string::npos;
      };
      if (build && matches(kTest, code, &name)) {
        static const RE2 kAny(
            R"(^\s*(?:\w*add_test|\w*_discover_tests|\w*add_\w*test|gtest_add_tests)\s*\()");
        int before = 0;
        int after = 0;
        for (int i = 1; i <= file.before.lines(); ++i)
          before += matches(kAny, file.before.bare_line(i)) ? 1 : 0;
        for (int i = 1; i <= file.after.lines(); ++i)
          after += matches(kAny, file.after.bare_line(i)) ? 1 : 0;
        if (after < before) {
          out.add("test-deleted", serious, file, place,
                  "test " + quoted(name) + " is no longer registered");
        }
      } else if (build && (matches(kEnable, code, &name) || matches(kSubdirectory, code, &name)) &&
                 !still(name)) {
        out.add("test-deleted", serious, file, place,
                "tests are no longer registered: " + quoted(code));
      } else if (build && matches(kSource, code, &name)) {
        // Its file is still there, and is not built any more.
        const std::string base =
            name.substr(name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
        const bool touched = std::ranges::any_of(change.files, [&](const FileView& other) {
          return other.path.ends_with(base) || other.change->old_path.ends_with(base);
        });
        if (!still(base) && !touched) {
          out.add("test-deleted", serious, file, place,
                  "tests in " + quoted(name) + " are no longer built");
        }
      } else if (file.is_source() && file.before.language == Language::rust &&
                 matches(kMod, code, &name) && !still(name)) {
        out.add("test-deleted", serious, file, place,
                "the module of tests is no longer compiled: " + quoted(code));
      }
    }
  }
}

}  // namespace

void find_deleted_tests(const ChangeView& change, Findings& out) {
  find_gone(change, out);
  find_uncalled(change, out);
  find_unregistered(change, out);
}

}  // namespace nightjar::proof
