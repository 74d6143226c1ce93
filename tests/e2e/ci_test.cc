// docs/ci.md: the shell of each example, run as a CI server or git would run it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "program.h"

namespace nightjar::e2e {
namespace {

using testing::HasSubstr;

/// The text between two marks of the page, without the indentation of its first line.
std::string example(const std::string& from, const std::string& to) {
  const std::string page = read_file(source_dir() + "/docs/ci.md", 1 << 20).value_or("");
  const std::size_t begin = page.find(from);
  EXPECT_NE(begin, std::string::npos) << from;
  if (begin == std::string::npos) return {};
  const std::size_t start = begin + from.size();
  const std::vector<std::string> lines =
      split_lines(page.substr(start, page.find(to, start) - start));
  std::string out;
  std::size_t margin = std::string::npos;
  for (const std::string& line : lines) {
    if (margin == std::string::npos && !trim(line).empty()) margin = line.find_first_not_of(' ');
    out += (line.size() > margin ? line.substr(margin) : std::string()) + "\n";
  }
  return out;
}

class CiTest : public testing::Test {
 protected:
  CiTest() {
    bench_.write("half.py", "def half(x):\n    return x // 2\n");
    bench_.write("tests/__init__.py", "");
    bench_.write("tests/test_half.py",
                 "import unittest\n\nfrom half import half\n\n\nclass Half(unittest.TestCase):\n"
                 "    def test_even(self):\n        self.assertEqual(half(4), 2)\n");
    bench_.commit_all();
    bench_.git({"clone", "-q", "--bare", bench_.repository(), bench_.scratch() + "/origin.git"});
    bench_.git({"remote", "add", "origin", bench_.scratch() + "/origin.git"});
    bench_.git({"fetch", "-q", "origin"});
    bench_.git({"checkout", "-q", "-b", "fix"});
    bench_.write("half.py", "def half(x):\n    return x / 2\n");
    bench_.write("tests/test_half.py",
                 bench_.read("tests/test_half.py") +
                     "\n    def test_odd(self):\n        self.assertEqual(half(3), 1.5)\n");
    commit("Half of an odd number");
    // `sudo` of a job that is root already.
    bench_.write("../bin/sudo", "#!/bin/sh\nshift\nexec \"$@\"\n");
    ::chmod((bench_.scratch() + "/bin/sudo").c_str(), 0755);
    std::filesystem::create_symlink(std::string(NIGHTJAR_BINARY_DIR) + "/nightjar",
                                    bench_.scratch() + "/bin/nightjar");
  }

  void commit(const std::string& message) {
    bench_.git({"add", "-A"});
    bench_.git(
        {"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", message});
  }
  void break_it() {
    bench_.write("half.py", "def half(x):\n    return x\n");
    commit("Break it");
  }

  Ended shell(const std::string& script, std::map<std::string, std::string> env) {
    Program program = bench_.nightjar_program({});
    program.argv = {"/bin/bash", "-e", "-c", script};
    program.env.merge(env);
    program.env["PATH"] = bench_.scratch() + "/bin:/usr/local/bin:/usr/bin:/bin";
    return run_program(program);
  }

  Bench bench_;
};

TEST_F(CiTest, GithubsStepPassesAndFailsWithTheVerdict) {
  const std::string script = example("        run: |\n", "      - uses: github/codeql-action");
  const std::map<std::string, std::string> env = {
      {"GITHUB_BASE_REF", "main"}, {"GITHUB_STEP_SUMMARY", bench_.scratch() + "/summary"}};

  const Ended proven = shell(script, env);
  break_it();
  const Ended broken = shell(script, env);

  EXPECT_EQ(proven.status, 0) << proven.err << proven.out;
  EXPECT_EQ(broken.status, 1) << broken.err << broken.out;
  EXPECT_THAT(bench_.read("../summary"), HasSubstr("PROVEN"));
  EXPECT_THAT(bench_.read("../summary"), HasSubstr("NOT_PROVEN"));
  for (const char* file : {"prove.sarif", "prove.xml", "evidence.jsonl"}) {
    EXPECT_NE(bench_.read(file), "") << file;
  }
}

TEST_F(CiTest, GitlabsScriptPassesAndFailsWithTheVerdict) {
  const std::string script = example("  script:\n    - ", "  artifacts:");
  const std::map<std::string, std::string> env = {{"CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"}};

  const Ended proven = shell(script, env);
  break_it();

  EXPECT_EQ(proven.status, 0) << proven.err << proven.out;
  EXPECT_EQ(shell(script, env).status, 1);
}

TEST_F(CiTest, TheHookStopsAPushThatIsNotProven) {
  const std::string hook = bench_.repository() + "/.git/hooks/pre-push";
  bench_.write(".git/hooks/pre-push", example("```sh\n", "```"));
  ::chmod(hook.c_str(), 0755);

  const Ended proven = shell("git push -q origin fix", {});
  break_it();
  const Ended broken = shell("git push -q origin fix", {});

  EXPECT_EQ(proven.status, 0) << proven.err << proven.out;
  EXPECT_NE(broken.status, 0) << broken.out;
  EXPECT_EQ(bench_.git({"rev-parse", "origin/fix"}), bench_.git({"rev-parse", "fix~1"}));
  EXPECT_EQ(shell("git push -q origin --delete fix", {}).status, 0);
}

}  // namespace
}  // namespace nightjar::e2e
