#include "harness/session.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kDoubtsMax = 100;
constexpr std::size_t kNameBytesShown = 200;

std::string shown(std::string_view id) { return printable(id, kNameBytesShown); }

std::string count_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

bool hit_a_limit(const sandbox::Outcome& outcome) {
  return outcome.ended == sandbox::Ended::wall_limit || outcome.ended == sandbox::Ended::cpu_limit;
}

/// One test of the session, in the order of the listing.
struct Entry {
  TestResult result;
  std::string id;  // as the runner gave it
  bool started = false;
  bool finished = false;
  bool forged = false;
  bool trouble = false;  // no test, so the runner does not count it
};

/// Follows the events of one session.
class Story {
 public:
  explicit Story(const Session& session) : session_(session) {
    if (session.listed) {
      for (const std::string& id : *session.listed) list(id);
    }
    for (const SessionEvent& event : session.events) take(event);
  }

  SessionJudgement end() {
    SessionJudgement out;
    SuiteRun& run = out.run;
    run.doubts = std::move(doubts_);
    for (const std::string& doubt : session_.doubts) add_once(run.doubts, doubt);
    if (listing_) run.judged_by.emplace_back("listing");
    if (session_.tells_starts) {
      run.judged_by.emplace_back("event stream");
    } else {
      run.judged_by.emplace_back("report");
    }
    for (Entry& entry : entries_) decide(entry, out);
    judge_ending(out);
    run.wall_ms = session_.outcome.wall_ms;
    run.cpu_ms = session_.outcome.cpu_ms;
    return out;
  }

 private:
  Entry& list(const std::string& id) {
    listing_ = true;
    return add(id);
  }

  Entry& add(const std::string& id) {
    std::vector<std::size_t>& same = by_id_[id];
    same.push_back(entries_.size());
    Entry entry;
    entry.id = id;
    entry.result.id = bounded_id(id);
    if (same.size() > 1) entry.result.id += "#" + std::to_string(same.size());
    entry.result.outcome = TestOutcome::not_run;
    entries_.push_back(std::move(entry));
    return entries_.back();
  }

  template <typename Predicate>
  Entry* find(const std::string& id, const Predicate& fits) {
    const auto at = by_id_.find(id);
    if (at == by_id_.end()) return nullptr;
    for (const std::size_t index : at->second) {
      if (fits(entries_[index])) return &entries_[index];
    }
    return nullptr;
  }

  /// The event does not fit: what it is about is unknown, whatever else is said of it.
  void forge(const std::string& id, const std::string& what) {
    Entry* entry = find(id, [](const Entry& candidate) { return candidate.finished; });
    if (entry == nullptr) entry = find(id, [](const Entry&) { return true; });
    if (entry == nullptr) entry = &add(id);
    entry->forged = true;
    entry->result.message = what;
    add_once(doubts_, what + ": " + shown(id));
  }

  static void describe(Entry& entry, const SessionEvent& event) {
    if (!event.file.empty()) entry.result.file = event.file;
    if (event.line > 0) entry.result.line = event.line;
  }

  void take(const SessionEvent& event) {
    switch (event.kind) {
      case SessionEvent::Kind::listed: return take_listed(event);
      case SessionEvent::Kind::started: return take_started(event);
      case SessionEvent::Kind::finished: return take_finished(event);
      case SessionEvent::Kind::trouble: return take_trouble(event);
      case SessionEvent::Kind::ended:
        if (ended_) add_once(doubts_, "the session ended twice");
        ended_ = true;
        return;
    }
  }

  void take_listed(const SessionEvent& event) {
    if (session_.listed) return;
    listing_ = true;
    if (any_started_) add_once(doubts_, "a test was listed after the first one had started");
    if (event.selected) describe(list(event.id), event);
  }

  void take_started(const SessionEvent& event) {
    any_started_ = true;
    if (ended_) return forge(event.id, "an event after the session's end");
    Entry* entry = find(event.id, [](const Entry& candidate) { return !candidate.started; });
    if (entry == nullptr && listing_) return forge(event.id, "a test started that was not listed");
    if (entry == nullptr) entry = &add(event.id);
    entry->started = true;
    describe(*entry, event);
  }

