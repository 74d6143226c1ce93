// Which scenarios the search does not see.
#include <algorithm>

#include "base/hash.h"
#include "reason/search.h"

namespace nightjar::reason {
namespace {

constexpr std::size_t kScenariosForSplit = 6;
constexpr std::size_t kSharePercent = 30;

using Order = std::vector<std::size_t>;
enum class Given { failing, satisfied };

// Exchanges one pick for one that is left, if both can be had.
void exchange(Order& order, std::size_t picked, const std::vector<bool>& satisfied, Given give) {
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(picked);
  const bool gives_satisfied = give == Given::satisfied;
  const auto is_given = [&](std::size_t index) { return satisfied[index] == gives_satisfied; };
  const auto given = std::find_if(std::make_reverse_iterator(middle), order.rend(), is_given);
  const auto taken = std::find_if(
      middle, order.end(), [&](std::size_t index) { return satisfied[index] != gives_satisfied; });
  if (given != order.rend() && taken != order.end()) std::iter_swap(given, taken);
}

}  // namespace

std::vector<std::size_t> validation_part(const std::vector<scenario::Scenario>& scenarios,
                                         const std::vector<bool>& satisfied_before) {
  CHECK(scenarios.size() == satisfied_before.size());
  if (scenarios.size() < kScenariosForSplit) return {};
  Order order(scenarios.size());
  for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    const auto key = [&](std::size_t index) {
      return std::make_pair(blake3(scenarios[index].name), index);
    };
    return key(left) < key(right);
  });
  const std::size_t picked = scenarios.size() * kSharePercent / 100;
  const auto failing_in = [&](std::size_t from, std::size_t to) {
    return std::count_if(order.begin() + static_cast<std::ptrdiff_t>(from),
                         order.begin() + static_cast<std::ptrdiff_t>(to),
                         [&](std::size_t index) { return !satisfied_before[index]; });
  };
  const auto failing = failing_in(0, order.size());
  if (failing > 0 && failing_in(picked, order.size()) == 0) {
    exchange(order, picked, satisfied_before, Given::failing);
  }
  if (failing > 1 && failing_in(0, picked) == 0)
    exchange(order, picked, satisfied_before, Given::satisfied);
  order.resize(picked);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace nightjar::reason
