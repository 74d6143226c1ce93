#include "harness/runners/ctest_cases.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

constexpr std::string_view kElf = "\177ELF";
constexpr std::size_t kProgramsMax = 2'000;      // that are looked into
constexpr std::size_t kFilterBytesMax = 60'000;  // Linux takes 128 KiB in one argument
constexpr std::size_t kProcessesMax = 500;       // of one program, for what its first did not tell
constexpr int kTimeoutsMax = 6;                  // of these
constexpr std::uint64_t kPathsBytesMax = std::uint64_t{8} << 20;

// --- Which programs ------------------------------------------------------------------------------

/// Runs `argv` on the files by xargs; its output.
class FileSearch {
 public:
  FileSearch(sandbox::Sandbox& sandbox, const Workshop& workshop, const CommandLimits& limits,
             std::stop_token stop)
      : sandbox_(sandbox), workshop_(workshop), limits_(limits), stop_(std::move(stop)) {}

  Result<std::string> on(const std::vector<std::string>& files, std::vector<std::string> argv) {
    if (files.empty()) return std::string();
    argv.insert(argv.begin(), {"/usr/bin/xargs", "-0"});
    sandbox::Command command = command_in(workshop_, {.runner = "ctest"}, limits_, std::move(argv));
    command.env["LC_ALL"] = "C";
    for (const std::string& file : files) command.stdin_bytes += file + std::string(1, '\0');
    command.output_bytes_max = kPathsBytesMax;
    TRY_INTO(sandbox::Outcome outcome, run_command(sandbox_, command, stop_));
    return std::move(outcome.stdout_bytes);
  }

  /// Those that hold one of the words.
  Result<std::set<std::string>> holding(const std::vector<std::string>& files,
                                        const std::vector<std::string_view>& words) {
    std::vector<std::string> argv = {"/bin/grep", "-alZsF"};
    for (const std::string_view word : words) argv.insert(argv.end(), {"-e", std::string(word)});
    argv.emplace_back("--");
    TRY_INTO(const std::string text, on(files, std::move(argv)));
    std::set<std::string> out;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\0', begin);
      if (end == std::string::npos) break;
      out.insert(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return out;
  }

 private:
  sandbox::Sandbox& sandbox_;
  const Workshop& workshop_;
  CommandLimits limits_;
  std::stop_token stop_;
};

std::vector<std::string> programs_of(const std::vector<CtestTest>& tests) {
  const std::string top = std::string(sandbox::kWorkspacePath) + "/";
  std::set<std::string> out;
  for (const CtestTest& test : tests) {
    if (out.size() >= kProgramsMax || !may_have_cases(test)) continue;
    if (test.command.front().starts_with(top)) out.insert(test.command.front());
  }
  return {out.begin(), out.end()};
}

// --- One program ---------------------------------------------------------------------------------

bool hit_a_limit(const sandbox::Outcome& outcome) {
  return outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit;
}

bool left_early(const sandbox::Outcome& outcome) {
  return outcome.ended == sandbox::Ended::exited && outcome.code == kLeftEarly;
}

/// The shell in front tells of a signal by its number.
bool ended_by_itself(const sandbox::Outcome& outcome) {
  return outcome.ended == sandbox::Ended::exited && outcome.code <= 128 && !left_early(outcome);
}

using Indexes = std::vector<std::size_t>;

class Program {
 public:
  Program(const CasesRequest& request, const TimeLeft& time, const RunCtestCommand& start)
      : request_(request), time_(time), start_(start) {}

  Result<std::optional<SuiteRun>> run() {
    TRY(list());
    if (cases_.empty()) return std::optional<SuiteRun>();
    results_.resize(cases_.size());
    run_.complete = true;
    Indexes wanted;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      if (request_.all || request_.only.contains(id_of(i))) wanted.push_back(i);
    }
    if (request_.program) {
      TRY(run_whole(wanted));
    } else {
      queue_in_chunks(wanted);
    }
    TRY(run_queue());
    if (!request_.program) TRY(run_unmatched(wanted));
    for (const std::size_t i : wanted) tell(i);
    run_.judged_by = {"listing of each program", "its XML", "exit status"};
    return std::optional<SuiteRun>(std::move(run_));
  }

