#include "reason/search.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/guarded.h"
#include "reason/baseline.h"
#include "reason/coverage.h"
#include "reason/executor.h"
#include "reason/lines.h"
#include "reason/pool.h"
#include "reason/sources.h"
#include "repo/repository.h"

namespace nightjar::reason {
namespace {

// How much a suspicious line outweighs an unlikely kind of edit.
constexpr double kSuspicionWeight = 2.0;
constexpr double kScoreWithoutCoverage = 0.5;
constexpr std::size_t kCandidatesKept = 400'000;
constexpr std::size_t kSuspectsShown = 10;
constexpr std::size_t kNamesShown = 5;
constexpr std::chrono::milliseconds kCandidateCpuMin{60};
constexpr int kWorkersMax = 64;
constexpr std::int64_t kProgressEveryMs = 2000;

std::string names_text(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) {
    if (quoted.size() == kNamesShown) break;
    quoted.push_back("\"" + printable(name, 80) + "\"");
  }
  std::string text = join(quoted, ", ");
  if (names.size() > kNamesShown) {
    text += " and " + std::to_string(names.size() - kNamesShown) + " more";
  }
  return text;
}

std::string tail_of(const sandbox::Outcome& outcome) {
  const std::string& text =
      outcome.stderr_bytes.empty() ? outcome.stdout_bytes : outcome.stderr_bytes;
  const std::string_view trimmed = trim(text);
  const std::string_view tail = trimmed.substr(trimmed.size() > 400 ? trimmed.size() - 400 : 0);
  return printable_block(tail, 400);
}

std::string how_it_ended(const sandbox::Outcome& outcome) {
  if (outcome.ended == sandbox::Ended::exited) return "exit " + std::to_string(outcome.code);
  return std::string(sandbox::name_of(outcome.ended));
}

class Search {
 public:
  Search(sandbox::Launcher& launcher, const SearchInput& input, const SearchLimits& limits,
         std::stop_token stop, const Progress& progress)
      : input_(input), limits_(limits), progress_(progress), budget_(limits, std::move(stop)) {
    task_.launcher = &launcher;
    task_.spec = input.sandbox;
    task_.build_command = input.build_command;
    task_.build_limits = input.build_limits;
    task_.step_limits = input.step_limits;
    task_.budget = &budget_;
  }

  Result<SearchResult> run() {
    TRY_INTO(const bool ready, prepare());
    if (ready) TRY(look_for_repair());
    result_.candidates = budget_.candidates();
    result_.wall_ms = budget_.wall_ms();
    result_.cpu_ms = budget_.cpu_ms();
    return std::move(result_);
  }

 private:
  /// False when the result is already clear.
  Result<bool> prepare();
  Result<bool> open_and_build();
  Result<bool> check_toolchain(WarmExecutor& executor);
  Result<> run_baseline();
  bool judge_baseline();
  void adapt_limits(std::vector<scenario::ScenarioResult> results);
  void part_scenarios(const std::vector<scenario::ScenarioResult>& baseline);

  Result<> look_for_repair();
  Result<> locate();
  void apply_scores(Scores scores);
  Result<> probe_builds();
  void gather_candidates();
  Result<> try_candidates();
  /// The first candidate that satisfies everything and is confirmed.
  Result<std::optional<Candidate>> try_all();
  Result<bool> confirm(const Candidate& candidate);
  bool shares_builds() const {
    return !task_.build_command.empty() &&
           std::any_of(task_.files.begin(), task_.files.end(),
                       [](const SourceFile& file) { return file.tree.language() == Language::c; });
  }
  bool is_skipped(const Candidate& candidate) const;
  void tell_progress(std::size_t index);

  Result<> finish_tested(const Candidate& candidate);
  struct PartialRepair {
    Candidate candidate;
    int fixed = 0;
  };
  Result<> finish_partial(const PartialRepair& partial);
  Result<> describe(const Candidate& candidate);
  void finish_not_found();
  bool cannot(std::string why) {
    result_.verdict = Verdict::cannot;
    result_.why = std::move(why);
    return false;
  }

