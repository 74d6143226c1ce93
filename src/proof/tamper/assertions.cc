#include "proof/tamper/assertions.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "proof/tamper/pattern.h"

namespace nightjar::proof {
namespace {

using enum Language;

/// What begins an assertion, in `code`. The first group is where it stands.
const RE2* pattern_of(Language language) {
  static const RE2 kPython(
      R"(^\s*(?:await\s+|return\s+)?(?:with\s+)?((?:assert\b|raise\s+(?:AssertionError|)"
      R"(self\.failureException))|)"
      R"([\w.]*\b\w*(?:assert|expect|verify|raises|should|warns)\w*\s*\(|[\w.]*\.(?:fail\w*|)"
      R"(check\w*)\s*\(|)"
      R"((?:check|verify|validate|compare)_\w+\s*\(|pytest\.fail|ok_\(|eq_\())");
  static const RE2 kC(
      R"(((?:\b\w*(?:ASSERT|EXPECT|CHECK|REQUIRE|VERIFY|FAIL|ENSURE)\w*|\b(?:\w+_)?(?:assert|)"
      R"(expect|check|verify|require|ensure)(?:_\w+)?|\bck_\w+|\b(?:Q|Q_)?(?:COMPARE|)"
      R"(VERIFY)\w*|\b[Tt]est_?(?:ok|equal|true|false|eq|streq)\w*|\bok\w*|\bcmp_ok|\bis)\s*\())");
  static const RE2 kGo(
      R"((\b\w*(?:[Aa]ssert|[Ee]xpect|[Cc]heck|[Vv]erify|[Rr]equire|[Mm]ust)\w*(?:\.\w+)?\s*\(|)"
      R"(\b(?:is|qt|c|g|require|assert)\.\w+\s*\(|\.(?:Should|To|Equal|NoError)\s*\())");
  static const RE2 kRust(
      R"((\b(?:\w+::)*\w*(?:assert|expect_|check_|verify_|panic|unreachable)\w*!?\s*\(|)"
      R"(#\[should_panic))");
  static const RE2 kJavaScript(
      R"((\bexpect(?:\.\w+)*\s*\(|\bassert\w*(?:\.\w+)*\s*\(|\.should\b|\b(?:t|test|assert|tap|)"
      R"(st)\.(?:is|not|deepEqual|equals?|ok|true|false|truthy|falsy|throws\w*|like|regex|pass|)"
      R"(fail|same|strictSame|strictEqual|match|rejects|doesNotThrow|plan|notOk|not\w+|error|)"
      R"(ifError|snapshot|deepLooseEqual)\s*\(|\b\w*(?:[Aa]ssert|[Ee]xpect|[Vv]erify|)"
      R"([Cc]heck)\w*\s*\())");
  static const RE2 kJvm(
      R"((\b(?:\w+\.)*(?:assert|expect|verify|check|should)\w*\s*[({]|\bfail\s*\(|\b(?:given|)"
      R"(then)\s*\(|\bshould(?:Be|Throw|Not|Contain|Have)\w*\b))");
  static const RE2 kRuby(
      R"(^\s*(?:[\w.]+\s*=\s*)?((?:expect|assert\w*|refute\w*|is_expected|flunk|must_\w+|)"
      R"(wont_\w+|raise\s+Minitest)\b.*|.*\.(?:should(?:_not)?|must_\w+|wont_\w+)\b))");
  static const RE2 kPhp(
      R"((\$this->(?:assert|expect|fail|verify|check)\w*\s*\(|\b(?:self|static|Assert|)"
      R"(Assertions)::(?:assert|fail|is|same|expect)\w*\s*\(|\bexpect\s*\(|\bassert\w*\s*\())");
  static const RE2 kShell(
      R"(^\s*(?:if\s+|elif\s+|while\s+)?(?:!\s*)?((?:\[\[?|test)\s.*|(?:assert|refute|expect|)"
      R"(check|verify|fail|die|cmp|diff|grep|test_\w+)\w*\b.*|\S.*\|\|\s*(?:exit|fail|return|)"
      R"(die|false|err\w*)\b.*))");
  static const RE2 kPerl(
      R"(^\s*((?:ok|is|isnt|like|unlike|is_deeply|cmp_ok|pass|fail|isa_ok|can_ok|throws_ok|)"
      R"(dies_ok|lives_ok|eq_or_diff|cmp_deeply|plan|done_testing|use_ok|require_ok|BAIL_OUT|)"
      R"(is_\w+|\w+_ok|\w+_is)\b.*|use\s+Test\w*::\w+.*\btests\b.*|.*\bor\s+die\b.*))");
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

constexpr Languages kLineLanguages = in(python, ruby, shell, perl);

/// A condition whose body says that the test failed.
const RE2& guard_pattern() {
  static const RE2 kGuard(R"((^|[\s;}])((?:else\s+)?(?:if|unless|elsif|elif|assert_if)\b[^\n]*))");
  return kGuard;
}
const RE2& failing_pattern() {
  static const RE2 kFailing(
      R"(\b(?:t|b|tb|s\.T\(\))\.(?:Error|Fatal|Fail)\w*\(|\breturn\s+(?:-?[1-9]|EXIT_FAILURE|)"
      R"(false|False|errors\.)|)"
      R"(\bexit\s*\(?\s*(?:-?[1-9]|EXIT_FAILURE)|\babort\s*\(|\bthrow\b|\braise\b|)"
      R"(\bpanic!?\s*\(|\bdie\b|)"
      R"((?i:\b\w*(?:fail|err|bad|wrong|miss)\w*)\s*(?:\+\+|\+=\s*1|=\s*(?:1|true|True)\b)|)"
      R"(\+\+\s*\w*(?:fail|err|bad)|)"
      R"(\bstatus=[1-9]|\b(?:status|rc|ret|result|res|rv)\s*(?:=\s*-?[1-9]|\|=|=\s*false)|)"
      R"(\bfail\w*\b|\bos\.Exit\s*\(\s*[1-9]|process\.exit\s*\(\s*[1-9])");
  return kFailing;
}
const RE2& ending_pattern(Language language) {
  static const RE2 kCode(
      R"((\b(?:return|exit\s*\(|sys\.exit\s*\(|process\.exit\s*\(|)"
      R"(os\.Exit\s*\()\s*[^;\n]*\b(?i:\w*(?:fail|err|status|result|bad|rc|ret)\w*)\b[^;\n]*))");
  static const RE2 kShellEnding(R"(^\s*((?:exit|return)\s+(?:"?\$|[1-9]).*|exit\s+0.*))");
  return language == shell ? kShellEnding : kCode;
}
const RE2& expected_pattern() {
  static const RE2 kExpected(
      R"(^\s*(?:const|let|var|final|auto|my|static|int|long|double|float|char|std::string|)"
      R"(String|val)?[\s*&]*((?i:\w*(?:expected|want|wanted|golden)\w*)(?:\[\])?\s*(?:=|:=|)"
      R"(:)\s*.*))");
  return kExpected;
}
const RE2& tolerance_pattern() {
  static const RE2 kTolerance(
      R"(^\s*(?:const|let|var|final|auto|my|static|constexpr|double|float|val|)"
      R"(#define)?[\s\w*&:]*?\b((?i:\w*(?:toleranc|epsilon|delta|precision|threshold)\w*|EPS|)"
      R"(eps|TOL|tol|abs_tol|rel_tol|rtol|atol)\s*(?:=|:=|\s)\s*[-0-9.eE]+.*))");
  return kTolerance;
}

class Collector {
 public:
  explicit Collector(const Scan& scan) : scan_(scan) {}

