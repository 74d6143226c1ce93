// The part of WarmExecutor that tries many candidates with one build.
#include <algorithm>
#include <set>
#include <utility>

#include "reason/c/batch.h"
#include "reason/executor.h"
#include "sandbox/tree.h"

namespace nightjar::reason {
namespace {

constexpr std::size_t kWorthSharing = 3;
constexpr int kBuildRounds = 4;

}  // namespace

bool WarmExecutor::is_shareable(const Candidate& candidate) const {
  const SourceFile& file = task_.files[candidate.file];
  return sharing_ && !task_.build_command.empty() && file.path.ends_with(".c") &&
         c::can_be_variant(file.tree, candidate.edit);
}

Result<std::vector<CandidateOutcome>> WarmExecutor::try_candidates(
    const std::vector<const Candidate*>& candidates) {
  std::vector<CandidateOutcome> outcomes(candidates.size());
  std::vector<int> alone;
  Shared shared;
  for (std::size_t at = 0; at < candidates.size(); ++at) {
    const int id = static_cast<int>(at) + 1;
    if (is_shareable(*candidates[at])) {
      shared[id] = candidates[at];
    } else {
      alone.push_back(id);
    }
  }
  if (shared.size() < kWorthSharing) {
    for (const auto& [id, candidate] : shared) alone.push_back(id);
  } else {
    const Result<> tried = try_shared(shared, outcomes, alone);
    variant_ = 0;
    if (!tried && !task_.budget->spent()) {
      // One of them spoilt the sandbox; which one shows when each has its own.
      TRY(reopen());
      alone.clear();
      for (std::size_t at = 0; at < candidates.size(); ++at)
        alone.push_back(static_cast<int>(at) + 1);
    }
  }
  std::sort(alone.begin(), alone.end());
  for (const int id : alone) {
    const auto at = static_cast<std::size_t>(id) - 1;
    if (task_.budget->spent()) {
      outcomes[at] = CandidateOutcome{.stopped = true};
      continue;
    }
    TRY_INTO(outcomes[at], try_candidate(*candidates[at]));
  }
  return outcomes;
}

Result<> WarmExecutor::write_shared(const Shared& shared, const std::set<std::size_t>& files) {
  for (const std::size_t at : files) {
    const SourceFile& file = task_.files[at];
    std::vector<c::Variant> variants;
    for (const auto& [id, candidate] : shared) {
      if (candidate->file == at) variants.push_back({id, &candidate->edit});
    }
    const std::string text =
        variants.empty() ? file.tree.text() : c::with_variants(file.tree, variants);
    TRY(sandbox::write_file_at(sandbox_->workspace_fd(), file.path, text,
                               sandbox::FileMode::regular));
  }
  return ok;
}

Result<bool> WarmExecutor::build_shared(Shared& shared) {
  std::set<std::size_t> files;
  for (const auto& [id, candidate] : shared) files.insert(candidate->file);
  for (int round = 0; round < kBuildRounds && !task_.budget->spent(); ++round) {
    TRY(write_shared(shared, files));
    TRY_INTO(const sandbox::Outcome outcome, build());
    if (outcome.succeeded()) return true;
    const std::set<int> wrong =
        c::variants_in_errors(outcome.stderr_bytes + "\n" + outcome.stdout_bytes);
    std::size_t removed = 0;
    for (const int id : wrong) removed += shared.erase(id);
    if (removed == 0) return false;
  }
  return false;
}

Result<bool> WarmExecutor::shared_build_is_faithful() {
  for (const Check& check : task_.checks) {
    if (check.held_back) continue;
    TRY_INTO(const scenario::Trial trial, run_check(check, task_.candidate_limits));
    if (task_.budget->spent()) return true;
    if (trial.satisfied != check.satisfied_before) return false;
  }
  return true;
}

Result<> WarmExecutor::try_shared(Shared shared, std::vector<CandidateOutcome>& outcomes,
                                  std::vector<int>& alone) {
  const Shared all = shared;
  TRY(sandbox_->begin_layer());
  TRY_INTO(bool works, build_shared(shared));
  if (works && !faithful_) {
    TRY_INTO(faithful_, shared_build_is_faithful());
    works = faithful_;
    sharing_ = faithful_;
  }
  for (const auto& [id, candidate] : works ? shared : all) {
    CandidateOutcome& outcome = outcomes[static_cast<std::size_t>(id) - 1];
    if (!works) {
      alone.push_back(id);
      continue;
    }
    outcome.built = true;
    outcome.stopped = task_.budget->spent();
    if (outcome.stopped) continue;
    variant_ = id;
    TRY(run_guide(*candidate, outcome));
    variant_ = 0;
  }
  return sandbox_->end_layer();
}

}  // namespace nightjar::reason
