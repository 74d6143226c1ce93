// The decisions of a run: what is recorded next and which effect follows. Pure but for the view
// they advance; the engine records what they return before it performs anything.
//
// If recording fails, the view is ahead of the journal: throw it away and replay.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "factory/handlers.h"
#include "factory/run_view.h"
#include "store/journal.h"

namespace nightjar::factory {

/// At most this many events are decided before they are recorded, so that a transaction stays
/// small.
inline constexpr std::size_t kDraftsMax = 64;

/// Why a person holds the run: the gate's first question before every effect. nullopt: nobody does.
using HeldBy = std::function<std::optional<std::string>(const RunId&, const ProjectId&)>;

struct Decisions {
  std::vector<event::Draft> drafts;
  std::vector<store::Posting> postings;
  std::vector<store::WorkItem> work_items;

  bool empty() const { return drafts.empty(); }
};

/// The run's work item in another state: "running", "done", "failed".
store::WorkItem work_item(const RunView& view, const std::string& state);

/// Goes on until an effect has to be performed (view.in_flight()), the run is finished or held, or
/// kDraftsMax events were decided (call again after recording).
Result<Decisions> decide_next(RunView& view, const HandlerTable& handlers, const HeldBy& held_by,
                              std::int64_t now_utc_ns);

/// What became of the effect in flight.
struct Settlement {
  EffectRecord::Outcome outcome = EffectRecord::Outcome::done;
  Json result{};
  event::Cost cost{};
  std::string why{};
  std::string error_code{};
};
Result<Decisions> decide_settlement(RunView& view, const Settlement& settlement,
                                    const HandlerTable& handlers, const HeldBy& held_by,
                                    std::int64_t now_utc_ns);

/// A hold came while an effect was performed; it was told to stop and has no outcome.
Result<Decisions> decide_hold(RunView& view, const std::string& why, const HandlerTable& handlers,
                              std::int64_t now_utc_ns);

/// What a restart does with a run: records that it goes on; an effect of class `once` in flight is
/// settled as unknown at its worst case, others stay in flight and are performed again.
Result<Decisions> decide_resume(RunView& view, const HandlerTable& handlers, const HeldBy& held_by,
                                std::int64_t now_utc_ns);

}  // namespace nightjar::factory
