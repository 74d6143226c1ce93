#include "reason/rank.h"

#include <gmock/gmock.h>
#include "reason/lines.h"

namespace nightjar::reason {
namespace {

Spectrum spectrum(bool failed, std::vector<std::uint8_t> lines) {
  return {failed, {std::move(lines)}};
}

TEST(Ochiai, IsOneForALineThatAllFailingAndNoPassingScenariosExecute) {
  const Scores scores = ochiai({spectrum(true, {0, 1, 1}), spectrum(false, {0, 1, 0})});

  EXPECT_DOUBLE_EQ(scores[0][2], 1.0);
}

TEST(Ochiai, FallsWithEachPassingScenarioThatExecutesTheLine) {
  const Scores scores = ochiai({spectrum(true, {0, 1}), spectrum(false, {0, 1}),
                                spectrum(false, {0, 1}), spectrum(false, {0, 1})});

  EXPECT_DOUBLE_EQ(scores[0][1], 0.5);
}

TEST(Ochiai, IsZeroForALineThatNoFailingScenarioExecutes) {
  const Scores scores = ochiai({spectrum(true, {0, 0}), spectrum(false, {0, 1})});

  EXPECT_DOUBLE_EQ(scores[0][1], 0.0);
}

TEST(Ochiai, IsEmptyWithoutAFailingScenario) {
  EXPECT_TRUE(ochiai({spectrum(false, {0, 1})}).empty());
  EXPECT_TRUE(ochiai({}).empty());
}

TEST(RaiseCrashes, PutsTheCrashLineFirstAndPartsTiesByCloseness) {
  Scores scores = {{0, 1.0, 0.8, 0.8, 0.8, 0.8}};

  raise_crashes({{Place{0, 3}}}, scores);

  const auto order = ranked(scores);
  EXPECT_EQ(order[0].place, (Place{0, 3}));
  EXPECT_GT(scores[0][4], scores[0][5]);
  EXPECT_EQ(scores[0][0], 0.0);
}

TEST(RaiseCrashes, IgnoresPlacesOutsideOfTheFiles) {
  Scores scores = {{0, 0.5}};

  raise_crashes({{Place{0, 99}}, {Place{7, 1}}, {Place{0, -1}}, {}}, scores);

  EXPECT_DOUBLE_EQ(scores[0][1], 0.5);
}

TEST(StatementLines, GiveEachLineTheInnermostStatement) {
  const auto file = read_source("a.c",
                                "int f(int a) {\n"  // 1
                                "  if (a &&\n"      // 2
                                "      a > 1)\n"    // 3
                                "    return 1;\n"   // 4
                                "  return g(a,\n"   // 5
                                "           2);\n"  // 6
                                "}\n");
  ASSERT_TRUE(file);

  const std::vector<int> lines = statement_lines(file->tree);

  EXPECT_THAT(lines, testing::ElementsAre(0, 0, 2, 2, 4, 5, 5, 0, 0));
}

TEST(SpreadScores, GivesADefinitionTheScoreOfItsUse) {
  const auto file = read_source(
      "a.c", "#define LIMIT 3\nint other = 1;\nint f(int a) {\n  return a < LIMIT;\n}\n");
  ASSERT_TRUE(file);
  const std::vector<int> lines = statement_lines(file->tree);
  std::vector<double> scores(lines.size(), 0.0);
  scores[4] = 1.0;

  spread_scores(*file, lines, scores);

  EXPECT_GT(scores[1], 0.8);
  EXPECT_EQ(scores[2], 0.0);
  EXPECT_GT(scores[3], 0.8);
}

}  // namespace
}  // namespace nightjar::reason
