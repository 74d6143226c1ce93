#include "proof/tamper/line_diff.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace nightjar::proof {
namespace {

struct Range {
  int before_begin;
  int before_end;
  int after_begin;
  int after_end;
};

class Differ {
 public:
  Differ(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after) {
    std::unordered_map<std::string_view, int> ids;
    const auto number = [&](const std::vector<std::string_view>& lines, std::vector<int>& out) {
      out.reserve(lines.size());
      for (const std::string_view line : lines) {
        out.push_back(ids.emplace(line, static_cast<int>(ids.size())).first->second);
      }
    };
    number(before, before_);
    number(after, after_);
  }

  std::vector<Hunk> run() {
    compare({0, static_cast<int>(before_.size()), 0, static_cast<int>(after_.size())});
    return std::move(hunks_);
  }

 private:
  int old_at(int i) const { return before_[static_cast<std::size_t>(i)]; }
  int new_at(int i) const { return after_[static_cast<std::size_t>(i)]; }

  void trim(Range& range) const {
    while (range.before_begin < range.before_end && range.after_begin < range.after_end &&
           old_at(range.before_begin) == new_at(range.after_begin)) {
      ++range.before_begin;
      ++range.after_begin;
    }
    while (range.before_begin < range.before_end && range.after_begin < range.after_end &&
           old_at(range.before_end - 1) == new_at(range.after_end - 1)) {
      --range.before_end;
      --range.after_end;
    }
  }

  void add(const Range& range) {
    if (range.before_begin == range.before_end && range.after_begin == range.after_end) return;
    if (!hunks_.empty() && hunks_.back().before_end == range.before_begin + 1 &&
        hunks_.back().after_end == range.after_begin + 1) {
      hunks_.back().before_end = range.before_end + 1;
      hunks_.back().after_end = range.after_end + 1;
      return;
    }
    hunks_.push_back(
        {range.before_begin + 1, range.before_end + 1, range.after_begin + 1, range.after_end + 1});
  }

  /// Pairs of lines that stand once on each side, in an order that both share.
  std::vector<std::pair<int, int>> anchors(const Range& range) const {
    struct Seen {
      int olds = 0;
      int news = 0;
      int old_line = 0;
      int new_line = 0;
    };
    std::map<int, Seen> seen;
    for (int i = range.before_begin; i < range.before_end; ++i) {
      Seen& one = seen[old_at(i)];
      ++one.olds;
      one.old_line = i;
    }
    for (int i = range.after_begin; i < range.after_end; ++i) {
      Seen& one = seen[new_at(i)];
      ++one.news;
      one.new_line = i;
    }
    std::vector<std::pair<int, int>> pairs;
    for (const auto& [id, one] : seen) {
      if (one.olds == 1 && one.news == 1) pairs.emplace_back(one.old_line, one.new_line);
    }
    std::ranges::sort(pairs);
    return increasing(pairs);
  }

  /// The longest run of pairs whose second parts increase.
  static std::vector<std::pair<int, int>> increasing(
      const std::vector<std::pair<int, int>>& pairs) {
    std::vector<std::size_t> piles;  // index of the last pair of each length
    std::vector<std::ptrdiff_t> previous(pairs.size(), -1);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto pile =
          std::lower_bound(piles.begin(), piles.end(), pairs[i].second,
                           [&](std::size_t index, int line) { return pairs[index].second < line; });
      if (pile != piles.begin()) previous[i] = static_cast<std::ptrdiff_t>(*(pile - 1));
      if (pile == piles.end()) {
        piles.push_back(i);
      } else {
        *pile = i;
      }
    }
    std::vector<std::pair<int, int>> out;
    std::ptrdiff_t at = piles.empty() ? -1 : static_cast<std::ptrdiff_t>(piles.back());
    for (; at >= 0; at = previous[static_cast<std::size_t>(at)]) {
      out.push_back(pairs[static_cast<std::size_t>(at)]);
    }
    std::ranges::reverse(out);
    return out;
  }

  void compare(Range range) {
    trim(range);
    if (range.before_begin == range.before_end || range.after_begin == range.after_end) {
      add(range);
      return;
    }
    const auto pairs = anchors(range);
    if (pairs.empty()) {
      shortest(range);
      return;
    }
    Range gap = range;
    for (const auto& [old_line, new_line] : pairs) {
      gap.before_end = old_line;
      gap.after_end = new_line;
      fill(gap);
      gap.before_begin = old_line + 1;
      gap.after_begin = new_line + 1;
    }
    gap.before_end = range.before_end;
    gap.after_end = range.after_end;
    fill(gap);
  }

  void fill(Range gap) {
    trim(gap);
    if (gap.before_begin == gap.before_end || gap.after_begin == gap.after_end) {
      add(gap);
    } else {
      shortest(gap);
    }
  }

  /// Myers' greedy algorithm, forward, with the whole trace kept.
  void shortest(const Range& range) {
    const int olds = range.before_end - range.before_begin;
    const int news = range.after_end - range.after_begin;
    const int limit = std::min(olds + news, kEditsMax);
    std::vector<std::vector<int>> trace;
    std::vector<int> furthest(static_cast<std::size_t>(2 * limit + 3), 0);
    const auto slot = [&](int diagonal) { return static_cast<std::size_t>(diagonal + limit + 1); };
    for (int edits = 0; edits <= limit; ++edits) {
      trace.emplace_back(furthest.begin() + (limit + 1 - edits - 1),
                         furthest.begin() + (limit + 1 + edits + 2));
      for (int diagonal = -edits; diagonal <= edits; diagonal += 2) {
        const bool down =
            diagonal == -edits ||
            (diagonal != edits && furthest[slot(diagonal - 1)] < furthest[slot(diagonal + 1)]);
        int x = down ? furthest[slot(diagonal + 1)] : furthest[slot(diagonal - 1)] + 1;
        while (x < olds && x - diagonal < news &&
               old_at(range.before_begin + x) == new_at(range.after_begin + x - diagonal)) {
          ++x;
        }
        furthest[slot(diagonal)] = x;
        if (x >= olds && x - diagonal >= news) {
          walk_back(range, trace, edits);
          return;
        }
      }
    }
    add(range);
  }

  void walk_back(const Range& range, const std::vector<std::vector<int>>& trace, int edits) {
    int x = range.before_end - range.before_begin;
    int y = range.after_end - range.after_begin;
    std::vector<Range> steps;
    for (int d = edits; d > 0; --d) {
      const std::vector<int>& was = trace[static_cast<std::size_t>(d)];
      const auto at = [&](int diagonal) { return was[static_cast<std::size_t>(diagonal + d + 1)]; };
      const int diagonal = x - y;
      const bool down = diagonal == -d || (diagonal != d && at(diagonal - 1) < at(diagonal + 1));
      const int from = down ? diagonal + 1 : diagonal - 1;
      const int from_x = at(from);
      const int from_y = from_x - from;
      steps.push_back(
          {range.before_begin + from_x, range.before_begin + (down ? from_x : from_x + 1),
           range.after_begin + from_y, range.after_begin + (down ? from_y + 1 : from_y)});
      x = from_x;
      y = from_y;
    }
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) add(*step);
  }

  std::vector<int> before_;
  std::vector<int> after_;
  std::vector<Hunk> hunks_;
};

}  // namespace

std::vector<Hunk> diff_lines(const std::vector<std::string_view>& before,
                             const std::vector<std::string_view>& after) {
  return Differ(before, after).run();
}

}  // namespace nightjar::proof
