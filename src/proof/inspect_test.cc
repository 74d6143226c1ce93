#include "proof/inspect.h"

#include <gmock/gmock.h>

#include "proof/review.h"

namespace nightjar::proof {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

FileChange changed(const std::string& path, const std::string& before, const std::string& after) {
  FileChange file;
  file.path = path;
  file.before = before;
  file.after = after;
  return file;
}

Inspection inspected(std::vector<FileChange> files, std::vector<std::string> ids = {}) {
  Result<Inspection> found =
      inspect({.files = std::move(files), .requirement_ids = std::move(ids)});
  EXPECT_TRUE(found);
  return *std::move(found);
}

TEST(Inspect, NamesTheLinesThatTestsMustExecute) {
  const Inspection found = inspected({changed(
      "src/a.py", "def f(x):\n    return x\n",
      "def f(x):\n    \"\"\"Twice.\"\"\"\n\n    # doubled\n    y = 2 * x\n    return y\n")});

  EXPECT_THAT(found.changed_lines, ElementsAre(Pair("src/a.py", UnorderedElementsAre(5, 6))));
  EXPECT_TRUE(found.touches_source);
  EXPECT_FALSE(found.only_words);
}

TEST(Inspect, TellsWordsFromWork) {
  EXPECT_TRUE(inspected({changed("README.md", "a\n", "b\n")}).only_words);
  EXPECT_TRUE(inspected({changed("a.c", "int x; // one\n", "int x; // two\n\n")}).only_words);
  EXPECT_FALSE(inspected({changed("a.c", "int x = 1;\n", "int x = 2;\n")}).only_words);
  // A comment marker inside of a literal is code.
  EXPECT_FALSE(inspected({changed("a.py", "x = \"# one\"\n", "x = \"# two\"\n")}).only_words);
  EXPECT_FALSE(
      inspected({changed("data.bin", std::string("\0a", 2), std::string("\0b", 2))}).only_words);
}

TEST(Inspect, TellsTestsAloneFromTheRest) {
  const FileChange test = changed("tests/test_a.py", "def test_a():\n    assert 1\n",
                                  "def test_a():\n    assert 1\n\n\ndef test_b():\n    assert 2\n");

  EXPECT_TRUE(inspected({test}).only_tests);
  EXPECT_TRUE(inspected({test, changed("README.md", "a\n", "b\n")}).only_tests);
  EXPECT_FALSE(inspected({test, changed("a.py", "x = 1\n", "x = 2\n")}).only_tests);
  EXPECT_THAT(inspected({test}).judge_files, ElementsAre("tests/test_a.py"));
}

TEST(Inspect, RemembersTestsThatAreCalledOtherwise) {
  const Inspection found = inspected({changed(
      "tests/test_a.py", "def test_leaves_out_digits():\n    assert slug(\"Top 10\") == \"top\"\n",
      "def test_keeps_digits():\n    assert slug(\"Top 10\") == \"top-10\"\n")});

  EXPECT_THAT(found.renamed_tests, ElementsAre("test_leaves_out_digits"));
}

TEST(Inspect, RefusesMoreFilesThanItReads) {
  InspectInput input;
  input.files.resize(kFilesMax + 1, changed("a.py", "", "x\n"));

  const Result<Inspection> found = inspect(input);

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::exhausted);
}

TEST(Inspection, ComesBackFromItsJson) {
  const Inspection found =
      inspected({changed("a.py", "def f(): pass\n", "def f(x): pass\n"),
                 changed("tests/test_a.py", "def test_a():\n    assert f() == 1\n", "")},
                {"R1"});

  const Result<Inspection> again = inspection_from(to_json(found));

  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json(*again), to_json(found));
  EXPECT_FALSE(found.findings.empty());
  EXPECT_FALSE(inspection_from(Json("x")));
  EXPECT_FALSE(inspection_from(Json::object()));
}

TEST(Review, CountsByKindAndNamesWhatOthersUse) {
  const Inspection found =
      inspected({changed("src/api.py", "def old(a):\n    pass\ndef kept():\n    pass\n",
                         "def kept(b):\n    pass\ndef fresh():\n    pass\n"),
                 changed("docs/a.md", "R1\n", "R1 and AUTH-3\n")},
                {"R1", "AUTH-3", "AUTH-30"});

  EXPECT_EQ(found.review.by_kind.at("docs").added, 1);
  EXPECT_THAT(found.review.public_names,
              UnorderedElementsAre("removed old (src/api.py)", "changed kept (src/api.py)",
                                   "added fresh (src/api.py)"));
  EXPECT_THAT(found.review.requirement_ids, ElementsAre("R1", "AUTH-3"));
  EXPECT_FALSE(found.review.over_limit);
}

TEST(Review, ProposesPartsOfWhatIsTooLarge) {
  std::string text;
  for (int i = 0; i < kReviewLinesMax; ++i) text += "x" + std::to_string(i) + " = 1\n";

  const Review review =
      inspected({changed("one/a.py", "", text), changed("two/b.py", "", text)}).review;

  EXPECT_TRUE(review.over_limit);
  EXPECT_THAT(review.split, ElementsAre(HasSubstr("one"), HasSubstr("two")));
}

struct Manifest {
  const char* path;
  const char* text;
  const char* name;
  const char* version;
};

TEST(Dependencies, AreReadFromTheUsualManifests) {
  const std::vector<Manifest> manifests = {
      {"requirements-dev.txt", "# tools\nrequests[socks]>=2.31  # web\nsix\n", "requests",
       ">=2.31"},
      {"pyproject.toml", "[project]\ndependencies = [\n  \"attrs >= 21\",\n]\n", "attrs", ">= 21"},
      {"package.json", "{\"devDependencies\": {\"mocha\": \"^10\"}}", "mocha", "^10"},
      {"composer.json", "{\"require\": {\"psr/log\": \"3.*\"}}", "psr/log", "3.*"},
      {"Cargo.toml", "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\n", "serde", "\"1\""},
      {"go.mod", "module x\nrequire (\n\tgolang.org/x/text v0.3.0\n)\n", "golang.org/x/text",
       "v0.3.0"},
      {"pom.xml",
       "<dependency><groupId>a</groupId><artifactId>junit</artifactId><version>4</version>"
       "</dependency>",
       "junit", "4"},
      {"Gemfile", "gem 'rack', '~> 3'\n", "rack", ", '~> 3'"},
  };
  for (const Manifest& manifest : manifests) {
    EXPECT_THAT(dependencies_in(std::string("sub/") + manifest.path, manifest.text),
                Contains(Pair(manifest.name, manifest.version)))
        << manifest.path;
  }
  EXPECT_THAT(dependencies_in("a.txt", "requests>=2\n"), IsEmpty());
  EXPECT_THAT(dependencies_in("package.json", "{"), IsEmpty());
}

}  // namespace
}  // namespace nightjar::proof
