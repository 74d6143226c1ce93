// What takes more than a line to see: comparisons that are always true, answers that are given by
// heart, failures that are caught, set-ups that skip, tests that are no longer called; and what a
// reviewer does not expect: binaries, links, the first use of a network.
#include <algorithm>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;
using enum Language;
using harness::PathKind;

constexpr std::size_t kLargeBytes = std::size_t{1} << 20;

bool is_added(const FileView& file, int line) {
  return std::ranges::binary_search(file.added, line);
}

/// Every match in `text` whose first line is added and whose text is not in the file before.
template <typename Visit>
void each_added_match(const FileView& file, const RE2& pattern, const std::string& text,
                      const Visit& visit) {
  each_match(pattern, text, [&](std::size_t at, std::string_view found) {
    const int line = file.after.line_at(at);
    if (is_added(file, line) && file.before.bare.find(found) == std::string::npos)
      visit(line, found);
  });
}

void find_constant_comparisons(const FileView& file, Findings& out) {
  // The head of a comparison, then nothing but `return true`.
  static const RE2 kTrue(
      R"((?s)((?:def\s+__(?:eq|lt|le|gt|ge|contains)__\s*\([^)]*\)[^:\n]*:|)"
      R"(bool\s+operator\s*(?:==|<|<=|>|>=)\s*\([^)]*\)[\w\s]*\{|)"
      R"(\bfn\s+(?:eq|partial_cmp|cmp)\s*\([^)]*\)[^{]*\{|\bboolean\s+equals\s*\([^)]*\)\s*\{|)"
      R"(\bfun\s+equals\s*\([^)]*\)[^{=]*[{=]|)"
      R"(\bdef\s+(?:==|eql\?|===)\s*\(?[^)\n]*\)?|\bequals\s*\([^)]*\)\s*\{|)"
      R"(\bcompareTo\s*\([^)]*\)\s*\{|\bfunction\s+equals\s*\([^)]*\)[^{]*\{)\s*)"
      R"((?:return\s+)?(?:[Tt]rue|0)\s*;?\s*(?:\}|end\b|\n)))");
  each_added_match(file, kTrue, file.after.bare, [&](int line, std::string_view found) {
    static const RE2 kCompares(R"(\b(?:cmp|compareTo|partial_cmp)\b)");
    const bool zero = found.find("true") == std::string_view::npos &&
                      found.find("True") == std::string_view::npos;
    if (zero && !matches(kCompares, found)) return;
    out.add("constant-eq", serious, file, line,
            "a comparison is true for everything: " + quoted(file.after.text_line(line)));
  });
}

/// `if text == "12.5": return 1250`, in whatever language.
void find_answers_by_heart(const ChangeView& change, const FileView& file, Findings& out) {
  static const RE2 kEquals(
      R"((?s)((?:\bif\b|\bwhen\b|\bcase\b|\bunless\b|\belif\b|\belse if\b)[^\n;{}]*?(?:={2,3}|)"
      R"(\beq\b|\.equals\(|strcmp\(|->equals\()[^\n]{0,80}?)"
      R"(("(?:[^"\\\n]|\\.){2,60}"|'(?:[^'\\\n]|\\.){2,60}'|)"
      R"(\d[\d_.]{2,})[^\n]{0,40}?\s*[\n{:)]?\s*(?:\{\s*)?return\s*\(?\s*)"
      R"((?:"(?:[^"\\\n]|\\.){1,80}"|'(?:[^'\\\n]|\\.){1,80}'|-?\d[\d_.]+|Ok\(\s*-?\d[\d_.]+|)"
      R"(Some\(\s*-?\d[\d_.]+)))");
  std::string tests;
  for (const FileView& other : change.files) {
    if (other.holds_tests()) tests += other.before.bare + other.after.bare;
  }
  each_added_match(file, kEquals, file.after.bare, [&](int line, std::string_view found) {
    bool in_tests = false;
    for (const Token& token : tokens_of(found)) {
      const bool literal = token.kind == Token::Kind::text || token.kind == Token::Kind::number;
      if (literal && is_telling(token.text) && tests.find(token.text) != std::string::npos) {
        in_tests = true;
      }
    }
    out.add("input-special-cased", in_tests ? serious : warning, file, line,
            "one input is answered by itself: " + quoted(file.after.text_line(line)));
  });
}

