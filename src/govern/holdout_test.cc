#include "govern/holdout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace nightjar::govern {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<HoldoutCandidate> scenarios_of(const std::map<std::string, int>& counts) {
  std::vector<HoldoutCandidate> out;
  for (const auto& [requirement, count] : counts) {
    for (int i = 0; i < count; ++i)
      out.push_back({requirement + " case " + std::to_string(i), {requirement}});
  }
  return out;
}

TEST(ChooseHoldouts, TakesTheShareSpreadOverTheRequirements) {
  const auto candidates = scenarios_of({{"R1", 10}, {"R2", 10}, {"R3", 10}});

  const auto chosen = choose_holdouts(candidates, 30);

  EXPECT_THAT(chosen, SizeIs(9));
  for (const char* requirement : {"R1", "R2", "R3"}) {
    EXPECT_EQ(std::count_if(chosen.begin(), chosen.end(),
                            [&](const std::string& name) { return name.starts_with(requirement); }),
              3);
  }
}

TEST(ChooseHoldouts, IsTheSameInWhateverOrder) {
  auto candidates = scenarios_of({{"R1", 7}, {"R2", 4}, {"R3", 9}});
  const auto chosen = choose_holdouts(candidates, 30);
  std::reverse(candidates.begin(), candidates.end());

  auto again = choose_holdouts(candidates, 30);

  std::reverse(again.begin(), again.end());
  EXPECT_EQ(chosen, again);
}

TEST(ChooseHoldouts, NeverTakesTheOnlyScenarioOfARequirement) {
  const auto alone = scenarios_of({{"R1", 1}, {"R2", 1}, {"R3", 1}});
  std::vector<HoldoutCandidate> shared = {{"a", {"R1", "R2"}}, {"b", {"R1"}}, {"c", {"R1"}}};

  EXPECT_THAT(choose_holdouts(alone, 100), IsEmpty());
  for (const std::string& name : choose_holdouts(shared, 100)) EXPECT_NE(name, "a");
}

TEST(ChooseHoldouts, TakesOneOfAFewAndNoneOfNone) {
  EXPECT_THAT(choose_holdouts(scenarios_of({{"R1", 2}}), 1), SizeIs(1));
  EXPECT_THAT(choose_holdouts({{"a", {}}, {"b", {}}}, 30), SizeIs(1));
  EXPECT_THAT(choose_holdouts(scenarios_of({{"R1", 9}}), 0), IsEmpty());
  EXPECT_THAT(choose_holdouts(scenarios_of({{"R1", 9}}), -5), IsEmpty());
  EXPECT_THAT(choose_holdouts({}, 30), IsEmpty());
}

// Goal: what holds for every library of scenarios. Method: random ones from fixed seeds.
TEST(ChooseHoldoutsProperties, EveryRequirementKeepsAVisibleScenario) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    std::vector<HoldoutCandidate> candidates;
    const std::uint64_t count = 1 + random() % 30;
    for (std::uint64_t i = 0; i < count; ++i) {
      HoldoutCandidate candidate{"scenario " + std::to_string(i), {}};
      for (std::uint64_t r = 0; r < random() % 3; ++r)
        candidate.requirements.push_back("R" + std::to_string(random() % 6));
      candidates.push_back(candidate);
    }
    const int share = static_cast<int>(random() % 101);

    const auto chosen = choose_holdouts(candidates, share);

    const std::set<std::string> sealed(chosen.begin(), chosen.end());
    std::set<std::string> all;
    std::set<std::string> visible;
    for (const HoldoutCandidate& candidate : candidates) {
      all.insert(candidate.requirements.begin(), candidate.requirements.end());
      if (sealed.contains(candidate.name)) continue;
      visible.insert(candidate.requirements.begin(), candidate.requirements.end());
    }
    EXPECT_EQ(all, visible) << seed;
    EXPECT_LE(
        chosen.size(),
        std::max<std::size_t>(1, (candidates.size() * static_cast<std::size_t>(share) + 50) / 100));
  }
}

}  // namespace
}  // namespace nightjar::govern
