#include "govern/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>

namespace nightjar::govern {
namespace {

using event::Cost;
using ::testing::HasSubstr;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string shown(const std::vector<Ledger::Entry>& entries) {
  std::string out;
  for (const Ledger::Entry& entry : entries) {
    out += entry.credit + ">" + entry.debit + " " + std::to_string(entry.amount) + " " +
           entry.unit + "\n";
  }
  return out;
}

TEST(Ledger, ReservesThenSpendsAndGivesTheRestBack) {
  Ledger ledger(Cost{.cpu_ms = 100, .wall_ms = 50});

  auto reserved = ledger.reserve(Cost{.cpu_ms = 60, .wall_ms = 50});
  const Cost left_between = ledger.left();
  const auto settled =
      ledger.settle(Cost{.cpu_ms = 60, .wall_ms = 50}, Cost{.cpu_ms = 20, .wall_ms = 50});

  ASSERT_TRUE(reserved);
  EXPECT_EQ(shown(*reserved), "budget>reserved 60 cpu_ms\nbudget>reserved 50 wall_ms\n");
  EXPECT_EQ(left_between, (Cost{.cpu_ms = 40}));
  EXPECT_EQ(shown(settled),
            "reserved>spent 20 cpu_ms\nreserved>budget 40 cpu_ms\nreserved>spent 50 wall_ms\n");
  EXPECT_EQ(ledger.left(), (Cost{.cpu_ms = 80}));
  EXPECT_EQ(ledger.reserved(), Cost{});
  EXPECT_EQ(ledger.spent(), (Cost{.cpu_ms = 20, .wall_ms = 50}));
}

TEST(Ledger, RefusesMoreThanIsLeftAndNamesTheUnit) {
  Ledger ledger(Cost{.cpu_ms = 100, .bytes = 10});
  ASSERT_TRUE(ledger.reserve(Cost{.cpu_ms = 70}));

  auto refused = ledger.reserve(Cost{.cpu_ms = 31, .bytes = 1});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("30 cpu_ms left of 100, and 31 may be needed"));
  EXPECT_EQ(ledger.reserved(), (Cost{.cpu_ms = 70}));  // Nothing of a refusal stays reserved.
}

TEST(Ledger, AllowsNothingButZeroWithoutACap) {
  Ledger ledger({});

  EXPECT_TRUE(ledger.reserve({}));
  for (const event::CostUnit& unit : event::kCostUnits) {
    Cost one;
    one.*unit.member = 1;
    EXPECT_EQ(ledger.reserve(one).error().code, ErrorCode::exhausted) << unit.name;
  }
}

TEST(Ledger, RefusesACostBelowZero) {
  Ledger ledger(Cost{.tokens = 5});

  EXPECT_EQ(ledger.reserve(Cost{.tokens = -1}).error().code, ErrorCode::invalid_input);
}

TEST(Ledger, RecordsAnOverrunAndThenRefuses) {
  Ledger ledger(Cost{.wall_ms = 100});
  ASSERT_TRUE(ledger.reserve(Cost{.wall_ms = 100}));

  const auto settled = ledger.settle(Cost{.wall_ms = 100}, Cost{.wall_ms = 130});

  EXPECT_EQ(shown(settled), "reserved>spent 100 wall_ms\nbudget>spent 30 wall_ms\n");
  EXPECT_EQ(ledger.left().wall_ms, -30);
  EXPECT_FALSE(ledger.reserve(Cost{.wall_ms = 1}));
  EXPECT_TRUE(ledger.reserve({}));
}

TEST(Ledger, SaturatesInsteadOfOverflowing) {
  Ledger ledger(Cost{.bytes = kMost});
  ASSERT_TRUE(ledger.reserve(Cost{.bytes = kMost}));

  ledger.settle(Cost{.bytes = 1}, Cost{.bytes = kMost});
  ledger.settle(Cost{}, Cost{.bytes = kMost});

  EXPECT_EQ(ledger.spent().bytes, kMost);
  EXPECT_EQ(ledger.left().bytes, -(kMost - 1));
  EXPECT_FALSE(ledger.reserve(Cost{.bytes = kMost}));
}

TEST(Ledger, NeverTakesBackMoreThanIsReserved) {
  Ledger ledger(Cost{.tokens = 10});
  ASSERT_TRUE(ledger.reserve(Cost{.tokens = 4}));

  ledger.settle(Cost{.tokens = 9}, Cost{.tokens = 1});

  EXPECT_EQ(ledger.reserved().tokens, 0);
  EXPECT_EQ(ledger.left().tokens, 9);
}

// Goal: no money appears or vanishes. Method: random reservations and settlements from fixed seeds;
// the postings replayed into three accounts give the ledger's own figures at every moment.
TEST(LedgerProperties, BudgetReservedAndSpentAlwaysAddUpToTheCap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto cost = [&](std::uint64_t most) {
      Cost out;
      for (const event::CostUnit& unit : event::kCostUnits) {
        out.*unit.member = static_cast<std::int64_t>(random() % most);
      }
      return out;
    };
    const bool may_overrun = seed % 2 == 1;
    const Cost caps = cost(10'000);
    Ledger ledger(caps);
    std::vector<Cost> open;
    std::map<std::pair<std::string, std::string>, std::int64_t> accounts;
    for (const event::CostUnit& unit : event::kCostUnits) {
      accounts[{"budget", std::string(unit.name)}] = caps.*unit.member;
    }
    for (int i = 0; i < 100; ++i) {
      std::vector<Ledger::Entry> entries;
      if (open.empty() || random() % 2 == 0) {
        const Cost worst_case = cost(2'000);
        auto reserved = ledger.reserve(worst_case);
        if (!reserved) continue;
        open.push_back(worst_case);
        entries = *reserved;
      } else {
        Cost actual = cost(2'000);
        for (const event::CostUnit& unit : event::kCostUnits) {
          if (!may_overrun)
            actual.*unit.member = std::min(actual.*unit.member, open.back().*unit.member);
        }
        entries = ledger.settle(open.back(), actual);
        open.pop_back();
      }
      for (const Ledger::Entry& entry : entries) {
        ASSERT_GT(entry.amount, 0);
        accounts[{entry.credit, entry.unit}] -= entry.amount;
        accounts[{entry.debit, entry.unit}] += entry.amount;
      }
      for (const event::CostUnit& unit : event::kCostUnits) {
        const std::string name(unit.name);
        ASSERT_EQ(caps.*unit.member, ledger.left().*unit.member + ledger.reserved().*unit.member +
                                         ledger.spent().*unit.member);
        ASSERT_EQ((accounts[{"budget", name}]), ledger.left().*unit.member);
        ASSERT_EQ((accounts[{"reserved", name}]), ledger.reserved().*unit.member);
        ASSERT_EQ((accounts[{"spent", name}]), ledger.spent().*unit.member);
        ASSERT_GE(ledger.reserved().*unit.member, 0);
        ASSERT_TRUE(may_overrun || ledger.left().*unit.member >= 0);
      }
    }
  }
}

}  // namespace
}  // namespace nightjar::govern
