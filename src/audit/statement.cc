// in-toto Statement v1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
#include <algorithm>

#include "audit/evidence.h"

namespace nightjar::audit {
namespace {

constexpr std::size_t kSubjectsMax = 4096;

Error invalid(std::string message) {
  return {ErrorCode::invalid_input, "statement: " + std::move(message)};
}

bool is_lower_hex(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Json to_json(const Subject& subject) {
  Json digests = Json::object();
  for (const auto& [algorithm, value] : subject.digest) digests.set(algorithm, value);
  return Json::object({{"name", subject.name}, {"digest", std::move(digests)}});
}

Result<Subject> subject_from(const Json& json) {
  Subject subject;
  subject.name = json.string_or("name", "");
  const Json* digests = json.find("digest");
  if (digests == nullptr || !digests->is_object() || digests->as_object().empty()) {
    return invalid("a subject without a digest");
  }
  for (const auto& [algorithm, value] : digests->as_object()) {
    if (algorithm.empty() || !value.is_string() || !is_lower_hex(value.as_string())) {
      return invalid("the digest \"" + algorithm + "\" is no lower-case hex");
    }
    subject.digest[algorithm] = value.as_string();
  }
  return subject;
}

Json to_json(const Statement& statement) {
  Json subjects = Json::array();
  for (const Subject& subject : statement.subjects) subjects.push(to_json(subject));
  return Json::object({{"_type", kStatementType},
                       {"subject", std::move(subjects)},
                       {"predicateType", statement.predicate_type},
                       {"predicate", statement.predicate}});
}

Result<Statement> statement_from(const Json& json) {
  if (!json.is_object()) return invalid("not a JSON object");
  TRY_INTO(const std::string type, json.get_string("_type"));
  if (type != kStatementType) {
    return invalid("_type is \"" + type.substr(0, 100) + "\"; this program knows " +
                   std::string(kStatementType));
  }
  Statement statement;
  const Json* subjects = json.find("subject");
  if (subjects == nullptr || !subjects->is_array() || subjects->as_array().empty() ||
      subjects->as_array().size() > kSubjectsMax) {
    return invalid("subject must be a list of 1 to 4096");
  }
  for (const Json& item : subjects->as_array()) {
    TRY_INTO(Subject subject, subject_from(item));
    statement.subjects.push_back(std::move(subject));
  }
  TRY_INTO(statement.predicate_type, json.get_string("predicateType"));
  const Json* predicate = json.find("predicate");
  if (statement.predicate_type.empty() || predicate == nullptr || !predicate->is_object()) {
    return invalid("no predicate");
  }
  statement.predicate = *predicate;
  return statement;
}

}  // namespace nightjar::audit
