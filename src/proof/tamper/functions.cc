#include "proof/tamper/functions.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"

namespace nightjar::proof {
namespace {

using enum Language;

class Finder {
 public:
  Finder(const Scan& scan) : scan_(scan), code_(scan.code) {}

  std::vector<TestFunction> run();

 private:
  void find_python();
  void find_ruby();
  void find_shell();
  void find_perl();
  void find_go();
  void find_rust();
  void find_jvm();
  void find_php();
  void find_c();
  void find_javascript();

  /// Text of the first literal in bare at or after `from`, before `end`; "" when there is none.
  std::string literal_at(std::size_t from, std::size_t end) const;
  void add(std::string name, std::size_t head, std::size_t body, std::size_t end);
  void add_lines(std::string name, int head, int body, int last);
  void add_braced(std::string name, std::size_t head, std::size_t from);
  int marks_above(int head) const;
  int indented_end(int head) const;
  std::size_t line_start(int line) const {
    return scan_.starts[static_cast<std::size_t>(line - 1)];
  }

  const Scan& scan_;
  const std::string& code_;
  std::vector<TestFunction> out_;
  std::map<std::string, int> seen_;
};

void Finder::add_lines(std::string name, int head, int body, int last) {
  if (out_.size() >= kTestFunctionsMax) return;
  const int count = ++seen_[name];
  if (count > 1) name += "#" + std::to_string(count);
  out_.push_back({.name = std::move(name),
                  .first_line = marks_above(head),
                  .head_line = head,
                  .last_line = std::max(last, head),
                  .body_line = std::max(body, head)});
}

void Finder::add(std::string name, std::size_t head, std::size_t body, std::size_t end) {
  add_lines(std::move(name), scan_.line_at(head), scan_.line_at(body),
            scan_.line_at(std::min(end, scan_.text.size())));
}

/// The body is the next {...} after `from`.
void Finder::add_braced(std::string name, std::size_t head, std::size_t from) {
  const std::size_t open = code_.find('{', from);
  const std::size_t semicolon = code_.find(';', from);
  if (open == std::string::npos || semicolon < open) return;
  std::size_t end = close_of(code_, open);
  if (end == std::string::npos) end = code_.size();
  add(std::move(name), head, open, end);
}

/// First line of the decorators, attributes, annotations above.
int Finder::marks_above(int head) const {
  int first = head;
  for (int line = head - 1; line >= 1; --line) {
    const std::string_view text = trim(scan_.bare_line(line));
    if (text.empty()) {
      // A comment between a mark and its function.
      if (trim(scan_.text_line(line)).empty()) break;
      continue;
    }
    if (text[0] == '@' || text.starts_with("#[") || text.starts_with("template")) {
      if (scan_.language != ruby && scan_.language != shell) first = line;
      continue;
    }
    // Inside a mark of several lines.
    const bool inside = text[0] == ')' || text[0] == ']' ||
                        indentation(scan_.text_line(line)) > indentation(scan_.text_line(head));
    if (!inside || text.ends_with(';') || text.ends_with('}') || text.ends_with('{')) break;
    if (head - line > 60) break;
  }
  return first;
}

/// Last line of a block that is told by its indentation.
int Finder::indented_end(int head) const {
  const int depth = indentation(scan_.text_line(head));
  int last = head;
  for (int line = head + 1; line <= scan_.lines(); ++line) {
    const std::string_view bare = scan_.bare_line(line);
    if (trim(bare).empty()) continue;
    if (trim(scan_.code_line(line)).empty()) {  // inside a literal
      last = line;
      continue;
    }
    const char first = trim(bare)[0];
    if (indentation(bare) <= depth && first != ')' && first != ']' && first != '}') break;
    last = line;
  }
  return last;
}

void Finder::find_python() {
  static const RE2 kDef(R"(^\s*(?:async\s+)?def\s+(test\w*)\s*\()");
  static const RE2 kClass(R"(^\s*class\s+(\w+))");
  std::vector<std::pair<int, std::string>> classes;  // indentation, name
  for (int line = 1; line <= scan_.lines(); ++line) {
    const std::string_view code = scan_.code_line(line);
    const int depth = indentation(code);
    if (depth < 0) continue;
    const char first = trim(code)[0];
    if (first == ')' || first == ']' || first == '}') continue;
    while (!classes.empty() && classes.back().first >= depth) classes.pop_back();
    std::string name;
    if (matches(kClass, code, &name)) {
      classes.emplace_back(depth, name);
    } else if (matches(kDef, code, &name)) {
      std::string full;
      for (const auto& [at, holder] : classes) full += holder + ".";
      const std::size_t open = code_.find('(', line_start(line));
      const std::size_t close = close_of(code_, open);
      const int body = close == std::string::npos ? line : scan_.line_at(close);
      add_lines(full + name, line, body, indented_end(line));
    }
  }
}

std::string Finder::literal_at(std::size_t from, std::size_t end) const {
  for (const Token& token : tokens_of(std::string_view(scan_.bare)
                                          .substr(from, std::min(end, scan_.bare.size()) -
                                                            std::min(from, scan_.bare.size())))) {
    if (token.kind == Token::Kind::text && token.text.size() >= 2) {
      return std::string(token.text.substr(1, token.text.size() - 2));
    }
  }
  return {};
}

void Finder::find_ruby() {
  static const RE2 kBlock(
      R"(^\s*(?:RSpec\.)?(x?f?describe|x?f?context|x?f?it|x?f?specify|x?f?example|scenario|)"
      R"(test|should|)"
      R"(f?feature)\b.*(?:\bdo\b(\s*\|[^|]*\|)?|\{)\s*(?:#.*)?)");
  static const RE2 kDef(R"(^\s*def\s+(test_\w+[?!]?))");
  static const RE2 kHolder(R"(^(?:[xf]?(?:describe|context|feature))$)");
  static const RE2 kOpens(R"(^\s*(?:class|module)\s+([\w:]+))");
  std::vector<std::pair<int, std::string>> holders;
  for (int line = 1; line <= scan_.lines(); ++line) {
    const std::string_view code = scan_.code_line(line);
    const int depth = indentation(code);
    if (depth < 0) continue;
    while (!holders.empty() && holders.back().first >= depth) holders.pop_back();
    std::string prefix;
    for (const auto& [at, holder] : holders) prefix += holder + " > ";
    std::string word;
    if (matches(kOpens, code, &word)) {
      holders.emplace_back(depth, word);
    } else if (matches(kDef, code, &word)) {
      const int last = indented_end(line);
      add_lines(prefix + word, line, line, last + 1);
    } else if (matches(kBlock, code, &word)) {
      const std::size_t begin = line_start(line);
      std::string name = literal_at(begin, begin + code.size());
      if (RE2::FullMatch(word, kHolder)) {
        if (name.empty()) name = std::string(trim(code));
        holders.emplace_back(depth, name);
        continue;
      }
      if (name.empty()) name = "(nameless)";
      const bool one_line = trim(code).ends_with('}') || trim(code).ends_with("end");
      const int last = one_line ? line : indented_end(line) + 1;
      add_lines(prefix + name, line, line, last);
    }
  }
}

void Finder::find_shell() {
  static const RE2 kBats(R"(^\s*@test\s)");
  static const RE2 kFunction(R"(^\s*(?:function\s+)?(test_?\w*)\s*\(\s*\))");
  for (int line = 1; line <= scan_.lines(); ++line) {
    const std::string_view code = scan_.code_line(line);
    std::string name;
    if (matches(kBats, code)) {
      name = literal_at(line_start(line), line_start(line) + code.size());
    } else if (!matches(kFunction, code, &name)) {
      continue;
    }
    if (name.empty() || name == "test") continue;
    int last = line;
    while (last < scan_.lines() && !scan_.code_line(last).starts_with('}')) ++last;
    add_lines(name, line, line, last);
  }
}

void Finder::find_perl() {
  static const RE2 kSub(R"(\bsub\s+(test_?\w+)\s*\{)");
  static const RE2 kSubtest(R"((\bsubtest\s)[^;]*?\bsub\s*\{)");
  each_match(kSub, code_,
             [&](std::size_t at, std::string_view name) { add_braced(std::string(name), at, at); });
  each_match(kSubtest, code_, [&](std::size_t at, std::string_view) {
    const std::size_t open = code_.find('{', at);
    add_braced(literal_at(at, open), at, at);
  });
}

void Finder::find_go() {
  static const RE2 kFunc(
      R"((?m)^func\s+(?:\([^)]*\)\s*)?((?:Test|Benchmark|Fuzz|Example)\w*)\s*\()");
  each_match(kFunc, code_, [&](std::size_t at, std::string_view name) {
    const std::size_t open = code_.find('(', at + name.size());
    const std::size_t close = close_of(code_, open);
    if (close != std::string::npos) add_braced(std::string(name), at, close);
  });
}

void Finder::find_rust() {
  static const RE2 kMark(R"(#\[\s*(?:\w+::)*\w*test\w*(?:::\w+)*\s*(?:\(|\]))");
  static const RE2 kFn(R"(\bfn\s+(\w+)\s*[(<])");
  each_match(kFn, code_, [&](std::size_t at, std::string_view name) {
    const int head = scan_.line_at(at);
    bool marked = false;
    for (int line = marks_above(head); line <= head; ++line) {
      const std::string_view code = scan_.code_line(line);
      if (matches(kMark, code)) marked = true;
    }
    const std::size_t open = code_.find('(', at + name.size());
    const std::size_t close = close_of(code_, open);
    if (marked && close != std::string::npos) add_braced(std::string(name), at, close);
  });
}

void Finder::find_jvm() {
  static const RE2 kMark(
      R"((@(?:org\.junit\.\w+\.?\w*\.?)?(?:Test|ParameterizedTest|RepeatedTest|TestFactory|)"
      R"(TestTemplate|Property|Theory))\b)");
  static const RE2 kOld(R"(\bpublic\s+void\s+(test\w+)\s*\(\s*\))");
  const auto skip_space = [&](std::size_t i) {
    while (i < code_.size() && (std::isspace(static_cast<unsigned char>(code_[i])) != 0)) ++i;
    return i;
  };
  std::size_t last_end = 0;
  each_match(kMark, code_, [&](std::size_t at, std::string_view mark) {
    std::size_t i = at + mark.size();
    // Arguments of this mark, then more marks.
    for (int marks = 0; marks < 30; ++marks) {
      i = skip_space(i);
      if (i < code_.size() && code_[i] == '(') {
        const std::size_t close = close_of(code_, i);
        if (close == std::string::npos) return;
        i = skip_space(close + 1);
      }
      if (i >= code_.size() || code_[i] != '@') break;
      ++i;
      while (i < code_.size() && (is_word(code_[i]) || code_[i] == '.' || code_[i] == ':')) ++i;
    }
    const std::size_t open = code_.find('(', i);
    if (open == std::string::npos || open - i > 400 || i < last_end) return;
    std::size_t begin = open;
    if (begin > 0 && code_[begin - 1] == '`') {
      const std::size_t tick = code_.rfind('`', begin - 2);
      if (tick == std::string::npos) return;
      begin = tick;
    } else {
      while (begin > 0 && is_word(code_[begin - 1])) --begin;
    }
    const std::string name(trim(std::string_view(scan_.bare).substr(begin, open - begin)));
    const std::size_t close = close_of(code_, open);
    if (name.empty() || close == std::string::npos) return;
    const std::size_t before = out_.size();
    add_braced(name, begin, close);
    if (out_.size() > before) last_end = close;
  });
  each_match(kOld, code_, [&](std::size_t at, std::string_view name) {
    const bool known = std::ranges::any_of(
        out_, [&](const TestFunction& test) { return test.head_line == scan_.line_at(at); });
    if (!known) add_braced(std::string(name), at, at);
  });
}

void Finder::find_php() {
  static const RE2 kMethod(R"(\bfunction\s+(\w+)\s*\()");
  static const RE2 kPest(R"(^\s*(?:it|test)\s*\(\s*['"])");
  each_match(kMethod, code_, [&](std::size_t at, std::string_view name) {
    const int head = scan_.line_at(at);
    bool marked = name.starts_with("test");
    for (int line = head - 1; line >= 1 && line > head - 20 && !marked; --line) {
      const std::string_view text = trim(scan_.text_line(line));
      if (text.ends_with('}') || text.ends_with('{') || text.ends_with(';')) break;
      marked = text.find("@test") != std::string_view::npos || text.starts_with("#[Test");
    }
    if (marked) add_braced(std::string(name), at, at);
  });
  for (int line = 1; line <= scan_.lines(); ++line) {
    if (!matches(kPest, scan_.bare_line(line))) continue;
    const std::size_t open = code_.find('(', line_start(line));
    const std::size_t close = close_of(code_, open);
    if (close == std::string::npos) continue;
    add(literal_at(open, close), line_start(line), open, close);
  }
}

void Finder::find_c() {
  static const RE2 kMacro(
      R"((?m)^\s*((?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P|TEST_CASE|TEST_CASE_METHOD|)"
      R"(SCENARIO|)"
      R"(TEMPLATE_TEST_CASE|DOCTEST_TEST_CASE|BOOST_AUTO_TEST_CASE|BOOST_FIXTURE_TEST_CASE|)"
      R"(BOOST_DATA_TEST_CASE|START_TEST|CTEST|CTEST2|TEST_METHOD|ZTEST|ZTEST_F|KUNIT_CASE|)"
      R"(TEST_GROUP))\s*\()");
  static const RE2 kPlain(
      R"((?m)^\s*(?:static\s+|inline\s+)*(?:void|int|bool|long|char\s*\*)\s+((?:test|Test|)"
      R"(check_)\w*|\w+_test|t_\w+)\s*\()");
  each_match(kMacro, code_, [&](std::size_t at, std::string_view macro) {
    const std::size_t open = code_.find('(', at + macro.size());
    const std::size_t close = close_of(code_, open);
    if (close == std::string::npos || close - open > 2'000) return;
    std::string name = literal_at(open, close);
    if (name.empty()) {
      const std::string inside = scan_.bare.substr(open + 1, close - open - 1);
      for (const std::string& part : split(inside, ',')) {
        if (!name.empty()) name += ".";
        name += trim(part);
      }
    }
    if (macro == "START_TEST") {
      const std::size_t end = code_.find("END_TEST", close);
      add(name, at, close, end == std::string::npos ? code_.size() : end);
    } else {
      add_braced(name, at, close);
    }
  });
  each_match(kPlain, code_, [&](std::size_t at, std::string_view name) {
    const std::size_t open = code_.find('(', at + name.size());
    const std::size_t close = close_of(code_, open);
    if (close != std::string::npos) add_braced(std::string(name), at, close);
  });
}

void Finder::find_javascript() {
  static const RE2 kCall(R"((\b(?:x?f?it|x?f?test|x?f?specify|x?f?describe|x?f?context|suite|)"
                         R"(bench)\b(?:\s*\.\s*\w+)*)\s*[(`])");
  struct Holder {
    std::size_t end;
    std::string name;
  };
  std::vector<Holder> holders;
  each_match(kCall, code_, [&](std::size_t at, std::string_view call) {
    if (at > 0 && (code_[at - 1] == '.' || code_[at - 1] == '$')) {
      const bool of_tap = at > 1 && code_[at - 2] == 't' && (at < 3 || !is_word(code_[at - 3]));
      if (!of_tap) return;
    }
    std::size_t open = at + call.size();
    while (open < code_.size() && code_[open] != '(' && code_[open] != '`') ++open;
    if (call.ends_with("each") || call.ends_with("each ") || call.ends_with("skipIf") ||
        call.ends_with("runIf") || call.ends_with("for")) {
      std::size_t close = std::string::npos;
      if (open < code_.size() && code_[open] == '`') {
        close = code_.find('`', open + 1);
      } else {
        close = close_of(code_, open);
      }
      if (close == std::string::npos) return;
      open = code_.find('(', close);
      if (open == std::string::npos || open > close + 40) return;
    }
    if (open >= code_.size() || code_[open] != '(') return;
    std::size_t argument = open + 1;
    while (argument < code_.size() &&
           std::isspace(static_cast<unsigned char>(code_[argument])) != 0) {
      ++argument;
    }
    const char quote = argument < code_.size() ? code_[argument] : ' ';
    if (quote != '"' && quote != '\'' && quote != '`') return;
    std::size_t close = close_of(code_, open);
    if (close == std::string::npos) close = code_.size();
    while (!holders.empty() && holders.back().end < at) holders.pop_back();
    std::string prefix;
    for (const Holder& holder : holders) prefix += holder.name + " > ";
    const std::string name = prefix + literal_at(argument, close);
    std::string_view word = call.substr(0, call.find_first_of(". "));
    while (word.size() > 2 && (word[0] == 'x' || word[0] == 'f') && word != "for")
      word.remove_prefix(1);
    if (word == "describe" || word == "context" || word == "suite") {
      holders.push_back({close, literal_at(argument, close)});
    } else {
      add(name, at, argument, close);
    }
  });
}

std::vector<TestFunction> Finder::run() {
  switch (scan_.language) {
    case python: find_python(); break;
    case ruby: find_ruby(); break;
    case shell: find_shell(); break;
    case perl: find_perl(); break;
    case go: find_go(); break;
    case rust: find_rust(); break;
    case java:
    case kotlin: find_jvm(); break;
    case php: find_php(); break;
    case c: find_c(); break;
    case javascript: find_javascript(); break;
    case none:
    case hash:
    case markup: break;
  }
  std::ranges::sort(out_, {}, &TestFunction::head_line);
  return std::move(out_);
}

}  // namespace

bool is_collected(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  switch (language_of(path)) {
    case python:
      return name.starts_with("test") || name.ends_with("_test.py") ||
             name.ends_with("_tests.py") || name == "tests.py";
    case go: return name.ends_with("_test.go");
    case ruby:
      return name.ends_with("_spec.rb") || name.ends_with("_test.rb") ||
             name.starts_with("test_") || path.find("spec/") != std::string_view::npos;
    case java:
    case kotlin:
    case php:
    case rust:
    case javascript:
    case c:
    case shell:
    case perl: return true;
    case none:
    case hash:
    case markup: return false;
  }
  return false;
}

std::vector<TestFunction> tests_in(const Scan& scan, std::string_view path) {
  if (!is_collected(path)) return {};
  return Finder(scan).run();
}

std::vector<std::pair<int, int>> test_parts(const Scan& scan) {
  std::vector<std::pair<int, int>> out;
  if (scan.language != rust) return out;
  static const RE2 kMark(R"((#\[\s*cfg\s*\(\s*(?:all\s*\(\s*)?test\b))");
  std::size_t done = 0;
  each_match(kMark, scan.code, [&](std::size_t at, std::string_view) {
    if (at < done) return;
    const std::size_t open = scan.code.find('{', at);
    const std::size_t semicolon = scan.code.find(';', at);
    std::size_t end = semicolon;
    if (open < semicolon) end = close_of(scan.code, open);
    if (end == std::string::npos) end = scan.code.size() - 1;
    out.emplace_back(scan.line_at(at), scan.line_at(end));
    done = end;
  });
  // A test function outside of such a part.
  for (const TestFunction& test : Finder(scan).run()) {
    out.emplace_back(test.first_line, test.last_line);
  }
  return out;
}

}  // namespace nightjar::proof
