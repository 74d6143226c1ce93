#include "reason/c/instrument.h"

#include <gmock/gmock.h>

namespace nightjar::reason::c {
namespace {

// Without the lines before the source.
std::string body_of(const std::string& text, Depth depth = Depth::declarations_too) {
  const std::string out = instrumented(*parse_source(Language::c, text), 100, 4096, depth);
  const std::string mark = "#line 1\n";
  return out.substr(out.find(mark) + mark.size());
}

TEST(Instrument, MarksEachStatementBeforeItRuns) {
  EXPECT_EQ(body_of("int f(int a) {\n  a++;\n  return a;\n}\n"),
            "int f(int a) {\n  nightjar_hit(102U); a++;\n  nightjar_hit(103U); return a;\n}\n");
}

TEST(Instrument, MarksConditionsAndBodiesWithoutBraces) {
  EXPECT_EQ(body_of("void f(int a) {\n  while (a)\n    a--;\n}\n"),
            "void f(int a) {\n  nightjar_hit(102U); while ((nightjar_hit(102U), a))\n"
            "    { nightjar_hit(103U); a--; }\n}\n");
}

TEST(Instrument, KeepsElseWithItsIf) {
  EXPECT_EQ(body_of("void f(int a) {\n  if (a) a = 1;\n  else a = 2;\n}\n"),
            "void f(int a) {\n  nightjar_hit(102U); if ((nightjar_hit(102U), a)) { "
            "nightjar_hit(102U); a = 1; }\n  else { nightjar_hit(103U); a = 2; }\n}\n");
}

TEST(Instrument, LeavesDeclarationsAloneForOldCompilers) {
  const std::string text = "void f(void) {\n  int a = 1;\n  g(a);\n}\n";

  EXPECT_EQ(body_of(text, Depth::statements_only),
            "void f(void) {\n  int a = 1;\n  nightjar_hit(103U); g(a);\n}\n");
}

TEST(Instrument, LeavesTextOutsideOfFunctionsAlone) {
  const std::string text = "#define F(x) do { g(x); } while (0)\nint a = 1;\n";

  EXPECT_EQ(body_of(text), text);
}

}  // namespace
}  // namespace nightjar::reason::c
