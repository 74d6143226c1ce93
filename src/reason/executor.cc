#include "reason/executor.h"

#include <algorithm>
#include <utility>

#include "reason/sources.h"
#include "sandbox/tree.h"

namespace nightjar::reason {
namespace {

bool executes(const Check& check, const Candidate& candidate) {
  if (check.spectrum == nullptr) return true;
  const auto& hits = check.spectrum->hits[candidate.file];
  const auto line = static_cast<std::size_t>(candidate.edit.line);
  return line < hits.size() && hits[line] != 0;
}

// Those that execute the changed line first, then the quick ones.
std::vector<const Check*> ordered(const Task& task, const Candidate& candidate,
                                  const std::function<bool(const Check&)>& wanted) {
  std::vector<const Check*> out;
  for (const Check& check : task.checks) {
    if (wanted(check)) out.push_back(&check);
  }
  std::stable_sort(out.begin(), out.end(), [&](const Check* left, const Check* right) {
    const bool left_executes = executes(*left, candidate);
    const bool right_executes = executes(*right, candidate);
    if (left_executes != right_executes) return left_executes;
    return left->wall_ms < right->wall_ms;
  });
  return out;
}

bool includes(const SourceFile& file, const std::string& header) {
  const std::string name = header.substr(header.rfind('/') + 1);
  return file.tree.text().find(name) != std::string::npos;
}

// pkg/__pycache__/name.cpython-311.pyc, of pkg/name.py
bool is_bytecode_of(const std::string& path, const std::string& source) {
  const std::size_t slash = source.rfind('/') + 1;  // 0 without one
  const std::string stem = source.substr(slash, source.rfind('.') - slash);
  return path.starts_with(source.substr(0, slash) + "__pycache__/" + stem + ".");
}

sandbox::FileMode mode_of(const SourceFile& file) {
  return file.executable ? sandbox::FileMode::executable : sandbox::FileMode::regular;
}

}  // namespace

void forbid_bytecode(scenario::Scenario& scenario) {
  for (scenario::Step& step : scenario.steps) {
    step.env.emplace("PYTHONDONTWRITEBYTECODE", "1");
  }
}

std::string changed_text(const Task& task, const Candidate& candidate) {
  return apply_edit(task.files[candidate.file].tree.text(), candidate.edit);
}

Result<std::vector<std::string>> find_bytecode(int workspace_fd) {
  std::vector<std::string> found;
  TRY(sandbox::walk_tree(workspace_fd, kSourceTreeLimits,
                         [&](const sandbox::TreeEntry& entry) -> Result<> {
                           if (entry.path.ends_with(".pyc")) found.push_back(entry.path);
                           return ok;
                         }));
  return found;
}

Result<> WarmExecutor::open() {
  TRY_INTO(sandbox_, task_.launcher->open(task_.spec));
  return ok;
}

Result<sandbox::Outcome> WarmExecutor::build() {
  if (task_.build_command.empty()) return sandbox::Outcome{};
  const sandbox::Command command =
      harness::shell_command(task_.build_command, task_.budget->cut(task_.build_limits));
  TRY_INTO(sandbox::Outcome outcome, sandbox_->run(command, task_.budget->stop()));
  task_.budget->charge_cpu(outcome.cpu_ms);
  return outcome;
}

Result<bool> WarmExecutor::notices_change(std::size_t file) {
  Candidate nonsense;
  nonsense.file = file;
  nonsense.edit.replacement = "#error changed\n";
  TRY(sandbox_->begin_layer());
  TRY(write_change(nonsense));
  TRY_INTO(const sandbox::Outcome outcome, build());
  TRY(sandbox_->end_layer());
  return !outcome.succeeded();
}

Result<scenario::Trial> WarmExecutor::run_check(const Check& check,
                                                const scenario::StepLimits& limits) {
  scenario::Trial trial;
  scenario::Scenario copy;
  if (variant_ != 0) {
    copy = check.scenario;
    for (scenario::Step& step : copy.steps) {
      step.env["NIGHTJAR_CANDIDATE"] = std::to_string(variant_);
    }
  }
  const scenario::Scenario& scenario = variant_ == 0 ? check.scenario : copy;
  for (int count = 0; count < std::max(1, check.scenario.trials); ++count) {
    TRY_INTO(trial, scenario::run_trial(*sandbox_, scenario, task_.budget->cut(limits),
                                        task_.budget->stop()));
    task_.budget->charge_cpu(trial.cpu_ms);
    if (!trial.satisfied || task_.budget->spent()) break;
  }
  return trial;
}

// Also rewrites the files that include a changed header: not every build knows about headers.
Result<> WarmExecutor::write_change(const Candidate& candidate) {
  const SourceFile& file = task_.files[candidate.file];
  const int folder = sandbox_->workspace_fd();
  TRY(sandbox::write_file_at(folder, file.path, changed_text(task_, candidate), mode_of(file)));
  // Python trusts byte code whose source has the same size and the same second.
  for (const std::string& path : task_.bytecode) {
    if (!is_bytecode_of(path, file.path)) continue;
    TRY(sandbox::write_file_at(folder, path, "", sandbox::FileMode::regular));
  }
  if (!file.path.ends_with(".h")) return ok;
  for (const SourceFile& other : task_.files) {
    if (!other.path.ends_with(".c") || !includes(other, file.path)) continue;
    TRY(sandbox::write_file_at(folder, other.path, other.tree.text(), mode_of(other)));
  }
  return ok;
}

Result<CandidateOutcome> WarmExecutor::try_candidate(const Candidate& candidate) {
  Result<CandidateOutcome> outcome = try_in_layer(candidate);
  if (outcome) return outcome;
  if (task_.budget->spent()) return CandidateOutcome{.stopped = true};
  // A candidate may have spoilt its sandbox (a full disk, a killed root process). A fresh one tells
  // this from a sandbox that does not work, and a second try from a sandbox that failed by chance.
  TRY(reopen());
  outcome = try_in_layer(candidate);
  if (outcome) return outcome;
  if (task_.budget->spent()) return CandidateOutcome{.stopped = true};
  TRY(reopen());
  return CandidateOutcome{};
}

Result<> WarmExecutor::reopen() {
  sandbox_.reset();
  TRY(open());
  if (task_.clean_builds) return ok;
  TRY_INTO(const sandbox::Outcome outcome, build());
  if (outcome.succeeded() || task_.budget->spent()) return ok;
  return Error{ErrorCode::unavailable, "a fresh sandbox does not build the project any more"};
}

Result<CandidateOutcome> WarmExecutor::try_in_layer(const Candidate& candidate) {
  CandidateOutcome outcome;
  TRY(sandbox_->begin_layer());
  TRY(write_change(candidate));
  TRY_INTO(const sandbox::Outcome built, build());
  outcome.built = built.succeeded();
  outcome.stopped = task_.budget->spent();
  if (outcome.built && !outcome.stopped) TRY(run_guide(candidate, outcome));
  TRY(sandbox_->end_layer());
  return outcome;
}

Result<bool> WarmExecutor::satisfied(const Check& check, CandidateOutcome& outcome) {
  const scenario::StepLimits& limits = task_.candidate_limits;
  // A little less than the limit: it is watched from outside.
  const auto hit_limit = [&limits](const scenario::Trial& trial) {
    return !trial.satisfied && (trial.step_cpu_ms_max * 10 >= limits.cpu_max.count() * 9 ||
                                trial.step_wall_ms_max * 10 >= limits.wall_max.count() * 9);
  };
  TRY_INTO(scenario::Trial trial, run_check(check, limits));
  // The limits are tight, and a machine that does other work too makes a quick program slow.
  if (hit_limit(trial) && !task_.budget->spent()) {
    TRY_INTO(trial, run_check(check, limits));
  }
  if (hit_limit(trial)) outcome.hit_limit = true;
  if (task_.budget->spent()) outcome.stopped = true;
  return trial.satisfied;
}

Result<> WarmExecutor::run_guide(const Candidate& candidate, CandidateOutcome& outcome) {
  const auto failing = ordered(task_, candidate, [](const Check& check) {
    return !check.held_back && !check.satisfied_before;
  });
  for (std::size_t at = 0; at < failing.size() && !outcome.stopped; ++at) {
    TRY_INTO(const bool fixed, satisfied(*failing[at], outcome));
    if (fixed) ++outcome.fixed;
    if (!fixed && at == 0) return ok;  // Nearly all candidates end here.
  }
  const auto passing = ordered(task_, candidate, [](const Check& check) {
    return !check.held_back && check.satisfied_before;
  });
  for (const Check* check : passing) {
    if (outcome.stopped || outcome.broke) return ok;
    TRY_INTO(const bool still, satisfied(*check, outcome));
    outcome.broke = !still;
  }
  if (outcome.broke || outcome.stopped) return ok;
  if (outcome.fixed < static_cast<int>(failing.size())) return ok;
  outcome.satisfies = true;
  const auto held_back =
      ordered(task_, candidate, [](const Check& check) { return check.held_back; });
  for (const Check* check : held_back) {
    TRY_INTO(const bool one, satisfied(*check, outcome));
    if (outcome.stopped) outcome.satisfies = false;
    if (outcome.stopped || !one) {
      outcome.overfitted = !outcome.stopped;
      return ok;
    }
  }
  return ok;
}

}  // namespace nightjar::reason
