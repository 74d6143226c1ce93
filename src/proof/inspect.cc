#include "proof/inspect.h"

#include <array>

#include "base/bytes.h"

namespace nightjar::proof {
namespace {

constexpr std::array kSeverities = {Finding::Severity::note, Finding::Severity::warning,
                                    Finding::Severity::serious};

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
                       {"touches_source", inspection.touches_source},
                       {"touches_tests", inspection.touches_tests},
                       {"only_words", inspection.only_words},
                       {"only_tests", inspection.only_tests}});
}

}  // namespace nightjar::proof
