// `nightjar prove` on changes that git made, as a user runs it: verdicts, reports, evidence.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "program.h"

namespace nightjar::e2e {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSlug = R"(import re


def slug(title):
    """The title in an address: words in lower case, joined by "-"."""
    return "-".join(re.findall(r"[a-z]+", title.lower()))


def shorten(text, most):
    """At most `most` characters."""
    if len(text) > most:
        return text[:most]
    return text
)";
constexpr const char* kTests = R"(import unittest

from slugs import shorten, slug


class Slug(unittest.TestCase):
    def test_joins_words(self):
        self.assertEqual(slug("Big News"), "big-news")

    def test_leaves_out_digits(self):
        self.assertEqual(slug("Top 10"), "top")


class Shorten(unittest.TestCase):
    def test_cuts(self):
        self.assertEqual(shorten("abcdef", 3), "abc")


if __name__ == "__main__":
    unittest.main()
)";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// What the new behaviour looks like in code, and an honest test of it.
std::string keeps_digits() { return with(kSlug, "[a-z]+", "[a-z0-9]+"); }
std::string added_test(const std::string& tests) {
  return with(tests, "\n\nclass Shorten",
              "\n    def test_keeps_years(self):\n"
              "        self.assertEqual(slug(\"Review of 2024\"), \"review-of-2024\")\n\n\n"
              "class Shorten");
}
std::string honest_tests() {
  return added_test(with(with(kTests, "test_leaves_out_digits", "test_keeps_digits"),
                         "slug(\"Top 10\"), \"top\"", "slug(\"Top 10\"), \"top-10\""));
}

class Prove : public testing::Test {
 protected:
  Prove() {
    bench_.write("slugs.py", kSlug);
    bench_.write("tests/__init__.py", "");
    bench_.write("tests/test_slugs.py", kTests);
    bench_.write("README.md", "# Slugs\n");
    bench_.commit_all();
  }

  void commit_on(const std::string& branch, const std::map<std::string, std::string>& files) {
    bench_.git({"checkout", "-q", "-b", branch, "main"});
    for (const auto& [path, content] : files) bench_.write(path, content);
    bench_.git({"add", "-A"});
    bench_.git(
        {"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", branch});
    bench_.git({"checkout", "-q", "main"});
  }

  Json prove(const std::string& branch, int status) {
    const Ended ended = bench_.nightjar({"prove", branch, "--json"});
    EXPECT_EQ(ended.status, status) << ended.err;
    return ended.last_json();
  }

  static std::vector<std::string> codes(const Json& proof) {
    std::vector<std::string> out;
    const Json* reasons = proof.find("reasons");
    for (const Json& reason : reasons == nullptr ? Json::Array{} : reasons->as_array()) {
      out.push_back(reason.string_or("code", ""));
    }
    return out;
  }

  Bench bench_;
};

// Issue: the same code, once with the tests that an agent bent and once with honest ones.
TEST_F(Prove, RefusesAnAgentsEditedTestsAndProvesTheSameCodeWithHonestOnes) {
  commit_on("bent",
            {{"slugs.py", keeps_digits()},
             {"tests/test_slugs.py", with(kTests, "self.assertEqual(slug(\"Top 10\"), \"top\")",
                                          "self.assertTrue(slug(\"Top 10\"))")}});
  commit_on("honest", {{"slugs.py", keeps_digits()}, {"tests/test_slugs.py", honest_tests()}});

  const Json bent = prove("bent", 1);
  const Json honest = prove("honest", 0);

  EXPECT_EQ(bent.string_or("verdict", ""), "NOT_PROVEN");
  EXPECT_THAT(codes(bent), Contains("edited-test-hides"));
  EXPECT_EQ(honest.string_or("verdict", ""), "PROVEN");
  EXPECT_THAT(codes(honest), Contains("demonstrated"));
}

