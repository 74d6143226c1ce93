#include "proof/tamper/change_view.h"

#include <algorithm>
#include <map>

#include "base/bytes.h"

namespace nightjar::proof {
namespace {

using harness::PathKind;

std::vector<std::string_view> lines_of(const Scan& scan) {
  std::vector<std::string_view> out;
  out.reserve(scan.starts.size());
  for (int line = 1; line <= scan.lines(); ++line) out.push_back(scan.text_line(line));
  return out;
}

bool holds(const std::vector<std::pair<int, int>>& parts, int line) {
  return std::ranges::any_of(
      parts, [&](const auto& part) { return line >= part.first && line <= part.second; });
}

FileView file_view(const FileChange& change) {
  FileView out;
  out.change = &change;
  out.path = change.path;
  // By what it was: a new mark in a file does not make it another kind.
  const std::string& content = change.before  ? *change.before
                               : change.after ? *change.after
                                              : change.path;
  const std::string& path = change.old_path.empty() ? change.path : change.old_path;
  const std::string_view head = std::string_view(content).substr(0, 4096);
  out.kind = harness::kind_of_path(path, head);
  if (!change.old_path.empty() && out.kind != PathKind::test && out.kind != PathKind::judge) {
    out.kind = harness::kind_of_path(change.path, head);
  }
  const auto is_text = [](const std::optional<std::string>& text) {
    return !text || (text->size() <= kScannedBytesMax && text->find('\0') == std::string::npos);
  };
  out.scanned = out.kind != PathKind::binary && !change.link_after && is_text(change.before) &&
                is_text(change.after);
  if (!out.scanned) return out;
  if (change.before) out.before = scan(language_of(path), *change.before);
  if (change.after) out.after = scan(language_of(change.path), *change.after);
  out.hunks = diff_lines(lines_of(out.before), lines_of(out.after));
  for (const Hunk& hunk : out.hunks) {
    for (int line = hunk.before_begin; line < hunk.before_end; ++line) out.removed.push_back(line);
    for (int line = hunk.after_begin; line < hunk.after_end; ++line) out.added.push_back(line);
  }
  if (out.kind == PathKind::source) {
    out.test_parts_before = test_parts(out.before);
    out.test_parts_after = test_parts(out.after);
  }
  if (!out.holds_tests()) return out;
  out.tests_before = tests_in(out.before, path);
  out.tests_after = tests_in(out.after, change.path);
  out.assertions_before = assertions_in(out.before);
  out.assertions_after = assertions_in(out.after);
  if (out.kind == PathKind::source) {
    std::erase_if(out.assertions_before,
                  [&](const Assertion& one) { return !out.in_test_part_before(one.line); });
    std::erase_if(out.assertions_after,
                  [&](const Assertion& one) { return !out.in_test_part(one.line); });
  }
  return out;
}

std::string body_of(const Scan& scan, const TestFunction& test) {
  return bare_text(scan, test.head_line + (test.last_line > test.head_line ? 1 : 0),
                   test.last_line);
}

/// Name without what disables a test or moves it.
std::string plain_name(std::string_view name) {
  std::string out(name);
  for (const std::string_view mark : {"DISABLED_"}) {
    for (std::size_t at = out.find(mark); at != std::string::npos; at = out.find(mark)) {
      out.erase(at, mark.size());
    }
  }
  return out;
}

class Pairing {
 public:
  explicit Pairing(ChangeView& view) : view_(view) {}

  void run() {
    for (std::size_t file = 0; file < view_.files.size(); ++file) {
      for (std::size_t i = 0; i < view_.files[file].tests_before.size(); ++i)
        olds_.push_back({file, i});
      for (std::size_t i = 0; i < view_.files[file].tests_after.size(); ++i)
        news_.push_back({file, i});
    }
    pair_by_name();
    pair_by_body();
    view_.deleted = std::move(olds_);
    view_.added = std::move(news_);
  }

 private:
  void take(std::size_t old_index, std::size_t new_index, bool renamed) {
    view_.pairs.push_back({olds_[old_index], news_[new_index], renamed});
    used_old_[old_index] = true;
    used_new_[new_index] = true;
  }
  void drop_used() {
    const auto drop = [](std::vector<TestRef>& refs, const std::vector<bool>& used) {
      std::vector<TestRef> rest;
      for (std::size_t i = 0; i < refs.size(); ++i) {
        if (!used[i]) rest.push_back(refs[i]);
      }
      refs = std::move(rest);
    };
    drop(olds_, used_old_);
    drop(news_, used_new_);
    begin();
  }
  void begin() {
    used_old_.assign(olds_.size(), false);
    used_new_.assign(news_.size(), false);
  }

  /// The same name in the same file, then in any other.
  void pair_by_name() {
    for (const bool same_file : {true, false}) {
      begin();
      std::map<std::pair<std::size_t, std::string>, std::vector<std::size_t>> by_name;
      for (std::size_t i = 0; i < news_.size(); ++i) {
        const std::size_t file = same_file ? news_[i].file : 0;
        by_name[{file, plain_name(view_.after(news_[i]).name)}].push_back(i);
      }
      for (std::size_t i = 0; i < olds_.size(); ++i) {
        const std::size_t file = same_file ? olds_[i].file : 0;
        const auto found = by_name.find({file, plain_name(view_.before(olds_[i]).name)});
        if (found == by_name.end()) continue;
        const auto free =
            std::ranges::find_if(found->second, [&](std::size_t at) { return !used_new_[at]; });
        if (free != found->second.end()) take(i, *free, false);
      }
      drop_used();
    }
  }