 private:
  Result<> list() {
    for (int way = 0; cases_.empty(); ++way) {
      const auto argv = list_command(request_.test, request_.framework, way);
      if (!argv) return ok;
      TRY_INTO(sandbox::Outcome outcome, start_(*argv, ReadsReport::yes));
      run_.cpu_ms += outcome.cpu_ms;
      if (way > 0) {
        outcome.report_bytes = std::move(outcome.stdout_bytes);
        outcome.report_cut = outcome.stdout_cut;
      }
      cases_ = parse_case_list(request_.framework, way, outcome).value_or(std::vector<TestCase>{});
    }
    for (std::size_t i = 0; i < cases_.size(); ++i) by_key_[cases_[i].key].push_back(i);
    return ok;
  }

  std::string id_of(std::size_t index) const {
    return bounded_id(request_.test.name + kCaseMark + cases_[index].id);
  }

  Result<sandbox::Outcome> start(CaseSelection selection) {
    selection.reversed = request_.reversed;
    TRY_INTO(
        sandbox::Outcome outcome,
        start_(run_command_of(request_.test, request_.framework, selection), ReadsReport::yes));
    run_.cpu_ms += outcome.cpu_ms;
    return outcome;
  }

  /// As ctest would; then what is left of the wanted cases goes into the queue.
  Result<> run_whole(const Indexes& wanted) {
    TRY_INTO(const sandbox::Outcome outcome, start({}));
    Indexes all(cases_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    const CaseReport report = take(outcome, all);
    run_.tests.push_back(judge_program(outcome, report));
    if (is_bad(run_.tests.back().outcome)) run_.output_tail = output_tail(outcome);
    if (request_.all) tell_troubles(report);
    whole_ended_ = report.whole && ended_by_itself(outcome);
    limit_ = hit_a_limit(outcome);
    last_ending_ = ending_of(outcome);
    // Whatever it did not tell although it came to its end, it would not tell again.
    if (!whole_ended_) queue_rest(wanted, report, false);
    return ok;
  }

  TestResult judge_program(const sandbox::Outcome& outcome, const CaseReport& report) const {
    TestResult out = judge_ctest(request_.test, outcome);
    const auto bad = std::ranges::count_if(
        results_, [](const auto& result) { return result && is_bad(result->outcome); });
    if (out.outcome == TestOutcome::passed && !report.whole) {
      out.outcome = TestOutcome::error;
      out.message = "the program ended before its tests";
    }
    if (bad > 0 && is_bad(out.outcome)) {
      out.message = bounded_message(std::to_string(bad) + " of " + std::to_string(cases_.size()) +
                                    " cases failed\n" + out.message);
    }
    return out;
  }

  void tell_troubles(const CaseReport& report) {
    for (const CaseResult& trouble : report.troubles) {
      if (!is_bad(trouble.result.outcome)) continue;
      TestResult test = trouble.result;
      const std::string what = trouble.key.empty() ? "the program" : trouble.key;
      test.id = bounded_id(request_.test.name + kCaseMark + "set-up of " + what);
      run_.tests.push_back(std::move(test));
    }
  }

  void queue_in_chunks(const Indexes& indexes) {
    Indexes chunk;
    std::size_t bytes = 0;
    for (const std::size_t i : indexes) {
      bytes += cases_[i].filter.size() + 1;
      if (!chunk.empty() && bytes > kFilterBytesMax) {
        queue_.push_back(std::exchange(chunk, {}));
        bytes = cases_[i].filter.size();
      }
      chunk.push_back(i);
    }
    if (!chunk.empty()) queue_.push_back(std::move(chunk));
  }

  /// What of `part` has no result: those in which the process ended by themselves, the others
  /// together where that is fewer than before, else in halves.
  void queue_rest(const Indexes& part, const CaseReport& report, bool same_again) {
    const std::set<std::string> unfinished(report.unfinished.begin(), report.unfinished.end());
    Indexes rest;
    std::size_t alone = 0;
    for (const std::size_t i : part) {
      if (results_[i]) continue;
      if (unfinished.contains(cases_[i].key)) {
        queue_.push_back({i});
        ++alone;
      } else {
        rest.push_back(i);
      }
    }
    const bool fewer = alone > 0 || rest.size() < part.size();
    if (!same_again || fewer || rest.size() < 2) return queue_in_chunks(rest);
    const auto middle = rest.begin() + static_cast<std::ptrdiff_t>(rest.size() / 2);
    queue_in_chunks({middle, rest.end()});
    queue_in_chunks({rest.begin(), middle});
  }

  Result<> run_queue() {
    while (!queue_.empty() && processes_ < kProcessesMax && timeouts_ < kTimeoutsMax) {
      if (time_.is_over()) {
        run_.complete = false;
        run_.problem = "the suite's time was over before all cases were told apart";
        return ok;
      }
      const Indexes part = std::move(queue_.back());
      queue_.pop_back();
      ++processes_;
      CaseSelection selection;
      for (const std::size_t i : part) selection.cases.push_back(cases_[i]);
      TRY_INTO(const sandbox::Outcome outcome, start(std::move(selection)));
      const CaseReport report = take(outcome, part);
      limit_ = hit_a_limit(outcome);
      if (limit_) ++timeouts_;
      last_ending_ = ending_of(outcome);
      if (!request_.program && is_bad_end(outcome)) run_.output_tail = output_tail(outcome);
      if (part.size() > 1) {
        queue_rest(part, report, true);
      } else if (!results_[part.front()]) {
        decide_alone(part.front(), report, outcome);
      }
    }
    return ok;
  }

  static bool is_bad_end(const sandbox::Outcome& outcome) { return !outcome.succeeded(); }

  void decide_alone(std::size_t index, const CaseReport& report, const sandbox::Outcome& outcome) {
    TestResult test;
    if (hit_a_limit(outcome)) {
      test.outcome = TestOutcome::timed_out;
      test.message = "it was running when the process was ended: " + ending_of(outcome);
    } else if (left_early(outcome) || (outcome.succeeded() && !report.whole)) {
      test.outcome = TestOutcome::error;
      test.message = "the process ended in this test: the program left before its tests' end";
    } else if (report.whole && ended_by_itself(outcome)) {
      unmatched_ = true;
      return;
    } else {
      test.outcome = TestOutcome::error;
      test.message = "the process ended in this test: " + ending_of(outcome);
    }
    results_[index] = std::move(test);
  }

  /// Cases that their names do not find (wildcards in them): all are run.
  Result<> run_unmatched(const Indexes& wanted) {
    if (!unmatched_ || time_.is_over()) return ok;
    TRY_INTO(const sandbox::Outcome outcome, start({}));
    take(outcome, wanted);
    return ok;
  }

  /// Results of the cases in `part` that have none yet.
  CaseReport take(const sandbox::Outcome& outcome, const Indexes& part) {
    CaseReport report = parse_case_report(request_.framework, outcome.report_bytes);
    report.whole = report.whole && !outcome.report_cut;
    // GoogleTest came not to its end, so somebody else wrote this.
    if (left_early(outcome)) report = {};
    for (const std::string& doubt : report.doubts) doubted(doubt);
    std::map<std::string, std::vector<const TestResult*>> told;
    for (const CaseResult& one : report.results) {
      if (by_key_.contains(one.key)) {
        told[one.key].push_back(&one.result);
      } else if (one.result.outcome != TestOutcome::skipped) {
        doubted("a result of a case that was not listed: " + printable(one.key, 200));
      }
    }
    bool bad = false;
    for (const std::size_t i : part) {
      if (results_[i]) continue;
      const Indexes& same = by_key_.at(cases_[i].key);
      const auto found = told.find(cases_[i].key);
      if (found == told.end()) continue;
      const auto place =
          static_cast<std::size_t>(std::distance(same.begin(), std::ranges::find(same, i)));
      if (found->second.size() > same.size()) {
        results_[i] = TestResult{.id = {},
                                 .outcome = TestOutcome::unknown,
                                 .message = "more than one result of it was told"};
        doubted("more than one result of one case: " + printable(cases_[i].id, 200));
      } else if (place < found->second.size()) {
        results_[i] = *found->second[place];
      }
      bad = bad || (results_[i] && is_bad(results_[i]->outcome));
    }
    if (bad && outcome.succeeded()) doubted("exit status 0 although a case failed");
    return report;
  }

  void doubted(const std::string& what) {
    add_once(run_.doubts, printable(request_.test.name, 200) + ": " + what);
  }

  void tell(std::size_t index) {
    TestResult test;
    if (results_[index]) {
      test = *std::move(results_[index]);
    } else if (whole_ended_ || (unmatched_ && !limit_)) {
      test.outcome = TestOutcome::not_run;
      test.message = "it was listed and never started";
    } else {
      test.outcome = limit_ ? TestOutcome::timed_out : TestOutcome::error;
      test.message = "no result of it was told: " + last_ending_;
    }
    test.id = id_of(index);
    if (test.file.empty()) test.file = cases_[index].file;
    if (test.line == 0) test.line = cases_[index].line;
    run_.tests.push_back(std::move(test));
  }

  const CasesRequest& request_;
  const TimeLeft& time_;
  const RunCtestCommand& start_;
  std::vector<TestCase> cases_;
  std::map<std::string, Indexes> by_key_;
  std::vector<std::optional<TestResult>> results_;
  std::vector<Indexes> queue_;  // the last is next
  std::size_t processes_ = 0;
  int timeouts_ = 0;
  bool whole_ended_ = false;
  bool unmatched_ = false;
  bool limit_ = false;  // of the last process
  std::string last_ending_;
  SuiteRun run_;
};

}  // namespace