TEST_F(Prove, SaysNotProvenWhenTheFixIsTakenBack) {
  commit_on("reverted", {{"tests/test_slugs.py", honest_tests()}});

  const Json proof = prove("reverted", 1);

  EXPECT_EQ(proof.string_or("verdict", ""), "NOT_PROVEN");
  EXPECT_THAT(codes(proof), Contains("added-test-fails"));
}

TEST_F(Prove, LeavesToAPersonWhatNoTestShows) {
  commit_on("untested", {{"slugs.py", with(kSlug, "text[:most]", "text[:most].rstrip()")}});

  const Json proof = prove("untested", 4);

  EXPECT_EQ(proof.string_or("verdict", ""), "UNDECIDED");
  EXPECT_THAT(codes(proof), Contains("nothing-demonstrates"));
}

TEST_F(Prove, BlamesAChangeForWhatItBreaks) {
  commit_on("broken", {{"slugs.py", with(kSlug, "text[:most]", "text[:most - 1]")}});

  const Json proof = prove("broken", 1);

  EXPECT_THAT(codes(proof), Contains("test-broken"));
  EXPECT_THAT(proof.dump(), HasSubstr("test_cuts"));
}

TEST_F(Prove, AcceptsWordsAndRefactorings) {
  commit_on("words", {{"README.md", "# Slugs\n\nWords for addresses.\n"}});
  commit_on("refactored", {{"slugs.py", with(kSlug,
                                             "    if len(text) > most:\n"
                                             "        return text[:most]\n    return text\n",
                                             "    return text[:most]\n")}});

  EXPECT_EQ(prove("words", 0).string_or("verdict", ""), "PROVEN");
  EXPECT_EQ(prove("refactored", 4).string_or("verdict", ""), "UNDECIDED");
  const Ended claimed = bench_.nightjar({"prove", "refactored", "--same-behaviour", "--json"});
  EXPECT_EQ(claimed.status, 0) << claimed.err;
}

TEST_F(Prove, TakesTheWorkingTreeAndAPatch) {
  bench_.write("slugs.py", keeps_digits());
  bench_.write("tests/test_slugs.py", honest_tests());
  const std::string patch = bench_.git({"diff"}) + "\n";
  const Ended tree = bench_.nightjar({"prove"});
  EXPECT_EQ(tree.status, 0) << tree.err;
  EXPECT_THAT(tree.out, HasSubstr("PROVEN"));
  EXPECT_EQ(bench_.read("slugs.py"), keeps_digits());
  bench_.git({"checkout", "-q", "."});
  bench_.write("../fix.patch", patch);

  const Ended ended = bench_.nightjar({"prove", bench_.scratch() + "/fix.patch"});

  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("known from an earlier proof"));
  EXPECT_EQ(bench_.git({"status", "--porcelain"}), "");
}

