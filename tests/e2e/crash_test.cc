// kill -9 at any moment, then resume: the same verdict, one branch, nothing left.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "program.h"

namespace nightjar::e2e {
namespace {

using testing::IsEmpty;

/// A project whose whole run is short, so that many kills fit into a test.
void lay_small_project(Bench& bench) {
  bench.write("nightjar.toml",
              "[project]\nname = \"larger\"\n[build]\ncommand = \"cc -O0 -o larger larger.c\"\n");
  bench.write("larger.c",
              "#include <stdio.h>\n#include <stdlib.h>\n\nint main(int argc, char **argv) {\n"
              "  if (argc != 3) return 2;\n  int a = atoi(argv[1]), b = atoi(argv[2]);\n"
              "  printf(\"%d\\n\", a < b ? a : b);\n  return 0;\n}\n");
  bench.write("specs/larger.md", "# larger\n\n- R1: It prints the larger of two numbers.\n");
  bench.write("scenarios/larger.yaml",
              "scenario: the second is larger\nrequirement: R1\nsteps:\n  - run: ./larger 1 2\n"
              "    expect: { stdout: \"2\\n\" }\n---\n"
              "scenario: the first is larger\nrequirement: R1\nsteps:\n  - run: ./larger 5 3\n"
              "    expect: { stdout: \"5\\n\" }\n");
  bench.commit_all();
}

/// Kills of one test run; `./dev bench crash` sets 200.
int kills_wanted() {
  const char* given = std::getenv("NIGHTJAR_CRASH_KILLS");
  return given == nullptr ? 20 : std::atoi(given);
}

std::size_t mounts_of_this_process() {
  return split_lines(
             run_program({.argv = {"cat", "/proc/self/mounts"}, .folder = {}, .env = {}}).out)
      .size();
}

void wait_milliseconds(int milliseconds) {
  std::this_thread::sleep_for(
      std::chrono::milliseconds(milliseconds));  // The moment of the kill is the input.
}

// Goal: no moment loses the run or doubles its branch. Method: seeded moments over the length of
// one whole run; resume until it is finished; compare with the undisturbed run.
TEST(Crash, KilledAtAnyMomentEndsAsTheUndisturbedRun) {
  const int kills = kills_wanted();
  std::mt19937 random(20'26);
  Bench bench;
  lay_small_project(bench);
  const auto start = std::chrono::steady_clock::now();
  const Json whole = bench.nightjar({"run", "--json"}).last_json();
  const int length_ms = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                             std::chrono::steady_clock::now() - start)
                                             .count());
  ASSERT_EQ(whole.string_or("verdict", ""), "SATISFIED");
  const std::string tree = bench.git({"rev-parse", whole.string_or("branch", "") + "^{tree}"});
  const std::size_t mounts = mounts_of_this_process();

  int killed = 0;
  int resumed = 0;
  int moments_ms = length_ms;  // Shorter as soon as a run was over before its kill.
  for (int attempt = 0; killed < kills && attempt < 3 * kills; ++attempt) {
    SCOPED_TRACE("attempt " + std::to_string(attempt));
    const pid_t pid = start_program(bench.nightjar_program({"run"}));
    const int moment_ms =
        static_cast<int>(random() % static_cast<unsigned>(std::max(moments_ms, 1)));
    wait_milliseconds(moment_ms);
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status)) {
      moments_ms = moment_ms;
      continue;
    }
    ++killed;

    const Json newest =
        parse_json(split_lines(bench.nightjar({"runs", "--json"}).out).at(0)).value_or(Json());
    const std::string run = newest.string_or("run", "");
    const bool began =
        run != whole.string_or("run", "") && newest.string_or("state", "") == "interrupted";
    if (began) {
      ++resumed;
      const Ended ended = bench.nightjar({"resume", run, "--json"});
      ASSERT_EQ(ended.status, 0) << ended.err;
      const Json reply = ended.last_json();
      EXPECT_EQ(reply.string_or("verdict", ""), "SATISFIED");
      EXPECT_EQ(bench.git({"rev-parse", reply.string_or("branch", "") + "^{tree}"}), tree);
      EXPECT_EQ(bench.git({"rev-list", "--count", "main.." + reply.string_or("branch", "")}), "1");
    }
  }

  EXPECT_EQ(killed, kills);
  EXPECT_GT(resumed, kills / 3);  // Else the moments missed the run and the test says nothing.
  std::size_t branches = 0;
  for (const std::string& line : split_lines(bench.nightjar({"runs", "--json"}).out)) {
    branches += parse_json(line)->string_or("branch", "").empty() ? 0 : 1;
  }
  EXPECT_EQ(split_lines(bench.git({"branch", "--list", "nightjar/*"})).size(), branches);
  EXPECT_THAT(processes_naming(bench.data()), IsEmpty());
  EXPECT_EQ(mounts_of_this_process(), mounts);
}

TEST(Stop, CtrlCLeavesARunThatCanBeResumed) {
  Bench bench;
  lay_small_project(bench);
  const pid_t pid = start_program(bench.nightjar_program({"run"}));
  // Interrupt as soon as the run is on record.
  for (int i = 0; i < 400 && bench.nightjar({"runs", "--json"}).out.empty(); ++i)
    wait_milliseconds(10);
  ::kill(pid, SIGINT);
  int status = 0;
  ::waitpid(pid, &status, 0);

  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 6);
  const std::string run = bench.nightjar({"runs", "--json"}).last_json().string_or("run", "");
  EXPECT_EQ(bench.nightjar({"resume", run, "--json"}).last_json().string_or("verdict", ""),
            "SATISFIED");
}

TEST(TwoAtOnce, BothEndOnOneProjectAndOneDataDirectory) {
  Bench bench;
  lay_small_project(bench);
  const pid_t first = start_program(bench.nightjar_program({"run"}));

  const Ended second = bench.nightjar({"run", "--json"});
  int status = 0;
  ::waitpid(first, &status, 0);

  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(split_lines(bench.nightjar({"runs", "--json"}).out).size(), 2U);
  EXPECT_EQ(split_lines(bench.git({"branch", "--list", "nightjar/*"})).size(), 2U);
}

}  // namespace
}  // namespace nightjar::e2e