  std::vector<Assertion> run() {
    const RE2* pattern = pattern_of(scan_.language);
    if (pattern == nullptr) return {};
    for (int line = 1; line <= scan_.lines() && out_.size() < kAssertionsMax; ++line) {
      const std::string_view code = scan_.code_line(line);
      if (trim(code).empty()) continue;
      take_line(line, code, *pattern);
    }
    collect_rows();
    std::ranges::stable_sort(out_, {}, &Assertion::line);
    return std::move(out_);
  }

 private:
  void take_line(int line, std::string_view code, const RE2& pattern);
  bool take_guard(int line, std::string_view code);
  std::size_t statement_end(std::size_t begin) const;
  void add(Assertion::Kind kind, std::size_t begin, std::size_t end);
  void collect_rows();
  std::size_t start_of(int line) const { return scan_.starts[static_cast<std::size_t>(line - 1)]; }

  const Scan& scan_;
  std::vector<Assertion> out_;
  std::size_t covered_ = 0;  // up to here the text belongs to an assertion
};

/// The statement that begins at `begin`: to the end of its line, or further while brackets are open
/// or the next line goes on with it.
std::size_t Collector::statement_end(std::size_t begin) const {
  const std::string& code = scan_.code;
  const bool braces_end = scan_.language == c || scan_.language == php || scan_.language == java ||
                          scan_.language == rust || scan_.language == perl;
  int depth = 0;
  const std::size_t limit = std::min(code.size(), begin + kAssertionBytesMax);
  for (std::size_t i = begin; i < limit; ++i) {
    const char byte = code[i];
    if (byte == '(' || byte == '[' || byte == '{') ++depth;
    if (byte == ')' || byte == ']' || byte == '}') {
      if (--depth < 0) return i;
    }
    if (byte == ';' && depth == 0 && scan_.language != python) return i;
    if (byte != '\n' || depth > 0) continue;
    if (i > 0 && code[i - 1] == '\\') continue;
    if (braces_end) {
      // An expression goes on until its semicolon, unless it was a block.
      const std::string_view line = trim(std::string_view(code).substr(begin, i - begin));
      if (!line.empty() && line.back() != '}' && line.back() != ')') continue;
      if (!line.empty() && line.back() == '}') return i;
    }
    std::size_t next = i;
    while (next < limit && std::isspace(static_cast<unsigned char>(code[next])) != 0) ++next;
    const std::string_view follows = std::string_view(code).substr(next, 2);
    const bool goes_on = follows.starts_with('.') || follows == "->" || follows == "&&" ||
                         follows == "||" || follows == "<<" || follows == "==" || follows == "!=";
    if (!goes_on || (scan_.language == python && follows.starts_with('.'))) {
      if (braces_end && follows.starts_with(';')) return next;
      return i;
    }
  }
  return limit;
}

Strength strength_of(Language language, const std::string& text);

void Collector::add(Assertion::Kind kind, std::size_t begin, std::size_t end) {
  const std::string_view piece_of_bare = std::string_view(scan_.bare).substr(begin, end - begin);
  Assertion out;
  out.kind = kind;
  out.line = scan_.line_at(begin);
  out.last_line = scan_.line_at(end == begin ? begin : end - 1);
  int depth = 0;
  for (const Token& token : tokens_of(piece_of_bare)) {
    if (token.text == "(") ++depth;
    if (token.text == ")") --depth;
    if (scan_.language == c && token.text == "<<" && depth == 0) break;  // a message
    if (!out.text.empty()) {
      out.text += ' ';
      out.skeleton += ' ';
    }
    out.text += token.text;
    if (token.kind == Token::Kind::number || token.kind == Token::Kind::text) {
      out.literals.emplace_back(token.text);
      out.skeleton += token.kind == Token::Kind::number ? "0" : "''";
    } else {
      out.skeleton += token.text;
    }
  }
  if (out.text.empty()) return;
  out.strength = kind == Assertion::Kind::check || kind == Assertion::Kind::ending
                     ? strength_of(scan_.language, out.text)
                     : Strength::equality;
  covered_ = std::max(covered_, end);
  out_.push_back(std::move(out));
}

/// `if got != want {` with a failure in the lines that follow: the condition is the assertion.
bool Collector::take_guard(int line, std::string_view code) {
  re2::StringPiece before;
  re2::StringPiece found;
  if (!RE2::PartialMatch(piece(code), guard_pattern(), &before, &found)) return false;
  std::string near(scan_.code_line(line));
  for (int i = 1; i <= 3; ++i) {
    const std::string_view next = scan_.code_line(line + i);
    near += "\n" + std::string(next);
    if (trim(next).starts_with('}') || trim(next) == "end" || trim(next) == "fi") break;
  }
  if (!matches(failing_pattern(), near)) return false;
  const std::size_t begin = start_of(line) + static_cast<std::size_t>(found.data() - code.data());
  const std::string_view condition(found.data(), found.size());
  // Up to the body: the last opening brace of the line, `:` or `then`.
  std::size_t length = condition.size();
  if (const std::size_t brace = condition.rfind('{'); brace != std::string_view::npos)
    length = brace;
  if (scan_.language == shell) {
    if (const std::size_t semicolon = condition.find(';'); semicolon != std::string_view::npos) {
      length = semicolon;
    }
  }
  if (length == condition.size() && has(in(c, java, javascript, php, kotlin), scan_.language)) {
    const std::size_t open = condition.find('(');
    if (open != std::string_view::npos) {
      const std::size_t close = close_of(scan_.code, begin + open);
      if (close != std::string::npos && close + 1 - begin < kAssertionBytesMax)
        length = close + 1 - begin;
    }
  }
  add(Assertion::Kind::check, begin, begin + length);
  return true;
}

void Collector::take_line(int line, std::string_view code, const RE2& pattern) {
  const std::size_t begin = start_of(line);
  if (begin + code.size() <= covered_) return;
  if (take_guard(line, code)) return;
  re2::StringPiece found;
  const auto offset = [&] { return begin + static_cast<std::size_t>(found.data() - code.data()); };
  if (has(kLineLanguages, scan_.language)) {
    if (RE2::PartialMatch(piece(code), pattern, &found)) {
      add(Assertion::Kind::check, offset(), statement_end(offset()));
      return;
    }
  } else {
    std::size_t from = 0;
    bool any = false;
    while (from < code.size() && RE2::PartialMatch(piece(code.substr(from)), pattern, &found)) {
      const std::size_t at = offset();
      std::size_t next = at - begin + std::max<std::size_t>(found.size(), 1);
      if (at >= covered_) {
        // What is defined, or declared, demands nothing.
        const std::string_view upto = trim(code.substr(0, at - begin));
        const bool defines = upto.ends_with("function") || upto.ends_with("func") ||
                             upto.ends_with("fn") || upto.ends_with("fun") ||
                             upto.ends_with("define") || upto.ends_with("void") ||
                             upto.ends_with("import") || upto.ends_with("bool");
        if (!defines) {
          add(Assertion::Kind::check, at, statement_end(at));
          any = true;
          next = std::max(next, covered_ > begin ? covered_ - begin : 0);
        }
      }
      from = next;
    }
    if (any) return;
  }
  if (RE2::PartialMatch(piece(code), ending_pattern(scan_.language), &found)) {
    add(Assertion::Kind::ending, offset(), offset() + found.size());
  } else if (RE2::PartialMatch(piece(code), expected_pattern(), &found) ||
             RE2::PartialMatch(piece(code), tolerance_pattern(), &found)) {
    add(Assertion::Kind::expected, offset(), statement_end(offset()));
    if (out_.back().literals.empty()) out_.pop_back();
  }
}

/// Groups of literals in brackets, inside other brackets: ("12.5", 1250), {"a", 1}, [1, 2].
void Collector::collect_rows() {
  const std::string& code = scan_.code;
  std::vector<bool> taken(static_cast<std::size_t>(scan_.lines()) + 1, false);
  for (const Assertion& one : out_) {
    for (int line = one.line; line <= one.last_line; ++line) {
      taken[static_cast<std::size_t>(line)] = true;
    }
  }
  std::vector<std::size_t> open;
  std::vector<bool> holds_group;
  for (std::size_t i = 0; i < code.size() && out_.size() < kAssertionsMax; ++i) {
    const char byte = code[i];
    if (byte == '(' || byte == '[' || byte == '{') {
      if (!holds_group.empty()) holds_group.back() = true;
      open.push_back(i);
      holds_group.push_back(false);
    } else if ((byte == ')' || byte == ']' || byte == '}') && !open.empty()) {
      const std::size_t begin = open.back();
      const bool leaf = !holds_group.back();
      open.pop_back();
      holds_group.pop_back();
      if (open.empty() || !leaf || i - begin > 600) continue;
      std::size_t previous = begin;
      while (previous > 0 && std::isspace(static_cast<unsigned char>(code[previous - 1])) != 0)
        --previous;
      const char before = previous > 0 ? code[previous - 1] : '\0';
      if (before != '[' && before != '{' && before != '(' && before != ',' && before != ':')
        continue;
      const std::string_view inside = std::string_view(code).substr(begin + 1, i - begin - 1);
      if (inside.find(';') != std::string_view::npos || inside.find('=') != std::string_view::npos)
        continue;
      if (taken[static_cast<std::size_t>(scan_.line_at(begin))]) continue;
      const std::size_t covered = covered_;
      add(Assertion::Kind::row, begin, i + 1);
      covered_ = covered;
      if (!out_.empty() && out_.back().kind == Assertion::Kind::row &&
          out_.back().literals.empty()) {
        out_.pop_back();
      }
    }
  }
}

// --- Strength --------------------------------------------------------------------------------

bool is_nothing(const std::string& text) {
  static const RE2 kNothing(
      R"((?i)^(?:self \. )?(?:assert|assertTrue|assert_true|assert_|EXPECT_TRUE|ASSERT_TRUE|)"
      R"(REQUIRE|CHECK|ok|expect|assert !|assert \. ok|\$this -> assertTrue|t \. (?:ok|pass|)"
      R"(true)) ?\(? ?(?:true|1)\b|)"
      R"(^SUCCEED \(|expect \( (?:true|1) \)|\bor (?:True|1|true)$|\|\| (?:true|1|:|)"
      R"(True)( \))?( ;)?$|\|\| (?:true|1) \)|\( (?:0|false) && |\bif \( (?:0|false) &&|)"
      R"(\( (?:true|1) \|\| |\bassert_eq ! \( (?:true , true|1 , 1) \)|^exit 0|^return 0)");
  return matches(kNothing, text);
}

Strength strength_of(Language language, const std::string& text) {
  // Negation of an equality, or of any other thing, excludes one value of all.
  static const RE2 kTruth(
      R"(!= |!==|\b(?:assertNot\w*|assertIsNotNone|assertTrue|assertFalse|assert_true|)"
      R"(assert_false|assertNotNull|notStrictEqual|notEqual|notDeepEqual|assert_ne|\w+_NE|)"
      R"(toBeTruthy|toBeFalsy|toBeDefined|assertIsInstance|isinstance|assertInstanceOf|be_a|)"
      R"(be_an|be_an_instance_of|be_kind_of|assert_instance_of|refute_nil|assert_not_nil|)"
      R"(isNotNull|toBeInstanceOf|EXPECT_TRUE|EXPECT_FALSE|ASSERT_TRUE|ASSERT_FALSE|is_some|)"
      R"(is_ok|is_err|is_none|isnt|NotNil|NotEmpty|True|False|be_truthy|not_to|to_not|)"
      R"(assertIsInt|assertIsString|isOk|\w+_NO_THROW|assertDoesNotThrow|NoError|truthy|not)\b)");
  static const RE2 kPart(
      R"([<>]=? |\bin\b|\b(?:assertIn|assertContains\w*|assertStringContains\w*|toContain\w*|)"
      R"(toMatch|toMatchObject|toBeGreaterThan\w*|toBeLessThan\w*|toBeCloseTo|assertGreater\w*|)"
      R"(assertLess\w*|assertAlmost\w*|assertRegex\w*|approx|Approx|isclose|EXPECT_NEAR|)"
      R"(ASSERT_NEAR|\w+_NEAR|\w+_GT|\w+_GE|\w+_LT|\w+_LE|assertRaises\w*|raises|assertThrows|)"
      R"(toThrow\w*|throws\w*|rejects|\w+_THROW\w*|like|unlike|include|match|start_with|)"
      R"(be_within|raise_error|expectException\w*|InDelta|InEpsilon|Contains|HasPrefix|)"
      R"(HasSubstr|assertEqualsWithDelta|isCloseTo|within|starts_with|startswith|endswith|)"
      R"(contains|any|some|should_panic|=~|HasLen|Len|Greater\w*|Less\w*)\b|=~)");
  static const RE2 kEquality(
      R"(===? |\b(?:assert\w*Equals?|assert\w*Equal\w*|assertSame|assert_equal\w*|assertIs|)"
      R"(toBe|toEqual|toStrictEqual|strictEqual|deepEqual|deepStrictEqual|equals?|eq|eql|eq_|)"
      R"(is_deeply|\w+_EQ|\w+_STREQ|assert_eq|isEqualTo|shouldBe|must_equal|Equal|Exactly|)"
      R"(toHaveBeenCalledWith|toHaveLength|cmp_deeply|COMPARE|QCOMPARE|same|strictSame|)"
      R"(assert_called_with|assert_called_once_with|toMatchSnapshot|toMatchInlineSnapshot|)"
      R"(DeepEqual|EqualValues|assert_array_equal|assert_output)\b)");
  if (is_nothing(text)) return Strength::nothing;
  if (text.starts_with("if ") || text.starts_with("else if") || text.starts_with("unless") ||
      text.starts_with("elif")) {
    // A guard fails when its condition holds: `!=` demands equality.
    static const RE2 kUnequal(R"(!=|-ne\b|\bne\b|\bnot\b|DeepEqual|Equal|cmp|!)");
    static const RE2 kErrorOnly(R"(\berr(?:or)? (?:!=|==) nil\b)");
    if (matches(kErrorOnly, text)) return Strength::truth;
    if (text.find('<') != std::string::npos || text.find('>') != std::string::npos)
      return Strength::part;
    return matches(kUnequal, text) ? Strength::equality : Strength::truth;
  }
  if (language == shell) {
    static const RE2 kShellEqual(R"( ==? |-eq|\bdiff\b|\bcmp\b|assert_equal|assert_output)");
    static const RE2 kShellPart(R"(-[lg][te]|=~|\bgrep\b|partial|\*)");
    if (matches(kShellPart, text)) return Strength::part;
    return matches(kShellEqual, text) ? Strength::equality : Strength::truth;
  }
  if (language == perl &&
      (text.starts_with("is (") || text.starts_with("is_deeply") || text.starts_with("cmp_ok") ||
       text.starts_with("plan") || text.starts_with("use Test"))) {
    return Strength::equality;
  }
  const bool equal = matches(kEquality, text);
  const bool part = matches(kPart, text);
  static const RE2 kPartMatcher(
      R"(\b(?:approx|Approx|toBeCloseTo|anything|stringContaining|objectContaining|)"
      R"(arrayContaining|ANY|any_args)\b)");
  if (equal && !matches(kPartMatcher, text)) return Strength::equality;
  if (part || equal) return Strength::part;
  if (matches(kTruth, text)) return Strength::truth;
  static const RE2 kOwn(R"(^(?:self \. )?\w*(?:assert|check|verify|expect|compare)\w+ \()");
  // A helper of their own demands what it demands.
  if (matches(kOwn, text) && !matches(kTruth, text)) return Strength::equality;
  return Strength::truth;
}

// --- Differences -----------------------------------------------------------------------------

std::optional<double> number_of(std::string_view text) {
  std::string digits;
  for (const char byte : text) {
    if (byte != '_' && byte != '\'') digits += byte;
  }
  double value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failure != std::errc() || end == digits.data()) return std::nullopt;
  return value;
}