// A file takes the place of a folder, and a folder that of a file.
TEST_F(Prove, FollowsFilesThatBecomeFolders) {
  bench_.git({"checkout", "-q", "-b", "shapes", "main"});
  bench_.git({"rm", "-q", "README.md"});
  bench_.write("README.md/index.md", "# Slugs\n");
  bench_.write("notes", "now a file\n");
  bench_.git({"add", "-A"});
  bench_.git({"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "a"});
  bench_.git({"checkout", "-q", "-b", "back"});
  bench_.git({"rm", "-q", "-r", "README.md"});
  bench_.write("README.md", "# Slugs again\n");
  bench_.git({"add", "-A"});
  bench_.git({"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "b"});

  for (const char* range : {"main..shapes", "shapes..back"}) {
    const Ended ended = bench_.nightjar({"prove", range, "--same-behaviour", "--json"});
    EXPECT_EQ(ended.status, 0) << range << ended.err;
  }
}

// One works, the other waits for its result and takes it.
TEST_F(Prove, DoesNotDoTheSameProofTwiceAtOnce) {
  commit_on("honest", {{"slugs.py", keeps_digits()},
                       {"tests/test_slugs.py", "import time\ntime.sleep(2)\n" + honest_tests()}});
  const pid_t pid = start_program(bench_.nightjar_program({"prove", "honest"}));
  for (int tries = 0; tries < 5'000; ++tries) {
    if (!bench_.nightjar({"runs", "--json"}).out.empty()) break;
  }

  const Ended second = bench_.nightjar({"prove", "honest", "--json"});
  int status = 0;
  ::waitpid(pid, &status, 0);

  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("proven meanwhile by run"));
  EXPECT_EQ(split_lines(bench_.nightjar({"runs", "--json"}).out).size(), 1U);
}

TEST_F(Prove, SaysWhatIsWrongWithAChange) {
  const Ended unknown = bench_.nightjar({"prove", "no-such-branch"});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_THAT(unknown.err, HasSubstr("no-such-branch"));
  const Ended same = bench_.nightjar({"prove", "main..main", "--json"});
  EXPECT_EQ(same.status, 4) << same.err;
  EXPECT_THAT(same.last_json().dump(), HasSubstr("empty"));
}

TEST_F(Prove, WritesReportsForOtherPrograms) {
  commit_on("broken", {{"slugs.py", with(kSlug, "text[:most]", "text[:most - 1]")}});
  const std::string out = bench_.scratch() + "/out";

  const Ended ended =
      bench_.nightjar({"prove", "broken", "--junit", out + ".xml", "--sarif", out + ".sarif",
                       "--markdown", out + ".md", "--attest", out + ".jsonl"});

  EXPECT_EQ(ended.status, 1) << ended.err;
  EXPECT_THAT(bench_.read("../out.xml"), HasSubstr("<failure"));
  EXPECT_EQ(parse_json(bench_.read("../out.sarif"))->string_or("version", ""), "2.1.0");
  EXPECT_THAT(bench_.read("../out.md"), HasSubstr("NOT_PROVEN"));
  EXPECT_EQ(split_lines(bench_.read("../out.jsonl")).size(), 4U);
}

// Goal: a stranger can check. Method: another data directory, which has only the public key.
TEST_F(Prove, SignsEvidenceThatAStrangerCanCheckAndRepeat) {
  commit_on("honest", {{"slugs.py", keeps_digits()}, {"tests/test_slugs.py", honest_tests()}});
  const std::string file = bench_.scratch() + "/evidence.jsonl";
  ASSERT_EQ(bench_.nightjar({"prove", "honest", "--attest", file}).status, 0);
  const Json key = bench_.nightjar({"key", "show", "--json"}).last_json();
  bench_.write("../signer.pub", key.string_or("public_pem", ""));
  const std::string data = bench_.scratch() + "/strangers-data";
  const auto verify = [&](const std::string& path) {
    Program program =
        bench_.nightjar_program({"evidence", "verify", path, "--key",
                                 bench_.scratch() + "/signer.pub", "--recheck", "--json"});
    program.env["NIGHTJAR_DATA_DIR"] = data;
    return run_program(program);
  };

  const Ended verified = verify(file);
  bench_.write("../altered.jsonl",
               with(bench_.read("../evidence.jsonl"), "\"payload\":\"", "\"payload\":\"AAAA"));
  const Ended altered = verify(bench_.scratch() + "/altered.jsonl");

  EXPECT_EQ(verified.status, 0) << verified.err << verified.out;
  const Json reply = verified.last_json();
  EXPECT_TRUE(reply.bool_or("rechecked", false));
  EXPECT_EQ(reply.string_or("verdict", ""), "PROVEN");
  EXPECT_EQ(reply.find("differences")->as_array().size(), 0U) << reply.dump();
  EXPECT_EQ(altered.status, 1) << altered.err;
  EXPECT_THAT(altered.last_json().dump(), HasSubstr("payload-altered"));
  EXPECT_THAT(bench_.nightjar({"evidence", "log"}).out, HasSubstr("honest"));
}

TEST_F(Prove, WritesTheVerdictIntoTheNoteOfACommit) {
  commit_on("honest", {{"slugs.py", keeps_digits()}, {"tests/test_slugs.py", honest_tests()}});

  const Ended noted = bench_.nightjar({"prove", "honest", "--note", "--json"});
  bench_.write("slugs.py", keeps_digits());
  const Ended refused = bench_.nightjar({"prove", "working-tree", "--note"});

  const std::string note = bench_.git({"notes", "--ref=nightjar", "show", "honest"});
  EXPECT_EQ(noted.status, 0) << noted.err;
  EXPECT_THAT(note, StartsWith("PROVEN against " + bench_.git({"rev-parse", "main"})));
  EXPECT_THAT(note, HasSubstr(noted.last_json().string_or("run", "?")));
  EXPECT_EQ(refused.status, 3);
  EXPECT_THAT(refused.err, HasSubstr("belongs to a commit"));
}

constexpr const char* kCounter = R"(import subprocess


def visit(name):
    return int(subprocess.check_output(["redis-cli", "incr", "visits"]))
)";
constexpr const char* kCounterTest = R"(import unittest

import counter


class Counter(unittest.TestCase):
    def test_counts(self):
        self.assertEqual(counter.visit("a"), 1)
)";

TEST(ProveWithServices, StartsThemBesideTheTests) {
  Bench bench;
  bench.write("nightjar.toml",
              "[project]\nname = \"counter\"\n\n[environment]\nservices = [\"redis\"]\n");
  bench.write("counter.py", kCounter);
  bench.write("tests/__init__.py", "");
  bench.write("tests/test_counter.py", kCounterTest);
  bench.commit_all();
  std::string fixed = kCounter;
  fixed.replace(fixed.find("\"visits\""), 8, "name");
  bench.write("counter.py", fixed);
  bench.write("tests/test_counter.py", std::string(kCounterTest) + R"(
    def test_counts_each(self):
        counter.visit("b")
        self.assertEqual(counter.visit("c"), 1)
)");

  const Json proven = bench.nightjar({"prove", "--json"}).last_json();
  bench.write("nightjar.toml",
              "[project]\nname = \"counter\"\n\n[environment]\nservices = [\"reddis\"]\n");
  bench.commit_all();
  bench.write("counter.py", kCounter);
  const Ended lacking = bench.nightjar({"prove", "--json"});

  EXPECT_EQ(proven.string_or("verdict", ""), "PROVEN") << proven.dump();
  EXPECT_EQ(lacking.status, 4);
  EXPECT_THAT(lacking.last_json().dump(), HasSubstr("did you mean redis?"));
}

TEST_F(Prove, WritesDownWhatItDetects) {
  const Ended ended = bench_.nightjar({"init", "--detect", bench_.repository()});

  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(bench_.read("nightjar.toml"), HasSubstr("runner = \"unittest\""));
}

// A proof that was killed goes on where it was.
TEST_F(Prove, IsResumedAfterItsDeath) {
  commit_on("honest", {{"slugs.py", keeps_digits()},
                       {"tests/test_slugs.py", "import time\ntime.sleep(1)\n" + honest_tests()}});
  const pid_t pid = start_program(bench_.nightjar_program({"prove", "honest"}));
  std::string run;
  for (int tries = 0; tries < 5'000 && run.empty(); ++tries) {
    run = bench_.nightjar({"runs", "--json"}).last_json().string_or("run", "");
  }
  ASSERT_NE(run, "");
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);

  const Ended resumed = bench_.nightjar({"resume", run, "--json"});

  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.last_json().string_or("verdict", ""), "PROVEN");
}

