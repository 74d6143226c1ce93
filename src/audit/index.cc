#include "audit/index.h"

#include <utility>

#include "audit/bundle.h"

namespace nightjar::audit {

Statement index_statement(const std::vector<IndexEntry>& entries, const std::string& run) {
  Statement statement{
      .subjects = {},
      .predicate_type = kIndexType,
      .predicate =
          Json::object({{"run", run}, {"envelopes", static_cast<std::int64_t>(entries.size())}})};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    // Names of subjects are to be distinct.
    statement.subjects.push_back({.name = std::to_string(i + 1) + " " + entries[i].type,
                                  .digest = {{"sha256", entries[i].sha256}}});
  }
  return statement;
}

Result<Index> index_from(const Statement& statement) {
  Index index;
  TRY_INTO(index.run, statement.predicate.get_string("run"));
  for (const Subject& subject : statement.subjects) {
    const auto digest = subject.digest.find("sha256");
    if (digest == subject.digest.end()) {
      return {ErrorCode::invalid_input, "index: an entry without a sha256"};
    }
    const std::size_t space = subject.name.find(' ');
    index.entries.push_back(
        {.type = space == std::string::npos ? "" : subject.name.substr(space + 1),
         .sha256 = digest->second});
  }
  return index;
}

}  // namespace nightjar::audit
