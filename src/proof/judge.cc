// The rules of the verdict, in the order in which reasons are weighed.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/bytes.h"
#include "base/check.h"
#include "proof/verdict.h"

namespace nightjar::proof {
namespace {

using harness::TestChange;
using harness::TestOutcome;
using harness::Transition;
using enum Verdict;

// In order of weight: the first that holds is shown first among those towards the same verdict.
constexpr auto kCodes = std::to_array<ReasonCode>({
    {"cannot-judge", undecided, "the proof stopped before any suite ran"},
    {"base-broken", undecided, "neither base nor change can be built"},
    {"build-broken", not_proven, "the base builds and the change does not"},
    {"holdout-broken", not_proven, "a sealed scenario held on base and fails on the change"},
    {"scenario-broken", not_proven, "a visible scenario held on base and fails on the change"},
    {"holdout-fails", not_proven, "a sealed scenario fails on the change, as it did on base"},
    {"scenario-fails", not_proven, "a visible scenario fails on the change, as it did on base"},
    {"suite-broken", not_proven, "a suite that ran on base cannot run on the change"},
    {"test-broken", not_proven, "a test passes on base and fails on the change"},
    {"base-test-fails", not_proven,
     "with the base's test files put back, a test that passes on base fails"},
    {"deleted-test-fails", not_proven, "the change deletes a test; put back, it fails"},
    {"skipped-test-fails", not_proven, "the change skips a test; put back, it fails"},
    {"edited-test-hides", not_proven,
     "a test passes only as the change weakened it; as on base, it fails"},
    {"edited-to-pass", not_proven,
     "a failing test was edited until it passes; it passes so without the change, too"},
    {"added-test-fails", not_proven, "a test that the change adds fails on it"},
    {"tampering", undecided, "the change moves the goalposts (a serious finding)"},
    {"environment", undecided, "this machine lacks what a suite needs"},
    {"suite-incomplete", undecided, "a suite did not come to its end"},
    {"suite-doubtful", undecided, "what a suite says of the change does not fit together"},
    {"test-unknown", undecided, "a test passes on base; what it did on the change is not known"},
    {"test-not-loaded", undecided,
     "a file of tests that the change touches could be loaded neither on base nor on the change"},
    {"no-test-passes", undecided, "no test of a suite passes, neither on base nor on the change"},
    {"fewer-tests", undecided, "tests of the base are gone and nothing explains it"},
    {"test-skipped", undecided, "a test that passes on base is skipped on the change"},
    {"expectation-moved", undecided,
     "the change edits what a passing test expects, and no other test shows which is right"},
    {"no-suite", undecided, "there is no suite and no scenario to judge by"},
    {"nothing-demonstrates", undecided, "no test and no scenario tells the change from the base"},
    {"lines-not-executed", undecided, "no test executes any of the changed lines"},
    {"demonstrated", proven, "a test fails without the change and passes with it"},
    {"scenario-demonstrates", proven, "more scenarios hold with the change than without"},
    {"build-fixed", proven, "the base does not build and the change does"},
    {"same-behaviour", proven, "the change claims to alter no behaviour, and nothing changed"},
    {"no-behaviour-touched", proven, "only documents, comments and blank lines change"},
    {"tests-only", proven, "only tests change; they hold on base and change"},
    {"held", proven, "what passed on base passes on the change"},
    {"expectation-follows", proven,
     "the change edits what a test expects; an added test, a document or the sources explain it"},
    {"base-tests-do-not-fit", proven,
     "a test of the base cannot be run against the change's interface, and was adapted"},
    {"tests-renamed", proven, "tests of the base are gone, others took their place"},
    {"suite-not-run", proven, "a suite could run neither on base nor on the change"},
    {"finding", proven, "a finding that does not stop the verdict"},
    {"lines-missed", proven, "some of the changed lines are executed by no test"},
    {"known-red", proven, "a test fails on base and change alike"},
    {"flaky", proven, "a test disagrees with itself; it counts for nothing"},
});

constexpr std::size_t kNamesShown = 5;
constexpr std::size_t kNameBytesMax = 160;

std::string shown(std::string_view name) { return printable(name, kNameBytesMax); }

std::string because(const std::string& problem) {
  return problem.empty() ? std::string() : ": " + printable(problem, 400);
}

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kNamesShown; ++i) {
    if (i > 0) out += ", ";
    out += shown(names[i]);
  }
  if (names.size() > kNamesShown) {
    out += " and " + std::to_string(names.size() - kNamesShown) + " more";
  }
  return out;
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

bool is_about_interface(const TestChange& change) {
  if (change.after == TestOutcome::error || change.after == TestOutcome::not_run) return true;
  for (const std::string_view mark :
       {"TypeError", "AttributeError", "NameError", "ImportError", "ModuleNotFoundError",
        "NoMethodError", "ArgumentError", "ReferenceError", "is not a function", "undefined method",
        "Undefined subroutine", "ArgumentCountError"}) {
    if (change.message.find(mark) != std::string::npos) return true;
  }
  return false;
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Whether the test may be of that file: by what the runner says, else by its id.
bool may_be_in(const TestChange& change, const std::string& path) {
  if (!change.file.empty()) return change.file == path;
  std::string_view stem = base_name(path);
  stem = stem.substr(0, stem.find('.'));
  return !stem.empty() && change.test.find(stem) != std::string::npos;
}

class Judge {
 public:
  explicit Judge(const Facts& facts) : facts_(facts) {}

  Judgement run();

 private:
  void add(std::string_view code, std::string what, std::string file = "", int line = 0);
  void add_test(std::string_view code, const TestChange& change, const std::string& what);

  void weigh_builds();
  void weigh_scenarios();
  void weigh_suite(const SuiteEvidence& suite);
  void weigh_problems(const SuiteEvidence& suite);
  void weigh_changes(const SuiteEvidence& suite);
  void weigh_restored(const SuiteEvidence& suite);
  void weigh_edited(const TestChange& restored);
  bool is_renamed(const TestChange& gone) const;
  bool is_weakened(const TestChange& edited) const;
  void weigh_gone(const SuiteEvidence& suite);
  void weigh_unloaded(const SuiteEvidence& suite);
  void weigh_all_red(const SuiteEvidence& suite);
  void weigh_findings();
  void weigh_demonstrations();
  void weigh_lines();
  void weigh_notes();

  bool has(std::string_view code) const { return counts_.contains(code); }
  bool demonstrates() const {
    return !demonstrated_.empty() || scenarios_flipped_ ||
           (!facts_.built_base && facts_.built_change);
  }
  bool has_finding(const TestChange& change, Finding::Severity severity,
                   std::string_view rule = "") const;
  void find_demonstrations();

  const Facts& facts_;
  std::vector<std::vector<Reason>> by_code_ = std::vector<std::vector<Reason>>(kCodes.size());
  std::map<std::string_view, std::size_t> counts_;
  std::vector<std::string> demonstrated_;
  bool added_demonstrates_ = false;
  bool scenarios_flipped_ = false;
};

void Judge::add(std::string_view code, std::string what, std::string file, int line) {
  const auto row = std::ranges::find(kCodes, code, &ReasonCode::code);
  CHECK(row != kCodes.end());
  std::vector<Reason>& reasons = by_code_[static_cast<std::size_t>(row - kCodes.begin())];
  const std::size_t count = ++counts_[row->code];
  if (count > kReasonsOfOneCodeMax) {
    const std::size_t more = count - kReasonsOfOneCodeMax;
    if (more == 1) {
      reasons.push_back({.code = std::string(code), .towards = row->towards, .what = {}});
    }
    reasons.back().what = "and " + std::to_string(more) + " more: " + std::string(row->what);
    return;
  }
  reasons.push_back({.code = std::string(code),
                     .towards = row->towards,
                     .what = std::move(what),
                     .file = std::move(file),
                     .line = line});
}

void Judge::add_test(std::string_view code, const TestChange& change, const std::string& what) {
  std::string text = shown(change.test) + " " + what;
  if (!change.message.empty()) {
    const std::string_view first =
        std::string_view(change.message).substr(0, change.message.find('\n'));
    text += ": " + printable(first, 200);
  }
  add(code, std::move(text), change.file, change.line);
}

bool Judge::has_finding(const TestChange& change, Finding::Severity severity,
                        std::string_view rule) const {
  return std::ranges::any_of(facts_.inspection.findings, [&](const Finding& finding) {
    return finding.severity == severity && (rule.empty() || finding.rule == rule) &&
           may_be_in(change, finding.file);
  });
}

void Judge::find_demonstrations() {
  for (const SuiteEvidence& suite : facts_.suites) {
    std::map<std::string_view, Transition> now;
    for (const TestChange& change : suite.changes) now[change.test] = change.transition;
    std::map<std::string_view, Transition> restored;
    for (const TestChange& change : suite.restored) restored[change.test] = change.transition;
    std::set<std::string> shows;
    for (const std::string& test : suite.demonstrated) {
      const auto found = now.find(test);
      if (found != now.end() && (found->second == Transition::flaky)) continue;
      shows.insert(test);
      if (found != now.end() && found->second == Transition::added_good) {
        added_demonstrates_ = true;
      }
    }
    for (const TestChange& change : suite.changes) {
      if (change.transition != Transition::fixed) continue;
      const auto found = restored.find(change.test);
      if (found != restored.end() && found->second == Transition::still_bad) continue;
      shows.insert(change.test);
    }
    demonstrated_.insert(demonstrated_.end(), shows.begin(), shows.end());
  }
  const ScenarioEvidence& scenarios = facts_.scenarios;
  scenarios_flipped_ = scenarios.visible_after > scenarios.visible_before ||
                       scenarios.holdout_after > scenarios.holdout_before;
}

void Judge::weigh_builds() {
  if (!facts_.built_change && !facts_.built_base) {
    add("base-broken", "the base cannot be built, and neither can the change: nothing can be said");
  } else if (!facts_.built_change) {
    add("build-broken",
        "the base builds and the change does not: " + printable(facts_.build_output, 400));
  } else if (!facts_.built_base) {
    add("build-fixed", "the base cannot be built and the change can");
  }
}

void Judge::weigh_scenarios() {
  const ScenarioEvidence& seen = facts_.scenarios;
  const std::set<std::string> broken(seen.broken.begin(), seen.broken.end());
  for (const std::string& name : seen.broken) {
    add("scenario-broken", "scenario " + shown(name) + " held on base and fails on the change");
  }
  for (const std::string& name : seen.failing) {
    if (broken.contains(name)) continue;
    add("scenario-fails", "scenario " + shown(name) + " fails on the change");
  }
  if (seen.failing.empty() && seen.broken.empty() && seen.visible_after < seen.visible_total) {
    add("scenario-fails", std::to_string(seen.visible_total - seen.visible_after) + " of " +
                              counted(static_cast<std::size_t>(seen.visible_total), "scenario") +
                              " fail on the change");
  }
  if (seen.holdout_after >= seen.holdout_total) return;
  std::string what = std::to_string(seen.holdout_total - seen.holdout_after) + " of " +
                     counted(static_cast<std::size_t>(seen.holdout_total), "sealed scenario") +
                     " fail on the change";
  if (!seen.holdout_requirements.empty()) {
    what += " (requirements " + names_text(seen.holdout_requirements) + ")";
  }
  const bool fewer = seen.holdout_after < seen.holdout_before;
  if (fewer) what += "; " + std::to_string(seen.holdout_before) + " held on base";
  add(fewer ? "holdout-broken" : "holdout-fails", what);
}

void Judge::weigh_problems(const SuiteEvidence& suite) {
  const std::string name = "suite " + shown(suite.id);
  const bool others_decide = demonstrates() || facts_.inspection.only_words;
  if (!suite.ran_change) {
    const std::string& problem =
        suite.problem_change.empty() ? suite.problem_base : suite.problem_change;
    if (suite.ran_base && suite.environment) {
      add("environment",
          name + " ran on base and lacks something on the change" + because(problem));
    } else if (suite.ran_base) {
      add("suite-broken", name + " ran on base and cannot run on the change" + because(problem));
    } else if (others_decide) {
      add("suite-not-run", name + " cannot run here" + because(problem));
    } else if (suite.environment) {
      add("environment", name + " cannot run here" + because(problem));
    } else {
      add("suite-incomplete", name + " runs neither on base nor on the change" + because(problem));
    }
    return;
  }
  if (!suite.complete_change && suite.environment) {
    add("environment", name + " lacks something of this machine" + because(suite.problem_change));
  } else if (!suite.complete_change && (suite.complete_base || !suite.ran_base || !others_decide)) {
    add("suite-incomplete", name + " did not come to its end" + because(suite.problem_change));
  } else if (!suite.complete_change) {
    add("suite-not-run", name + " comes to its end neither on base nor on the change" +
                             because(suite.problem_change));
  }
  for (const std::string& doubt : suite.doubts) {
    add("suite-doubtful", name + ": " + printable(doubt, 400));
  }
}

void Judge::weigh_changes(const SuiteEvidence& suite) {
  for (const TestChange& change : suite.changes) {
    switch (change.transition) {
      case Transition::broken:
        if (change.after == TestOutcome::unknown) {
          add_test("test-unknown", change, "passes on base and cannot be judged on the change");
        } else {
          add_test("test-broken", change, "passes on base and fails on the change");
        }
        break;
      case Transition::added_bad:
        add_test("added-test-fails", change, "is added by the change and fails on it");
        break;
      case Transition::newly_skipped:
        if (!harness::is_good(change.before)) break;
        add_test("test-skipped", change, "passes on base and is skipped on the change");
        break;
      case Transition::fixed:
      case Transition::kept:
      case Transition::still_bad:
      case Transition::added_good:
      case Transition::gone:
      case Transition::unskipped:
      case Transition::still_skipped:
      case Transition::flaky: break;
    }
  }
}

std::string_view last_name(std::string_view test) {
  test = test.substr(0, test.find('['));
  return test.substr(test.find_last_of(".:/> ") + 1);
}

/// A serious finding of its file that names this test, or none at all.
bool Judge::is_weakened(const TestChange& edited) const {
  return std::ranges::any_of(facts_.inspection.findings, [&](const Finding& finding) {
    if (finding.severity != Finding::Severity::serious) return false;
    if (!may_be_in(edited, finding.file)) return false;
    return finding.what.find("test `") == std::string::npos ||
           finding.what.find(last_name(edited.test)) != std::string::npos;
  });
}

void Judge::weigh_edited(const TestChange& restored) {
  if (is_weakened(restored)) {
    add_test("edited-test-hides", restored,
             "passes only as the change edits it; as it is on base, it fails");
  } else if (facts_.inspection.judge_files.empty()) {
    add_test("base-test-fails", restored, "passes on base and fails on the change");
  } else if (is_about_interface(restored)) {
    add_test("base-tests-do-not-fit", restored,
             "was adapted to another interface; as it is on base, it cannot run");
  } else if (added_demonstrates_ || scenarios_flipped_ ||
             has_finding(restored, Finding::Severity::warning)) {
    add_test("expectation-follows", restored, "expects something else now; as on base, it fails");
  } else {
    add_test("expectation-moved", restored,
             "expects something else now; as on base, it fails. Add a test of the new behaviour, "
             "or say in a document what changed");
  }
}

/// The runner misses the test's name, and reading the change found the test under another one.
bool Judge::is_renamed(const TestChange& gone) const {
  return std::ranges::any_of(facts_.inspection.renamed_tests, [&](const std::string& name) {
    return last_name(name) == last_name(gone.test);
  });
}

void Judge::weigh_restored(const SuiteEvidence& suite) {
  std::map<std::string_view, const TestChange*> now;
  for (const TestChange& change : suite.changes) now[change.test] = &change;
  const std::set<std::string_view> shown_by(suite.demonstrated.begin(), suite.demonstrated.end());
  for (const TestChange& restored : suite.restored) {
    const auto found = now.find(restored.test);
    const TestChange* change = found == now.end() ? nullptr : found->second;
    if (restored.transition == Transition::still_bad && change != nullptr &&
        change->transition == Transition::fixed && !shown_by.contains(restored.test)) {
      add_test("edited-to-pass", restored,
               "fails on base; it passes only with the change's edits of the tests, and does so "
               "without the change, too");
      continue;
    }
    if (restored.transition != Transition::broken) continue;
    const Transition became = change == nullptr ? Transition::kept : change->transition;
    if (became == Transition::broken || became == Transition::flaky) continue;
    if (restored.after == TestOutcome::unknown) {
      add_test("test-unknown", restored, "passes on base and cannot be judged as it was there");
    } else if (became == Transition::gone && is_renamed(restored)) {
      weigh_edited(restored);
    } else if (became == Transition::gone && !is_about_interface(restored)) {
      add_test("deleted-test-fails", restored, "is deleted by the change; put back, it fails");
    } else if (became == Transition::newly_skipped) {
      add_test("skipped-test-fails", restored, "is skipped by the change; put back, it fails");
    } else if (became != Transition::gone) {
      weigh_edited(restored);
    }
  }
}

void Judge::weigh_gone(const SuiteEvidence& suite) {
  std::vector<std::string> gone;
  std::size_t added = 0;
  for (const TestChange& change : suite.changes) {
    if (change.transition == Transition::added_good) ++added;
    if (change.transition != Transition::gone) continue;
    gone.push_back(change.test);
  }
  if (gone.empty()) return;
  // What inspection finds of a deleted test is a reason of its own.
  std::size_t explained = 0;
  for (const Finding& finding : facts_.inspection.findings) {
    if (finding.rule == "test-deleted") ++explained;
  }
  const bool all_of_it = explained >= kFindingsOfOneRuleMax;
  if (all_of_it || added + explained >= gone.size() || suite.tests_change >= suite.tests_base) {
    add("tests-renamed", counted(gone.size(), "test") + " of the base " +
                             (gone.size() == 1 ? "is" : "are") + " gone, " + std::to_string(added) +
                             " new: " + names_text(gone));
  } else {
    add("fewer-tests", "suite " + shown(suite.id) + " has " + std::to_string(suite.tests_change) +
                           " tests, " + std::to_string(suite.tests_base) +
                           " on base; gone: " + names_text(gone));
  }
}

void Judge::weigh_suite(const SuiteEvidence& suite) {
  weigh_problems(suite);
  weigh_changes(suite);
  weigh_restored(suite);
  weigh_gone(suite);
  weigh_unloaded(suite);
  weigh_all_red(suite);
}

void Judge::weigh_findings() {
  for (const Finding& finding : facts_.inspection.findings) {
    if (finding.severity == Finding::Severity::note) continue;
    const bool serious = finding.severity == Finding::Severity::serious;
    add(serious ? "tampering" : "finding", finding.rule + ": " + finding.what, finding.file,
        finding.line);
  }
}

// Its tests could have shown what the change does.
void Judge::weigh_unloaded(const SuiteEvidence& suite) {
  if (demonstrates()) return;
  for (const TestChange& change : suite.changes) {
    if (change.transition != Transition::still_bad || change.after != TestOutcome::error) continue;
    if (std::ranges::find(facts_.inspection.judge_files, change.test) ==
        facts_.inspection.judge_files.end())
      continue;
    add("test-not-loaded",
        shown(change.test) + ", which the change touches, cannot be loaded here, on base neither" +
            because(change.message.substr(0, change.message.find('\n'))),
        change.test);
  }
}

// A suite that says no of everything says nothing.
void Judge::weigh_all_red(const SuiteEvidence& suite) {
  if (suite.kept > 0 || demonstrates()) return;
  const TestChange* red = nullptr;
  for (const TestChange& change : suite.changes) {
    if (harness::is_good(change.after)) return;
    if (red == nullptr && change.transition == Transition::still_bad) red = &change;
  }
  if (red == nullptr) return;
  add("no-test-passes",
      "suite " + shown(suite.id) + ": no test passes, neither on base nor on the change; " +
          shown(red->test) + " fails" + because(red->message.substr(0, red->message.find('\n'))),
      red->file, red->line);
}

void Judge::weigh_demonstrations() {
  if (!demonstrated_.empty()) {
    const std::size_t count = demonstrated_.size();
    add("demonstrated", counted(count, "test") + (count == 1 ? " fails" : " fail") +
                            " without the change and " + (count == 1 ? "passes" : "pass") +
                            " with it: " + names_text(demonstrated_));
  }
  if (scenarios_flipped_) {
    const ScenarioEvidence& seen = facts_.scenarios;
    const int more =
        seen.visible_after - seen.visible_before + seen.holdout_after - seen.holdout_before;
    add("scenario-demonstrates", std::to_string(more) + " more scenarios hold with the change");
  }
  if (demonstrates()) return;
  const bool held = std::ranges::any_of(
      facts_.suites, [](const SuiteEvidence& suite) { return suite.ran_change; });
  const bool any = held || facts_.scenarios.visible_total + facts_.scenarios.holdout_total > 0;
  if (facts_.inspection.only_words) {
    add("no-behaviour-touched", "only documents, comments and blank lines change");
  } else if (!any) {
    if (facts_.suites.empty()) add("no-suite", "no suite was found and there are no scenarios");
  } else if (facts_.inspection.only_tests) {
    add("tests-only", "only tests change; they hold on base and change");
  } else if (facts_.same_behaviour) {
    add("same-behaviour", "the change claims to alter no behaviour, and no test says otherwise");
  } else {
    add("nothing-demonstrates",
        "no test and no scenario tells the change from the base: add a test that fails without "
        "the change, or say --same-behaviour if it is meant to alter none");
  }
}

void Judge::weigh_lines() {
  const ChangedLines& lines = facts_.lines;
  if (!lines.measured || lines.total == 0 || lines.executed >= lines.total) return;
  const std::string where = lines.missed.empty() ? "" : ": " + names_text(lines.missed);
  // What a test demonstrates it executes, whatever the measuring missed (another process).
  if (lines.executed == 0 && !demonstrates()) {
    add("lines-not-executed", "no test executes any of the " +
                                  counted(static_cast<std::size_t>(lines.total), "changed line") +
                                  where);
  } else {
    add("lines-missed", std::to_string(lines.total - lines.executed) + " of " +
                            counted(static_cast<std::size_t>(lines.total), "changed line") +
                            " are executed by no test" + where);
  }
}

void Judge::weigh_notes() {
  std::vector<std::string> red;
  std::vector<std::string> flaky;
  int kept = 0;
  for (const SuiteEvidence& suite : facts_.suites) {
    kept += suite.kept;
    for (const TestChange& change : suite.changes) {
      if (change.transition == Transition::still_bad) red.push_back(change.test);
      if (change.transition == Transition::flaky) flaky.push_back(change.test);
    }
  }
  if (kept > 0) {
    add("held", counted(static_cast<std::size_t>(kept), "test") + " that passed on base " +
                    (kept == 1 ? "passes" : "pass") + " on the change");
  }
  if (!red.empty()) {
    add("known-red", counted(red.size(), "test") + " failed on base already: " + names_text(red));
  }
  if (!flaky.empty()) {
    add("flaky", counted(flaky.size(), "test") + " disagreed with " +
                     (flaky.size() == 1 ? "itself" : "themselves") + ": " + names_text(flaky));
  }
}

Judgement Judge::run() {
  if (!facts_.problem.empty()) {
    add("cannot-judge", printable_block(facts_.problem, 1000));
  } else {
    find_demonstrations();
    weigh_builds();
    if (facts_.built_change) {
      weigh_scenarios();
      for (const SuiteEvidence& suite : facts_.suites) weigh_suite(suite);
      weigh_demonstrations();
      weigh_lines();
      weigh_notes();
    }
  }
  weigh_findings();

  Judgement out;
  out.verdict = proven;
  for (const std::vector<Reason>& reasons : by_code_) {
    if (reasons.empty()) continue;
    if (reasons.front().towards == not_proven) out.verdict = not_proven;
    if (reasons.front().towards == undecided && out.verdict == proven) out.verdict = undecided;
  }
  // A proof that could not be made refutes nothing.
  if (has("cannot-judge") || has("base-broken")) out.verdict = undecided;
  for (const Verdict towards : {out.verdict, not_proven, undecided, proven}) {
    for (std::vector<Reason>& reasons : by_code_) {
      if (reasons.empty() || reasons.front().towards != towards) continue;
      std::ranges::move(reasons, std::back_inserter(out.reasons));
      reasons.clear();
    }
  }
  CHECK(out.verdict != proven || demonstrates() || has("same-behaviour") ||
        has("no-behaviour-touched") || has("tests-only"));
  CHECK(!out.reasons.empty());
  return out;
}

}  // namespace

std::span<const ReasonCode> reason_codes() { return kCodes; }

Judgement judge(const Facts& facts) { return Judge(facts).run(); }

}  // namespace nightjar::proof