/// The same change in projects that are built and tested in different ways.
struct Family {
  const char* name;
  std::map<std::string, std::string> base;
  std::map<std::string, std::string> fix;    // of the product
  std::map<std::string, std::string> tests;  // that show it
  const char* runner;
  bool measures_lines;
};

constexpr const char* kClip =
    "#include \"clip.h\"\n\nint clip(int x, int low, int high) {\n  if (x < low) return low;\n"
    "  if (x > high) return low;\n  return x;\n}\n";
constexpr const char* kClipTest =
    "#include \"../clip.h\"\n#include <stdio.h>\n\nstatic int failed;\n"
    "static void same(int is, int want) {\n  if (is != want) {\n    printf(\"%d, not %d\\n\", is, "
    "want);\n    failed = 1;\n  }\n}\n\nint main(void) {\n  same(clip(1, 2, 5), 2);\n"
    "  same(clip(3, 2, 5), 3);\n  return failed;\n}\n";

std::vector<Family> c_families() {
  const std::string c_fix = with(kClip, "x > high) return low", "x > high) return high");
  const std::string c_test =
      with(kClipTest, "  return failed;", "  same(clip(9, 2, 5), 5);\n  return failed;");
  const std::map<std::string, std::string> c = {{"clip.h", "int clip(int x, int low, int high);\n"},
                                                {"clip.c", kClip},
                                                {"tests/test_clip.c", kClipTest}};
  std::vector<Family> out;
  Family cmake{.name = "cmake",
               .base = c,
               .fix = {{"clip.c", c_fix}},
               .tests = {{"tests/test_clip.c", c_test}},
               .runner = "ctest",
               .measures_lines = true};
  cmake.base["CMakeLists.txt"] =
      "cmake_minimum_required(VERSION 3.16)\nproject(clip C)\nenable_testing()\n"
      "add_library(clip clip.c)\nadd_executable(test_clip tests/test_clip.c)\n"
      "target_link_libraries(test_clip clip)\nadd_test(NAME clip COMMAND test_clip)\n";
  out.push_back(cmake);
  Family make = cmake;
  make.name = "make";
  make.runner = "make-check";
  make.base.erase("CMakeLists.txt");
  make.base["Makefile"] =
      "check: test_clip\n\t./test_clip\n\ntest_clip: clip.o tests/test_clip.o\n"
      "\t$(CC) $(LDFLAGS) -o $@ $^\n\nclip.o tests/test_clip.o: clip.h\n";
  out.push_back(make);
  return out;
}

