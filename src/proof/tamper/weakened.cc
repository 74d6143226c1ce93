// Tests that demand less, or something else: assertions removed, weakened, of another value;
// recorded output edited; failures caught; limits raised and retries added.
#include <algorithm>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

using enum Finding::Severity;
using enum Language;
using harness::PathKind;

/// Demands of one test, or of what lies outside of tests, on both sides.
struct Group {
  const FileView* was_in = nullptr;
  const FileView* is_in = nullptr;
  const TestFunction* was = nullptr;  // nullptr: outside of tests
  const TestFunction* is = nullptr;
  std::vector<const Assertion*> before;
  std::vector<const Assertion*> after;

  std::string name() const {
    if (is == nullptr) return "the file";
    return "test `" + printable(is->name, 160) + "`";
  }
};

bool in_a_test(const std::vector<TestFunction>& tests, int line) {
  return std::ranges::any_of(tests, [&](const TestFunction& test) {
    return line >= test.first_line && line <= test.last_line;
  });
}

class Weakening {
 public:
  Weakening(const ChangeView& change, Findings& out) : change_(change), out_(out) { pool(); }

  void run() {
    for (const TestPair& pair : change_.pairs) {
      Group group;
      group.was_in = &change_.files[pair.before.file];
      group.is_in = &change_.files[pair.after.file];
      group.was = &change_.before(pair.before);
      group.is = &change_.after(pair.after);
      for (const Assertion& one : group.was_in->assertions_before) {
        if (one.line >= group.was->first_line && one.line <= group.was->last_line)
          group.before.push_back(&one);
      }
      for (const Assertion& one : group.is_in->assertions_after) {
        if (one.line >= group.is->first_line && one.line <= group.is->last_line)
          group.after.push_back(&one);
      }
      look_at(group);
    }
    for (const FileView& file : change_.files) {
      if (!file.holds_tests() || file.is_deleted() || file.is_new()) continue;
      Group group;
      group.was_in = group.is_in = &file;
      for (const Assertion& one : file.assertions_before) {
        if (!in_a_test(file.tests_before, one.line)) group.before.push_back(&one);
      }
      for (const Assertion& one : file.assertions_after) {
        if (!in_a_test(file.tests_after, one.line)) group.after.push_back(&one);
      }
      look_at(group);
    }
  }

 private:
  /// What the change demands anew, anywhere.
  void pool() {
    for (const FileView& file : change_.files) {
      if (!file.holds_tests()) continue;
      std::map<std::string_view, int> counts;
      for (const Assertion& one : file.assertions_before) ++counts[one.text];
      for (const Assertion& one : file.assertions_after) {
        if (--counts[one.text] >= 0) continue;
        ++added_[one.text];
        for (const std::string& literal : one.literals) added_literals_.insert(literal);
        if (one.strength >= Strength::part)
          added_checks_ += one.kind != Assertion::Kind::ending ? 1 : 0;
      }
      int removed = 0;
      for (const auto& [text, count] : counts) removed += std::max(count, 0);
      added_checks_ -= removed;
    }
  }

  void look_at(Group& group);
  void drop_equal(Group& group);
  template <typename Fits>
  void pair_off(Group& group, const Fits& fits);
  void judge(const Group& group, const Assertion& before, const Assertion& after);
  void judge_rest(const Group& group);
  void tell_value(const Group& group, const Assertion& before, const Assertion& after);
  bool is_elsewhere(const Assertion& one) const;
  bool is_explained(const Assertion& before, const Assertion& after) const;

  const ChangeView& change_;
  Findings& out_;
  std::map<std::string_view, int> added_;
  std::set<std::string> added_literals_;
  int added_checks_ = 0;  // net
};

void Weakening::drop_equal(Group& group) {
  std::map<std::string_view, int> counts;
  for (const Assertion* one : group.after) ++counts[one->text];
  std::map<std::string_view, int> kept;
  std::erase_if(group.before, [&](const Assertion* one) {
    if (counts[one->text] <= 0) return false;
    --counts[one->text];
    ++kept[one->text];
    return true;
  });
  std::erase_if(group.after, [&](const Assertion* one) { return kept[one->text]-- > 0; });
}

template <typename Fits>
void Weakening::pair_off(Group& group, const Fits& fits) {
  std::vector<const Assertion*> rest;
  for (const Assertion* before : group.before) {
    const auto found = std::ranges::find_if(group.after, [&](const Assertion* after) {
      return before->kind == after->kind && fits(*before, *after);
    });
    if (found == group.after.end()) {
      rest.push_back(before);
      continue;
    }
    judge(group, *before, **found);
    group.after.erase(found);
  }
  group.before = std::move(rest);
}

