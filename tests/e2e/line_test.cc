// The whole line on repositories of many shapes, as a user runs it.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/bytes.h"
#include "program.h"

namespace nightjar::e2e {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() + "/" + folder)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string shape_project(const std::string& shape) {
  const Ended ended = run_program(
      {.argv = {"cat", source_dir() + "/tests/fixtures/shapes/" + shape + "/shape.json"},
       .folder = {},
       .env = {}});
  return parse_json(ended.out)->get_string("project_dir").value_or("");
}

/// Lays a shape into the bench; returns the project's folder in the repository.
std::string lay_shape(Bench& bench, const std::string& shape) {
  const std::string project = shape_project(shape);
  const std::filesystem::path first = *std::filesystem::path(project).begin();
  bench.copy("tests/fixtures/shapes/" + shape + "/" + first.string());
  bench.commit_all();
  const std::string below = std::filesystem::path(project).lexically_relative(first).string();
  return below == "." ? bench.repository() : bench.repository() + "/" + below;
}

struct Snapshot {
  std::string head, status, index, branches;
};
Snapshot snapshot(const Bench& bench) {
  return {bench.git({"rev-parse", "HEAD"}), bench.git({"status", "--porcelain"}),
          bench.read(".git/index"), bench.git({"symbolic-ref", "HEAD"})};
}

class ShapeTest : public testing::TestWithParam<std::string> {};

// Goal: repositories of other shapes work the same way. Method: run the line, then let git and the
// branch's own content say what happened.
TEST_P(ShapeTest, IsRepairedProvenAndHandedOverAsABranch) {
  Bench bench;
  const std::string project = lay_shape(bench, GetParam());
  const std::string holdouts = source_dir() + "/tests/fixtures/shapes/" + GetParam() + "/holdouts";
  std::vector<std::string> sealed;
  if (std::filesystem::exists(holdouts)) {
    for (const auto& entry : std::filesystem::directory_iterator(holdouts))
      sealed.push_back(entry.path());
    std::vector<std::string> words = {"holdout", "add", "--project", project};
    words.insert(words.end(), sealed.begin(), sealed.end());
    const Ended added = bench.nightjar(words);
    ASSERT_EQ(added.status, 0) << added.err << added.out;
  }
  const Snapshot before = snapshot(bench);

  const Ended ended = bench.nightjar({"run", project, "--json"});

  ASSERT_EQ(ended.status, 0) << ended.err;
  const Json reply = ended.last_json();
  EXPECT_EQ(reply.string_or("state", ""), "satisfied");
  EXPECT_EQ(reply.string_or("verdict", ""), "SATISFIED");
  const std::string branch = reply.string_or("branch", "");
  ASSERT_THAT(branch, testing::StartsWith("nightjar/"));
  EXPECT_EQ(bench.git({"rev-list", "--count", "main.." + branch}), "1");
  EXPECT_EQ(bench.git({"rev-parse", branch + "^"}), before.head);
  EXPECT_THAT(bench.git({"show", "-s", "--format=%B", branch}), HasSubstr("Run: "));
  const Snapshot after = snapshot(bench);
  EXPECT_EQ(after.head, before.head);
  EXPECT_EQ(after.status, before.status);
  EXPECT_EQ(after.index, before.index);
  EXPECT_EQ(after.branches, before.branches);
}
INSTANTIATE_TEST_SUITE_P(Shapes, ShapeTest, testing::ValuesIn(folders_in("tests/fixtures/shapes")),
                         [](const auto& given) { return given.param; });

class ExampleTest : public testing::TestWithParam<std::string> {};

TEST_P(ExampleTest, EndsSatisfiedWithASummary) {
  Bench bench;

  const Ended ended = bench.nightjar({"try", GetParam()});

  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  for (const char* part :
       {"SATISFIED", "cause", "visible", "sealed", "change", "walls", "branch", "Next"}) {
    EXPECT_THAT(ended.out, HasSubstr(part));
  }
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));  // No colour off a terminal.
}
INSTANTIATE_TEST_SUITE_P(Examples, ExampleTest, testing::ValuesIn(folders_in("examples")),
                         [](const auto& given) { return given.param; });

