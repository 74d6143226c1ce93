#include "factory/effects.h"

#include <algorithm>
#include <thread>

#include "base/check.h"

namespace nightjar::factory {

Result<Admission> admit(const RunView& view, const event::Effect& effect) {
  TRY(view.breakers.check(view.node, view.ledger.spent().wall_ms));
  govern::Ledger ledger = view.ledger;
  TRY_INTO(std::vector<govern::Ledger::Entry> entries, ledger.reserve(effect.worst_case));
  return Admission{.rule = "breakers closed; worst case within the run's budget",
                   .entries = std::move(entries)};
}

Settlement perform_recorded(const Performers& performers, const PerformRequest& request,
                            const Clock& clock, std::stop_token stop) {
  const auto performer = performers.find(request.kind);
  CHECK(performer != performers.end());
  const auto start = clock.monotonic();
  Result<Performed> performed = performer->second->perform(request, stop);
  if (!performed) {
    // What it used before it failed is not known: all processors for as long as it took, but never
    // more than was reserved.
    event::Cost cost = request.worst_case;
    cost.wall_ms = std::min(cost.wall_ms, elapsed_ms(clock, start));
    cost.cpu_ms =
        std::min<std::int64_t>(cost.cpu_ms, cost.wall_ms * std::thread::hardware_concurrency());
    return {.outcome = EffectRecord::Outcome::failed,
            .result = Json(),
            .cost = cost,
            .why = performed.error().message,
            .error_code = std::string(name_of(performed.error().code))};
  }
  return {.outcome = EffectRecord::Outcome::done,
          .result = std::move(performed->result),
          .cost = performed->cost,
          .why = {},
          .error_code = {}};
}

}  // namespace nightjar::factory
