#include "harness/suite.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "harness/services.h"
#include "harness/session.h"

namespace nightjar::harness {
namespace {

struct OutcomeName {
  TestOutcome outcome;
  std::string_view name;
};
constexpr std::array kOutcomes = {
    OutcomeName{TestOutcome::passed, "passed"},   OutcomeName{TestOutcome::failed, "failed"},
    OutcomeName{TestOutcome::error, "error"},     OutcomeName{TestOutcome::timed_out, "timed_out"},
    OutcomeName{TestOutcome::skipped, "skipped"}, OutcomeName{TestOutcome::xfailed, "xfailed"},
    OutcomeName{TestOutcome::xpassed, "xpassed"}, OutcomeName{TestOutcome::not_run, "not_run"},
    OutcomeName{TestOutcome::unknown, "unknown"},
};

Error invalid(std::string why) { return {ErrorCode::invalid_input, std::move(why)}; }

/// Lines as "3-5,9": a covered file has thousands.
std::string ranges_of(const std::set<int>& lines) {
  std::string out;
  for (auto line = lines.begin(); line != lines.end();) {
    const int first = *line;
    int last = first;
    while (++line != lines.end() && *line == last + 1) last = *line;
    if (!out.empty()) out += ',';
    out += std::to_string(first);
    if (last != first) out += '-' + std::to_string(last);
  }
  return out;
}

std::optional<int> line_number(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 1) return std::nullopt;
  return value;
}

Result<std::set<int>> lines_from(std::string_view ranges) {
  constexpr std::size_t kLinesMax = 2'000'000;
  std::set<int> out;
  if (ranges.empty()) return out;
  for (const std::string& range : split(ranges, ',')) {
    const std::size_t dash = range.find('-');
    const auto first = line_number(std::string_view(range).substr(0, dash));
    const auto last =
        dash == std::string::npos ? first : line_number(std::string_view(range).substr(dash + 1));
    if (!first || !last || *last < *first) return invalid("'" + range + "' are no lines");
    if (static_cast<std::size_t>(*last - *first) + out.size() > kLinesMax) {
      return invalid("more than 2000000 lines in one file");
    }
    for (int line = *first; line <= *last; ++line) out.insert(out.end(), line);
  }
  return out;
}

Json to_json(const Coverage& coverage) {
  Json out = Json::object();
  for (const auto& [file, lines] : coverage.files) {
    out.set(file, Json::object({{"executable", ranges_of(lines.executable)},
                                {"executed", ranges_of(lines.executed)}}));
  }
  return out;
}

Result<Coverage> coverage_from(const Json& json) {
  Coverage out;
  if (!json.is_object()) return invalid("coverage is no object");
  for (const auto& [file, lines] : json.as_object()) {
    TRY_INTO(const std::string executable, lines.get_string("executable"));
    TRY_INTO(const std::string executed, lines.get_string("executed"));
    Coverage::File& into = out.files[file];
    TRY_INTO(into.executable, lines_from(executable));
    TRY_INTO(into.executed, lines_from(executed));
  }
  return out;
}

Json to_json(const TestResult& test) {
  Json out = Json::object({{"id", test.id}, {"outcome", name_of(test.outcome)}});
  if (!test.message.empty()) out.set("message", test.message);
  if (!test.file.empty()) out.set("file", test.file);
  if (test.line != 0) out.set("line", test.line);
  if (test.wall_ms >= 0) out.set("wall_ms", test.wall_ms);
  if (test.flaky) out.set("flaky", true);
  return out;
}

Result<TestResult> test_result_from(const Json& json) {
  TestResult out;
  TRY_INTO(out.id, json.get_string("id"));
  TRY_INTO(const std::string outcome, json.get_string("outcome"));
  const auto known = test_outcome_from(outcome);
  if (!known) return invalid("unknown outcome '" + printable(outcome, 40) + "'");
  out.outcome = *known;
  out.message = json.string_or("message", "");
  out.file = json.string_or("file", "");
  const std::int64_t line = json.int_or("line", 0);
  out.line = line > 0 && line < 1'000'000'000 ? static_cast<int>(line) : 0;
  out.wall_ms = json.int_or("wall_ms", -1);
  out.flaky = json.bool_or("flaky", false);
  return out;
}

Result<std::vector<std::string>> strings_or_none(const Json& json, std::string_view key) {
  if (json.find(key) == nullptr) return std::vector<std::string>();
  return json.get_strings(key);
}

}  // namespace

std::string_view name_of(TestOutcome outcome) {
  for (const OutcomeName& row : kOutcomes) {
    if (row.outcome == outcome) return row.name;
  }
  return "unknown";
}

std::optional<TestOutcome> test_outcome_from(std::string_view name) {
  for (const OutcomeName& row : kOutcomes) {
    if (row.name == name) return row.outcome;
  }
  return std::nullopt;
}

bool is_good(TestOutcome outcome) {
  return outcome == TestOutcome::passed || outcome == TestOutcome::xfailed;
}

