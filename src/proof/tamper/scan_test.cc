#include "proof/tamper/scan.h"

#include <gtest/gtest.h>

namespace nightjar::proof {
namespace {

struct Case {
  Language language;
  std::string text;
  std::string code;
};

// Where a literal ends is what everything behind it hangs on.
TEST(Scan, KnowsWhereALiteralEnds) {
  const std::string tail = "; f()";
  const Case cases[] = {
      {Language::go, R"(s = `key = "\`)", "s = `        `"},
      {Language::go, R"(s = "a\"b")", R"(s = "    ")"},
      {Language::kotlin, R"(s = """a\""")", R"(s = """  """)"},
      {Language::java, R"(s = """a\"""b""")", R"(s = """      """)"},
      {Language::shell, R"(s='a\')", "s='  '"},
      {Language::rust, R"(s = r"a\")", R"(s = r"  ")"},
      {Language::c, R"x(s = R"(a"\)")x", R"x(s = R"(   )")x"},
      {Language::javascript, R"(s = `a\`${"`"}`)", "s = `         `"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(scan(one.language, one.text + tail).code, one.code + tail) << one.text;
  }
}

}  // namespace
}  // namespace nightjar::proof
