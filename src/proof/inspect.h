// What a change looks like to a sceptic, before anything of it runs: tampering with what judges it,
// its size by kind, the public names and dependencies it touches, the lines that tests must
// execute.
//
// Pure; any thread. Errors: exhausted (more than kFilesMax files or kTextBytesMax in one file).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "harness/paths.h"
#include "harness/suite.h"

namespace nightjar::proof {

inline constexpr std::size_t kFilesMax = 20'000;
inline constexpr std::size_t kTextBytesMax = std::size_t{4} << 20;  // larger files are not read

/// One file of the change. Renames are paired by the caller where content says so.
struct FileChange {
  std::string path;                   // after; for a deleted file before
  std::string old_path{};             // when it was renamed, else ""
  std::optional<std::string> before;  // nullopt: new. Cut at kTextBytesMax
  std::optional<std::string> after;   // nullopt: deleted
  bool executable_before = false;
  bool executable_after = false;
  bool link_after = false;  // a symbolic link; `after` is where it points
};

struct Finding {
  std::string rule;  // "test-deleted", "assertion-removed", …; docs/proof.md#tampering lists them
  enum class Severity { note, warning, serious } severity = Severity::note;
  std::string file{};
  int line = 0;      // after; of a removal: the line before which it stood
  std::string what;  // one sentence
};
std::string_view name_of(Finding::Severity severity);
Json to_json(const Finding& finding);
Result<Finding> finding_from(const Json& json);

/// Every rule that findings come from, with what it looks for; docs/proof.md#tampering shows the
/// same.
struct RuleInfo {
  std::string_view name;
  Finding::Severity severity;  // the highest that it gives
  std::string_view what;
};
std::span<const RuleInfo> rule_infos();

inline constexpr std::size_t kFindingsOfOneRuleMax =
    50;  // more of one rule are counted in the last

struct Review {
  struct Size {
    int files = 0;
    int added = 0;
    int removed = 0;
  };
  std::map<std::string, Size> by_kind;       // name_of(PathKind) → size
  std::vector<std::string> public_names;     // exported names added, removed or changed
  std::vector<std::string> dependencies;     // "added requests >=2.31"
  std::vector<std::string> requirement_ids;  // of the specs, that changed lines or files name
  std::vector<std::string> split;            // proposed parts when it is over the limit
  bool over_limit = false;                   // more than kReviewLinesMax lines of source and tests
};
inline constexpr int kReviewLinesMax = 400;
Json to_json(const Review& review);

struct Inspection {
  std::vector<Finding> findings;  // serious first, then by file and line
  Review review;
  /// Lines added or changed in source files, by path: what tests have to execute. Blank lines and
  /// comments are left out.
  std::map<std::string, std::set<int>> changed_lines;
  /// Files of PathKind test, judge and config that the change touches: they are put back to the
  /// base's state for the run with the base's tests.
  std::vector<std::string> judge_files;
  /// Tests that the change calls otherwise, by the name they had: "Class.test_x".
  std::vector<std::string> renamed_tests;
  bool touches_source = false;
  bool touches_tests = false;
  /// Nothing that runs or judges is touched: documents, comments, blank lines.
  bool only_words = false;
  /// Only files of PathKind test (and words) are touched.
  bool only_tests = false;
};
Json to_json(const Inspection& inspection);
Result<Inspection> inspection_from(const Json& json);

struct InspectInput {
  std::vector<FileChange> files;
  std::vector<std::string> requirement_ids;
};
Result<Inspection> inspect(const InspectInput& input);

}  // namespace nightjar::proof
