#include "repo/patch_hunks.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"

namespace nightjar::repo {
namespace {

constexpr std::size_t kShownBytes = 60;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end == std::string_view::npos ? text.size() : end + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

std::string shown(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return "'" + printable(line, kShownBytes) + "'";
}

/// A hunk as what it looks for and where.
struct Wanted {
  std::vector<std::string_view> before;
  std::vector<std::string_view> after;
  std::size_t leading = 0;   // lines of context in front
  std::size_t trailing = 0;  // and behind
};

Wanted wanted_by(const PatchHunk& hunk) {
  Wanted out;
  bool changed = false;
  for (const PatchLine& line : hunk.lines) {
    if (line.kind != '+') out.before.push_back(line.text);
    if (line.kind != '-') out.after.push_back(line.text);
    if (line.kind != ' ') {
      changed = true;
      out.trailing = 0;
    } else {
      if (!changed) ++out.leading;
      ++out.trailing;
    }
  }
  return out;
}

class Application {
 public:
  Application(std::string_view before, std::uint64_t& steps_left)
      : lines_(lines_of(before)), steps_left_(steps_left) {}

  Result<> add(const PatchHunk& hunk, std::size_t number) {
    const Wanted wanted = wanted_by(hunk);
    // A hunk without old lines names the line after which it goes.
    const std::size_t start =
        hunk.old_count == 0 || hunk.old_start == 0 ? hunk.old_start : hunk.old_start - 1;
    const auto expected = static_cast<std::ptrdiff_t>(start) + drift_;
    const std::optional<std::size_t> at = find(hunk, wanted, expected);
    if (steps_left_ == 0) {
      return {ErrorCode::exhausted, "hunk " + std::to_string(number) +
                                        ": looking for its place takes too long; make the patch"
                                        " anew against the base"};
    }
    if (!at) return misfit(hunk, wanted, expected, number);
    append(lines_, taken_, *at);
    append(wanted.after, 0, wanted.after.size());
    taken_ = *at + wanted.before.size();
    drift_ = static_cast<std::ptrdiff_t>(*at) - static_cast<std::ptrdiff_t>(start);
    return ok;
  }

  std::string finish() {
    append(lines_, taken_, lines_.size());
    return std::move(out_);
  }

 private:
  void append(const std::vector<std::string_view>& lines, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) out_ += lines[i];
  }

  bool fits(const std::vector<std::string_view>& lines, std::size_t at) {
    if (at > lines_.size() || lines.size() > lines_.size() - at) return false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::uint64_t cost = 1 + std::min(lines[i].size(), lines_[at + i].size()) / 16;
      if (steps_left_ <= cost) {
        steps_left_ = 0;
        return false;
      }
      steps_left_ -= cost;
      if (lines[i] != lines_[at + i]) return false;
    }
    return true;
  }

  std::optional<std::size_t> find(const PatchHunk& hunk, const Wanted& wanted,
                                  std::ptrdiff_t expected) {
    const bool has_context = wanted.leading > 0 || wanted.trailing > 0;
    const auto accepts = [&](std::ptrdiff_t place) {
      if (place < static_cast<std::ptrdiff_t>(taken_)) return false;
      const auto at = static_cast<std::size_t>(place);
      // Context that ends early says that the file begins or ends there.
      if (has_context && hunk.old_start <= 1 && at != 0) return false;
      if (has_context && wanted.trailing == 0 && at + wanted.before.size() != lines_.size()) {
        return false;
      }
      return fits(wanted.before, at);
    };
    if (accepts(expected)) return static_cast<std::size_t>(expected);
    if (!has_context) return std::nullopt;
    const auto end = static_cast<std::ptrdiff_t>(lines_.size());
    const std::ptrdiff_t farthest = std::max(expected, end - expected);
    for (std::ptrdiff_t distance = 1; distance <= farthest && steps_left_ > 0; ++distance) {
      for (const std::ptrdiff_t place : {expected - distance, expected + distance}) {
        if (place <= end && accepts(place)) return static_cast<std::size_t>(place);
      }
      --steps_left_;
    }
    return std::nullopt;
  }

  Result<> misfit(const PatchHunk& hunk, const Wanted& wanted, std::ptrdiff_t expected,
                  std::size_t number) {
    std::string message =
        "hunk " + std::to_string(number) + " (" + printable(hunk.header, kShownBytes) + ")";
    const auto at = static_cast<std::size_t>(std::max<std::ptrdiff_t>(expected, 0));
    if (!wanted.after.empty() && fits(wanted.after, at)) {
      return {ErrorCode::invalid_input, message + ": what it makes is there already"};
    }
    for (std::size_t i = 0; i < wanted.before.size(); ++i) {
      const bool beyond = at + i >= lines_.size();
      if (!beyond && lines_[at + i] == wanted.before[i]) continue;
      const std::string there = beyond ? "the file ends before it" : "is " + shown(lines_[at + i]);
      return {ErrorCode::invalid_input, message + ": line " + std::to_string(at + i + 1) + " " +
                                            there + ", the patch expects " +
                                            shown(wanted.before[i])};
    }
    return {ErrorCode::invalid_input, message + ": it does not fit where it should be"};
  }

  const std::vector<std::string_view> lines_;
  std::uint64_t& steps_left_;
  std::string out_;
  std::size_t taken_ = 0;  // lines of the old file that are dealt with
  std::ptrdiff_t drift_ = 0;
};

}  // namespace

Result<std::string> apply_hunks(std::string_view before, const std::vector<PatchHunk>& hunks,
                                std::uint64_t& steps_left) {
  Application application(before, steps_left);
  for (std::size_t i = 0; i < hunks.size(); ++i) TRY(application.add(hunks[i], i + 1));
  return application.finish();
}

}  // namespace nightjar::repo
