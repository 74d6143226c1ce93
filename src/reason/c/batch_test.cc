#include "reason/c/batch.h"

#include <gmock/gmock.h>

namespace nightjar::reason::c {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SyntaxTree tree_of(const std::string& text) { return *parse_source(Language::c, text); }

Edit edit_of(const std::string& text, const std::string& from, const std::string& to) {
  Edit edit;
  edit.start = static_cast<std::uint32_t>(text.find(from));
  edit.end = edit.start + static_cast<std::uint32_t>(from.size());
  edit.replacement = to;
  return edit;
}

bool can_be(const std::string& text, const std::string& from) {
  return can_be_variant(tree_of(text), edit_of(text, from, "x"));
}

TEST(Variants, StandBesideTheOriginalBehindADispatcher) {
  const std::string text = "static int f(int a, char *b) {\n  return a < 1;\n}\nint g;\n";
  const Edit edit = edit_of(text, "<", "<=");

  const std::string out = with_variants(tree_of(text), {{7, &edit}});

  EXPECT_THAT(out, HasSubstr("static int f(int a, char *b) ;\n"));
  EXPECT_THAT(out, HasSubstr("static int nightjar_0_f(int a, char *b) {\n  return a < 1;\n}"));
  EXPECT_THAT(out, HasSubstr("static int nightjar_7_f(int a, char *b) {\n  return a <= 1;\n}"));
  EXPECT_THAT(out,
              HasSubstr("case 7: return nightjar_7_f(a, b); default: return nightjar_0_f(a, b);"));
  EXPECT_THAT(out, HasSubstr("int g;\n"));
  EXPECT_EQ(tree_of(out).mistakes(), 0);
}

TEST(Variants, OfFunctionsWithoutAValueReturnNone) {
  const std::string text = "void f(void) { g(1); }\n";
  const Edit edit = edit_of(text, "1", "2");

  const std::string out = with_variants(tree_of(text), {{1, &edit}});

  EXPECT_THAT(out, HasSubstr("case 1: nightjar_1_f(); return; "));
  EXPECT_EQ(tree_of(out).mistakes(), 0);
}

TEST(Variants, OfMainEndWithZero) {
  const std::string text = "int main(int argc, char **argv) { g(1); }\n";
  const Edit edit = edit_of(text, "1", "2");

  const std::string out = with_variants(tree_of(text), {{1, &edit}});

  EXPECT_THAT(out, HasSubstr("nightjar_1_main(int argc, char **argv) { g(2);  return 0; }"));
}

TEST(Variants, AreOnlyPossibleInsideAnOrdinaryBody) {
  EXPECT_TRUE(can_be("int f(int a) { return a + 1; }", "+"));
  EXPECT_TRUE(can_be("struct s *f(int a[3], int (*b)(int)) { return a + 1; }", "+"));
  EXPECT_FALSE(can_be("int f(int a, ...) { return a + 1; }", "+"));
  EXPECT_FALSE(can_be("int f(int) { return a + 1; }", "+"));
  EXPECT_FALSE(can_be("inline int f(int a) { return a + 1; }", "+"));
  EXPECT_FALSE(can_be("__attribute__((noinline)) int f(int a) { return a + 1; }", "+"));
  EXPECT_FALSE(can_be("int f(int a) { puts(__func__); return a + 1; }", "+"));
  EXPECT_FALSE(can_be("int f(int a) { return a; } int limit = 10;", "10"));
  EXPECT_FALSE(can_be("int f(int a) { return a; }", "int a"));
  EXPECT_FALSE(can_be("int f(a) int a; { return a + 1; }", "+"));
  EXPECT_FALSE(can_be("int f(int a) { return a + 1; } }", "+"));
}

TEST(VariantsInErrors, AreThoseTheCompilerNames) {
  EXPECT_THAT(variants_in_errors("nightjar-17: In function 'nightjar_17_f':\n"
                                 "nightjar-17:3:5: error: invalid operands\n"
                                 "nightjar-18:3:5: warning: an error here is only a name\n"),
              ElementsAre(17));
}

TEST(VariantsInErrors, AreThoseTheLinkerNames) {
  EXPECT_THAT(variants_in_errors("/usr/bin/ld: a.o: in function `nightjar_21_f':\n"
                                 "a.c:(.text+0x3): undefined reference to `fabs'\n"),
              ElementsAre(21));
}

TEST(VariantsInErrors, AreNoneInOtherComplaints) {
  EXPECT_THAT(variants_in_errors("make: *** [Makefile:3: tool] Error 1\nerror: nightjar\n"),
              IsEmpty());
  EXPECT_THAT(variants_in_errors(""), IsEmpty());
}

}  // namespace
}  // namespace nightjar::reason::c