  void take_finished(const SessionEvent& event) {
    if (ended_) return forge(event.id, "an event after the session's end");
    const bool starts = session_.tells_starts;
    Entry* entry = find(event.id, [&](const Entry& candidate) {
      return candidate.started == starts && !candidate.finished;
    });
    if (entry == nullptr && !starts && !listing_) entry = &add(event.id);
    if (entry == nullptr) {
      const bool known = by_id_.contains(event.id);
      return forge(event.id, !known   ? "a result of a test that was not listed"
                             : starts ? "a result without a start, or a second one"
                                      : "a second result of one test");
    }
    entry->finished = true;
    entry->result.outcome = event.outcome;
    entry->result.wall_ms = event.wall_ms;
    entry->result.flaky = event.flaky;
    if (!entry->forged) entry->result.message = bounded_message(event.message);
    describe(*entry, event);
  }

  void take_trouble(const SessionEvent& event) {
    Entry& entry = add(event.id);
    entry.started = true;
    entry.finished = true;
    entry.trouble = true;
    entry.result.outcome = TestOutcome::error;
    entry.result.message = bounded_message(event.message);
    describe(entry, event);
  }

  bool ended() const {
    if (session_.tells_end) return ended_;
    return session_.outcome.ended == sandbox::Ended::exited;
  }

  void decide(Entry& entry, SessionJudgement& out) {
    if (entry.forged) {
      entry.result.outcome = TestOutcome::unknown;
      ++unknown_;
    } else if (entry.started && !entry.finished) {
      const bool limit = hit_a_limit(session_.outcome);
      entry.result.outcome = limit ? TestOutcome::timed_out : TestOutcome::error;
      entry.result.message = (limit ? "it was running when the process was ended: "
                                    : "the process ended in this test: ") +
                             ending_of(session_.outcome);
      out.died.push_back(entry.id);
    } else if (!entry.finished) {
      ++not_run_;
      if (!ended()) {
        out.undecided.push_back(entry.id);
        entry.result.message = "the session ended before it";
      } else {
        entry.result.message = "it was listed and never started";
      }
    } else {
      count(entry);
    }
    out.run.tests.push_back(std::move(entry.result));
  }

  void count(const Entry& entry) {
    const TestOutcome outcome = entry.result.outcome;
    if (!entry.trouble) ++finished_;
    if (outcome == TestOutcome::unknown) ++unknown_;
    if (outcome == TestOutcome::xpassed) ++xpassed_;
    if (outcome == TestOutcome::failed || outcome == TestOutcome::error ||
        outcome == TestOutcome::timed_out) {
      ++bad_;
    }
  }

  void judge_ending(SessionJudgement& out) {
    SuiteRun& run = out.run;
    const sandbox::Outcome& outcome = session_.outcome;
    const bool exited = outcome.ended == sandbox::Ended::exited;
    if (!session_.report_problem.empty()) {
      run.problem = session_.report_problem;
    } else if (!exited) {
      run.problem = "the session was cut short: " + ending_of(outcome);
      out.cut_short = true;
    } else if (!ended()) {
      run.problem = "the session did not come to its end: " + ending_of(outcome);
      out.cut_short = true;
    } else if (outcome.report_cut) {
      run.problem = "the report was larger than its limit and was cut";
    } else if (unknown_ > 0) {
      run.problem = count_of(unknown_, "test") + " with events that do not fit together";
    }
    if (session_.exit_tells && exited) judge_status(run);
    if (session_.counted) judge_count(run);
    run.complete = run.problem.empty();
  }

  void judge_status(SuiteRun& run) {
    run.judged_by.emplace_back("exit status");
    const int code = session_.outcome.code;
    if (code == 0 && bad_ > 0) {
      add_once(run.doubts, "exit status 0 although " + count_of(bad_, "test") + " failed");
    }
    if (code != 0 && bad_ == 0 && xpassed_ == 0 && not_run_ == 0 && run.problem.empty()) {
      run.problem = "exit status " + std::to_string(code) + " although no test failed";
    }
  }

  void judge_count(SuiteRun& run) {
    run.judged_by.emplace_back("the runner's count");
    const auto seen = static_cast<std::int64_t>(finished_);
    if (*session_.counted == seen) return;
    const std::string what = "the runner counted " + std::to_string(*session_.counted) +
                             " tests, and " + std::to_string(seen) + " results came";
    add_once(run.doubts, what);
    if (run.problem.empty()) run.problem = what;
  }

