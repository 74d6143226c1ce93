// The verdict as JUnit's XML and as Markdown.
#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "proof/report.h"

namespace nightjar::proof {
namespace {

using harness::TestChange;
using harness::TestOutcome;
using harness::Transition;

constexpr std::size_t kCasesMax = 20'000;  // of one suite
constexpr std::size_t kXmlTextBytesMax = 2000;
constexpr std::size_t kNamesListedMax = 20;        // of one kind, in Markdown
constexpr std::size_t kMarkdownBytesMax = 60'000;  // GitHub takes 64 KiB of a comment

/// Text and attribute values of XML 1.0: printable() leaves no control character.
std::string xml_text(std::string_view text, std::size_t bytes_max = kXmlTextBytesMax) {
  std::string out;
  for (const char c : printable(text, bytes_max)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default: out += c;
    }
  }
  // U+FFFE and U+FFFF are valid UTF-8 and no XML characters.
  for (const std::string_view bad : {"\xef\xbf\xbe", "\xef\xbf\xbf"}) {
    for (std::size_t at = out.find(bad); at != std::string::npos; at = out.find(bad, at)) {
      out.replace(at, bad.size(), "?");
    }
  }
  return out;
}

struct Outcome {
  enum class Kind { passed, failed, skipped } kind = Kind::passed;
  std::string what;
};

Outcome outcome_of(const TestChange& change) {
  using enum Outcome::Kind;
  switch (change.transition) {
    case Transition::broken: return {failed, "passes on base and fails on the change"};
    case Transition::added_bad: return {failed, "is added by the change and fails"};
    case Transition::gone: return {skipped, "is gone"};
    case Transition::newly_skipped: return {skipped, "is skipped on the change alone"};
    case Transition::still_skipped: return {skipped, "is skipped"};
    case Transition::still_bad: return {skipped, "fails on base, too (known red)"};
    case Transition::flaky: return {skipped, "disagrees with itself (flaky)"};
    case Transition::fixed: return {passed, "failed on base"};
    case Transition::added_good: return {passed, "new"};
    case Transition::unskipped:
      return {harness::is_bad(change.after) ? failed : passed, "was skipped on base"};
    case Transition::kept: return {passed, ""};
  }
  return {};
}

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t skipped = 0;
};

std::string case_xml(const std::string& suite, std::string_view name, const Outcome& outcome,
                     std::string_view message) {
  std::string out =
      "    <testcase classname=\"" + xml_text(suite) + "\" name=\"" + xml_text(name) + "\"";
  const std::string text = xml_text(outcome.what);
  switch (outcome.kind) {
    case Outcome::Kind::passed:
      if (outcome.what.empty()) return out + "/>\n";
      return out + "><system-out>" + text + "</system-out></testcase>\n";
    case Outcome::Kind::skipped: return out + "><skipped message=\"" + text + "\"/></testcase>\n";
    case Outcome::Kind::failed:
      return out + "><failure message=\"" + text + "\">" + xml_text(message) +
             "</failure></testcase>\n";
  }
  return out;
}

void count(const Outcome& outcome, Counts& counts) {
  ++counts.tests;
  if (outcome.kind == Outcome::Kind::failed) ++counts.failures;
  if (outcome.kind == Outcome::Kind::skipped) ++counts.skipped;
}

std::string attributes(const Counts& counts) {
  return " tests=\"" + std::to_string(counts.tests) + "\" failures=\"" +
         std::to_string(counts.failures) + "\" errors=\"0\" skipped=\"" +
         std::to_string(counts.skipped) + "\"";
}

std::string suite_xml(std::string_view name, const Counts& counts, const std::string& cases) {
  return "  <testsuite name=\"" + xml_text(name) + "\"" + attributes(counts) + ">\n" + cases +
         "  </testsuite>\n";
}

/// The verdict itself is the first case: red in every CI server unless it is PROVEN.
std::string verdict_xml(const Proof& proof, Counts& total) {
  Outcome outcome;
  std::string text;
  if (proof.judgement.verdict != Verdict::proven) {
    outcome = {Outcome::Kind::failed, std::string(name_of(proof.judgement.verdict))};
    for (const Reason& reason : proof.judgement.reasons) {
      if (reason.towards == Verdict::proven) continue;
      text += "[" + reason.code + "] " + reason.what + " ";
    }
  }
  Counts counts;
  count(outcome, counts);
  total.tests += counts.tests;
  total.failures += counts.failures;
  return suite_xml("nightjar", counts,
                   case_xml("nightjar", "verdict on " + proof.change, outcome, text));
}