bool is_bad(TestOutcome outcome) {
  switch (outcome) {
    case TestOutcome::failed:
    case TestOutcome::error:
    case TestOutcome::timed_out:
    case TestOutcome::not_run:
    case TestOutcome::unknown:
    case TestOutcome::xpassed: return true;
    case TestOutcome::passed:
    case TestOutcome::skipped:
    case TestOutcome::xfailed: return false;
  }
  return true;
}

Json to_json(const Suite& suite) {
  Json out = Json::object({{"runner", suite.runner}, {"root", suite.root}, {"why", suite.why}});
  if (!suite.command.empty()) out.set("command", suite.command);
  if (!suite.options.empty()) {
    Json options = Json::object();
    for (const auto& [name, value] : suite.options) options.set(name, value);
    out.set("options", std::move(options));
  }
  return out;
}

Result<Suite> suite_from(const Json& json) {
  Suite out;
  TRY_INTO(out.runner, json.get_string("runner"));
  out.root = json.string_or("root", "");
  out.why = json.string_or("why", "");
  out.command = json.string_or("command", "");
  const Json* options = json.find("options");
  if (options == nullptr) return out;
  if (!options->is_object()) return invalid("options is no object");
  for (const auto& [name, value] : options->as_object()) {
    if (!value.is_string()) return invalid("option '" + printable(name, 40) + "' is no text");
    out.options[name] = value.as_string();
  }
  return out;
}

const TestResult* SuiteRun::find(std::string_view id) const {
  const auto at = std::lower_bound(
      tests.begin(), tests.end(), id,
      [](const TestResult& test, std::string_view wanted) { return test.id < wanted; });
  return at != tests.end() && at->id == id ? &*at : nullptr;
}

Json to_json(const SuiteRun& run) {
  Json out = Json::object({{"complete", run.complete}});
  if (!run.problem.empty()) out.set("problem", run.problem);
  if (run.environment) out.set("environment", true);
  if (!run.doubts.empty()) out.set("doubts", Json::strings(run.doubts));
  out.set("judged_by", Json::strings(run.judged_by));
  Json tests = Json::array();
  for (const TestResult& test : run.tests) tests.push(to_json(test));
  out.set("tests", std::move(tests));
  if (!run.coverage.files.empty()) out.set("coverage", to_json(run.coverage));
  if (!run.output_tail.empty()) out.set("output_tail", run.output_tail);
  out.set("wall_ms", run.wall_ms);
  out.set("cpu_ms", run.cpu_ms);
  return out;
}

Result<SuiteRun> suite_run_from(const Json& json) {
  SuiteRun out;
  TRY_INTO(out.complete, json.get_bool("complete"));
  out.problem = json.string_or("problem", "");
  out.environment = json.bool_or("environment", false);
  TRY_INTO(out.doubts, strings_or_none(json, "doubts"));
  TRY_INTO(out.judged_by, strings_or_none(json, "judged_by"));
  const Json* tests = json.find("tests");
  if (tests == nullptr || !tests->is_array()) return invalid("tests is no array");
  if (tests->as_array().size() > kTestsMax) return invalid("more than 200000 tests");
  for (const Json& test : tests->as_array()) {
    TRY_INTO(TestResult result, test_result_from(test));
    out.tests.push_back(std::move(result));
  }
  std::sort(out.tests.begin(), out.tests.end(),
            [](const TestResult& a, const TestResult& b) { return a.id < b.id; });
  if (const Json* coverage = json.find("coverage")) {
    TRY_INTO(out.coverage, coverage_from(*coverage));
  }
  out.output_tail = json.string_or("output_tail", "");
  out.wall_ms = json.int_or("wall_ms", 0);
  out.cpu_ms = json.int_or("cpu_ms", 0);
  return out;
}

const Runner* find_runner(std::string_view name) {
  for (const Runner& runner : runners()) {
    if (runner.name == name) return &runner;
  }
  return nullptr;
}

Result<SuiteRun> run_suite(const Workshop& workshop, const SuiteRequest& request,
                           std::stop_token stop) {
  if (const Runner* runner = find_runner(request.suite.runner)) {
    ServiceLauncher launcher(workshop.launcher, workshop.services);
    const Workshop served = {.launcher = launcher, .spec = workshop.spec, .env = workshop.env};
    Result<SuiteRun> run = runner->run(served, request, stop);
    if (std::optional<std::string> problem = launcher.problem()) return lacks(*std::move(problem));
    return run;
  }
  std::vector<std::string> names;
  for (const Runner& runner : runners()) names.emplace_back(runner.name);
  std::string message = "there is no test runner '" + printable(request.suite.runner, 60) + "'";
  const std::string near = nearest_name(request.suite.runner, names);
  message += near.empty() ? "; there are " + join(names, ", ") : "; did you mean " + near + "?";
  return invalid(std::move(message));
}

}  // namespace nightjar::harness