/// The token before the literal number `index` of `text`, and up to three before that.
std::string context_of(const Assertion& one, std::size_t index) {
  std::size_t seen = 0;
  std::vector<std::string_view> last;
  for (const Token& token : tokens_of(one.text)) {
    const bool literal = token.kind == Token::Kind::number || token.kind == Token::Kind::text;
    if (literal && seen++ == index) break;
    last.push_back(token.text);
  }
  std::string out;
  for (std::size_t i = last.size() > 3 ? last.size() - 3 : 0; i < last.size(); ++i) {
    out += std::string(last[i]) + " ";
  }
  return out;
}

/// What a greater number at this place does: +1 accepts more, -1 accepts less, 0 another value.
int grows(const Assertion& one, std::size_t index) {
  static const RE2 kLooser(
      R"((?i)(?:<=? ?|\b(?:rel|abs|delta|tol\w*|epsilon|eps|rtol|atol|rel_tol|abs_tol|atol|)"
      R"(max_rel\w*|within|be_within) ?[=:(]? ?|[\w]*(?:toleranc|epsilon)\w* (?:=|:=)? ?)$)");
  static const RE2 kTighter(
      R"((?i)(?:>=? ?|\b(?:places|decimal|digits|precision|decimals|significant) ?[=:(]? ?)$)");
  const std::string before = context_of(one, index);
  if (matches(kTighter, before)) return -1;
  if (matches(kLooser, before)) return 1;
  if (one.kind == Assertion::Kind::expected && index == 0 && matches(tolerance_pattern(), one.text))
    return 1;
  const bool last = index + 1 == one.literals.size();
  static const RE2 kLastIsDelta(
      R"(\b(?:\w+_NEAR|InDelta|InEpsilon|assertEqualsWithDelta|isclose|isCloseTo)\b|epsilon \()");
  static const RE2 kLastIsPlaces(R"(\b(?:toBeCloseTo|assertAlmostEqual|assert_almost_equal)\b)");
  if (last && one.literals.size() > 1 && matches(kLastIsDelta, one.text)) return 1;
  if (last && one.literals.size() > 1 && matches(kLastIsPlaces, one.text)) return -1;
  // assertEquals(0.5, x, 0.01) of JUnit.
  static const RE2 kThree(R"(\bassertEquals \( [^,]+ , .+ , [0-9.eE-]+f? \))");
  if (last && matches(kThree, one.text) && one.literals.back().find('.') != std::string::npos)
    return 1;
  return 0;
}

