// One screen for a proof: the verdict, why, what was compared, what a reviewer must see.
#include <algorithm>

#include "base/bytes.h"
#include "cli/present.h"

namespace nightjar::cli {
namespace {

struct Bounds {
  std::size_t reasons, findings, tests;
};
constexpr Bounds kScreen{.reasons = 6, .findings = 6, .tests = 8};
constexpr Bounds kAll{.reasons = 1000, .findings = 1000, .tests = 10'000};

void row(Terminal& people, const std::string& label, const std::string& text) {
  std::string head = "  " + label;
  head.resize(std::max<std::size_t>(head.size() + 1, 13), ' ');
  people.line(people.paint(Colour::dim, head) + people.wrapped(text, 13));
}

const Json::Array& list(const Json& json, std::string_view key) {
  static const Json::Array kNone;
  const Json* found = json.find(key);
  return found != nullptr && found->is_array() ? found->as_array() : kNone;
}

std::string place(const Json& json) {
  const std::string file = json.string_or("file", "");
  const std::int64_t line = json.int_or("line", 0);
  if (file.empty()) return {};
  return printable(file, 200) + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
}

void more(Terminal& people, std::size_t total, std::size_t shown, const std::string& run) {
  if (total <= shown) return;
  row(people, "",
      "… " + std::to_string(total - shown) + " more: --verbose, or `nightjar show " + run + "`");
}

Colour colour_of(const std::string& verdict) {
  return verdict == "PROVEN"       ? Colour::green
         : verdict == "NOT_PROVEN" ? Colour::red
                                   : Colour::yellow;
}

void print_suites(Terminal& people, const Json& proof) {
  for (const Json& suite : list(proof, "suites")) {
    std::string text = suite.string_or("id", "") + ": " +
                       std::to_string(suite.int_or("tests_base", 0)) + " tests before, " +
                       std::to_string(suite.int_or("tests_change", 0)) + " after";
    const std::string problem = suite.string_or("problem_change", "");
    if (!problem.empty()) text += "; " + printable(problem, 300);
    row(people, "suite", text);
  }
}

void print_scenarios(Terminal& people, const Json& proof) {
  const Json* scenarios = proof.find("scenarios");
  std::string text;
  for (const char* kind : {"visible", "holdouts"}) {
    const Json* counts = scenarios == nullptr ? nullptr : scenarios->find(kind);
    if (counts == nullptr || counts->int_or("total", 0) == 0) continue;
    text += (text.empty() ? "" : ", ") +
            std::string(std::string_view(kind) == "visible" ? "visible " : "sealed ") +
            std::to_string(counts->int_or("before", 0)) + " before, " +
            std::to_string(counts->int_or("after", 0)) + " after, of " +
            std::to_string(counts->int_or("total", 0));
  }
  if (!text.empty()) row(people, "scenarios", text);
}

/// What became of tests, the worst first; `kept` and what was known is not news.
std::size_t print_tests(Terminal& people, const Json& proof, std::size_t most) {
  const Json* tests = proof.find("tests");
  const Json* lists = tests == nullptr ? nullptr : tests->find("lists");
  if (lists == nullptr) return 0;
  std::size_t shown = 0;
  std::size_t total = 0;
  for (const char* kind : {"broken", "added_bad", "gone", "newly_skipped", "fixed", "added_good",
                           "unskipped", "flaky"}) {
    const bool bad = std::string_view(kind) == "broken" || std::string_view(kind) == "added_bad" ||
                     std::string_view(kind) == "gone";
    for (const Json& test : list(*lists, kind)) {
      if (++total > most) continue;
      row(people, ++shown == 1 ? "tests" : "",
          people.paint(bad ? Colour::red : Colour::none, kind) + "  " +
              printable(test.string_or("test", ""), 160));
    }
  }
  return total;
}

}  // namespace

void print_proof(Terminal& people, const api::ProveReply& reply, Detail detail) {
  const Bounds& most = detail == Detail::all ? kAll : kScreen;
  people.line("");
  const std::string verdict = reply.verdict.empty() ? "INTERRUPTED" : reply.verdict;
  people.line(people.paint(colour_of(verdict), verdict) + "  run " + reply.run);
  if (reply.proof.is_null()) {
    if (!reply.why.empty()) row(people, "why", printable_block(reply.why, 2000));
    return;
  }
  std::size_t count = 0;
  for (const Json& reason : list(reply.proof, "reasons")) {
    if (count++ >= most.reasons) break;
    row(people, count == 1 ? "why" : "",
        place(reason) + printable(reason.string_or("what", ""), 600));
  }
  more(people, list(reply.proof, "reasons").size(), most.reasons, reply.run);
  print_scenarios(people, reply.proof);
  print_suites(people, reply.proof);
  more(people, print_tests(people, reply.proof, most.tests), most.tests, reply.run);
  count = 0;
  for (const Json& finding : list(reply.proof, "tampering")) {
    if (count++ >= most.findings) break;
    const std::string severity = finding.string_or("severity", "");
    row(people, count == 1 ? "findings" : "",
        people.paint(severity == "serious" ? Colour::red : Colour::yellow, severity) + "  " +
            place(finding) + printable(finding.string_or("what", ""), 400));
  }
  more(people, list(reply.proof, "tampering").size(), most.findings, reply.run);
  if (const Json* lines = reply.proof.find("changed_lines")) {
    const bool measured = lines->bool_or("measured", false);
    row(people, "lines",
        measured
            ? std::to_string(lines->int_or("executed", 0)) + " of " +
                  std::to_string(lines->int_or("total", 0)) + " changed lines executed by tests"
            : "which changed lines the tests execute was not measured");
  }
  if (!reply.key_id.empty()) {
    row(people, "evidence",
        "signed with key " + reply.key_id.substr(0, 16) + "; `nightjar evidence export " +
            reply.run + " FILE`");
  }
}

}  // namespace nightjar::cli
