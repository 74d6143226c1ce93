// A change as the rules look at it: every file scanned before and after, what was added and
// removed, which test became which.
//
// Pure; any thread. Bounded: texts over kScannedBytesMax are not looked into.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/paths.h"
#include "proof/inspect.h"
#include "proof/tamper/assertions.h"
#include "proof/tamper/functions.h"
#include "proof/tamper/line_diff.h"
#include "proof/tamper/scan.h"

namespace nightjar::proof {

inline constexpr std::size_t kScannedBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kPairsTriedMax = 40'000;  // of tests that may be renamed

struct FileView {
  const FileChange* change = nullptr;
  std::string path;  // after; of a deleted file before
  harness::PathKind kind = harness::PathKind::other;
  bool scanned = false;  // text, and not too large
  Scan before;
  Scan after;
  std::vector<Hunk> hunks;
  std::vector<int> added;    // line numbers after
  std::vector<int> removed;  // line numbers before
  std::vector<TestFunction> tests_before;
  std::vector<TestFunction> tests_after;
  std::vector<Assertion> assertions_before;
  std::vector<Assertion> assertions_after;
  std::vector<std::pair<int, int>> test_parts_before;  // of a source file (Rust)
  std::vector<std::pair<int, int>> test_parts_after;

  bool is_new() const { return !change->before; }
  bool is_deleted() const { return !change->after; }
  bool is_test() const { return kind == harness::PathKind::test; }
  bool is_source() const { return kind == harness::PathKind::source; }
  bool holds_tests() const {
    return is_test() || !test_parts_before.empty() || !test_parts_after.empty();
  }
  bool in_test_part(int line_after) const;
  bool in_test_part_before(int line) const;
  /// Line after, before which the line `before` stood.
  int place_of(int line_before) const;
};

struct TestRef {
  std::size_t file = 0;
  std::size_t index = 0;
};
struct TestPair {
  TestRef before;
  TestRef after;
  bool renamed = false;
};

struct ChangeView {
  const InspectInput* input = nullptr;
  std::vector<FileView> files;
  std::vector<TestPair> pairs;                       // tests that are on both sides
  std::vector<TestRef> deleted;                      // tests of before without a counterpart
  std::vector<TestRef> added;                        // tests of after without one
  std::set<std::string, std::less<>> removed_lines;  // trimmed; of every file
  bool touches_source = false;
  /// Lines of source files and documents, for what explains another expectation.
  std::string source_added;
  std::string source_removed;
  std::string words_added;

  const TestFunction& before(TestRef ref) const { return files[ref.file].tests_before[ref.index]; }
  const TestFunction& after(TestRef ref) const { return files[ref.file].tests_after[ref.index]; }
  /// The test of after that holds the line, and whether it was there before.
  struct Enclosing {
    const TestFunction* test = nullptr;
    const TestFunction* was = nullptr;  // nullptr: new
    const FileView* was_in = nullptr;
  };
  Enclosing enclosing(std::size_t file, int line_after) const;
  /// The line stood elsewhere in the change and was moved.
  bool is_moved(std::string_view line) const;
};

ChangeView view_of(const InspectInput& input);

/// Lines [first, last] as one text of `bare`.
std::string bare_text(const Scan& scan, int first, int last);

}  // namespace nightjar::proof
