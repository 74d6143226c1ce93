#include "harness/compare.h"

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"

namespace nightjar::harness {
namespace {

struct TransitionName {
  Transition transition;
  std::string_view name;
};
constexpr std::array kTransitions = {
    TransitionName{Transition::fixed, "fixed"},
    TransitionName{Transition::kept, "kept"},
    TransitionName{Transition::broken, "broken"},
    TransitionName{Transition::still_bad, "still_bad"},
    TransitionName{Transition::added_good, "added_good"},
    TransitionName{Transition::added_bad, "added_bad"},
    TransitionName{Transition::gone, "gone"},
    TransitionName{Transition::newly_skipped, "newly_skipped"},
    TransitionName{Transition::unskipped, "unskipped"},
    TransitionName{Transition::still_skipped, "still_skipped"},
    TransitionName{Transition::flaky, "flaky"},
};

Transition transition_of(const TestResult* before, const TestResult* after) {
  // That a test is gone is a fact, however it behaved.
  if (after == nullptr) return Transition::gone;
  if (after->flaky || (before != nullptr && before->flaky)) return Transition::flaky;
  const bool skipped = after->outcome == TestOutcome::skipped;
  if (before == nullptr) {
    if (skipped) return Transition::still_skipped;  // It was not there to be run before, either.
    return is_good(after->outcome) ? Transition::added_good : Transition::added_bad;
  }
  const bool was_skipped = before->outcome == TestOutcome::skipped;
  if (skipped) return was_skipped ? Transition::still_skipped : Transition::newly_skipped;
  if (was_skipped) return Transition::unskipped;
  if (is_good(before->outcome)) {
    return is_good(after->outcome) ? Transition::kept : Transition::broken;
  }
  return is_good(after->outcome) ? Transition::fixed : Transition::still_bad;
}

/// Finds what holds a test and could not be loaded: a file whose collection failed, a package that
/// did not compile. Then the test is bad there, not absent.
class Containers {
 public:
  explicit Containers(const SuiteRun& run) : run_(run) {}

  const TestResult* of(std::string_view id) const {
    for (std::size_t at = id.size(); at-- > 1;) {
      if (std::string_view(":./#> ").find(id[at]) == std::string_view::npos) continue;
      const TestResult* found = run_.find(id.substr(0, at));
      if (found != nullptr && found->outcome == TestOutcome::error) return found;
    }
    return nullptr;
  }

 private:
  const SuiteRun& run_;
};

/// The longer id is the test's; the other may be its container's.
const std::string& id_of(const TestResult* before, const TestResult* after) {
  if (before == nullptr) return after->id;
  if (after == nullptr) return before->id;
  return before->id.size() > after->id.size() ? before->id : after->id;
}

TestChange change_of(const std::string& suite, const TestResult* before, const TestResult* after) {
  TestChange out;
  out.test = id_of(before, after);
  out.suite = suite;
  out.transition = transition_of(before, after);
  if (before != nullptr) {
    out.before = before->outcome;
    out.file = before->file;
    out.line = before->line;
    if (is_bad(before->outcome)) out.message = before->message;
  }
  if (after != nullptr) {
    out.after = after->outcome;
    if (!after->file.empty()) {
      out.file = after->file;
      out.line = after->line;
    }
    const bool tells = is_bad(after->outcome) || after->outcome == TestOutcome::skipped;
    if (tells && !after->message.empty()) out.message = after->message;
  }
  return out;
}

Result<TestOutcome> outcome_at(const Json& json, std::string_view key) {
  TRY_INTO(const std::string name, json.get_string(key));
  const auto outcome = test_outcome_from(name);
  if (!outcome) {
    return {ErrorCode::invalid_input, "unknown outcome '" + printable(name, 40) + "'"};
  }
  return *outcome;
}

}  // namespace

std::string_view name_of(Transition transition) {
  for (const TransitionName& row : kTransitions) {
    if (row.transition == transition) return row.name;
  }
  return "flaky";
}

Json to_json(const TestChange& change) {
  Json out = Json::object({{"suite", change.suite},
                           {"test", change.test},
                           {"transition", name_of(change.transition)},
                           {"before", name_of(change.before)},
                           {"after", name_of(change.after)}});
  if (!change.message.empty()) out.set("message", change.message);
  if (!change.file.empty()) out.set("file", change.file);
  if (change.line != 0) out.set("line", change.line);
  return out;
}

Result<TestChange> test_change_from(const Json& json) {
  TestChange out;
  TRY_INTO(out.suite, json.get_string("suite"));
  TRY_INTO(out.test, json.get_string("test"));
  TRY_INTO(const std::string name, json.get_string("transition"));
  bool known = false;
  for (const TransitionName& row : kTransitions) {
    if (row.name != name) continue;
    out.transition = row.transition;
    known = true;
  }
  if (!known) {
    return {ErrorCode::invalid_input, "unknown transition '" + printable(name, 40) + "'"};
  }
  TRY_INTO(out.before, outcome_at(json, "before"));
  TRY_INTO(out.after, outcome_at(json, "after"));
  out.message = json.string_or("message", "");
  out.file = json.string_or("file", "");
  const std::int64_t line = json.int_or("line", 0);
  out.line = line > 0 && line < 1'000'000'000 ? static_cast<int>(line) : 0;
  return out;
}

std::vector<TestChange> compare(const std::string& suite, const SuiteRun& before,
                                const SuiteRun& after) {
  const Containers held_before(before);
  const Containers held_after(after);
  std::set<const TestResult*> told;  // containers whose tests tell what became of them
  std::vector<std::pair<const TestResult*, const TestResult*>> pairs;
  auto old_test = before.tests.begin();
  auto new_test = after.tests.begin();
  while (old_test != before.tests.end() || new_test != after.tests.end()) {
    const bool only_old = new_test == after.tests.end() ||
                          (old_test != before.tests.end() && old_test->id < new_test->id);
    const bool only_new =
        !only_old && (old_test == before.tests.end() || new_test->id < old_test->id);
    const TestResult* was = only_new ? nullptr : &*old_test++;
    const TestResult* is = only_old ? nullptr : &*new_test++;
    const TestResult* container = nullptr;
    if (only_new) was = container = held_before.of(is->id);
    if (only_old) is = container = held_after.of(was->id);
    if (container != nullptr) told.insert(container);
    pairs.emplace_back(was, is);
  }
  std::vector<TestChange> out;
  for (const auto& [was, is] : pairs) {
    const bool alone = was == nullptr || is == nullptr;
    if (alone && told.contains(was == nullptr ? is : was)) continue;
    out.push_back(change_of(suite, was, is));
  }
  return out;
}

}  // namespace nightjar::harness