  const SearchInput& input_;
  const SearchLimits& limits_;
  const Progress& progress_;
  const EditSource edit_source_ = single_site_edits;
  const Ranking ranking_ = ochiai;
  Budget budget_;
  Task task_;
  std::vector<std::unique_ptr<CandidateExecutor>> executors_;
  std::vector<WarmExecutor*> warm_;  // the same executors
  std::vector<scenario::ScenarioResult> baseline_;
  std::vector<std::string> flaky_;
  std::vector<Spectrum> spectra_;
  Scores scores_;
  bool measured_ = false;
  std::string why_unmeasured_;
  std::vector<Candidate> candidates_;
  std::size_t candidates_total_ = 0;
  bool kept_all_ = true;
  std::vector<Candidate> slow_;  // hit the candidates' tight limits
  std::optional<PartialRepair> partial_;
  std::int64_t told_ms_ = 0;
  SearchResult result_;
};

Result<bool> Search::prepare() {
  if (input_.scenarios.empty()) {
    return cannot("there is no scenario to search with: write one that shows the fault");
  }
  TRY_INTO(const bool built, open_and_build());
  if (!built) return false;
  TRY(run_baseline());
  return judge_baseline();
}

Result<bool> Search::open_and_build() {
  const int workers = std::clamp(limits_.workers, 1, kWorkersMax);
  auto first = std::make_unique<WarmExecutor>(task_);
  TRY(first->open());
  TRY_INTO(Sources sources, read_sources(first->sandbox().workspace_fd(), input_.frozen_paths));
  task_.files = std::move(sources.files);
  if (task_.files.empty()) {
    return cannot(
        "there is no C or Python source to edit: the reasoner repairs these two languages; "
        "try another engineer");
  }
  TRY_INTO(const sandbox::Outcome outcome, first->build());
  if (!outcome.succeeded()) {
    if (budget_.spent()) return cannot("the build did not end in time: " + budget_.why());
    return cannot("the project does not build as it is (" + how_it_ended(outcome) +
                  "): make the build command work first. It says: " + tail_of(outcome));
  }
  TRY_INTO(task_.bytecode, find_bytecode(first->sandbox().workspace_fd()));
  TRY_INTO(const bool tools, check_toolchain(*first));
  if (!tools) return false;
  warm_.push_back(first.get());
  executors_.push_back(std::move(first));
  for (int worker = 1; worker < workers; ++worker) {
    auto next = std::make_unique<WarmExecutor>(task_);
    TRY(next->open());
    warm_.push_back(next.get());
    executors_.push_back(std::move(next));
  }
  std::vector<std::jthread> threads;
  Guarded<std::optional<Error>> failure;
  for (std::size_t at = 1; at < warm_.size(); ++at) {
    threads.emplace_back([&, executor = warm_[at]] {
      const auto built = executor->build();
      if (!built) failure.with([&](std::optional<Error>& error) { error = built.error(); });
    });
  }
  threads.clear();  // Joins.
  const auto failed = failure.with([](std::optional<Error>& error) { return error; });
  if (failed) return *failed;
  return true;
}

Result<bool> Search::check_toolchain(WarmExecutor& executor) {
  const bool python =
      std::any_of(task_.files.begin(), task_.files.end(),
                  [](const SourceFile& file) { return file.tree.language() == Language::python; });
  if (!python || !task_.build_command.empty()) return true;
  TRY_INTO(const sandbox::Outcome outcome,
           executor.sandbox().run(
               harness::shell_command("command -v python3", budget_.cut(task_.build_limits)),
               budget_.stop()));
  if (outcome.succeeded() || budget_.spent()) return true;
  return cannot("the sandbox has no python3: install it (Debian: apt-get install python3)");
}

Result<> Search::run_baseline() {
  for (const scenario::Scenario& scenario : input_.scenarios) {
    Check check;
    check.scenario = scenario;
    forbid_bytecode(check.scenario);
    task_.checks.push_back(std::move(check));
  }
  TRY_INTO(baseline_, baseline_of(task_, warm_));
  return ok;
}

bool Search::judge_baseline() {
  if (budget_.spent()) {
    return cannot("the scenarios as they are did not all run: " + budget_.why());
  }
  std::vector<Check> steady;
  std::vector<scenario::ScenarioResult> results;
  for (std::size_t at = 0; at < baseline_.size(); ++at) {
    if (baseline_[at].flaky) {
      flaky_.push_back(baseline_[at].name);
      continue;
    }
    Check& check = task_.checks[at];
    check.satisfied_before = baseline_[at].satisfied();
    check.step_failed = baseline_[at].worst.step_failed;
    check.wall_ms = baseline_[at].worst.wall_ms;
    steady.push_back(std::move(check));
    results.push_back(baseline_[at]);
  }
  task_.checks = std::move(steady);
  part_scenarios(results);
  adapt_limits(results);
  if (result_.before.satisfied < result_.before.total) return true;
  if (!flaky_.empty()) {
    return cannot("only flaky scenarios fail: " + names_text(flaky_) +
                  ". Make them steady first; a search needs a scenario that fails each time");
  }
  result_.verdict = Verdict::nothing_to_do;
  result_.after = result_.before;
  result_.validation_after = result_.validation_before;
  result_.why = "all " + std::to_string(baseline_.size()) + " scenarios are satisfied already";
  return false;
}

// Most candidates fail, many by never ending, so the limits matter more here than anywhere. Where
// no scenario is satisfied, those that failed at once must do as the measure.
void Search::adapt_limits(std::vector<scenario::ScenarioResult> results) {
  const bool any = std::any_of(results.begin(), results.end(),
                               [](const scenario::ScenarioResult& one) { return one.satisfied(); });
  for (scenario::ScenarioResult& result : results) {
    if (any || is_near_limit(result.worst, input_.step_limits)) continue;
    result.trials_satisfied = result.trials;
    result.step_wall_ms_max = result.worst.step_wall_ms_max;
    result.step_cpu_ms_max = result.worst.step_cpu_ms_max;
  }
  task_.step_limits = scenario::adapt_limits(results, input_.step_limits);
  std::int64_t slowest = 0;
  for (const scenario::ScenarioResult& result : results) {
    if (result.satisfied()) slowest = std::max(slowest, result.step_cpu_ms_max);
  }
  task_.candidate_limits = task_.step_limits;
  task_.candidate_limits.cpu_max =
      std::min(task_.step_limits.cpu_max,
               std::max(kCandidateCpuMin, std::chrono::milliseconds(10 * slowest)));
}

void Search::part_scenarios(const std::vector<scenario::ScenarioResult>& baseline) {
  std::vector<scenario::Scenario> scenarios;
  std::vector<bool> satisfied;
  for (std::size_t at = 0; at < task_.checks.size(); ++at) {
    scenarios.push_back(task_.checks[at].scenario);
    satisfied.push_back(baseline[at].satisfied());
  }
  for (const std::size_t held_back : validation_part(scenarios, satisfied)) {
    task_.checks[held_back].held_back = true;
    result_.validation_names.push_back(task_.checks[held_back].scenario.name);
  }
  for (const Check& check : task_.checks) {
    scenario::Count& count = check.held_back ? result_.validation_before : result_.before;
    ++count.total;
    if (check.satisfied_before) ++count.satisfied;
  }
}

Result<> Search::look_for_repair() {
  TRY(locate());
  gather_candidates();
  TRY(probe_builds());
  if (progress_) {
    progress_(std::to_string(candidates_.size()) + " candidates in " +
              std::to_string(task_.files.size()) + " files" +
              (measured_ ? "" : "; lines are not ranked: " + why_unmeasured_));
  }
  return try_candidates();
}

Result<> Search::locate() {
  CoverageInput input;
  input.spec = task_.spec;
  input.build_command = task_.build_command;
  input.build_limits = budget_.cut(task_.build_limits);
  input.step_limits = budget_.cut(task_.step_limits);
  input.files = &task_.files;
  // The validation set stays unseen here as well.
  std::vector<std::size_t> measured;
  for (std::size_t at = 0; at < task_.checks.size(); ++at) {
    const Check& check = task_.checks[at];
    if (check.held_back) continue;
    measured.push_back(at);
    input.scenarios.push_back({&check.scenario, !check.satisfied_before, check.step_failed});
  }
  TRY_INTO(Coverage coverage, measure_coverage(*task_.launcher, input, budget_.stop()));
  budget_.charge_cpu(coverage.cpu_ms);
  measured_ = coverage.measured;
  why_unmeasured_ = coverage.why_not;
  Scores scores;
  if (measured_) {
    scores = ranking_(coverage.spectra);
    raise_crashes(coverage.stacks, scores);
    spectra_ = std::move(coverage.spectra);
    for (std::size_t at = 0; at < measured.size(); ++at) {
      task_.checks[measured[at]].spectrum = &spectra_[at];
    }
  }
  apply_scores(std::move(scores));
  return ok;
}

void Search::apply_scores(Scores scores) {
  scores_ = std::move(scores);
  scores_.resize(task_.files.size());
  for (std::size_t file = 0; file < task_.files.size(); ++file) {
    const std::vector<int> owners = statement_lines(task_.files[file].tree);
    scores_[file].resize(owners.size(), measured_ ? 0.0 : kScoreWithoutCoverage);
    if (measured_) spread_scores(task_.files[file], owners, scores_[file]);
  }
  for (const RankedPlace& place : ranked(scores_)) {
    if (result_.suspects.size() == kSuspectsShown || !measured_) break;
    const SourceFile& file = task_.files[place.place.file];
    // A statement over several lines is one suspect.
    const std::vector<int> owners = statement_lines(file.tree);
    const int line = place.place.line;
    const int owner = owners[static_cast<std::size_t>(line)];
    if (owner != 0 && owner != line) continue;
    result_.suspects.push_back({file.path, line, std::min(1.0, place.score)});
  }
}

// Does the build command see changed files? Some list no dependencies.
Result<> Search::probe_builds() {
  if (task_.build_command.empty()) return ok;
  std::set<std::size_t> files;
  for (const Candidate& candidate : candidates_) {
    const SourceFile& file = task_.files[candidate.file];
    if (file.tree.language() == Language::c) files.insert(candidate.file);
  }
  std::size_t probed = 0;
  for (const std::size_t file : files) {
    if (++probed > 8 || budget_.spent()) return ok;
    TRY_INTO(const bool notices, warm_.front()->notices_change(file));
    if (notices) continue;
    if (task_.files[file].path.ends_with(".h")) continue;  // Maybe nothing includes it.
    task_.clean_builds = true;
    for (WarmExecutor* executor : warm_) TRY(executor->open());
    return ok;
  }
  return ok;
}

void Search::gather_candidates() {
  std::vector<Function> known;
  for (const SourceFile& file : task_.files) {
    known.insert(known.end(), file.names.functions.begin(), file.names.functions.end());
  }
  for (std::size_t at = 0; at < task_.files.size(); ++at) {
    const std::vector<double>& scores = scores_[at];
    const LineFilter wanted = [&](int line) {
      const auto index = static_cast<std::size_t>(line);
      return index < scores.size() && scores[index] > 0;
    };
    for (Edit& edit : edit_source_(task_.files[at], known, wanted)) {
      const double score = scores[static_cast<std::size_t>(edit.line)];
      const double cost = edit.prior - kSuspicionWeight * score;
      candidates_.push_back({at, std::move(edit), cost});
    }
  }
  std::stable_sort(
      candidates_.begin(), candidates_.end(),
      [](const Candidate& left, const Candidate& right) { return left.cost < right.cost; });
  candidates_total_ = candidates_.size();
  kept_all_ = candidates_.size() <= kCandidatesKept;
  if (!kept_all_) candidates_.resize(kCandidatesKept);
}

bool Search::is_skipped(const Candidate& candidate) const {
  const SourceFile& file = task_.files[candidate.file];
  if (!still_parses(file, candidate.edit)) return true;
  if (input_.rejected.empty()) return false;
  const std::map<std::string, std::string> changed = {{file.path, changed_text(task_, candidate)}};
  return std::find(input_.rejected.begin(), input_.rejected.end(), changed) !=
         input_.rejected.end();
}

void Search::tell_progress(std::size_t index) {
  const std::int64_t now = budget_.wall_ms();
  if (!progress_ || now - told_ms_ < kProgressEveryMs) return;
  told_ms_ = now;
  const double rate =
      1000.0 * budget_.candidates() / static_cast<double>(std::max<std::int64_t>(now, 1));
  const Candidate& candidate = candidates_[index];
  progress_(std::to_string(budget_.candidates()) + " of " + std::to_string(candidates_.size()) +
            " candidates, " + std::to_string(static_cast<int>(rate)) + " a second, now " +
            std::string(candidate.edit.kind) + " at " + task_.files[candidate.file].path + ":" +
            std::to_string(candidate.edit.line));
}

Result<> Search::try_candidates() {
  TRY_INTO(std::optional<Candidate> found, try_all());
  if (!found && !slow_.empty() && !budget_.spent()) {
    // The repair itself may need more time than anything that was satisfied before.
    if (progress_)
      progress_(std::to_string(slow_.size()) + " candidates once more, with more time");
    candidates_ = std::move(slow_);
    task_.candidate_limits = task_.step_limits;
    TRY_INTO(found, try_all());
  }
  if (found) return finish_tested(*found);
  if (partial_) return finish_partial(*partial_);
  finish_not_found();
  return ok;
}

Result<std::optional<Candidate>> Search::try_all() {
  PoolInput pool;
  pool.task = &task_;
  pool.candidates = &candidates_;
  pool.skipped = [&](const Candidate& candidate) { return is_skipped(candidate); };
  pool.on_progress = [&](std::size_t index) { tell_progress(index); };
  pool.batch_max = shares_builds() ? kSharedBuildMax : 1;
  while (pool.first < candidates_.size() && !budget_.spent()) {
    const PoolResult found = run_pool(pool, executors_);
    if (!found.errors.empty()) return found.errors.front();
    result_.overfitted += found.overfitted;
    if (found.partial && (!partial_ || found.partial->fixed > partial_->fixed)) {
      partial_ = PartialRepair{candidates_[found.partial->index], found.partial->fixed};
    }
    for (const std::size_t index : found.hit_limit) slow_.push_back(candidates_[index]);
    for (const std::size_t index : found.satisfying) {
      TRY_INTO(const bool confirmed, confirm(candidates_[index]));
      if (confirmed) return std::optional(candidates_[index]);
    }
    pool.first = found.next;
  }
  return std::optional<Candidate>();
}

// Once more from bare sources, all scenarios: what a warm build hid shows here.
Result<bool> Search::confirm(const Candidate& candidate) {
  if (budget_.spent()) return true;  // It did satisfy all of them in the warm sandbox.
  Task task = task_;
  task.clean_builds = true;
  task.candidate_limits = task.step_limits;
  WarmExecutor executor(task);
  TRY(executor.open());
  TRY_INTO(const CandidateOutcome outcome, executor.try_candidate(candidate));
  return (outcome.satisfies && !outcome.overfitted) || outcome.stopped;
}

Result<> Search::describe(const Candidate& candidate) {
  const SourceFile& file = task_.files[candidate.file];
  const std::string changed = changed_text(task_, candidate);
  TRY_INTO(result_.diff, repo::unified_diff(file.path, file.tree.text(), changed));
  result_.changed = {{file.path, changed}};
  result_.edit_kind = std::string(candidate.edit.kind);
  result_.cause = printable(file.path, 200) + ":" + std::to_string(candidate.edit.line) + ": " +
                  candidate.edit.because;
  return ok;
}

Result<> Search::finish_tested(const Candidate& candidate) {
  TRY(describe(candidate));
  result_.verdict = Verdict::tested;
  result_.after = {result_.before.total, result_.before.total};
  result_.validation_after = {result_.validation_before.total, result_.validation_before.total};
  result_.why = result_.cause + "; with this change all " + std::to_string(task_.checks.size()) +
                " scenarios are satisfied";
  if (result_.validation_after.total > 0) {
    result_.why += ", " + std::to_string(result_.validation_after.total) +
                   " of them held back from the search";
  }
  if (!flaky_.empty()) result_.why += "; flaky and left out: " + names_text(flaky_);
  return ok;
}

Result<> Search::finish_partial(const PartialRepair& partial) {
  TRY(describe(partial.candidate));
  result_.verdict = Verdict::partial;
  result_.after = {result_.before.total, result_.before.satisfied + partial.fixed};
  result_.validation_after = result_.validation_before;
  result_.why = result_.cause + "; this satisfies " + std::to_string(partial.fixed) + " more of " +
                std::to_string(result_.before.total) +
                " scenarios and breaks none, but no single edit was found that satisfies all";
  if (budget_.spent()) result_.why += " before " + budget_.why();
  return ok;
}

void Search::finish_not_found() {
  result_.verdict = Verdict::not_found;
  result_.after = result_.before;
  result_.validation_after = result_.validation_before;
  result_.why = "no single edit of " + std::to_string(candidates_total_) + " in " +
                std::to_string(task_.files.size()) + " files satisfies the failing scenarios (" +
                std::to_string(budget_.candidates()) + " tried";
  if (result_.overfitted > 0) {
    result_.why += ", " + std::to_string(result_.overfitted) +
                   " fitted the scenarios of the search but not those held back";
  }
  result_.why += ")";
  if (budget_.spent()) result_.why += "; " + budget_.why();
  if (!kept_all_) result_.why += "; more edits than can be kept were left out";
  if (!measured_) result_.why += "; lines were not ranked: " + why_unmeasured_;
  if (!flaky_.empty()) result_.why += "; flaky and left out: " + names_text(flaky_);
  result_.why += ". Faults at several places need another engineer";
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::tested: return "TESTED";
    case Verdict::partial: return "PARTIAL";
    case Verdict::not_found: return "NOT_FOUND";
    case Verdict::nothing_to_do: return "NOTHING_TO_DO";
    case Verdict::cannot: return "CANNOT";
  }
  return "CANNOT";
}

Result<SearchResult> search_repair(sandbox::Launcher& launcher, const SearchInput& input,
                                   const SearchLimits& limits, std::stop_token stop,
                                   const Progress& progress) {
  if (limits.wall_max.count() <= 0 || limits.cpu_max.count() <= 0 || limits.candidates_max <= 0) {
    return Error{ErrorCode::invalid_input,
                 "a search needs limits above zero for wall clock, CPU and candidates"};
  }
  return Search(launcher, input, limits, std::move(stop), progress).run();
}

}  // namespace nightjar::reason
