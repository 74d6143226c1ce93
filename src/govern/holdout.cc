#include "govern/holdout.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/hash.h"

namespace nightjar::govern {
namespace {

struct Stratum {  // the scenarios of one requirement
  std::size_t total = 0;
  std::size_t sealed = 0;
};

struct Share {  // a fraction, compared without rounding
  std::size_t part = 0;
  std::size_t whole = 1;
  friend bool operator<(const Share& a, const Share& b) {
    return a.part * b.whole < b.part * a.whole;
  }
};

class Choice {
 public:
  explicit Choice(const std::vector<HoldoutCandidate>& candidates) : chosen_(candidates.size()) {
    for (const HoldoutCandidate& candidate : candidates) {
      std::set<std::string> own(candidate.requirements.begin(), candidate.requirements.end());
      if (own.empty()) own.insert("");  // Scenarios of no requirement are a group like others.
      std::vector<Stratum*> strata;
      for (const std::string& id : own) strata.push_back(&strata_[id]);
      for (Stratum* stratum : strata) ++stratum->total;
      strata_of_.push_back(std::move(strata));
      // By hash and not by name or place: neither who writes nor what is added later steers it.
      keys_.push_back(blake3(candidate.name));
    }
  }

  /// Seals the candidate whose fullest requirement is least sealed. False when none may be sealed.
  bool seal_next() {
    std::optional<std::size_t> best;
    Share best_share;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const std::optional<Share> share = chosen_[i] ? std::nullopt : share_after(i);
      if (!share) continue;
      const bool better =
          !best || *share < best_share || (!(best_share < *share) && keys_[i] < keys_[*best]);
      if (!better) continue;
      best = i;
      best_share = *share;
    }
    if (!best) return false;
    chosen_[*best] = true;
    for (Stratum* stratum : strata_of_[*best]) ++stratum->sealed;
    return true;
  }

  bool is_chosen(std::size_t i) const { return chosen_[i]; }

 private:
  std::optional<Share> share_after(std::size_t i) const {
    Share most{0, 1};
    for (const Stratum* stratum : strata_of_[i]) {
      if (stratum->sealed + 1 >= stratum->total) return std::nullopt;  // One stays visible.
      const Share share{stratum->sealed + 1, stratum->total};
      if (most < share) most = share;
    }
    return most;
  }

  std::map<std::string, Stratum> strata_;
  std::vector<std::vector<Stratum*>> strata_of_;  // by candidate; into strata_
  std::vector<Digest> keys_;
  std::vector<bool> chosen_;
};

}  // namespace

std::vector<std::string> choose_holdouts(const std::vector<HoldoutCandidate>& candidates,
                                         int share_percent) {
  const auto percent = static_cast<std::size_t>(std::clamp(share_percent, 0, 100));
  std::size_t wanted = (candidates.size() * percent + 50) / 100;
  if (wanted == 0 && percent > 0) wanted = 1;

  Choice choice(candidates);
  for (std::size_t count = 0; count < wanted && choice.seal_next(); ++count) {}
  std::vector<std::string> names;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (choice.is_chosen(i)) names.push_back(candidates[i].name);
  }
  return names;
}

}  // namespace nightjar::govern
