#include "audit/bundle.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "audit/index.h"

namespace nightjar::audit {
namespace {

constexpr std::array<std::string_view, 13> kTamperingNames = {
    "not-an-envelope",      "payload-altered",     "signature-altered", "altered",
    "payload-type-altered", "untrusted-key",       "envelope-missing",  "envelope-foreign",
    "envelope-duplicated",  "envelopes-reordered", "subjects-differ",   "unknown-predicate",
    "unknown-version"};

constexpr std::size_t kTreesMax = 64;

Error invalid(std::string message) {
  return {ErrorCode::invalid_input, "evidence: " + std::move(message)};
}

Result<> check_result(const TestResult& result, const Evidence& evidence) {
  if (result.run != evidence.summary.run) return invalid("a test result of another run");
  const std::vector<Subject> subjects = all_subjects(evidence);
  const bool known = std::any_of(subjects.begin(), subjects.end(), [&](const Subject& subject) {
    return subject.name == result.tree;
  });
  if (!known) return invalid("no subject is named \"" + result.tree + "\"");
  return ok;
}

Statement statement_of(const TestResult& result, const Evidence& evidence) {
  Statement statement{
      .subjects = {}, .predicate_type = kTestResultType, .predicate = test_result(result)};
  for (const Subject& subject : all_subjects(evidence)) {
    if (subject.name == result.tree) statement.subjects.push_back(subject);
  }
  return statement;
}

}  // namespace

std::string_view name_of(Tampering kind) {
  return kTamperingNames.at(static_cast<std::size_t>(kind));
}

std::vector<Subject> all_subjects(const Evidence& evidence) {
  std::vector<Subject> all = evidence.subjects;
  const std::vector<Subject>& others = evidence.summary.compared_with;
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

Json to_json(const Evidence& evidence) {
  Json results = Json::array();
  for (const TestResult& result : evidence.results) results.push(test_result(result));
  Json subjects = Json::array();
  for (const Subject& subject : evidence.subjects) subjects.push(to_json(subject));
  return Json::object({{"subjects", std::move(subjects)},
                       {"summary", verification_summary(evidence.summary)},
                       {"results", std::move(results)}});
}

Result<std::string> sign_evidence(const Evidence& evidence, const SigningKey& key) {
  if (evidence.subjects.empty()) return invalid("it is about nothing");
  if (all_subjects(evidence).size() > kTreesMax) return invalid("it is about too many trees");
  if (evidence.results.size() + 2 > kEvidenceLinesMax) {
    return {ErrorCode::exhausted, "evidence of more than 1022 suites"};
  }
  std::set<std::pair<std::string, std::string>> suites;
  for (const TestResult& result : evidence.results) {
    if (!suites.insert({result.tree, result.suite}).second) {
      return invalid("suite \"" + result.suite + "\" stands twice for " + result.tree);
    }
  }
  std::vector<Statement> statements;
  Summary summary = evidence.summary;
  summary.input_attestations.clear();
  for (const TestResult& result : evidence.results) {
    TRY(check_result(result, evidence));
    statements.push_back(statement_of(result, evidence));
    summary.input_attestations.push_back(sha256_hex(to_json(statements.back()).dump()));
  }
  statements.push_back({.subjects = evidence.subjects,
                        .predicate_type = kSummaryType,
                        .predicate = verification_summary(summary)});
  std::vector<IndexEntry> entries;
  entries.reserve(statements.size());
  for (const Statement& statement : statements) {
    entries.push_back(
        {.type = statement.predicate_type, .sha256 = sha256_hex(to_json(statement).dump())});
  }
  statements.push_back(index_statement(entries, summary.run));
  std::string text;
  for (const Statement& statement : statements) {
    TRY_INTO(const std::string line, sign(statement, key));
    text += line + "\n";
    if (text.size() > kEvidenceBytesMax) return {ErrorCode::exhausted, "evidence over 64 MiB"};
  }
  return text;
}

Result<Evidence> verify_evidence(std::string_view text,
                                 const std::vector<std::string>& public_keys_pem) {
  TRY_INTO(Checked checked, check_evidence(text, public_keys_pem));
  if (checked.evidence) return *std::move(checked.evidence);
  const Finding& first = checked.findings.front();
  const std::string where = first.line > 0 ? "line " + std::to_string(first.line) + ": " : "";
  return {ErrorCode::corrupt, where + std::string(name_of(first.kind)) + ": " + first.why};
}

}  // namespace nightjar::audit
