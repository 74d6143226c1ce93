#include <gmock/gmock.h>

#include <algorithm>

#include "reason/search.h"

namespace nightjar::reason {
namespace {

std::vector<scenario::Scenario> scenarios(int count) {
  std::vector<scenario::Scenario> out(static_cast<std::size_t>(count));
  for (std::size_t at = 0; at < out.size(); ++at) out[at].name = "scenario " + std::to_string(at);
  return out;
}

TEST(ValidationPart, IsEmptyForFewerThanSix) {
  EXPECT_TRUE(validation_part(scenarios(5), std::vector<bool>(5, false)).empty());
  EXPECT_TRUE(validation_part({}, {}).empty());
}

// Goal: the promises of the header for every number of scenarios and of failing ones.
TEST(ValidationPart, IsAThirdWithFailingScenariosOnBothSides) {
  for (int count = 6; count <= 40; ++count) {
    for (int failing = 0; failing <= count; ++failing) {
      std::vector<bool> satisfied(static_cast<std::size_t>(count), true);
      for (int at = 0; at < failing; ++at)
        satisfied[static_cast<std::size_t>(at * 7 % count)] = false;
      const auto all_failing = std::count(satisfied.begin(), satisfied.end(), false);

      const auto part = validation_part(scenarios(count), satisfied);

      const auto held_back =
          std::count_if(part.begin(), part.end(), [&](std::size_t at) { return !satisfied[at]; });
      ASSERT_EQ(part.size(), static_cast<std::size_t>(count * 3 / 10));
      ASSERT_TRUE(std::is_sorted(part.begin(), part.end()));
      ASSERT_EQ(std::adjacent_find(part.begin(), part.end()), part.end());
      ASSERT_TRUE(all_failing == 0 || held_back < all_failing) << count << " " << failing;
      ASSERT_TRUE(all_failing < 2 || held_back > 0) << count << " " << failing;
    }
  }
}

TEST(ValidationPart, DependsOnNamesAndNotOnTheirOrder) {
  auto forward = scenarios(12);
  auto backward = forward;
  std::reverse(backward.begin(), backward.end());
  const std::vector<bool> satisfied(12, true);
  const auto names = [](const std::vector<scenario::Scenario>& from,
                        const std::vector<std::size_t>& part) {
    std::vector<std::string> out;
    for (const std::size_t at : part) out.push_back(from[at].name);
    std::sort(out.begin(), out.end());
    return out;
  };

  const auto one = names(forward, validation_part(forward, satisfied));
  const auto other = names(backward, validation_part(backward, satisfied));

  EXPECT_EQ(one, other);
}

}  // namespace
}  // namespace nightjar::reason