TEST(Repair, AppliesThePatchOnlyWhenAsked) {
  Bench bench;
  const std::string project = lay_shape(bench, "c_no_makefile");

  const Ended shown = bench.nightjar({"repair", project, "--json"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(shown.last_json().string_or("verdict", ""), "TESTED");
  EXPECT_EQ(bench.git({"status", "--porcelain"}), "");
  const Ended applied = bench.nightjar({"repair", project, "--json", "--apply"});

  ASSERT_EQ(applied.status, 0) << applied.err;
  EXPECT_TRUE(applied.last_json().bool_or("applied", false));
  EXPECT_THAT(bench.git({"status", "--porcelain"}), HasSubstr("M "));
  const std::vector<std::string> files = applied.last_json().get_strings("files").value_or({});
  EXPECT_EQ(files.size(), 1U);
  bench.git({"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "Apply"});
  EXPECT_EQ(bench.nightjar({"repair", project, "--json"}).last_json().string_or("verdict", ""),
            "NOTHING_TO_DO");
}

TEST(Repair, NeverOverwritesTheUsersOwnEdit) {
  Bench bench;
  const std::string project = lay_shape(bench, "c_no_makefile");
  const Ended shown = bench.nightjar({"repair", project, "--json"});
  const std::string file = shown.last_json().get_strings("files").value_or({""}).at(0);
  bench.write(file, bench.read(file) + "\n/* mine */\n");
  const std::string mine = bench.read(file);

  const Ended applied = bench.nightjar({"repair", project, "--json", "--apply"});

  EXPECT_NE(applied.status, 0);
  EXPECT_THAT(applied.err + applied.out, HasSubstr("differs from the commit"));
  EXPECT_EQ(bench.read(file), mine);
}

TEST(Runs, AreListedShownAndExplained) {
  Bench bench;
  const std::string project = lay_shape(bench, "c_no_makefile");
  const Json reply =
      bench.nightjar({"run", project, "--json", "--work", "make it right"}).last_json();
  const std::string run = reply.string_or("run", "");

  const Ended runs = bench.nightjar({"runs", "--json"});
  const Ended why = bench.nightjar({"why", run});
  const Ended shown = bench.nightjar({"show", run, "--json"});

  EXPECT_EQ(runs.last_json().string_or("run", ""), run);
  EXPECT_EQ(runs.last_json().string_or("work", ""), "make it right");
  EXPECT_EQ(runs.last_json().string_or("state", ""), "satisfied");
  EXPECT_THAT(why.out, HasSubstr("because"));
  EXPECT_THAT(why.out, HasSubstr("run_search"));
  EXPECT_THAT(why.out, HasSubstr("write_branch"));
  EXPECT_EQ(shown.last_json().string_or("verdict", ""), "SATISFIED");
  EXPECT_EQ(bench.nightjar({"why", "nonsense"}).status, 3);
}

TEST(CommandEngineer, TakesPartFenced) {
  Bench bench;
  bench.copy("tests/fixtures/shapes/c_no_makefile/project");
  const std::string before =
      run_program(
          {.argv = {"cat", source_dir() + "/tests/fixtures/shapes/c_no_makefile/shape.json"},
           .folder = {},
           .env = {}})
          .out;
  const Json shape = *parse_json(before);
  bench.commit_all();
  const std::string file = shape.string_or("file", "");
  const std::string line = std::to_string(shape.int_or("line", 0));
  const std::string right = shape.string_or("expected_fix_line", "");
  bench.write("../fix.sed", line + "c\\\n" + right + "\n");
  std::string script =
      "test -s .nightjar/work.md && sed -i '" + line + "s|.*|" + right + "|' '" + file + "'";

  const Ended ended = bench.nightjar({"run", bench.repository(), "--json", "--engineer", "command",
                                      "--command", script, "--work", "repair it"});

  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.last_json().string_or("verdict", ""), "SATISFIED");
  EXPECT_THAT(ended.last_json().string_or("diff", ""), HasSubstr("+" + right));
}

// An engineer that edits what judges it gains nothing, and the edit is shown first.
TEST(CommandEngineer, CannotMoveTheGoalposts) {
  Bench bench;
  bench.copy("tests/fixtures/shapes/c_no_makefile/project");
  bench.commit_all();

  const Ended ended =
      bench.nightjar({"run", bench.repository(), "--json", "--engineer", "command", "--command",
                      "rm -rf scenarios && mkdir scenarios && "
                      "printf 'scenario: fine\\nsteps:\\n  - run: \"true\"\\n' > scenarios/a.yaml",
                      "--work", "cheat"});

  EXPECT_EQ(ended.status, 1) << ended.err;
  EXPECT_EQ(ended.last_json().string_or("state", ""), "not_satisfied");
  EXPECT_THAT(ended.last_json().get_strings("findings").value_or({}),
              Contains(HasSubstr("a scenario")));
}

// Nothing of the factory is in reach of what an engineer runs.
TEST(CommandEngineer, SeesNothingOfTheFactory) {
  Bench bench;
  bench.copy("tests/fixtures/shapes/c_no_makefile/project");
  bench.commit_all();
  bench.write("../holdout.yaml", "scenario: sealed secret phrase\nsteps:\n  - run: \"true\"\n");
  ASSERT_EQ(bench
                .nightjar({"holdout", "add", "--project", bench.repository(),
                           bench.scratch() + "/holdout.yaml"})
                .status,
            0);
  const std::string probe =
      "( ls -R " + bench.data() + "; cat " + bench.data() + "/journal.db; cat " +
      bench.repository() +
      "/nightjar.toml; env; cat /proc/1/environ; ls /proc/1/root/; cat /etc/shadow; "
      "find / -name 'journal*' -o -name 'holdouts*' -o -name '*.yaml' -newer /etc/hostname; "
      "git log; ls -a .git; ls /home /root; ip addr; cat /proc/net/tcp ) > probe.txt 2>/dev/null; "
      "exec 3<>/dev/tcp/127.0.0.1/22; true";

  const Ended ended =
      bench.nightjar({"run", bench.repository(), "--json", "--engineer", "command", "--command",
                      "bash -c '" + probe + "'; true", "--work", "look around"});

  const std::string diff = ended.last_json().string_or("diff", "");
  EXPECT_THAT(diff, HasSubstr("probe.txt")) << ended.err;
  for (const char* secret : {"SQLite format", "sealed secret phrase", "[project]", "root:*",
                             "root:$", "NIGHTJAR_DATA_DIR", "journal.db"}) {
    EXPECT_THAT(diff, Not(HasSubstr(secret))) << diff;
  }
}

}  // namespace
}  // namespace nightjar::e2e
