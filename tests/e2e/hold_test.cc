// `nightjar hold`, `lift`, `holds`, while another process works and after it.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include "program.h"

namespace nightjar::e2e {
namespace {

using testing::HasSubstr;

class HoldTest : public testing::Test {
 protected:
  HoldTest() {
    bench_.write("half.py", "def half(x):\n    return x // 2\n");
    bench_.write("tests/__init__.py", "");
    bench_.write("tests/test_half.py",
                 "import time\nimport unittest\n\nfrom half import half\n\n\n"
                 "class Half(unittest.TestCase):\n    def test_even(self):\n"
                 "        time.sleep(3)\n        self.assertEqual(half(4), 2)\n");
    bench_.commit_all();
    bench_.write("half.py", "def half(x):\n    return x / 2\n");
  }
  Bench bench_;
};

TEST_F(HoldTest, StopsAndLetsGoOn) {
  const Json hold =
      bench_.nightjar({"hold", "--all", "--reason", "release-freeze", "--json"}).last_json();
  const Ended held = bench_.nightjar({"prove", "--json"});
  EXPECT_EQ(held.status, 4) << held.err;
  EXPECT_THAT(held.err, HasSubstr("release-freeze"));
  EXPECT_THAT(bench_.nightjar({"holds"}).out, HasSubstr("release-freeze"));

  EXPECT_EQ(bench_.nightjar({"lift", hold.string_or("hold", "")}).status, 0);

  EXPECT_THAT(bench_.nightjar({"holds"}).out, HasSubstr("nothing is held"));
  EXPECT_EQ(bench_.nightjar({"prove", "--same-behaviour"}).status, 0);
}

// Goal: a hold comes through while a suite runs. Method: hold the run once it is on record.
TEST_F(HoldTest, ReachesARunThatIsWorking) {
  const Program program = bench_.nightjar_program({"prove", "--same-behaviour"});
  const pid_t pid = start_program(program);
  std::string run;
  for (int tries = 0; tries < 5'000 && run.empty(); ++tries) {
    run = bench_.nightjar({"runs", "--json"}).last_json().string_or("run", "");
  }
  ASSERT_NE(run, "");

  const Json hold =
      bench_.nightjar({"hold", run, "--reason", "too expensive", "--json"}).last_json();
  int status = 0;
  ::waitpid(pid, &status, 0);

  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_EQ(bench_.nightjar({"runs", "--json"}).last_json().string_or("state", ""), "held");
  EXPECT_EQ(bench_.nightjar({"resume", run}).status, 4);
  EXPECT_EQ(bench_.nightjar({"lift", hold.string_or("hold", "")}).status, 0);
  const Ended resumed = bench_.nightjar({"resume", run, "--json"});
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.last_json().string_or("verdict", ""), "PROVEN");
  EXPECT_THAT(bench_.nightjar({"why", run}).out, HasSubstr("too expensive"));
}

TEST_F(HoldTest, SaysHowItIsUsed) {
  EXPECT_EQ(bench_.nightjar({"hold", "--all"}).status, 2);
  EXPECT_EQ(bench_.nightjar({"hold", "--reason", "x"}).status, 2);
  EXPECT_EQ(bench_.nightjar({"hold", "nonsense", "--reason", "x"}).status, 3);
  EXPECT_EQ(bench_.nightjar({"lift", "nonsense"}).status, 3);
}

}  // namespace
}  // namespace nightjar::e2e