std::string tests_xml(const SuiteEvidence& suite, Counts& total) {
  Counts counts;
  std::string cases;
  for (const TestChange& change : suite.changes) {
    if (counts.tests >= kCasesMax) break;
    const Outcome outcome = outcome_of(change);
    count(outcome, counts);
    cases += case_xml(suite.id, change.test, outcome, change.message);
  }
  if (suite.kept > 0) {
    const Outcome kept = {Outcome::Kind::passed,
                          std::to_string(suite.kept) + " tests pass on base and change"};
    count(kept, counts);
    cases += case_xml(suite.id, "tests that pass on both", kept, "");
  }
  total.tests += counts.tests;
  total.failures += counts.failures;
  total.skipped += counts.skipped;
  return suite_xml(suite.id, counts, cases);
}

// --- Markdown --------------------------------------------------------------------------------

/// One line of strangers' text: nothing in it is markup, a link, a mention or HTML.
std::string plain(std::string_view text, std::size_t bytes_max = 300) {
  constexpr std::string_view kMarkup = "\\`*_{}[]<>()#+-!|~@&:.";
  std::string out;
  bool at_start = true;
  for (const char c : printable(text, bytes_max)) {
    const bool always = std::string_view("\\`*_[]<>|~@&#").find(c) != std::string_view::npos;
    if (always || (at_start && kMarkup.find(c) != std::string_view::npos)) out += '\\';
    out += c;
    at_start = false;
  }
  // "http" would become a link by itself.
  for (const std::string_view scheme : {"http:", "https:", "www."}) {
    for (std::size_t at = out.find(scheme); at != std::string::npos;
         at = out.find(scheme, at + 2)) {
      out.insert(at + scheme.size() - 1, "\\");
    }
  }
  return out;
}

/// As inline code: breaks anywhere, holds no markup.
std::string code(std::string_view text, std::size_t bytes_max = 200) {
  std::string shown = printable(text, bytes_max);
  std::ranges::replace(shown, '`', '\'');
  if (shown.empty()) shown = " ";
  return "`" + shown + "`";
}

std::string_view sign_of(Verdict towards) {
  switch (towards) {
    case Verdict::proven: return "✅";
    case Verdict::not_proven: return "❌";
    case Verdict::undecided: return "❔";
  }
  return "";
}

std::string place(const std::string& file, int line) {
  if (file.empty()) return "";
  return " (" + code(line > 0 ? file + ":" + std::to_string(line) : file) + ")";
}

void add_reasons(const Proof& proof, std::string& out) {
  std::string notes;
  std::size_t listed = 0;
  std::size_t notes_listed = 0;
  for (const Reason& reason : proof.judgement.reasons) {
    if (reason.code == "finding") continue;  // shown among the findings
    const bool is_note = reason.towards == Verdict::proven;
    std::size_t& count = is_note ? notes_listed : listed;
    if (++count > kNamesListedMax) continue;
    std::string& where = is_note ? notes : out;
    where += "- " + std::string(sign_of(reason.towards)) + " **" + reason.code +
             "**: " + plain(reason.what, 600) + place(reason.file, reason.line) + "\n";
  }
  if (listed > kNamesListedMax) {
    out += "- and " + std::to_string(listed - kNamesListedMax) + " more\n";
  }
  out += notes;
}

void add_tests(const Proof& proof, std::string& out) {
  constexpr std::array kShown = {
      Transition::broken,        Transition::added_bad, Transition::gone,
      Transition::newly_skipped, Transition::fixed,     Transition::added_good,
      Transition::unskipped,     Transition::still_bad, Transition::flaky};
  std::string counts;
  std::string lists;
  for (const Transition transition : kShown) {
    std::size_t count = 0;
    std::string names;
    for (const SuiteEvidence& suite : proof.facts.suites) {
      for (const TestChange& change : suite.changes) {
        if (change.transition != transition) continue;
        if (++count <= kNamesListedMax) names += "- " + code(change.test) + "\n";
      }
    }
    if (count == 0) continue;
    std::string label(harness::name_of(transition));
    std::ranges::replace(label, '_', ' ');
    counts += "| " + label + " | " + std::to_string(count) + " |\n";
    if (count > kNamesListedMax) {
      names += "- and " + std::to_string(count - kNamesListedMax) + " more\n";
    }
    lists += "<details><summary>" + label + ": " + std::to_string(count) + "</summary>\n\n" +
             names + "\n</details>\n";
  }
  std::int64_t kept = 0;
  for (const SuiteEvidence& suite : proof.facts.suites) kept += suite.kept;
  out += "\n### Tests\n\n| what became of them | tests |\n|---|---:|\n| kept | " +
         std::to_string(kept) + " |\n" + counts + "\n" + lists;
  const ScenarioEvidence& seen = proof.facts.scenarios;
  if (seen.visible_total > 0) {
    out += "\nScenarios that hold: " + std::to_string(seen.visible_after) + " of " +
           std::to_string(seen.visible_total) + " (" + std::to_string(seen.visible_before) +
           " on base).\n";
  }
  if (seen.holdout_total > 0) {
    out += "\nSealed scenarios that hold: " + std::to_string(seen.holdout_after) + " of " +
           std::to_string(seen.holdout_total) + " (" + std::to_string(seen.holdout_before) +
           " on base).\n";
  }
}

