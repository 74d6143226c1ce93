#include "reason/edits.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "reason/edit_kinds.h"

namespace nightjar::reason {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

SourceFile file_of(const std::string& path, const std::string& text) {
  Result<SourceFile> file = read_source(path, text);
  EXPECT_TRUE(file);
  return *std::move(file);
}

std::vector<Edit> edits_of(const SourceFile& file) {
  return single_site_edits(file, file.names.functions, [](int) { return true; });
}

// One line "kind: text after the edit" for each edit.
std::vector<std::string> changes(const std::string& path, const std::string& text) {
  const SourceFile file = file_of(path, text);
  std::vector<std::string> out;
  for (const Edit& edit : edits_of(file)) {
    if (!still_parses(file, edit)) continue;
    out.push_back(std::string(edit.kind) + ": " + apply_edit(text, edit));
  }
  return out;
}

struct Golden {
  const char* name;
  const char* path;
  const char* text;
  const char* expected;
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.name; }

class EditKinds : public testing::TestWithParam<Golden> {};

TEST_P(EditKinds, OfferTheExpectedChange) {
  const Golden& golden = GetParam();

  const auto offered = changes(golden.path, golden.text);

  EXPECT_THAT(offered, Contains(golden.expected));
}

constexpr const char* kMax = "int max(int a, int b) { return a; }\n";

INSTANTIATE_TEST_SUITE_P(
    C, EditKinds,
    testing::Values(
        Golden{"comparison", "a.c", "int f(int i, int n) { return i < n; }",
               "comparison operator: int f(int i, int n) { return i <= n; }"},
        Golden{"arithmetic", "a.c", "int f(int i, int n) { return i + n; }",
               "arithmetic operator: int f(int i, int n) { return i - n; }"},
        Golden{"logic", "a.c", "int f(int i, int n) { return i && n; }",
               "logic operator: int f(int i, int n) { return i || n; }"},
        Golden{"assigned sum", "a.c", "void f(int i) { i += 2; }",
               "assignment operator: void f(int i) { i -= 2; }"},
        Golden{"assignment for equality", "a.c", "void f(int i) { if (i = 2) f(1); }",
               "assignment operator: void f(int i) { if (i == 2) f(1); }"},
        Golden{"constant", "a.c", "int f(void) { return 10; }",
               "constant: int f(void) { return 9; }"},
        Golden{"macro constant", "a.c", "#define LIMIT 10\n", "constant: #define LIMIT 11\n"},
        Golden{"other constant", "a.c", "int f(void) { return 10 + 32; }",
               "constant: int f(void) { return 32 + 32; }"},
        Golden{"index", "a.c", "int f(int *a, int i) { return a[i]; }",
               "off by one: int f(int *a, int i) { return a[i - 1]; }"},
        Golden{"variable", "a.c", "int f(int a, int b) { return a; }",
               "variable: int f(int a, int b) { return b; }"},
        Golden{"written variable", "a.c", "void f(int a, int b) { a = 1; }",
               "variable: void f(int a, int b) { b = 1; }"},
        Golden{"field", "a.c", "struct s { int x; int y; }; int f(struct s *p) { return p->x; }",
               "field: struct s { int x; int y; }; int f(struct s *p) { return p->y; }"},
        Golden{"negation", "a.c", "int f(int a) { if (a) return 1; return 0; }",
               "negated condition: int f(int a) { if (!a) return 1; return 0; }"},
        Golden{"dropped not", "a.c", "int f(int a) { if (!a) return 1; return 0; }",
               "unary operator: int f(int a) { if (a) return 1; return 0; }"},
        Golden{"one more test", "a.c", "int f(char *a) { while (*a) a++; return 0; }",
               "condition: int f(char *a) { while (a != NULL && *a) a++; return 0; }"},
        Golden{"operand swap", "a.c", "int f(int a, int b) { return a - b; }",
               "operand swap: int f(int a, int b) { return b - a; }"},
        Golden{"operand drop", "a.c", "int f(int a, int b) { return a && b; }",
               "operand drop: int f(int a, int b) { return a; }"},
        Golden{"grouping", "a.c", "int f(int a, int b) { return a + b / 2; }",
               "grouping: int f(int a, int b) { return (a + b) / 2; }"},
        Golden{"argument swap", "a.c", "int f(int a, int b) { return f(a, b); }",
               "argument swap: int f(int a, int b) { return f(b, a); }"},
        Golden{"twin function", "a.c", "int f(int a) { return isdigit(a); }",
               "call swap: int f(int a) { return isalpha(a); }"},
        Golden{"own function", "a.c",
               "int low(int a) { return a; }\nint high(int a) { return low(a); }\n",
               "call swap: int low(int a) { return a; }\nint high(int a) { return high(a); }\n"},
        Golden{"guard", "a.c", "int f(int a, int b) {\n  return a / b;\n}\n",
               "guard: int f(int a, int b) {\n  if (b == 0) return 0;\n  return a / b;\n}\n"},
        Golden{"drop", "a.c", "void f(int a) {\n  a++;\n  a--;\n}\n",
               "statement drop: void f(int a) {\n  a--;\n}\n"},
        Golden{"swap with neighbour", "a.c", "void f(int a) {\n  a++;\n  a--;\n}\n",
               "statement move: void f(int a) {\n  a--;\n  a++;\n}\n"},
        Golden{"out of a loop", "a.c",
               "void f(int a) {\n  while (a) {\n    a--;\n    f(a);\n  }\n}\n",
               "statement move: void f(int a) {\n  while (a) {\n    a--;\n  }\n  f(a);\n}\n"},
        Golden{"into a loop", "a.c", "void f(int a) {\n  while (a) {\n    a--;\n  }\n  f(a);\n}\n",
               "statement move: void f(int a) {\n  while (a) {\n    a--;\n    f(a);\n  }\n}\n"},
        Golden{"missing return", "a.c", "int f(int a) {\n  a++;\n}\n",
               "missing return: int f(int a) {\n  a++;\n  return a;\n}\n"},
        Golden{"forgotten value", "a.c", "int f(int a) {\n  f(a - 1);\n}\n",
               "missing return: int f(int a) {\n  return f(a - 1);\n}\n"},
        Golden{"missing break", "a.c",
               "void f(int a) {\n  switch (a) {\n    case 1:\n      a++;\n    default:\n      "
               "a--;\n  }\n}\n",
               "missing jump: void f(int a) {\n  switch (a) {\n    case 1:\n      a++;\n      "
               "break;\n    default:\n      a--;\n  }\n}\n"},
        Golden{"format", "a.c", "void f(int a) { printf(\"%d\", a); }",
               "text: void f(int a) { printf(\"%d\\n\", a); }"},
        Golden{"division as double", "a.c", "double f(int a, int b) { return a / b; }",
               "missing conversion: double f(int a, int b) { return (double)a / b; }"},
        Golden{"first value", "a.c", "int f(void) { int sum; sum++; return sum; }",
               "constant: int f(void) { int sum = 0; sum++; return sum; }"},
        Golden{"end of text", "a.c", "void f(char *s, int i) {\n  s[i] = 'a';\n}\n",
               "missing statement: void f(char *s, int i) {\n  s[i] = 'a';\n  s[i] = '\\0';\n}\n"},
        Golden{"forgotten link", "a.c",
               "struct s { struct s *next; };\nvoid f(struct s *a, struct s *b) {\n  g(a);\n}\n",
               "missing statement: struct s { struct s *next; };\nvoid f(struct s *a, struct s *b) "
               "{\n  g(a);\n  a->next = b;\n}\n"},
        Golden{"forgotten count", "a.c", "void f(int n, int a) {\n  g(n);\n}\n",
               "missing statement: void f(int n, int a) {\n  g(n);\n  n++;\n}\n"},
        Golden{"else", "a.c", "void f(int a) {\n  if (a) a = 1;\n  if (!a) a = 2;\n}\n",
               "branch: void f(int a) {\n  if (a) a = 1;\n  else if (!a) a = 2;\n}\n"}));

INSTANTIATE_TEST_SUITE_P(
    Python, EditKinds,
    testing::Values(
        Golden{"comparison", "a.py", "def f(i, n):\n    return i < n\n",
               "comparison operator: def f(i, n):\n    return i <= n\n"},
        Golden{"is", "a.py", "def f(i):\n    return i is None\n",
               "comparison operator: def f(i):\n    return i is not None\n"},
        Golden{"whole division", "a.py", "def f(i, n):\n    return i / n\n",
               "arithmetic operator: def f(i, n):\n    return i // n\n"},
        Golden{"logic", "a.py", "def f(i, n):\n    return i and n\n",
               "logic operator: def f(i, n):\n    return i or n\n"},
        Golden{"assigned sum", "a.py", "def f(i):\n    i -= 1\n",
               "assignment operator: def f(i):\n    i += 1\n"},
        Golden{"constant", "a.py", "def f():\n    return 1\n",
               "constant: def f():\n    return 0\n"},
        Golden{"truth", "a.py", "def f():\n    return True\n",
               "constant: def f():\n    return False\n"},
        Golden{"range", "a.py", "def f(n):\n    return range(n)\n",
               "off by one: def f(n):\n    return range(n + 1)\n"},
        Golden{"range from one", "a.py", "def f(n):\n    return range(n)\n",
               "off by one: def f(n):\n    return range(1, n)\n"},
        Golden{"slice", "a.py", "def f(a, n):\n    return a[:n]\n",
               "off by one: def f(a, n):\n    return a[:n - 1]\n"},
        Golden{"variable", "a.py", "def f(a, b):\n    return a\n",
               "variable: def f(a, b):\n    return b\n"},
        Golden{"attribute", "a.py", "def f(a):\n    return a.x + a.y\n",
               "field: def f(a):\n    return a.y + a.y\n"},
        Golden{"text", "a.py", "def f(d):\n    return d['a'] + d['b']\n",
               "text: def f(d):\n    return d['b'] + d['b']\n"},
        Golden{"negation", "a.py", "def f(a):\n    if a:\n        return 1\n",
               "negated condition: def f(a):\n    if not a:\n        return 1\n"},
        Golden{"dropped not", "a.py", "def f(a):\n    if not a:\n        return 1\n",
               "unary operator: def f(a):\n    if a:\n        return 1\n"},
        Golden{"one more test", "a.py", "def f(a):\n    while a[0]:\n        a = 1\n",
               "condition: def f(a):\n    while a and a[0]:\n        a = 1\n"},
        Golden{"guard", "a.py", "def f(a):\n    return sum(a) / len(a)\n",
               "guard: def f(a):\n    if not a:\n        return 0\n    return sum(a) / len(a)\n"},
        Golden{"twin function", "a.py", "def f(a):\n    return min(a)\n",
               "call swap: def f(a):\n    return max(a)\n"},
        Golden{"twin method", "a.py", "def f(a, b):\n    a.append(b)\n",
               "call swap: def f(a, b):\n    a.extend(b)\n"},
        Golden{"argument swap", "a.py", "def f(a, b):\n    return f(a, b)\n",
               "argument swap: def f(a, b):\n    return f(b, a)\n"},
        Golden{"drop", "a.py", "def f(a):\n    a += 1\n    return a\n",
               "statement drop: def f(a):\n    return a\n"},
        Golden{"drop the only one", "a.py", "def f(a):\n    if a:\n        a = 1\n    return a\n",
               "statement drop: def f(a):\n    if a:\n        pass\n    return a\n"},
        Golden{"return behind the loop", "a.py",
               "def f(a):\n    for b in a:\n        a = b\n        return b\n",
               "statement move: def f(a):\n    for b in a:\n        a = b\n    return b\n"},
        Golden{"missing return", "a.py", "def f(a):\n    b = a + 1\n",
               "missing return: def f(a):\n    b = a + 1\n    return b\n"},
        Golden{"forgotten value", "a.py", "def f(a):\n    f(a - 1)\n",
               "missing return: def f(a):\n    return f(a - 1)\n"},
        Golden{"missing break", "a.py", "def f(a):\n    for b in a:\n        c = b\n    return c\n",
               "missing jump: def f(a):\n    for b in a:\n        c = b\n        break\n    return "
               "c\n"},
        Golden{"conversion", "a.py", "def f(a):\n    return g(a)\n",
               "missing conversion: def f(a):\n    return g(int(a))\n"},
        Golden{"method of text", "a.py", "def f(a):\n    return g(a)\n",
               "missing conversion: def f(a):\n    return g(a.strip())\n"},
        Golden{"descending", "a.py", "def f(a):\n    return sorted(a)\n",
               "argument: def f(a):\n    return sorted(a, reverse=True)\n"},
        Golden{
            "if for elif", "a.py",
            "def f(a):\n    if a:\n        return 1\n    if not a:\n        return 2\n",
            "branch: def f(a):\n    if a:\n        return 1\n    elif not a:\n        return 2\n"},
        Golden{"shared default", "a.py", "def f(a, b=[]):\n    b.append(a)\n    return b\n",
               "constant: def f(a, b=None):\n    b = [] if b is None else b\n    b.append(a)\n"
               "    return b\n"}));

TEST(Edits, NeverOfferTheSameTextTwiceNorTheOldOne) {
  const std::string text = "int f(int a, int b) { if (a < b && b != 0) return a - 1; return b; }";
  const SourceFile file = file_of("a.c", text);

  std::vector<std::string> texts = {text};
  for (const Edit& edit : edits_of(file)) texts.push_back(apply_edit(text, edit));
  std::sort(texts.begin(), texts.end());

  EXPECT_EQ(std::adjacent_find(texts.begin(), texts.end()), texts.end());
}

TEST(Edits, ComeCheapestFirst) {
  const SourceFile file = file_of("a.c", std::string(kMax));

  const auto edits = edits_of(file);

  EXPECT_TRUE(std::is_sorted(edits.begin(), edits.end(), [](const Edit& left, const Edit& right) {
    return left.prior < right.prior;
  }));
}

TEST(Edits, StayOnWantedLines) {
  const SourceFile file = file_of("a.py", "def f(a):\n    a += 1\n    return a\n");

  const auto edits = single_site_edits(file, {}, [](int line) { return line == 3; });

  ASSERT_FALSE(edits.empty());
  for (const Edit& edit : edits) EXPECT_EQ(edit.line, 3) << edit.because;
}

TEST(Edits, KeepWindowsLineEnds) {
  const auto offered = changes("a.c", "int f(int a, int b) {\r\n  return a / b;\r\n}\r\n");

  EXPECT_THAT(offered, Contains("guard: int f(int a, int b) {\r\n  if (b == 0) return 0;\r\n"
                                "  return a / b;\r\n}\r\n"));
}

TEST(Edits, ThatBreakTheSyntaxAreKnown) {
  const SourceFile file = file_of("a.py", "def f(a):\n    return a\n");
  Edit edit;
  edit.start = 0;
  edit.end = 3;
  edit.replacement = "fed";

  EXPECT_FALSE(still_parses(file, edit));
}

TEST(Edits, SayWhatWasWrong) {
  const SourceFile file = file_of("a.c", "int f(int i, int n) { return i < n; }");

  const auto edits = edits_of(file);

  const auto found = std::find_if(edits.begin(), edits.end(),
                                  [](const Edit& edit) { return edit.replacement == "<="; });
  ASSERT_NE(found, edits.end());
  EXPECT_EQ(found->because, "the comparison `<` should be `<=`");
}

TEST(Edits, CountChangedTokens) {
  const std::string text = "int f(int i, int n) { return i < n; }";
  Edit edit;
  edit.start = 29;
  edit.end = 30;
  edit.replacement = "count";

  EXPECT_EQ(text.substr(edit.start, 1), "i");
  EXPECT_EQ(changed_tokens(text, edit), 2);
}

TEST(Edits, OfBrokenSourceAreNoReasonToFail) {
  for (const char* text :
       {"", "}", "int f( {", "\xff\xfe", "#if", "\"", "int f(void) { return (((((("}) {
    EXPECT_THAT(changes("a.c", text), Not(Contains("")));
    EXPECT_THAT(changes("a.py", text), Not(Contains("")));
  }
}

TEST(ReadSource, RefusesWhatIsNoSource) {
  EXPECT_FALSE(read_source("notes.txt", "hello"));
  EXPECT_TRUE(read_source("tool", "#!/usr/bin/env python3\nprint(1)\n"));
  EXPECT_EQ(read_source("a.c", std::string(kSourceBytesMax + 1, ' ')).error().code,
            ErrorCode::exhausted);
}

TEST(Syntax, SurvivesDeepNesting) {
  const Result<SourceFile> file = read_source("a.c", std::string(100'000, '('));

  EXPECT_TRUE(file);
}

}  // namespace
}  // namespace nightjar::reason