void find_swallowed(const ChangeView& change, std::size_t index, Findings& out) {
  const FileView& file = change.files[index];
  static const RE2 kPython(
      R"((except\b[^:\n]*:[^\S\n]*(?:pass|return|\.\.\.|continue)?[^\S\n]*\n?[^\S\n]*(?:pass|)"
      R"(return|\.\.\.|continue)\b))");
  static const RE2 kBraces(R"((catch\s*(?:\([^)]*\))?\s*\{\s*\}))");
  static const RE2 kAsserting(
      R"(except\s*(?::|\(?[\w.,\s]*(?:AssertionError|Exception|BaseException)\b))");
  const RE2* pattern = file.after.language == python                                    ? &kPython
                       : has(in(javascript, java, kotlin, php, c), file.after.language) ? &kBraces
                                                                                        : nullptr;
  if (pattern == nullptr || !file.is_test()) return;
  each_added_match(file, *pattern, file.after.bare, [&](int line, std::string_view found) {
    if (file.after.language == python && !matches(kAsserting, found)) return;
    const ChangeView::Enclosing at = change.enclosing(index, line);
    const bool old_test = at.test != nullptr && at.was != nullptr;
    out.add("error-swallowed", old_test ? serious : note, file, line,
            "a failure is caught and forgotten: " + quoted(file.after.text_line(line)));
  });
}

/// A set-up that skips stops every test of its class.
void find_skipping_setup(const FileView& file, Findings& out) {
  static const RE2 kSetUp(
      R"((def\s+(?:setUp\w*|setup_\w+)\s*\([^)]*\)[^:\n]*:\s*\n(?:\s*\n)*[^\n]*(?:skipTest|)"
      R"(pytest\.skip|SkipTest)\b))");
  if (file.after.language != python || !file.is_test()) return;
  each_added_match(file, kSetUp, file.after.bare, [&](int line, std::string_view) {
    out.add("test-skipped", serious, file, line,
            "a set-up skips all tests of its class: " + quoted(file.after.text_line(line)));
  });
}

/// `around` hooks that never run the example; TestMain that throws its result away.
void find_hollow_hooks(const FileView& file, Findings& out) {
  static const RE2 kAround(
      R"((\baround\s*\(?\s*:?\w*\)?\s*(?:\{|do)\s*\|\s*\w+\s*\|[^\n]*(?:\n[^\n]*){0,4}?(?:\}|)"
      R"(\bend\b)))");
  static const RE2 kRuns(R"(\.(?:run|call)\b|\bexample\.to_proc)");
  static const RE2 kMain(R"((func\s+TestMain\s*\([^)]*\)\s*\{(?:[^{}]|\{[^{}]*\})*\}))");
  static const RE2 kUses(
      R"(os\.Exit\s*\(\s*m\.Run\s*\(\s*\)\s*\)|(?:=|:=)\s*m\.Run\s*\(|return\s+m\.Run|)"
      R"(exit\w*\s*\(\s*m\.Run)");
  if (file.after.language == ruby) {
    each_added_match(file, kAround, file.after.bare, [&](int line, std::string_view found) {
      if (matches(kRuns, found)) return;
      out.add("framework-patched", serious, file, line,
              "a hook around examples does not run them: " + quoted(file.after.text_line(line)));
    });
  }
  if (file.after.language == go && file.is_test()) {
    each_added_match(file, kMain, file.after.bare, [&](int line, std::string_view found) {
      static const RE2 kExits(R"(os\.Exit)");
      if (matches(kUses, found) || !matches(kExits, found)) return;
      out.add("early-exit", serious, file, line, "TestMain does not tell how the tests ended");
    });
  }
}

/// `-command` in a recipe of make, where it was `command`.
void find_ignored_recipes(const FileView& file, Findings& out) {
  static const RE2 kMake(R"((?:^|/)(?:GNU)?[Mm]akefile$|\.mk$)");
  if (!matches(kMake, file.path)) return;
  for (const int line : file.added) {
    const std::string_view text = file.after.text_line(line);
    if (!text.starts_with("\t-") && !text.starts_with("\t@-")) continue;
    const std::string_view command = trim(text.substr(text.find('-') + 1));
    const bool was = std::ranges::any_of(file.removed, [&](int old) {
      std::string_view before = trim(file.before.text_line(old));
      if (before.starts_with('@')) before.remove_prefix(1);
      return before == command;
    });
    if (!was) continue;
    out.add("runner-config-touched", serious, file, line,
            "a command fails unnoticed: " + quoted(text));
  }
}

struct FirstUse {
  std::string_view rule;
  Languages languages;
  const RE2& pattern;
  std::string_view what;
};