bool Weakening::is_elsewhere(const Assertion& one) const {
  if (added_.contains(one.text)) return true;
  bool telling = false;
  for (const std::string& literal : one.literals) {
    if (!is_telling(literal)) continue;
    telling = true;
    if (!added_literals_.contains(literal)) return false;
  }
  return telling;
}

void Weakening::look_at(Group& group) {
  drop_equal(group);
  if (group.before.empty()) return;
  if (group.before.size() * group.after.size() > 1'000'000) return;
  const auto literals_of = [](const Assertion& one) {
    std::vector<std::string> out;
    for (const std::string& literal : one.literals) {
      if (is_telling(literal)) out.push_back(literal);
    }
    std::ranges::sort(out);
    return out;
  };
  pair_off(group, [&](const Assertion& before, const Assertion& after) {
    const auto literals = literals_of(before);
    return !literals.empty() && literals == literals_of(after) && before.skeleton == after.skeleton;
  });
  pair_off(group, [](const Assertion& before, const Assertion& after) {
    return before.skeleton == after.skeleton;
  });
  pair_off(group, [&](const Assertion& before, const Assertion& after) {
    const auto literals = literals_of(before);
    return !literals.empty() && literals == literals_of(after);
  });
  // The nearest by its words.
  while (true) {
    double best = 0.4;
    std::size_t old_at = 0;
    std::size_t new_at = 0;
    if (group.before.size() * group.after.size() > 10'000) break;
    for (std::size_t i = 0; i < group.before.size(); ++i) {
      for (std::size_t k = 0; k < group.after.size(); ++k) {
        if (group.before[i]->kind != group.after[k]->kind) continue;
        const double like = likeness(group.before[i]->text, group.after[k]->text);
        if (like <= best) continue;
        best = like;
        old_at = i;
        new_at = k;
      }
    }
    if (best <= 0.4) break;
    judge(group, *group.before[old_at], *group.after[new_at]);
    group.before.erase(group.before.begin() + static_cast<std::ptrdiff_t>(old_at));
    group.after.erase(group.after.begin() + static_cast<std::ptrdiff_t>(new_at));
  }
  judge_rest(group);
}

/// The sources, the documents or other new demands say why another value is expected.
bool Weakening::is_explained(const Assertion& before, const Assertion& after) const {
  const auto inside = [](const std::string& literal) {
    const bool text = literal.size() >= 2 && !std::isalnum(static_cast<unsigned char>(literal[0]));
    return text ? literal.substr(1, literal.size() - 2) : literal;
  };
  if (added_checks_ > 0 && change_.touches_source) return true;
  for (std::size_t i = 0; i < before.literals.size() && i < after.literals.size(); ++i) {
    if (before.literals[i] == after.literals[i]) continue;
    const std::string was = inside(before.literals[i]);
    const std::string is = inside(after.literals[i]);
    if (is.size() < 2) continue;
    if (change_.words_added.find(is) != std::string::npos) {
      const bool in_source = change_.source_added.find(is) != std::string::npos;
      // The sources must have given the old one up.
      if (!in_source || (was.size() >= 2 && change_.source_removed.find(was) != std::string::npos))
        return true;
    }
    // A text that is put together: its words are those that the sources exchanged.
    std::size_t shared = 0;
    for (const Token& token : tokens_of(is)) {
      const bool new_word = token.text.size() > 3 && was.find(token.text) == std::string::npos;
      if (new_word && change_.source_added.find(token.text) != std::string::npos) ++shared;
    }
    if (shared > 0 && is.size() > 6) return true;
  }
  return false;
}

void Weakening::tell_value(const Group& group, const Assertion& before, const Assertion& after) {
  const bool explained = is_explained(before, after);
  std::string was;
  std::string is;
  for (std::size_t i = 0; i < before.literals.size() && i < after.literals.size(); ++i) {
    if (before.literals[i] == after.literals[i]) continue;
    was = before.literals[i];
    is = after.literals[i];
    break;
  }
  out_.add("expected-value-changed", explained ? warning : serious, *group.is_in, after.line,
           group.name() + " expects " + quoted(is) + " where it was " + quoted(was));
}

void Weakening::judge(const Group& group, const Assertion& before, const Assertion& after) {
  switch (compare(before, after)) {
    case Difference::none:
    case Difference::stricter: return;
    case Difference::value: tell_value(group, before, after); return;
    case Difference::weaker:
      out_.add("assertion-weakened", serious, *group.is_in, after.line,
               group.name() + " accepts more: " + quoted(after.text) + ", it was " +
                   quoted(before.text));
      return;
  }
}

void Weakening::judge_rest(const Group& group) {
  std::vector<const Assertion*> missing;
  int lost = 0;
  for (const Assertion* one : group.before) {
    if (is_elsewhere(*one)) continue;
    missing.push_back(one);
    lost += static_cast<int>(one->strength);
  }
  if (missing.empty()) return;
  int gained = 0;
  bool hollow = false;
  for (const Assertion* one : group.after) {
    gained += static_cast<int>(one->strength);
    hollow = hollow || one->strength == Strength::nothing;
  }
  const Assertion& first = *missing.front();
  const int place = group.was_in == group.is_in ? group.is_in->place_of(first.line)
                    : group.is != nullptr       ? group.is->head_line
                                                : 1;
  if (group.after.size() < missing.size() || hollow) {
    const bool row = first.kind == Assertion::Kind::row;
    out_.add(
        "assertion-removed", serious, *group.is_in, place,
        group.name() + (row ? " lost a case: " : " no longer demands ") + quoted(first.text) +
            (missing.size() > 1 ? " and " + std::to_string(missing.size() - 1) + " more" : ""));
  } else if (gained < lost) {
    out_.add("assertion-weakened", serious, *group.is_in, place,
             group.name() + " demands less than " + quoted(first.text));
  }
}

// --- Data that tests compare with -------------------------------------------------------------

void find_edited_data(const ChangeView& change, Findings& out) {
  static const RE2 kRecorded(
      R"((?i)(?:\.snap|\.golden|\.approved\.\w+|\.expected|\.stdout|\.stderr|\.out|\.ambr)$|)"
      R"((?:^|/)(?:__snapshots__|snapshots|golden|goldens|expected|cassettes)/)");
  for (const FileView& file : change.files) {
    if (!file.is_test() || !file.scanned || has(kCodeLanguages, file.after.language)) continue;
    const bool recorded = matches(kRecorded, file.path);
    if (file.is_deleted()) {
      if (recorded) out.add("snapshot-changed", warning, file, 0, "recorded output is deleted");
      continue;
    }
    if (file.is_new() || file.removed.empty()) continue;
    if (recorded) {
      out.add("snapshot-changed", warning, file, file.place_of(file.removed.front()),
              "recorded output is edited: " + std::to_string(file.removed.size()) + " lines");
    } else if (file.added.empty() && file.after.lines() > 0) {
      const std::string_view line = file.before.text_line(file.removed.front());
      if (trim(line).empty() || trim(line)[0] == '#') continue;
      out.add("assertion-removed", serious, file, file.place_of(file.removed.front()),
              "cases of tests are removed: " + quoted(line));
    } else if (!change.touches_source) {
      out.add("snapshot-changed", warning, file, file.place_of(file.removed.front()),
              "data of tests is edited");
    }
  }
}

// --- Failures caught in tests -------------------------------------------------------------------

const RE2* catching(Language language) {
  static const RE2 kPython(R"(^\s*(except\b.*:|.*\bcontextlib\.suppress\s*\(|.*\bsuppress\s*\())");
  static const RE2 kC(R"((\bcatch\s*\())");
  static const RE2 kJava(R"((\bcatch\s*\())");
  static const RE2 kJavaScript(R"((\bcatch\s*(?:\(|\{)|\.catch\s*\())");
  static const RE2 kRuby(R"(^\s*(rescue\b|.*\brescue\s+nil\b))");
  static const RE2 kRust(R"((\bcatch_unwind\b))");
  static const RE2 kGo(R"((\brecover\s*\(\s*\)))");
  static const RE2 kPerl(R"((\beval\s*\{))");
  switch (language) {
    case python: return &kPython;
    case c: return &kC;
    case java:
    case kotlin:
    case php: return &kJava;
    case javascript: return &kJavaScript;
    case ruby: return &kRuby;
    case rust: return &kRust;
    case go: return &kGo;
    case perl: return &kPerl;
    case none:
    case hash:
    case markup:
    case shell: return nullptr;
  }
  return nullptr;
}

/// What follows a catch fails again, or demands something.
bool fails_again(const FileView& file, int line) {
  static const RE2 kFails(
      R"((?i)\braise\b|\bthrow\b|\bfail\w*\s*[(!]|\bassert|\bexpect|\bpanic|\bt\.(?:Error|)"
      R"(Fatal)|\bFAIL\b|\bCHECK|\bdie\b|\bexit\b|reject|done\s*\()");
  if (matches(kFails, file.after.code_line(line))) return true;
  const int depth = indentation(file.after.code_line(line));
  for (int i = line + 1; i <= file.after.lines() && i <= line + 12; ++i) {
    const int here = indentation(file.after.code_line(i));
    if (here < 0) continue;
    if (matches(kFails, file.after.code_line(i))) return true;
    if (here <= depth && i > line + 1) break;
    if (here < depth) break;
  }
  return false;
}

bool catches_old_demands(const ChangeView& change, std::size_t index, int line,
                         const ChangeView::Enclosing& at) {
  const FileView& file = change.files[index];
  std::set<std::string_view> old;
  for (const Assertion& one : at.was_in->assertions_before) {
    if (one.line >= at.was->first_line && one.line <= at.was->last_line) old.insert(one.text);
  }
  for (const Assertion& one : file.assertions_after) {
    if (one.line < at.test->first_line || one.line > line) continue;
    if (old.contains(one.text) || old.empty()) return true;
    for (const std::string_view text : old) {
      if (one.text.find(text) != std::string::npos || likeness(one.text, text) > 0.6) return true;
    }
  }
  return false;
}

void find_caught(const ChangeView& change, Findings& out) {
  for (std::size_t index = 0; index < change.files.size(); ++index) {
    const FileView& file = change.files[index];
    const RE2* pattern = catching(file.after.language);
    if (pattern == nullptr || !file.holds_tests() || file.is_deleted()) continue;
    for (const int line : file.added) {
      const std::string_view code = file.after.code_line(line);
      if (!matches(*pattern, code) || change.is_moved(code)) continue;
      const ChangeView::Enclosing at = change.enclosing(index, line);
      if (at.test == nullptr || at.was == nullptr) continue;
      if (fails_again(file, line)) continue;
      if (!catches_old_demands(change, index, line, at)) continue;
      out.add("error-swallowed", serious, file, line,
              "test `" + printable(at.test->name, 160) +
                  "` catches what its assertions throw: " + quoted(file.after.text_line(line)));
    }
  }
}

// --- Limits and retries ---------------------------------------------------------------------

/// The largest number of the line, in milliseconds where it names a unit.
std::optional<double> largest(std::string_view text) {
  static const RE2 kNumber(R"((\d[\d_]*(?:\.\d+)?))");
  std::optional<double> out;
  each_match(kNumber, text, [&](std::size_t, std::string_view digits) {
    std::string plain;
    for (const char byte : digits) {
      if (byte != '_') plain += byte;
    }
    if (plain.size() > 15) return;
    const double value = std::strtod(plain.c_str(), nullptr);
    if (!out || value > *out) out = value;
  });
  return out;
}

void find_limits(const ChangeView& change, Findings& out) {
  static const RE2 kTimeout(
      R"((?i)\btime_?out\w*|_timeout\b|--timeout|timeout-minutes|\bsetTimeout\s*\(\s*\d|)"
      R"(@Timeout|\bTIMEOUT\b|slowTestThreshold|faulthandler_timeout)");
  static const RE2 kRetries(
      R"((?i)(?:--reruns\b|\bretryTimes\s*\(|\bthis\.retries\s*\(\s*[1-9]|)"
      R"(\bretries\s*[:=]\s*[1-9]|\bretry\s*:\s*[1-9]|rerunFailingTestsCount|@(?:flaky|)"
      R"(RetryingTest|Retry|RetryTest|pytest\.mark\.flaky)\b|maxRetries\s*(?:=|\.set)|)"
      R"(--repeat\s+until-pass|--retry(?:=|\s)|\bmark\.flaky\b|--flake-attempts|retry-tests|)"
      R"(--fail-rerun|rerun_failures))");
  for (std::size_t index = 0; index < change.files.size(); ++index) {
    const FileView& file = change.files[index];
    const bool steers =
        file.is_test() || file.kind == PathKind::config || file.kind == PathKind::judge;
    if (!steers || file.is_deleted() || !file.scanned) continue;
    for (const int line : file.added) {
      const std::string_view text = file.after.bare_line(line);
      if (change.is_moved(text)) continue;
      const bool is_new = file.is_test() && change.enclosing(index, line).test != nullptr &&
                          change.enclosing(index, line).was == nullptr;
      if (matches(kRetries, text)) {
        const bool was = std::ranges::any_of(file.removed, [&](int old) {
          return matches(kRetries, file.before.bare_line(old)) &&
                 largest(file.before.bare_line(old)) >= largest(text);
        });
        if (!was) {
          out.add("retries-added", is_new || file.is_new() ? note : serious, file, line,
                  "tests that fail are tried again: " + quoted(text));
        }
      }
      if (!matches(kTimeout, text)) continue;
      const auto now = largest(text);
      if (!now) continue;
      std::optional<double> was;
      for (const int old : file.removed) {
        const std::string_view before = file.before.bare_line(old);
        if (matches(kTimeout, before) && likeness(before, text) > 0.3) was = largest(before);
      }
      if (was && *now <= *was) continue;
      const bool long_one = was || *now >= 60;
      if (!long_one || is_new || (file.is_new() && !was)) continue;
      out.add("timeout-raised", warning, file, line,
              (was ? "a time limit is raised: " : "a long time limit is set: ") + quoted(text));
    }
  }
}

}  // namespace

void find_weakened_tests(const ChangeView& change, Findings& out) {
  Weakening(change, out).run();
  find_edited_data(change, out);
  find_caught(change, out);
  find_limits(change, out);
}

}  // namespace nightjar::proof