  const Session& session_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_id_;
  std::vector<std::string> doubts_;
  bool listing_ = false;
  bool any_started_ = false;
  bool ended_ = false;
  std::size_t finished_ = 0;
  std::size_t bad_ = 0;
  std::size_t xpassed_ = 0;
  std::size_t not_run_ = 0;
  std::size_t unknown_ = 0;
};

/// Cut at a boundary of UTF-8.
std::string_view front_of(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

SessionJudgement judge(const Session& session) { return Story(session).end(); }

void conclude(SuiteRun& run) {
  // Parts that were put together may each have had a test of one name.
  std::unordered_map<std::string, int> seen;
  for (TestResult& test : run.tests) {
    int count = ++seen[test.id];
    if (count == 1) continue;
    while (seen.contains(test.id + "#" + std::to_string(count))) ++count;
    test.id += "#" + std::to_string(count);
    seen[test.id] = 1;
  }
  std::sort(run.tests.begin(), run.tests.end(),
            [](const TestResult& a, const TestResult& b) { return a.id < b.id; });
  if (run.tests.size() > kTestsMax) {
    run.tests.resize(kTestsMax);
    run.complete = false;
    if (run.problem.empty()) run.problem = "more than " + std::to_string(kTestsMax) + " tests";
  }
  if (run.tests.empty()) {
    run.complete = false;
    if (run.problem.empty()) run.problem = "no test was found";
  }
}

void merge(SuiteRun& into, SuiteRun from) {
  std::move(from.tests.begin(), from.tests.end(), std::back_inserter(into.tests));
  into.complete = into.complete && from.complete;
  if (into.problem.empty()) into.problem = std::move(from.problem);
  into.environment = into.environment || from.environment;
  for (std::string& doubt : from.doubts) add_once(into.doubts, std::move(doubt));
  for (std::string& source : from.judged_by) add_once(into.judged_by, std::move(source));
  for (auto& [file, lines] : from.coverage.files) {
    Coverage::File& merged = into.coverage.files[file];
    merged.executable.merge(lines.executable);
    merged.executed.merge(lines.executed);
  }
  if (!from.output_tail.empty()) into.output_tail = std::move(from.output_tail);
  into.cpu_ms += from.cpu_ms;
}

void add_once(std::vector<std::string>& texts, std::string text) {
  if (texts.size() >= kDoubtsMax) return;
  if (std::find(texts.begin(), texts.end(), text) != texts.end()) return;
  texts.push_back(std::move(text));
}

SuiteRun could_not_run(std::string problem) {
  SuiteRun run;
  run.problem = std::move(problem);
  return run;
}

SuiteRun lacks(std::string problem) {
  SuiteRun run = could_not_run(std::move(problem));
  run.environment = true;
  return run;
}

std::string bounded_id(std::string_view id) {
  constexpr std::size_t kHashDigits = 16;
  const bool valid = is_utf8(id);
  if (valid && id.size() <= kTestIdBytesMax) return std::string(id);
  const std::string mark = "~" + blake3(id).hex().substr(0, kHashDigits);
  const std::size_t room = kTestIdBytesMax - mark.size() - std::strlen("…");
  return (valid ? std::string(front_of(id, room)) : printable(id, room)) + mark;
}

std::string bounded_message(std::string_view message) {
  message = trim(message);
  if (is_utf8(message)) return std::string(front_of(message, kMessageBytesMax));
  return printable_block(message, kMessageBytesMax - std::strlen("…"));
}

std::string ending_of(const sandbox::Outcome& outcome) {
  switch (outcome.ended) {
    case sandbox::Ended::exited: return "exit status " + std::to_string(outcome.code);
    case sandbox::Ended::signalled: {
      const char* name = ::sigabbrev_np(outcome.code);
      const std::string number = "signal " + std::to_string(outcome.code);
      return name == nullptr ? "killed by " + number
                             : "killed by SIG" + std::string(name) + " (" + number + ")";
    }
    case sandbox::Ended::wall_limit: return "it reached its limit of time";
    case sandbox::Ended::cpu_limit: return "it reached its limit of processor time";
    case sandbox::Ended::memory_limit: return "it reached its limit of memory";
    case sandbox::Ended::cancelled: return "it was stopped";
  }
  return "ended";
}

}  // namespace nightjar::harness