void add_findings(const Proof& proof, std::string& out) {
  const std::vector<Finding>& findings = proof.facts.inspection.findings;
  if (findings.empty()) return;
  out += "\n### Findings\n\n";
  std::size_t listed = 0;
  for (const Finding& finding : findings) {
    if (++listed > kNamesListedMax) break;
    out += "- " + std::string(name_of(finding.severity)) + " **" + finding.rule +
           "**: " + plain(finding.what) + place(finding.file, finding.line) + "\n";
  }
  if (findings.size() > kNamesListedMax) {
    out += "- and " + std::to_string(findings.size() - kNamesListedMax) + " more\n";
  }
}

void add_lines_and_size(const Proof& proof, std::string& out) {
  const ChangedLines& lines = proof.facts.lines;
  out += "\n### Size\n\n";
  if (lines.measured) {
    out += "- changed lines that tests execute: " + std::to_string(lines.executed) + " of " +
           std::to_string(lines.total) + "\n";
    for (std::size_t i = 0; i < lines.missed.size() && i < kNamesListedMax; ++i) {
      out += "  - not executed: " + code(lines.missed[i]) + "\n";
    }
  } else {
    out += "- which of the changed lines tests execute was not measured\n";
  }
  const Review& review = proof.facts.inspection.review;
  for (const auto& [kind, size] : review.by_kind) {
    out += "- " + kind + ": " + std::to_string(size.files) +
           (size.files == 1 ? " file, +" : " files, +") + std::to_string(size.added) + " −" +
           std::to_string(size.removed) + "\n";
  }
  const auto list = [&](std::string_view label, const std::vector<std::string>& values) {
    for (std::size_t i = 0; i < values.size() && i < kNamesListedMax; ++i) {
      out += "- " + std::string(label) + ": " + code(values[i]) + "\n";
    }
  };
  list("public name", review.public_names);
  list("dependency", review.dependencies);
  list("requirement", review.requirement_ids);
  list("could be a change of its own", review.split);
}

void add_foot(const Proof& proof, std::string& out) {
  out += "\n<details><summary>How it was judged</summary>\n\n";
  const auto list = [&](std::string_view label, const std::vector<std::string>& values) {
    for (std::size_t i = 0; i < values.size() && i < kNamesListedMax; ++i) {
      out += "- " + std::string(label) + ": " + plain(values[i]) + "\n";
    }
  };
  out += "- base " + code(proof.base_commit) + "\n";
  if (!proof.change_commit.empty()) out += "- change " + code(proof.change_commit) + "\n";
  for (const SuiteEvidence& suite : proof.facts.suites) {
    out += "- suite " + code(suite.id) + ", because " + plain(suite.why) + "; judged by " +
           plain(join(suite.judged_by, ", ")) + "\n";
  }
  list("recipe", proof.recipe_reasons);
  list("toolchain", proof.toolchains);
  list("wall", proof.walls);
  list("not enforced here", proof.not_enforced);
  out += "- run " + code(proof.run) + ", " + human_duration_ms(proof.wall_ms) + "\n\n</details>\n";
}

}  // namespace

std::string junit_xml(const Proof& proof) {
  Counts total;
  std::string suites = verdict_xml(proof, total);
  for (const SuiteEvidence& suite : proof.facts.suites) suites += tests_xml(suite, total);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"nightjar prove\"" +
         attributes(total) + ">\n" + suites + "</testsuites>\n";
}

std::string markdown(const Proof& proof) {
  std::string out = "## " + std::string(sign_of(proof.judgement.verdict)) + " " +
                    std::string(name_of(proof.judgement.verdict)) + ": " + plain(proof.change) +
                    "\n\n";
  add_reasons(proof, out);
  add_findings(proof, out);
  add_tests(proof, out);
  add_lines_and_size(proof, out);
  std::string foot;
  add_foot(proof, foot);
  if (out.size() + foot.size() > kMarkdownBytesMax) {
    out.resize(std::min(out.size(), kMarkdownBytesMax));
    out.resize(out.rfind('\n') + 1);
    return out + "\n</details>\n\nThe rest does not fit here; `nightjar show " + proof.run +
           "` has it.\n";
  }
  return out + foot;
}

}  // namespace nightjar::proof
