#include "factory/parted_change.h"

#include <gmock/gmock.h>

#include "repo/testing/scratch_repository.h"

namespace nightjar::factory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kRust =
    "pub fn twice(x: i32) -> i32 {\n    x + x\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n"
    "    fn twice_one() {}\n}\n";

repo::Change content(const std::string& text) { return {.content = text}; }

std::vector<std::string> names(const repo::Changes& changes) {
  std::vector<std::string> out;
  for (const auto& [path, change] : changes) out.push_back(path);
  return out;
}

class PartChange : public testing::Test {
 protected:
  PartChange() {
    scratch_.write("src/lib.rs", kRust);
    scratch_.write("src/a.py", "x = 1\n");
    scratch_.write("tests/test_a.py", "def test_a(): pass\n");
    commit_ = scratch_.commit_all();
  }
  PartedChange part(const repo::Changes& changes) {
    const Result<repo::Repository> repository = repo::Repository::open(scratch_.path());
    EXPECT_TRUE(repository);
    Result<PartedChange> parted = part_change(*repository, commit_, changes);
    EXPECT_TRUE(parted) << parted.error().message;
    return *std::move(parted);
  }

  repo::testing::ScratchRepository scratch_;
  std::string commit_;
};

TEST_F(PartChange, PutsJudgesAndProductApart) {
  const PartedChange parted = part({{"src/a.py", content("x = 2\n")},
                                    {"tests/test_a.py", content("def test_a(): assert 1\n")},
                                    {".github/workflows/ci.yml", content("on: push\n")},
                                    {"README.md", content("words\n")}});

  EXPECT_THAT(names(parted.tests), ElementsAre("tests/test_a.py"));
  EXPECT_THAT(names(parted.judges), ElementsAre(".github/workflows/ci.yml", "tests/test_a.py"));
  EXPECT_THAT(names(parted.product), ElementsAre("README.md", "src/a.py"));
}

// A change that writes "generated" into a test does not make it something else.
TEST_F(PartChange, BelievesTheBaseNotTheChangeAboutWhatAFileIs) {
  const PartedChange parted =
      part({{"tests/test_a.py", content("# @generated\ndef test_a(): pass\n")}});

  EXPECT_THAT(names(parted.tests), ElementsAre("tests/test_a.py"));
  EXPECT_THAT(parted.product, IsEmpty());
}

TEST_F(PartChange, CutsTestsOutOfARustFileThatHoldsThem) {
  std::string changed = kRust;
  changed.replace(changed.find("x + x"), 5, "2 * x");
  changed.replace(changed.find("twice_one"), 9, "twice_two");

  const PartedChange parted = part({{"src/lib.rs", content(changed)}});

  std::string demanded = kRust;
  demanded.replace(demanded.find("twice_one"), 9, "twice_two");
  std::string product = kRust;
  product.replace(product.find("x + x"), 5, "2 * x");
  EXPECT_THAT(parted.tests, ElementsAre(Pair("src/lib.rs", content(demanded))));
  EXPECT_THAT(parted.product, ElementsAre(Pair("src/lib.rs", content(product))));
}

TEST_F(PartChange, LeavesARustFileWholeWhoseTestsStay) {
  std::string changed = kRust;
  changed.replace(changed.find("x + x"), 5, "2 * x");

  const PartedChange parted = part({{"src/lib.rs", content(changed)}});

  EXPECT_THAT(parted.tests, IsEmpty());
  EXPECT_THAT(parted.product, ElementsAre(Pair("src/lib.rs", content(changed))));
}

TEST(InlineTests, AreOnlyThoseThatEndTheFile) {
  const std::string text = kRust;
  EXPECT_EQ(inline_tests_at(text), text.find("#[cfg(test)]"));
  EXPECT_EQ(inline_tests_at(text + "pub fn after() {}\n"), std::string::npos);
  EXPECT_EQ(inline_tests_at("pub fn a() {}\n"), std::string::npos);
  EXPECT_EQ(inline_tests_at("#[cfg(test)]\nuse std::io;\n"), std::string::npos);
  EXPECT_EQ(inline_tests_at(""), std::string::npos);
}

}  // namespace
}  // namespace nightjar::factory
