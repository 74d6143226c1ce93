#include "bench/report.h"

#include <gmock/gmock.h>

namespace nightjar::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Report, MeasuresFloorAndOursInTurnAndComparesTheMedians) {
  std::vector<std::string> order;
  std::vector<double> floors = {2, 100, 2};
  std::vector<double> ours = {3, 3, 500};
  std::size_t floor_at = 0;
  std::size_t ours_at = 0;
  Report report;

  report.ratio(
      {.name = "n", .floor = "f", .unit = "ms", .limit = at_most(1.5), .rounds = 3},
      [&]() -> Result<double> {
        order.push_back("floor");
        return floors[floor_at++];
      },
      [&]() -> Result<double> {
        order.push_back("ours");
        return ours[ours_at++];
      });

  EXPECT_THAT(order, ElementsAre("floor", "ours", "floor", "ours", "floor", "ours"));
  ASSERT_THAT(report.rows(), SizeIs(1));
  EXPECT_DOUBLE_EQ(report.rows()[0].ratio, 1.5);
  EXPECT_TRUE(meets(report.rows()[0]));
}

TEST(Report, MissesWhenTheRatioIsOverTheLimit) {
  Report report;

  report.ratio(
      {.name = "n", .floor = "f", .unit = "ms", .limit = at_most(1.4), .rounds = 1},
      []() -> Result<double> { return 2; }, []() -> Result<double> { return 3; });
  report.ratio(
      {.name = "n", .floor = "f", .unit = "1/s", .limit = at_least(1.6), .rounds = 1},
      []() -> Result<double> { return 2; }, []() -> Result<double> { return 3; });

  EXPECT_FALSE(meets(report.rows()[0]));
  EXPECT_FALSE(meets(report.rows()[1]));
}

TEST(Report, MissesWhenAMeasurementFailsOrTheFloorIsNothing) {
  Report report;

  report.figure({.name = "n", .unit = "ms", .limit = at_most(1), .rounds = 3},
                []() -> Result<double> { return Error{ErrorCode::unavailable, "no disk"}; });
  report.ratio(
      {.name = "n", .floor = "f", .unit = "ms", .limit = at_most(1), .rounds = 1},
      []() -> Result<double> { return 0; }, []() -> Result<double> { return 0; });

  EXPECT_FALSE(meets(report.rows()[0]));
  EXPECT_FALSE(meets(report.rows()[1]));
  EXPECT_THAT(table_for_terminal(report.rows()), HasSubstr("failed: no disk"));
}

TEST(Report, TellsAFigureWithItsLimitInEightyColumns) {
  Report report;

  report.figure({.name = "start", .unit = "ms", .limit = at_most(15), .rounds = 1},
                []() -> Result<double> { return 3.25; });

  EXPECT_THAT(table_for_terminal(report.rows()),
              HasSubstr("  3.25 ms         -               -           <= 15.0 ms      pass\n"));
}

TEST(WithTable, ReplacesWhatIsBetweenTheMarkersOnly) {
  const std::string document =
      "# T\n<!-- table: written by ./dev bench --publish -->\nold\n<!-- end of table -->\nend\n";

  const auto changed = with_table(document, "new\n");

  ASSERT_TRUE(changed);
  EXPECT_EQ(
      *changed,
      "# T\n<!-- table: written by ./dev bench --publish -->\nnew\n<!-- end of table -->\nend\n");
  EXPECT_FALSE(with_table("# T\n", "new\n"));
}

}  // namespace
}  // namespace nightjar::bench