std::vector<Family> other_families() {
  std::vector<Family> out;
  out.push_back(
      {.name = "go",
       .base = {{"go.mod", "module example.com/clip\n\ngo 1.18\n"},
                {"clip.go",
                 "package clip\n\nfunc Clip(x, low, high int) int {\n\tif x < low {\n\t\t"
                 "return low\n\t}\n\tif x > high {\n\t\treturn low\n\t}\n\treturn x\n}\n"},
                {"clip_test.go",
                 "package clip\n\nimport \"testing\"\n\nfunc TestLow(t *testing.T) {\n"
                 "\tif Clip(1, 2, 5) != 2 {\n\t\tt.Fatal()\n\t}\n}\n"}},
       .fix = {{"clip.go",
                "package clip\n\nfunc Clip(x, low, high int) int {\n\tif x < low {\n\t\t"
                "return low\n\t}\n\tif x > high {\n\t\treturn high\n\t}\n\treturn x\n}\n"}},
       .tests =
           {{"clip_test.go",
             "package clip\n\nimport \"testing\"\n\nfunc TestLow(t *testing.T) {\n"
             "\tif Clip(1, 2, 5) != 2 {\n\t\tt.Fatal()\n\t}\n}\n\n"
             "func TestHigh(t *testing.T) {\n\tif Clip(9, 2, 5) != 5 {\n\t\tt.Fatal()\n\t}\n}\n"}},
       .runner = "go",
       .measures_lines = true});
  const std::string clip_js =
      "exports.clip = (x, low, high) => {\n  if (x < low) return low;\n  if (x > high) return "
      "low;\n"
      "  return x;\n};\n";
  const std::string test_js =
      "const test = require('node:test');\nconst assert = require('assert');\n"
      "const { clip } = require('../clip');\n\n"
      "test('low', () => assert.strictEqual(clip(1, 2, 5), 2));\n";
  out.push_back(
      {.name = "node",
       .base = {{"package.json",
                 "{\"name\": \"clip\", \"scripts\": {\"test\": \"node --test\"}}\n"},
                {"clip.js", clip_js},
                {"test/clip.test.js", test_js}},
       .fix = {{"clip.js", with(clip_js, "x > high) return low", "x > high) return high")}},
       .tests = {{"test/clip.test.js",
                  test_js + "test('high', () => assert.strictEqual(clip(9, 2, 5), 5));\n"}},
       .runner = "node",
       .measures_lines = true});
  const std::string clip_php =
      "<?php\nfunction clip($x, $low, $high) {\n  if ($x < $low) return $low;\n"
      "  if ($x > $high) return $low;\n  return $x;\n}\n";
  const std::string test_php =
      "<?php\nrequire_once __DIR__ . '/../clip.php';\nuse PHPUnit\\Framework\\TestCase;\n"
      "final class ClipTest extends TestCase {\n"
      "  public function testLow(): void { $this->assertSame(2, clip(1, 2, 5)); }\n}\n";
  out.push_back(
      {.name = "phpunit",
       .base = {{"phpunit.xml",
                 "<phpunit><testsuites><testsuite name=\"t\"><directory>tests</directory>"
                 "</testsuite></testsuites></phpunit>\n"},
                {"clip.php", clip_php},
                {"tests/ClipTest.php", test_php}},
       .fix = {{"clip.php", with(clip_php, "> $high) return $low", "> $high) return $high")}},
       .tests = {{"tests/ClipTest.php",
                  with(test_php, "\n}\n",
                       "\n  public function testHigh(): void { $this->assertSame(5, clip(9, "
                       "2, 5)); }\n}\n")}},
       .runner = "phpunit",
       .measures_lines = false});
  return out;
}