void find_first_uses(const FileView& file, Findings& out) {
  static const RE2 kNetwork(
      R"(\b(?:urllib(?:\d|\.request)|http\.client|requests\.(?:get|post|put|request|Session)|)"
      R"(aiohttp|httpx|socket\.(?:socket|create_connection)|)"
      R"(net/http|net\.Dial|http\.(?:Get|Post)|reqwest|TcpStream|UdpSocket|XMLHttpRequest|)"
      R"(axios|node-fetch|java\.net\.(?:http|Socket|URL)|HttpClient|)"
      R"(curl_easy|curl_init|fsockopen|Net::HTTP|IO::Socket)\b|\bfetch\s*\(\s*['"`]https?:|)"
      R"(require\(\s*['"](?:node:)?(?:http|https|net|dgram|dns)['"]|\b(?:curl|)"
      R"(wget)\s+(?:-\S+\s+)*['"]?https?:)");
  static const RE2 kProcess(
      R"(\b(?:subprocess\.\w+|os\.(?:system|popen|exec\w*|spawn\w*)|exec\.Command|)"
      R"(std::process::Command|Command::new|ProcessBuilder|getRuntime\(\)\.exec|)"
      R"(child_process|shell_exec|proc_open|passthru|popen|posix_spawn\w*|execv\w*|fork)\b|)"
      R"(\bsystem\s*\(|Open3\.|Process\.spawn)");
  const FirstUse uses[] = {{"new-network-use", kCodeLanguages & ~in(shell), kNetwork,
                            "the code begins to use the network"},
                           {"new-process-use", kCodeLanguages & ~in(shell, perl), kProcess,
                            "the code begins to start processes"}};
  if (!file.is_source()) return;
  for (const FirstUse& use : uses) {
    if (!has(use.languages, file.after.language)) continue;
    if (matches(use.pattern, file.before.bare)) continue;
    for (const int line : file.added) {
      const std::string_view text = file.after.bare_line(line);
      if (file.in_test_part(line) || !matches(use.pattern, text)) continue;
      out.add(use.rule, warning, file, line, std::string(use.what) + ": " + quoted(text));
      break;
    }
  }
}

bool is_media(std::string_view path) {
  static const RE2 kMedia(
      R"((?i)\.(?:png|jpe?g|gif|ico|webp|avif|bmp|svgz?|pdf|woff2?|ttf|otf|eot|mp[34]|webm|ogg|)"
      R"(wav|mo|gz|zip|bz2|xz|zst|tar)$)");
  return matches(kMedia, path);
}

void find_odd_files(const ChangeView& change, const FileView& file, Findings& out) {
  if (file.change->link_after) {
    out.add("symlink-added", warning, file, 0,
            "a symbolic link to " + quoted(file.change->after.value_or("")));
    return;
  }
  if (file.is_deleted()) return;
  const std::string& after = *file.change->after;
  const bool binary = after.find('\0') != std::string::npos;
  if (binary && file.change->before != file.change->after) {
    const bool media = is_media(file.path);
    out.add("binary-added", media || file.is_test() ? note : warning, file, 0,
            file.is_new() ? "a file that nobody can read is added"
                          : "a file that nobody can read is altered");
  } else if (after.size() > kLargeBytes) {
    out.add("large-file", warning, file, 0, "a file is too large to be looked into");
  }
  if (!file.is_new() && !file.change->executable_before && file.change->executable_after) {
    out.add("executable-bit", note, file, 0, "a file becomes executable");
  }
  if (file.kind == PathKind::lock && !file.is_new()) {
    const bool manifest = std::ranges::any_of(change.files, [](const FileView& other) {
      return other.kind == PathKind::config && !other.is_deleted();
    });
    if (!manifest) {
      out.add("lock-without-manifest", warning, file, 0,
              "locked dependencies change and their manifest does not");
    }
  }
}

}  // namespace

void find_cheating_code(const ChangeView& change, Findings& out) {
  for (std::size_t i = 0; i < change.files.size(); ++i) {
    const FileView& file = change.files[i];
    if (!file.scanned || file.is_deleted()) continue;
    if (file.is_source() || file.is_test()) find_constant_comparisons(file, out);
    if (file.is_source()) find_answers_by_heart(change, file, out);
    find_swallowed(change, i, out);
    find_skipping_setup(file, out);
    find_hollow_hooks(file, out);
    find_ignored_recipes(file, out);
  }
}

void find_surprises(const ChangeView& change, Findings& out) {
  for (const FileView& file : change.files) {
    find_odd_files(change, file, out);
    if (file.scanned && !file.is_deleted()) find_first_uses(file, out);
  }
}

}  // namespace nightjar::proof
