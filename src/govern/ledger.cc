#include "govern/ledger.h"

#include <algorithm>
#include <limits>

namespace nightjar::govern {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// a - b - c for values ≥ 0, at least -kMost.
std::int64_t left_of(std::int64_t cap, std::int64_t reserved, std::int64_t spent) {
  const std::int64_t rest = cap - spent;  // Both ≥ 0, so this fits.
  return rest < -kMost + reserved ? -kMost : rest - reserved;
}

std::int64_t add(std::int64_t a, std::int64_t b) { return a > kMost - b ? kMost : a + b; }

}  // namespace

Result<std::vector<Ledger::Entry>> Ledger::reserve(const event::Cost& worst_case) {
  const event::Cost rest = left();
  for (const event::CostUnit& unit : event::kCostUnits) {
    const std::int64_t asked = worst_case.*unit.member;
    const std::string name(unit.name);
    if (asked < 0) return {ErrorCode::invalid_input, name + ": a cost below zero was asked for"};
    if (asked == 0 || asked <= rest.*unit.member) continue;
    return {ErrorCode::exhausted, "the budget has " + std::to_string(rest.*unit.member) + " " +
                                      name + " left of " + std::to_string(caps_.*unit.member) +
                                      ", and " + std::to_string(asked) +
                                      " may be needed; raise the budget"};
  }
  std::vector<Entry> entries;
  for (const event::CostUnit& unit : event::kCostUnits) {
    const std::int64_t amount = worst_case.*unit.member;
    if (amount == 0) continue;
    reserved_.*unit.member += amount;  // At most the cap.
    entries.push_back({"reserved", "budget", std::string(unit.name), amount});
  }
  return entries;
}

std::vector<Ledger::Entry> Ledger::settle(const event::Cost& reserved, const event::Cost& actual) {
  std::vector<Entry> entries;
  for (const event::CostUnit& unit : event::kCostUnits) {
    const std::string name(unit.name);
    const auto post = [&](const char* debit, const char* credit, std::int64_t amount) {
      if (amount > 0) entries.push_back({debit, credit, name, amount});
    };
    // Never more than is reserved, whatever a record says.
    const std::int64_t held =
        std::clamp<std::int64_t>(reserved.*unit.member, 0, reserved_.*unit.member);
    const std::int64_t used = std::max<std::int64_t>(actual.*unit.member, 0);
    const std::int64_t covered = std::min(held, used);
    const std::int64_t before = spent_.*unit.member;
    reserved_.*unit.member -= held;
    spent_.*unit.member = add(before, used);
    post("spent", "reserved", covered);
    post("budget", "reserved", held - covered);
    post("spent", "budget", spent_.*unit.member - before - covered);
  }
  return entries;
}

event::Cost Ledger::left() const {
  event::Cost out;
  for (const event::CostUnit& unit : event::kCostUnits) {
    out.*unit.member = left_of(caps_.*unit.member, reserved_.*unit.member, spent_.*unit.member);
  }
  return out;
}

}  // namespace nightjar::govern