std::vector<Family> families() {
  std::vector<Family> all = c_families();
  for (Family& family : other_families()) all.push_back(std::move(family));
  return all;
}

class FamilyTest : public testing::TestWithParam<Family> {
 protected:
  void commit_on(const std::string& branch, std::map<std::string, std::string> files) {
    bench_.git({"checkout", "-q", "-b", branch, "main"});
    for (const auto& [path, content] : files) bench_.write(path, content);
    bench_.git({"add", "-A"});
    bench_.git(
        {"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", branch});
  }
  Bench bench_;
};

// Goal: the same three verdicts in every family. Method: a fix with its test, the test alone, the
// fix alone.
TEST_P(FamilyTest, IsProvenWithItsTestAndNotOtherwise) {
  const Family& family = GetParam();
  for (const auto& [path, content] : family.base) bench_.write(path, content);
  bench_.commit_all();
  std::map<std::string, std::string> both = family.fix;
  both.insert(family.tests.begin(), family.tests.end());
  commit_on("both", both);
  commit_on("test-alone", family.tests);
  commit_on("fix-alone", family.fix);

  const Ended proven = bench_.nightjar({"prove", "both", "--json"});
  const Ended reverted = bench_.nightjar({"prove", "test-alone", "--json"});
  const Ended untested = bench_.nightjar({"prove", "fix-alone", "--json"});

  EXPECT_EQ(proven.status, 0) << proven.err;
  EXPECT_EQ(reverted.status, 1) << reverted.err;
  EXPECT_EQ(untested.status, 4) << untested.err;
  const Json proof = proven.last_json();
  ASSERT_NE(proof.find("suites"), nullptr) << proven.err;
  EXPECT_EQ(proof.find("suites")->as_array().at(0).string_or("runner", ""), family.runner);
  EXPECT_EQ(proof.find("changed_lines")->bool_or("measured", false), family.measures_lines);
  EXPECT_EQ(proof.find("changed_lines")->int_or("executed", 0), family.measures_lines ? 1 : 0);
}
INSTANTIATE_TEST_SUITE_P(Families, FamilyTest, testing::ValuesIn(families()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace nightjar::e2e
