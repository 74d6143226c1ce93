// The tables that people read are those of the code.
#include <gmock/gmock.h>

#include <set>

#include "base/bytes.h"
#include "base/file.h"
#include "proof/verdict.h"

namespace nightjar::proof {
namespace {

/// Rows of the page whose first cell is code and whose second is one of `seconds`.
std::set<std::string> rows_of(const std::string& page, const std::set<std::string>& seconds) {
  const Result<std::string> text =
      read_file(std::string(NIGHTJAR_SOURCE_DIR) + "/docs/" + page, 1 << 20);
  EXPECT_TRUE(text) << page;
  std::set<std::string> rows;
  for (const std::string& line : split_lines(text ? *text : "")) {
    const std::vector<std::string> cells = split(line, '|');
    if (cells.size() < 4 || !seconds.contains(std::string(trim(cells[2])))) continue;
    rows.insert(line);
  }
  return rows;
}

TEST(Docs, ListEveryReason) {
  std::set<std::string> wanted;
  for (const ReasonCode& row : reason_codes()) {
    wanted.insert("| `" + std::string(row.code) + "` | " + std::string(name_of(row.towards)) +
                  " | " + std::string(row.what) + " |");
  }
  EXPECT_EQ(rows_of("proof.md", {"PROVEN", "NOT_PROVEN", "UNDECIDED"}), wanted);
}

TEST(Docs, ListEveryRule) {
  std::set<std::string> wanted;
  for (const RuleInfo& rule : rule_infos()) {
    wanted.insert("| `" + std::string(rule.name) + "` | " + std::string(name_of(rule.severity)) +
                  " | " + std::string(rule.what) + " |");
  }
  EXPECT_EQ(rows_of("tampering.md", {"note", "warning", "serious"}), wanted);
}

}  // namespace
}  // namespace nightjar::proof
