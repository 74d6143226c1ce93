// What a run may spend: reserved in the worst case before an effect, settled at the true cost
// after. Double entry: budget → reserved → spent, and what is left of a reservation goes back to
// the budget. Pure values, integers only. A unit whose cap is 0 allows nothing but 0.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "event/effect.h"

namespace nightjar::govern {

class Ledger {
 public:
  explicit Ledger(const event::Cost& caps) : caps_(caps) {}

  struct Entry {  // one posting to record
    std::string debit;
    std::string credit;
    std::string unit;
    std::int64_t amount = 0;
  };

  /// exhausted when a cap would be passed: names the unit, what is left and what was asked.
  Result<std::vector<Entry>> reserve(const event::Cost& worst_case);
  /// `actual` above the reservation is recorded as spent all the same (and shows as an overrun).
  std::vector<Entry> settle(const event::Cost& reserved, const event::Cost& actual);

  const event::Cost& caps() const { return caps_; }
  const event::Cost& reserved() const { return reserved_; }
  const event::Cost& spent() const { return spent_; }
  event::Cost left() const;

 private:
  event::Cost caps_;
  event::Cost reserved_;
  event::Cost spent_;
};

}  // namespace nightjar::govern
