#include "harness/sessions.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kAloneFrom = 32;    // so few are run one process each at once
constexpr std::size_t kAloneMax = 1'000;  // more are not run one process each
constexpr int kRoundsMax = 4;

class Sessions {
 public:
  Sessions(const Workshop& workshop, const SuiteRequest& request, const RunSession& run_session)
      : workshop_(workshop), request_(request), run_session_(run_session), time_(request.limits) {}

  Result<SuiteRun> run(std::stop_token stop) {
    std::vector<SessionPart> parts(
        static_cast<std::size_t>(std::clamp(request_.parallel, 1, kShardsMax)));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i].shard = static_cast<int>(i);
      parts[i].shards = static_cast<int>(parts.size());
      if (!request_.only.empty()) parts[i].only = request_.only;
    }
    TRY(run_parts(parts, stop));
    if (run_.environment) return finish();
    compare_listings();
    for (int round = 0; !undecided_.empty() && !time_.is_over(); ++round) {
      TRY(run_again(round, stop));
      if (alone_) break;
    }
    return finish();
  }

 private:
  static constexpr int kShardsMax = 64;

  Result<> run_parts(const std::vector<SessionPart>& parts, std::stop_token stop) {
    std::vector<SessionOutcome> outcomes(parts.size());
    TRY(in_sandboxes(
        workshop_, request_.parallel, parts.size(), Between::fresh,
        [&](sandbox::Sandbox& sandbox, std::size_t index, std::stop_token token) -> Result<> {
          SessionPart part = parts[index];
          part.limits = time_.limits();
          if (time_.is_over()) {  // Nothing was started; what it had to run stays undecided.
            outcomes[index].judgement.undecided = part.only.value_or(std::vector<std::string>());
            return ok;
          }
          TRY_INTO(outcomes[index], run_session_(sandbox, part, token));
          return ok;
        },
        stop));
    undecided_.clear();
    for (SessionOutcome& outcome : outcomes) take(std::move(outcome));
    return ok;
  }

  void take(SessionOutcome outcome) {
    SessionJudgement& judgement = outcome.judgement;
    const bool goes_on = !judgement.undecided.empty() || !judgement.died.empty();
    if (judgement.cut_short && goes_on) {
      // Told as a doubt, and as the problem only if tests stay undecided.
      add_once(run_.doubts, judgement.run.problem);
      if (cut_short_.empty()) cut_short_ = judgement.run.problem;
      judgement.run.problem.clear();
      judgement.run.complete = true;
    }
    for (TestResult& test : judgement.run.tests) {
      const auto at = by_id_.find(test.id);
      if (at == by_id_.end()) {
        by_id_.emplace(test.id, results_.size());
        results_.push_back(std::move(test));
      } else if (results_[at->second].outcome == TestOutcome::not_run) {
        results_[at->second] = std::move(test);
      }
    }
    judgement.run.tests.clear();
    for (std::string& id : judgement.undecided) undecided_.push_back(std::move(id));
    merge(run_, std::move(judgement.run));
    listings_.push_back(std::move(outcome.listing));
    for (std::string& module : outcome.missing) add_once(missing_, std::move(module));
  }

  /// All sessions of the first round have to list the same; what only others listed for a session
  /// that died early is undecided.
  void compare_listings() {
    std::set<std::string> all;
    for (const auto& listing : listings_) all.insert(listing.begin(), listing.end());
    const bool differ =
        std::any_of(listings_.begin(), listings_.end(), [&](const std::vector<std::string>& one) {
          return !one.empty() && std::set<std::string>(one.begin(), one.end()) != all;
        });
    if (differ) add_once(run_.doubts, "two sessions did not list the same tests");
    const bool missing = std::any_of(listings_.begin(), listings_.end(),
                                     [](const auto& one) { return one.empty(); });
    if (!missing) return;
    const std::set<std::string> wanted(request_.only.begin(), request_.only.end());
    for (const std::string& id : all) {
      if (!wanted.empty() && !wanted.contains(id)) continue;
      if (by_id_.contains(bounded_id(id))) continue;
      undecided_.push_back(id);
    }
  }

  Result<> run_again(int round, std::stop_token stop) {
    std::sort(undecided_.begin(), undecided_.end());
    undecided_.erase(std::unique(undecided_.begin(), undecided_.end()), undecided_.end());
    std::vector<SessionPart> parts;
    alone_ = undecided_.size() <= kAloneFrom || round >= kRoundsMax;
    if (alone_) {
      for (const std::string& id : undecided_) {
        if (parts.size() == kAloneMax) break;
        SessionPart part;
        part.only = std::vector<std::string>{id};
        parts.push_back(std::move(part));
      }
      add_once(run_.judged_by, "one process each");
    } else {
      SessionPart part;
      part.only = undecided_;
      parts.push_back(std::move(part));
    }
    return run_parts(parts, stop);
  }

  /// Without any test that ran, it is this machine that the run tells about.
  void judge_missing() {
    if (missing_.empty()) return;
    const bool ran = std::any_of(run_.tests.begin(), run_.tests.end(), [](const auto& test) {
      return test.outcome != TestOutcome::error && test.outcome != TestOutcome::not_run;
    });
    const std::string what =
        "not installed here, and files of tests need it: " + join(missing_, ", ");
    if (ran) return add_once(run_.doubts, what);
    run_.environment = true;
    run_.problem = what +
                   "; install it in the project's [environment] setup, or name the folder "
                   "that has it in PYTHONPATH or NODE_PATH";
  }

  SuiteRun finish() {
    run_.tests = std::move(results_);
    judge_missing();
    const auto left = std::count_if(run_.tests.begin(), run_.tests.end(), [](const auto& test) {
      return test.outcome == TestOutcome::not_run;
    });
    if ((left > 0 || !undecided_.empty()) && !cut_short_.empty() && run_.problem.empty()) {
      run_.problem = cut_short_;
    }
    if (time_.is_over() && run_.problem.empty() && !cut_short_.empty()) run_.problem = cut_short_;
    run_.complete = run_.complete && run_.problem.empty();
    conclude(run_);
    run_.wall_ms = time_.used_ms();
    return std::move(run_);
  }

  const Workshop& workshop_;
  const SuiteRequest& request_;
  const RunSession& run_session_;
  TimeLeft time_;
  SuiteRun run_ = {.tests = {}, .complete = true};
  std::vector<TestResult> results_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::vector<std::vector<std::string>> listings_;
  std::vector<std::string> undecided_;
  std::vector<std::string> missing_;
  std::string cut_short_;
  bool alone_ = false;
};

}  // namespace

Result<SuiteRun> run_sessions(const Workshop& workshop, const SuiteRequest& request,
                              const RunSession& run_session, std::stop_token stop) {
  return Sessions(workshop, request, run_session).run(stop);
}

}  // namespace nightjar::harness
