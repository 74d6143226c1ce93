// Trying candidates: a warm sandbox with the built project, one layer a candidate.
//
// Threads: an executor belongs to one thread at a time. Errors are failures of the sandbox.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "reason/budget.h"
#include "reason/edits.h"
#include "reason/rank.h"
#include "scenario/trial.h"

namespace nightjar::reason {

struct Candidate {
  std::size_t file = 0;
  Edit edit;
  double cost = 0;
};

/// A visible scenario as the search uses it.
struct Check {
  scenario::Scenario scenario;
  bool satisfied_before = false;
  bool held_back = false;  // of the validation set
  int step_failed = 0;
  std::int64_t wall_ms = 0;            // of the baseline
  const Spectrum* spectrum = nullptr;  // what it executed, if measured
};

struct CandidateOutcome {
  bool built = false;
  bool stopped = false;     // the budget ended it; says nothing about the candidate
  int fixed = 0;            // failing guide scenarios that are now satisfied
  bool broke = false;       // a satisfied guide scenario fails now
  bool satisfies = false;   // all guide scenarios
  bool overfitted = false;  // all guide scenarios, but not the validation set
  bool hit_limit = false;   // a failing guide scenario used up the candidates' limits
};

/// The seam for faster executors. A fake one is in the tests of the pool.
class CandidateExecutor {
 public:
  virtual ~CandidateExecutor() = default;
  /// One outcome for each candidate, in their order.
  virtual Result<std::vector<CandidateOutcome>> try_candidates(
      const std::vector<const Candidate*>& candidates) = 0;
};

/// What all executors of a search share.
struct Task {
  sandbox::Launcher* launcher = nullptr;
  sandbox::Spec spec;  // lower_dirs: the sources
  std::string build_command;
  harness::CommandLimits build_limits;
  scenario::StepLimits step_limits;
  /// Of candidates: a tight CPU limit, because many never end. What hits it gets a second chance.
  scenario::StepLimits candidate_limits;
  std::vector<SourceFile> files;
  std::vector<Check> checks;
  std::vector<std::string> bytecode;  // paths in the built workspace
  Budget* budget = nullptr;
  /// Build in each candidate's layer from the bare sources: the build command does not notice
  /// changes.
  bool clean_builds = false;
};

class WarmExecutor final : public CandidateExecutor {
 public:
  explicit WarmExecutor(const Task& task) : task_(task) {}

  /// Opens the sandbox over the sources.
  Result<> open();
  sandbox::Sandbox& sandbox() { return *sandbox_; }
  /// Builds in the sandbox, outside of any layer.
  Result<sandbox::Outcome> build();
  /// Whether the build command notices a change of the file: it must fail on nonsense.
  Result<bool> notices_change(std::size_t file);
  /// All trials of one scenario in the sandbox as it is now; stops at the first failing one.
  Result<scenario::Trial> run_check(const Check& check, const scenario::StepLimits& limits);

  /// Builds those that can share a build together.
  Result<std::vector<CandidateOutcome>> try_candidates(
      const std::vector<const Candidate*>& candidates) override;
  Result<CandidateOutcome> try_candidate(const Candidate& candidate);

 private:
  Result<> write_change(const Candidate& candidate);
  Result<CandidateOutcome> try_in_layer(const Candidate& candidate);
  Result<> run_guide(const Candidate& candidate, CandidateOutcome& outcome);
  bool is_shareable(const Candidate& candidate) const;
  using Shared = std::map<int, const Candidate*>;  // by the id of their variant
  /// False when they do not build together. Takes away those that do not compile.
  Result<bool> build_shared(Shared& shared);
  Result<> write_shared(const Shared& shared, const std::set<std::size_t>& files);
  /// The build with variants must do what the ordinary one did.
  Result<bool> shared_build_is_faithful();
  Result<> try_shared(Shared shared, std::vector<CandidateOutcome>& outcomes,
                      std::vector<int>& alone);
  Result<bool> satisfied(const Check& check, CandidateOutcome& outcome);
  Result<> reopen();

  const Task& task_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  int variant_ = 0;  // what programs are told to be; 0: themselves
  bool sharing_ = true;
  bool faithful_ = false;
};

/// Paths of Python's byte code files in a built workspace.
Result<std::vector<std::string>> find_bytecode(int workspace_fd);

/// So many candidates are tried with one build.
inline constexpr std::size_t kSharedBuildMax = 40;

/// The environment that keeps Python from leaving byte code of a candidate.
void forbid_bytecode(scenario::Scenario& scenario);

/// What the whole changed file says.
std::string changed_text(const Task& task, const Candidate& candidate);

}  // namespace nightjar::reason
