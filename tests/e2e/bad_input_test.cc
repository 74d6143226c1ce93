// Input that is not ours: each gets a bounded outcome that says what, why and what next.
#include <gmock/gmock.h>

#include <functional>

#include "base/bytes.h"
#include "program.h"

namespace nightjar::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kProject = "tests/fixtures/shapes/c_no_makefile/project";

struct BadInput {
  const char* name;
  void (*spoil)(Bench&);  // after the copy, before the commit
  int status;
  const char* says;
};

const BadInput kBadInputs[] = {
    {"EmptyToml", [](Bench& bench) { bench.write("nightjar.toml", ""); }, 3, "name"},
    {"BinaryToml",
     [](Bench& bench) { bench.write("nightjar.toml", std::string("\x00\xff\xfe", 3)); }, 3,
     "nightjar.toml"},
    {"HugeToml", [](Bench& bench) { bench.write("nightjar.toml", std::string(300'000, '#')); }, 3,
     "limit"},
    {"UnknownKey",
     [](Bench& bench) {
       bench.write("nightjar.toml", "[project]\nname = \"x\"\n[biuld]\ncommand = \"make\"\n");
     },
     3, "build"},
    {"DuplicateKey",
     [](Bench& bench) { bench.write("nightjar.toml", "[project]\nname = \"x\"\nname = \"y\"\n"); },
     3, "nightjar.toml"},
    {"EmptyScenarioFile", [](Bench& bench) { bench.write("scenarios/zz.yaml", ""); }, 3, "zz.yaml"},
    {"ScenarioNotUtf8",
     [](Bench& bench) { bench.write("scenarios/zz.yaml", "scenario: \xff\xfe\n"); }, 3, "zz.yaml"},
    {"ScenarioDeep", [](Bench& bench) { bench.write("scenarios/zz.yaml", std::string(5000, '[')); },
     3, "zz.yaml"},
    {"ScenarioAnchor",
     [](Bench& bench) {
       bench.write("scenarios/zz.yaml", "scenario: &a x\nsteps:\n  - run: \"true\"\n");
     },
     3, "zz.yaml"},
    {"ScenarioUnknownRequirement",
     [](Bench& bench) {
       bench.write("scenarios/zz.yaml",
                   "scenario: x\nrequirement: R99\nsteps:\n  - run: \"true\"\n");
     },
     3, "R99"},
    {"HoldoutInTheTree",
     [](Bench& bench) {
       bench.write("scenarios/zz.yaml",
                   "scenario: x\ntags: [holdout]\nsteps:\n  - run: \"true\"\n");
     },
     3, "holdout"},
    {"DuplicateRequirement", [](Bench& bench) { bench.write("specs/zz.md", "- R7: a\n- R7: b\n"); },
     3, "R7"},
    {"LfsPointer",
     [](Bench& bench) {
       bench.write("big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:" +
                                  std::string(64, 'a') + "\nsize 5\n");
     },
     3, "LFS"},
    {"BuildFails", [](Bench& bench) { bench.write("broken.c", "int main( {\n"); }, 1, "build"},
    {"BuildNeverEnds",
     [](Bench& bench) {
       bench.write("nightjar.toml",
                   "[project]\nname = \"x\"\n[build]\ncommand = \"while :; do :; "
                   "done\"\n[limits]\nwall = \"2s\"\n");
     },
     1, "wall"},
    {"BuildPrintsGigabytes",
     [](Bench& bench) {
       bench.write(
           "nightjar.toml",
           "[project]\nname = \"x\"\n[build]\ncommand = \"yes\"\n[limits]\nwall = \"2s\"\n");
     },
     1, "wall"},
    {"BuildForksForEver",
     [](Bench& bench) {
       bench.write("nightjar.toml",
                   "[project]\nname = \"x\"\n[build]\ncommand = \"f() { f | f & }; f; sleep 60\"\n"
                   "[limits]\nwall = \"3s\"\nprocesses = 40\n");
     },
     1, "build"},
    {"BuildFillsTheDisk",
     [](Bench& bench) {
       bench.write("nightjar.toml",
                   "[project]\nname = \"x\"\n[build]\ncommand = \"cat /dev/zero > big\"\n"
                   "[limits]\nwall = \"20s\"\ndisk = \"16MiB\"\n");
     },
     1, "build"},
};

class BadInputTest : public testing::TestWithParam<BadInput> {};

TEST_P(BadInputTest, EndsBoundedAndSaysWhy) {
  Bench bench;
  bench.copy(kProject);
  GetParam().spoil(bench);
  bench.commit_all();

  const Ended ended = bench.nightjar({"run", "--json"});

  EXPECT_EQ(ended.status, GetParam().status) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(GetParam().says));
  EXPECT_FALSE(ended.last_json().is_null()) << ended.out;
  EXPECT_THAT(processes_naming(bench.data()), testing::IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(Inputs, BadInputTest, testing::ValuesIn(kBadInputs),
                         [](const auto& given) { return given.param.name; });

TEST(Folder, ThatIsNoRepositoryIsNamedWithTheWayOut) {
  Bench bench;
  bench.copy(kProject);

  const Ended ended = bench.nightjar({"run"});

  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("git init"));
}

TEST(Folder, WithoutACommitIsNamedWithTheWayOut) {
  Bench bench;
  bench.copy(kProject);
  bench.git({"init", "-q", "-b", "main"});

  const Ended ended = bench.nightjar({"run"});

  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("commit"));
}

TEST(Folder, ThatIsBareIsNamedWithTheWayOut) {
  Bench bench;
  bench.git({"init", "-q", "--bare"});

  EXPECT_EQ(bench.nightjar({"run"}).status, 3);
}

TEST(DirtyTree, RunsOnTheCommitAndSaysSo) {
  Bench bench;
  bench.copy(kProject);
  bench.commit_all();
  bench.write("nightjar.toml", "not toml at all [");

  const Ended ended = bench.nightjar({"run"});

  EXPECT_EQ(ended.status, 0) << ended.out;
  EXPECT_THAT(ended.out, HasSubstr("not committed"));
}

TEST(Init, NeverOverwrites) {
  Bench bench;
  ASSERT_EQ(bench.nightjar({"init"}).status, 0);
  bench.write("nightjar.toml", "[project]\nname = \"mine\"\n");

  const Ended again = bench.nightjar({"init"});

  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(bench.read("nightjar.toml"), "[project]\nname = \"mine\"\n");
  EXPECT_THAT(again.out, HasSubstr("kept"));
}

TEST(Init, WritesAProjectThatPassesItsOwnScenario) {
  Bench bench;
  ASSERT_EQ(bench.nightjar({"init"}).status, 0);
  bench.commit_all();

  const Ended ended = bench.nightjar({"scenario", "run", "--json"});

  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.last_json().string_or("state", ""), "satisfied");
}

TEST(CommandLine, AnswersWrongUsageWithStatusTwo) {
  Bench bench;

  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"rnu"},
                                                {"run", "--josn"},
                                                {"run", "a", "b"},
                                                {"scenario"},
                                                {"repair", "--timeout", "soon"},
                                                {"show"},
                                                {"run", "--engineer"}}) {
    const Ended ended = bench.nightjar(words);
    EXPECT_EQ(ended.status, 2) << join(words, " ");
    EXPECT_FALSE(ended.err.empty()) << join(words, " ");
  }
  EXPECT_THAT(bench.nightjar({"rnu"}).err, HasSubstr("did you mean \"run\"?"));
  EXPECT_THAT(bench.nightjar({"run", "--josn"}).err, HasSubstr("--json"));
}

