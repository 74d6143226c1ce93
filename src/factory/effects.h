// The effect gate: the one way to the world. Five steps, in this order, for each effect:
//
//   1. decide   the breakers and limits permit it (admit)
//   2. reserve  the ledger takes the worst case from the run's budget, or refuses (admit)
//   3. record   the intent is in the journal, durably (decide.cc writes it, engine.cc commits it)
//   4. perform  inside its sandbox, under its limits (perform_recorded)
//   5. settle   outcome and true cost are recorded (decide_settlement)
//
// Only this file's perform_recorded calls a Performer; tidy_test proves it. A crash between any two
// steps loses nothing: simulation_test.cc crashes at each boundary for each effect kind.
// Threads: admit is pure; perform_recorded runs on a worker, a Performer may be used by several.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/effect.h"
#include "factory/decide.h"
#include "factory/run_view.h"
#include "govern/ledger.h"

namespace nightjar::factory {

struct Admission {
  std::string rule;  // what admitted it, for `why`
  std::vector<govern::Ledger::Entry> entries;
};
/// exhausted: a breaker is open, or the budget does not cover the worst case.
Result<Admission> admit(const RunView& view, const event::Effect& effect);

struct PerformRequest {
  RunId run;
  std::uint64_t run_seq = 0;  // of the intent; with the run, the effect's id
  event::EffectKind kind = event::EffectKind::run_command;
  Json arguments;
  event::Cost worst_case;                            // the limits to hold
  std::function<void(const std::string&)> progress;  // lines for people; never null
};

struct Performed {
  Json result;
  event::Cost cost;
};

class Performer {
 public:
  virtual ~Performer() = default;
  /// An error means that this machine failed (or `stop`); what a program did is in the result.
  virtual Result<Performed> perform(const PerformRequest& request, std::stop_token stop) = 0;
};
using Performers = std::map<event::EffectKind, std::unique_ptr<Performer>>;

/// Step 4. Only for an intent that is durable. A performer's error becomes a failed settlement,
/// charged with the time it took.
Settlement perform_recorded(const Performers& performers, const PerformRequest& request,
                            const Clock& clock, std::stop_token stop);

}  // namespace nightjar::factory