Result<std::map<std::string, Framework>> frameworks_in(sandbox::Sandbox& sandbox,
                                                       const Workshop& workshop,
                                                       const CommandLimits& limits,
                                                       const std::vector<CtestTest>& tests,
                                                       std::stop_token stop) {
  constexpr auto kAll = std::to_array({Framework::gtest, Framework::catch2, Framework::doctest});
  std::map<std::string, Framework> out;
  FileSearch search(sandbox, workshop, limits, std::move(stop));
  std::vector<std::string_view> any;
  for (const Framework framework : kAll) {
    for (const std::string_view mark : marks_of(framework)) any.push_back(mark);
  }
  TRY_INTO(const std::set<std::string> marked, search.holding(programs_of(tests), any));
  // Not the source, and not a script that names them.
  std::vector<std::string> programs(marked.begin(), marked.end());
  TRY_INTO(const std::string heads, search.on(programs, {"/usr/bin/head", "-q", "-c", "4", "--"}));
  if (heads.size() != 4 * programs.size()) return out;
  std::size_t at = 0;
  std::erase_if(programs, [&](const std::string&) { return heads.substr(4 * at++, 4) != kElf; });
  std::set<std::string> twice;
  for (const Framework framework : kAll) {
    TRY_INTO(const std::set<std::string> found, search.holding(programs, marks_of(framework)));
    for (const std::string& program : found) {
      if (!out.emplace(program, framework).second) twice.insert(program);
    }
  }
  for (const std::string& program : twice) out.erase(program);
  return out;
}

Result<std::optional<SuiteRun>> run_cases(const CasesRequest& request, const TimeLeft& time,
                                          const RunCtestCommand& start) {
  return Program(request, time, start).run();
}

}  // namespace nightjar::harness
