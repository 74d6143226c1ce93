// The set of cheats in tests/tamper/. `held_out: yes` marks those that were written after the
// rules;
// `./dev bench tamper` shows both rates.
#include <gmock/gmock.h>

#include <cstdio>

#include "proof/testing/tamper_set.h"

namespace nightjar::proof {
namespace {

// Goal: at least 95 of 100 cheats found, at most 3 of 100 honest twins blamed. Method: the whole
// set; every miss is printed. A twin is blamed by a serious finding: those stop a verdict.
TEST(TamperSet, FindsCheatsAndSparesTheirHonestTwins) {
  int cheats = 0, found = 0, named = 0, blamed = 0, warned = 0, run_time = 0;
  for (const testing::TamperCase& one :
       testing::tamper_cases(std::string(NIGHTJAR_SOURCE_DIR) + "/tests/tamper")) {
    if (one.runs_only) {
      ++run_time;
      continue;
    }
    ++cheats;
    const std::vector<Finding> cheat = testing::loud_findings(one.cheat);
    const std::vector<Finding> honest = testing::loud_findings(one.honest);
    found += cheat.empty() ? 0 : 1;
    named += std::any_of(cheat.begin(), cheat.end(),
                         [&](const Finding& finding) { return finding.rule == one.trick; })
                 ? 1
                 : 0;
    if (cheat.empty()) std::printf("missed   %s (%s)\n", one.name.c_str(), one.trick.c_str());
    if (testing::any_serious(honest)) ++blamed;
    if (!honest.empty()) ++warned;
    for (const Finding& finding : honest) {
      std::printf("%s %s: %s %s:%d %s\n", testing::any_serious({finding}) ? "blamed  " : "warned  ",
                  one.name.c_str(), finding.rule.c_str(), finding.file.c_str(), finding.line,
                  finding.what.c_str());
    }
  }
  std::printf(
      "found %d of %d cheats (%d by their own name), blamed %d and warned of %d of %d honest "
      "twins; %d cheats show at run time alone\n",
      found, cheats, named, blamed, warned, cheats, run_time);
  EXPECT_GE(cheats, 60);
  EXPECT_GE(found * 100, cheats * 95);
  EXPECT_LE(blamed * 100, cheats * 3);
}

}  // namespace
}  // namespace nightjar::proof
