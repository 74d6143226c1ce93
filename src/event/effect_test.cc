#include "event/effect.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace nightjar::event {
namespace {

TEST(Effect, HasOneNameForEachKindThatReadsBack) {
  std::set<std::string_view> names;
  for (const EffectKind kind : kEffectKinds) {
    EXPECT_EQ(effect_kind_from(name_of(kind)), kind) << name_of(kind);
    EXPECT_TRUE(names.insert(name_of(kind)).second) << name_of(kind);
  }
  EXPECT_EQ(effect_kind_from("run"), std::nullopt);
  EXPECT_EQ(effect_kind_from(""), std::nullopt);
}

// Goal: nobody repeats a trace that others see because a table said so by mistake.
TEST(Effect, MayBeRerunOnlyWhenItLeavesNoTraceOutside) {
  EXPECT_EQ(repeat_class_of(EffectKind::run_command), RepeatClass::rerunnable);
  EXPECT_EQ(repeat_class_of(EffectKind::run_search), RepeatClass::rerunnable);
  EXPECT_EQ(repeat_class_of(EffectKind::run_trials), RepeatClass::rerunnable);
  EXPECT_EQ(repeat_class_of(EffectKind::write_branch), RepeatClass::keyed);
  EXPECT_EQ(name_of(RepeatClass::rerunnable), "rerunnable");
  EXPECT_EQ(name_of(RepeatClass::keyed), "keyed");
  EXPECT_EQ(name_of(RepeatClass::once), "once");
}

TEST(Cost, ReadsBackFromItsJson) {
  const Cost cost{.nano_usd = 1, .tokens = 2, .cpu_ms = 3, .wall_ms = 4, .bytes = 5};

  const Result<Cost> read = cost_from(to_json(cost));

  ASSERT_TRUE(read);
  EXPECT_EQ(*read, cost);
}

TEST(Cost, IsRefusedWhenAUnitIsMissingOrBelowZero) {
  Json missing = Json::object({{"nano_usd", 1}});
  Json negative = to_json(Cost{});
  negative.set("wall_ms", -1);

  EXPECT_EQ(cost_from(missing).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(cost_from(negative).error().message, "cost: wall_ms is below zero");
}

TEST(Cost, SumsUpToTheMaximumAndNeverWrapsRound) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

  const Cost total = sum({.nano_usd = kMost, .tokens = 1}, {.nano_usd = 1, .tokens = 2});

  EXPECT_EQ(total, (Cost{.nano_usd = kMost, .tokens = 3}));
}

}  // namespace
}  // namespace nightjar::event
