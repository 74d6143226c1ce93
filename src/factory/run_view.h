// What a run is now: the fold of its events. Resume is replay; there is no other checkpoint.
//
// apply() is pure and total: the same events give the same view, in this process or after a crash.
// Values; one thread at a time. Errors: corrupt (names the event and the field).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "event/event.h"
#include "factory/records.h"
#include "govern/breakers.h"
#include "govern/ledger.h"
#include "workflow/step.h"

namespace nightjar::factory {

struct RunView {
  RunId id;
  std::uint64_t run_seq = 0;  // of the last event applied
  std::int64_t started_at_utc_ns = 0;
  std::int64_t last_at_utc_ns = 0;
  RunCreated created;
  workflow::RunState flow;
  govern::Ledger ledger{event::Cost{}};
  govern::Breakers breakers{govern::BreakerLimits{}};
  std::optional<workflow::Effect> next;  // what the workflow decided and is not recorded yet

  std::string node;       // the node being worked on
  std::string last_node;  // the last one that ended, start and exit left out
  int visit = 0;
  std::vector<EffectRecord> effects;            // of this visit, in order
  std::map<std::string, Json> facts;            // node → facts of its last finish
  std::map<std::string, std::string> outcomes;  // node → how it finished last
  std::string held;                             // why a person holds it; empty: nobody does
  std::string refused;                          // why the gate refused; empty: it did not
  std::string refused_code;
  std::optional<EffectRecord> last_failure;  // the last effect that failed on this machine
  std::optional<RunFinished> finished;

  /// The effect whose outcome is not known yet.
  EffectRecord* in_flight();
  const Json* facts_of(const std::string& node_id) const;
};

/// The budget of a run as the ledger's caps.
event::Cost caps_of(const config::Budget& budget);

/// `known_types`: node types that graphs may use.
Result<> apply(RunView& view, const event::Envelope& envelope,
               const std::vector<std::string>& known_types);

}  // namespace nightjar::factory