bool is_message(const Assertion& one, std::size_t index) {
  // A text after the last comma of a check that has values before it explains, and demands nothing.
  if (one.kind != Assertion::Kind::check || index + 1 != one.literals.size()) return false;
  const std::string& literal = one.literals[index];
  if (literal.empty() || (literal[0] != '"' && literal[0] != '\'' && literal[0] != '`'))
    return false;
  const std::string before = context_of(one, index);
  if (!before.ends_with(", ")) return false;
  if (one.text.starts_with("assert ") && one.text.find('(') == std::string::npos) return true;
  int commas = 0;
  int depth = 0;
  for (const Token& token : tokens_of(one.text)) {
    if (token.text == "(" || token.text == "[" || token.text == "{") ++depth;
    if (token.text == ")" || token.text == "]" || token.text == "}") --depth;
    if (token.text == "," && depth <= 1) ++commas;
  }
  static const RE2 kOne(
      R"((?i)\b(?:assertTrue|assertFalse|assert_true|ok|assert|assert!|EXPECT_TRUE|notNull|)"
      R"(assertNotNull|isTrue|pass|fail)\b)");
  return commas >= 2 || matches(kOne, one.text);
}

Difference compare_values(const Assertion& before, const Assertion& after) {
  bool looser = false;
  bool tighter = false;
  bool other = false;
  for (std::size_t i = 0; i < before.literals.size(); ++i) {
    if (before.literals[i] == after.literals[i]) continue;
    if (is_message(before, i)) continue;
    const auto was = number_of(before.literals[i]);
    const auto is = number_of(after.literals[i]);
    const int direction = grows(before, i);
    if (was && is && direction != 0) {
      if (*was == *is) continue;
      ((*is > *was) == (direction > 0) ? looser : tighter) = true;
      continue;
    }
    if (was && is && *was == *is) continue;
    // The same text in other quotes.
    const auto inside = [](const std::string& text) {
      return text.size() >= 2 ? text.substr(1, text.size() - 2) : text;
    };
    if (!was && !is && inside(before.literals[i]) == inside(after.literals[i])) continue;
    other = true;
  }
  if (looser) return Difference::weaker;
  if (other) return Difference::value;
  return tighter ? Difference::stricter : Difference::none;
}

