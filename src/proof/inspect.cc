#include "proof/inspect.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "proof/review.h"
#include "proof/tamper/rules.h"

namespace nightjar::proof {
namespace {

constexpr std::array kSeverities = {Finding::Severity::note, Finding::Severity::warning,
                                    Finding::Severity::serious};

/// Comments that a tool obeys.
bool comment_acts(std::string_view line) {
  return std::ranges::any_of(
      std::array<std::string_view, 5>{"go:build", "+build", "#!", ">>>", "coding:"},
      [&](std::string_view mark) { return line.find(mark) != std::string_view::npos; });
}

/// The lines that do something, without their comments.
std::vector<std::string_view> code_lines(const Scan& scan) {
  std::vector<std::string_view> out;
  for (int line = 1; line <= scan.lines(); ++line) {
    if (!scan.has_code(line)) continue;
    std::string_view text = scan.bare_line(line);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    out.push_back(text);
  }
  return out;
}

/// Nothing of the file runs or judges, before or after: documents, comments, blank lines.
bool is_words(const FileView& file) {
  using harness::PathKind;
  if (file.kind == PathKind::docs) return true;
  if (!file.is_source() && !file.is_test()) return false;
  if (!file.scanned || file.is_new() || file.is_deleted()) return false;
  if (file.change->executable_before != file.change->executable_after) return false;
  if (file.after.language == Language::none) return false;
  const auto acts = [](const Scan& scan, const std::vector<int>& lines) {
    return std::ranges::any_of(lines, [&](int line) { return comment_acts(scan.text_line(line)); });
  };
  return !acts(file.after, file.added) && !acts(file.before, file.removed) &&
         code_lines(file.before) == code_lines(file.after);
}

bool touches_test_parts(const FileView& file) {
  return std::ranges::any_of(file.added, [&](int line) { return file.in_test_part(line); }) ||
         std::ranges::any_of(file.removed,
                             [&](int line) { return file.in_test_part_before(line); });
}

bool touches_test_parts_alone(const FileView& file) {
  if (!file.is_source() || !file.scanned) return false;
  return std::ranges::all_of(file.added, [&](int line) { return file.in_test_part(line); }) &&
         std::ranges::all_of(file.removed,
                             [&](int line) { return file.in_test_part_before(line); });
}

}  // namespace

std::string_view name_of(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::note: return "note";
    case Finding::Severity::warning: return "warning";
    case Finding::Severity::serious: return "serious";
  }
  return "";
}

Json to_json(const Finding& finding) {
  Json out = Json::object({{"rule", finding.rule}, {"severity", name_of(finding.severity)}});
  if (!finding.file.empty()) out.set("file", finding.file);
  if (finding.line > 0) out.set("line", finding.line);
  out.set("what", finding.what);
  return out;
}

Result<Finding> finding_from(const Json& json) {
  Finding out;
  TRY_INTO(out.rule, json.get_string("rule"));
  TRY_INTO(const std::string severity, json.get_string("severity"));
  bool known = false;
  for (const Finding::Severity one : kSeverities) {
    if (name_of(one) != severity) continue;
    out.severity = one;
    known = true;
  }
  if (!known) {
    return {ErrorCode::invalid_input, "unknown severity '" + printable(severity, 40) + "'"};
  }
  out.file = json.string_or("file", "");
  const std::int64_t line = json.int_or("line", 0);
  out.line = line > 0 && line < 1'000'000'000 ? static_cast<int>(line) : 0;
  TRY_INTO(out.what, json.get_string("what"));
  return out;
}

Json to_json(const Review& review) {
  Json sizes = Json::object();
  for (const auto& [kind, size] : review.by_kind) {
    sizes.set(kind, Json::object(
                        {{"files", size.files}, {"added", size.added}, {"removed", size.removed}}));
  }
  return Json::object({{"by_kind", std::move(sizes)},
                       {"public_names", Json::strings(review.public_names)},
                       {"dependencies", Json::strings(review.dependencies)},
                       {"requirement_ids", Json::strings(review.requirement_ids)},
                       {"split", Json::strings(review.split)},
                       {"over_limit", review.over_limit}});
}

Json to_json(const Inspection& inspection) {
  Json findings = Json::array();
  for (const Finding& finding : inspection.findings) findings.push(to_json(finding));
  Json lines = Json::object();
  for (const auto& [path, numbers] : inspection.changed_lines) {
    Json list = Json::array();
    for (const int number : numbers) list.push(number);
    lines.set(path, std::move(list));
  }
  return Json::object({{"findings", std::move(findings)},
                       {"review", to_json(inspection.review)},
                       {"changed_lines", std::move(lines)},
                       {"judge_files", Json::strings(inspection.judge_files)},
                       {"renamed_tests", Json::strings(inspection.renamed_tests)},
                       {"touches_source", inspection.touches_source},
                       {"touches_tests", inspection.touches_tests},
                       {"only_words", inspection.only_words},
                       {"only_tests", inspection.only_tests}});
}

Result<Inspection> inspect(const InspectInput& input) {
  if (input.files.size() > kFilesMax) {
    return {ErrorCode::exhausted, "the change touches " + std::to_string(input.files.size()) +
                                      " files; at most " + std::to_string(kFilesMax) +
                                      " are read. Split it"};
  }
  const ChangeView change = view_of(input);
  Inspection out;
  out.findings = findings_of(change);
  out.review = review_of(change);
  for (const TestPair& pair : change.pairs) {
    if (pair.renamed) out.renamed_tests.push_back(change.before(pair.before).name);
  }
  bool only_words = true;
  bool only_tests = true;
  for (const FileView& file : change.files) {
    const bool words = is_words(file);
    only_words = only_words && words;
    only_tests = only_tests && (words || file.is_test() || touches_test_parts_alone(file));
    out.touches_tests = out.touches_tests || file.is_test() || touches_test_parts(file);
    out.touches_source = out.touches_source || (file.is_source() && !words);
    const bool judges = file.is_test() || file.kind == harness::PathKind::judge ||
                        file.kind == harness::PathKind::config;
    if (judges) out.judge_files.push_back(file.path);
    if (!file.is_source() || !file.scanned) continue;
    for (const int line : file.added) {
      if (file.after.has_code(line) && !file.in_test_part(line)) {
        out.changed_lines[file.path].insert(line);
      }
    }
  }
  out.only_words = only_words;
  out.only_tests = only_tests && !only_words;
  return out;
}

}  // namespace nightjar::proof