  /// A test that is gone and a new one that does much the same: renamed.
  void pair_by_body() {
    if (olds_.size() * news_.size() > kPairsTriedMax) return;
    struct Candidate {
      double likeness;
      std::size_t old_index;
      std::size_t new_index;
    };
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < olds_.size(); ++i) {
      const std::string old_body =
          body_of(view_.files[olds_[i].file].before, view_.before(olds_[i]));
      for (std::size_t k = 0; k < news_.size(); ++k) {
        const std::string new_body =
            body_of(view_.files[news_[k].file].after, view_.after(news_[k]));
        double like = proof::likeness(old_body, new_body);
        // Names that are near each other, in one file, need less.
        const double names = name_likeness(view_.before(olds_[i]).name, view_.after(news_[k]).name);
        if (olds_[i].file == news_[k].file && names >= 0.5) like += 0.2;
        if (like >= 0.6) candidates.push_back({like, i, k});
      }
    }
    std::ranges::stable_sort(candidates, std::ranges::greater(), &Candidate::likeness);
    for (const Candidate& one : candidates) {
      if (!used_old_[one.old_index] && !used_new_[one.new_index])
        take(one.old_index, one.new_index, true);
    }
    drop_used();
  }

  static double name_likeness(std::string_view one, std::string_view other) {
    const auto words = [](std::string_view name) {
      std::string out;
      char previous = ' ';
      for (const char byte : name) {
        const bool upper = byte >= 'A' && byte <= 'Z';
        if (byte == '_' || byte == '-' || byte == '.') {
          out += ' ';
        } else {
          if (upper && previous >= 'a' && previous <= 'z') out += ' ';
          out += upper ? static_cast<char>(byte - 'A' + 'a') : byte;
        }
        previous = byte;
      }
      return out;
    };
    return proof::likeness(words(one), words(other));
  }

  ChangeView& view_;
  std::vector<TestRef> olds_;
  std::vector<TestRef> news_;
  std::vector<bool> used_old_;
  std::vector<bool> used_new_;
};

void collect_lines(ChangeView& view) {
  for (const FileView& file : view.files) {
    const bool source = file.is_source();
    const bool words = file.kind == PathKind::docs || file.kind == PathKind::judge;
    for (const int line : file.added) {
      if (source && !file.in_test_part(line)) {
        view.source_added += std::string(file.after.bare_line(line)) + "\n";
      }
      if (words || source) view.words_added += std::string(file.after.text_line(line)) + "\n";
    }
    for (const int line : file.removed) {
      const std::string_view text = trim(file.before.text_line(line));
      if (text.size() > 3) view.removed_lines.emplace(text);
      if (source && !file.in_test_part_before(line)) {
        view.source_removed += std::string(file.before.bare_line(line)) + "\n";
      }
    }
    if (!source) continue;
    const auto outside = [&](bool after) {
      const std::vector<int>& lines = after ? file.added : file.removed;
      return std::ranges::any_of(lines, [&](int line) {
        return after ? file.after.has_code(line) && !file.in_test_part(line)
                     : file.before.has_code(line) && !file.in_test_part_before(line);
      });
    };
    if (!file.scanned || outside(true) || outside(false)) view.touches_source = true;
  }
}

}  // namespace

bool FileView::in_test_part(int line_after) const { return holds(test_parts_after, line_after); }
bool FileView::in_test_part_before(int line) const { return holds(test_parts_before, line); }

int FileView::place_of(int line_before) const {
  int shift = 0;
  for (const Hunk& hunk : hunks) {
    if (line_before < hunk.before_begin) break;
    if (line_before < hunk.before_end)
      return std::max(1, std::min(hunk.after_begin, after.lines()));
    shift = hunk.after_end - hunk.before_end;
  }
  return std::max(1, line_before + shift);
}

ChangeView::Enclosing ChangeView::enclosing(std::size_t file, int line_after) const {
  Enclosing out;
  const FileView& one = files[file];
  std::size_t index = 0;
  for (std::size_t i = 0; i < one.tests_after.size(); ++i) {
    const TestFunction& test = one.tests_after[i];
    if (line_after < test.first_line || line_after > test.last_line) continue;
    out.test = &test;  // the innermost is the last that begins
    index = i;
  }
  if (out.test == nullptr) return out;
  for (const TestPair& pair : pairs) {
    if (pair.after.file != file || pair.after.index != index) continue;
    out.was = &before(pair.before);
    out.was_in = &files[pair.before.file];
  }
  return out;
}

bool ChangeView::is_moved(std::string_view line) const {
  return removed_lines.find(trim(line)) != removed_lines.end();
}

std::string bare_text(const Scan& scan, int first, int last) {
  std::string out;
  for (int line = first; line <= last && line <= scan.lines(); ++line) {
    out += scan.bare_line(line);
    out += '\n';
  }
  return out;
}

ChangeView view_of(const InspectInput& input) {
  ChangeView out;
  out.input = &input;
  out.files.reserve(input.files.size());
  for (const FileChange& change : input.files) out.files.push_back(file_view(change));
  Pairing(out).run();
  collect_lines(out);
  return out;
}

}  // namespace nightjar::proof