bool accepts_anything(const std::string& text) {
  static const RE2 kAnything(
      R"(\banything\b|\bexpect \. any\b|\bmock \. ANY\b|\bANY\b|\bany_args\b|)"
      R"(\bMatchers \. any\b|\bstringContaining\b|\bobjectContaining\b|\barrayContaining\b)");
  return matches(kAnything, text);
}
bool raises_anything(const std::string& text) {
  static const RE2 kBroad(
      R"(\b(?:Exception|BaseException|Throwable|StandardError|std :: exception|)"
      R"(RuntimeException|Error)\b)");
  static const RE2 kRaises(R"((?i)rais|throw|expectException)");
  return matches(kRaises, text) && matches(kBroad, text);
}
bool has_way_out(const std::string& text) {
  static const RE2 kOr(R"( or | \|\| | -o )");
  return matches(kOr, text);
}
std::size_t telling(const Assertion& one) {
  return static_cast<std::size_t>(std::ranges::count_if(
      one.literals, [](const std::string& literal) { return is_telling(literal); }));
}

}  // namespace

std::vector<Assertion> assertions_in(const Scan& scan) { return Collector(scan).run(); }

Difference compare(const Assertion& before, const Assertion& after) {
  if (before.text == after.text) return Difference::none;
  if (after.strength == Strength::nothing && before.strength != Strength::nothing)
    return Difference::weaker;
  if (accepts_anything(after.text) && !accepts_anything(before.text)) return Difference::weaker;
  if (raises_anything(after.text) && !raises_anything(before.text)) return Difference::weaker;
  if (has_way_out(after.text) && !has_way_out(before.text)) return Difference::weaker;
  if (after.strength < before.strength) {
    // What was compared with true, null or nothing says as much as a truth.
    const bool said_more = telling(before) > 0 || before.strength == Strength::part;
    const bool kept_literals =
        after.strength == Strength::part && telling(after) >= telling(before) &&
        before.strength == Strength::equality && before.literals == after.literals;
    if (said_more && !(kept_literals && after.text.find("approx") != std::string::npos)) {
      return Difference::weaker;
    }
  }
  if (after.strength > before.strength && before.kind == after.kind) return Difference::stricter;
  if (before.literals.size() == after.literals.size()) return compare_values(before, after);
  return Difference::none;
}

double likeness(std::string_view one, std::string_view other) {
  std::map<std::string_view, int> words;
  std::size_t count_one = 0;
  std::size_t count_other = 0;
  for (const Token& token : tokens_of(one)) {
    if (token.kind == Token::Kind::sign) continue;
    ++words[token.text];
    ++count_one;
  }
  std::size_t shared = 0;
  for (const Token& token : tokens_of(other)) {
    if (token.kind == Token::Kind::sign) continue;
    ++count_other;
    const auto found = words.find(token.text);
    if (found == words.end() || found->second == 0) continue;
    --found->second;
    ++shared;
  }
  const std::size_t all = count_one + count_other - shared;
  return all == 0 ? 1.0 : static_cast<double>(shared) / static_cast<double>(all);
}

bool is_telling(std::string_view literal) {
  static constexpr std::array<std::string_view, 14> kDull = {
      "0",  "1",    "-1",    "0.0", "1.0", "\"\"",    "''",
      "``", "true", "false", "2",   "0.",  "\"\\n\"", "0u"};
  return literal.size() > 0 && std::ranges::find(kDull, literal) == kDull.end();
}

}  // namespace nightjar::proof
