// An inspection read back from its JSON.
#include "base/bytes.h"
#include "proof/inspect.h"

namespace nightjar::proof {
namespace {

constexpr std::int64_t kNumberMax = 1'000'000'000;

int number_in(const Json& json, std::string_view key) {
  const std::int64_t number = json.int_or(key, 0);
  return number > 0 && number < kNumberMax ? static_cast<int>(number) : 0;
}

Result<Review> review_from(const Json& json) {
  Review out;
  const Json* sizes = json.find("by_kind");
  if (sizes == nullptr || !sizes->is_object()) {
    return {ErrorCode::invalid_input, "a review without by_kind"};
  }
  for (const auto& [kind, size] : sizes->as_object()) {
    out.by_kind[kind] = {.files = number_in(size, "files"),
                         .added = number_in(size, "added"),
                         .removed = number_in(size, "removed")};
  }
  TRY_INTO(out.public_names, json.get_strings("public_names"));
  TRY_INTO(out.dependencies, json.get_strings("dependencies"));
  TRY_INTO(out.requirement_ids, json.get_strings("requirement_ids"));
  TRY_INTO(out.split, json.get_strings("split"));
  TRY_INTO(out.over_limit, json.get_bool("over_limit"));
  return out;
}

}  // namespace

Result<Inspection> inspection_from(const Json& json) {
  Inspection out;
  const Json* findings = json.find("findings");
  const Json* review = json.find("review");
  const Json* lines = json.find("changed_lines");
  if (findings == nullptr || !findings->is_array() || review == nullptr || lines == nullptr ||
      !lines->is_object()) {
    return {ErrorCode::invalid_input, "an inspection without findings, review or changed_lines"};
  }
  for (const Json& row : findings->as_array()) {
    TRY_INTO(Finding finding, finding_from(row));
    out.findings.push_back(std::move(finding));
  }
  TRY_INTO(out.review, review_from(*review));
  for (const auto& [path, numbers] : lines->as_object()) {
    if (!numbers.is_array()) {
      return {ErrorCode::invalid_input, "changed lines of " + printable(path, 80) + " are no list"};
    }
    for (const Json& number : numbers.as_array()) {
      if (!number.is_int() || number.as_int() < 1 || number.as_int() > kNumberMax) continue;
      out.changed_lines[path].insert(static_cast<int>(number.as_int()));
    }
  }
  TRY_INTO(out.judge_files, json.get_strings("judge_files"));
  TRY_INTO(out.renamed_tests, json.get_strings("renamed_tests"));
  TRY_INTO(out.touches_source, json.get_bool("touches_source"));
  TRY_INTO(out.touches_tests, json.get_bool("touches_tests"));
  TRY_INTO(out.only_words, json.get_bool("only_words"));
  TRY_INTO(out.only_tests, json.get_bool("only_tests"));
  return out;
}

}  // namespace nightjar::proof