TEST(CommandLine, FitsEightyColumns) {
  Bench bench;
  std::vector<std::string> texts = {bench.nightjar({"help"}).out};
  for (const char* verb :
       {"try", "init", "run", "repair", "runs", "show", "why", "resume", "doctor"}) {
    texts.push_back(bench.nightjar({verb, "--help"}).out);
  }
  for (const std::string& text : texts) {
    EXPECT_FALSE(text.empty());
    for (const std::string& line : split_lines(text)) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(DataDirectory, OfANewerFormatIsRefusedAndLeftAlone) {
  Bench bench;
  bench.copy(kProject);
  bench.commit_all();
  ASSERT_EQ(bench.nightjar({"scenario", "run"}).status, 1);
  bench.write("../data/format", "nightjar-data 999\n");

  const Ended ended = bench.nightjar({"run"});

  EXPECT_EQ(ended.status, 6) << ended.out << ended.err;
  EXPECT_THAT(ended.out + ended.err, HasSubstr("newer"));
}

TEST(DataDirectory, ThatCannotBeWrittenIsNamed) {
  Bench bench;
  bench.copy(kProject);
  bench.commit_all();

  const Ended ended = bench.nightjar({"run", "--data-dir", "/proc/nowhere"});

  EXPECT_NE(ended.status, 0);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("/proc/nowhere"));
}

}  // namespace
}  // namespace nightjar::e2e
