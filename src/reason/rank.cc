#include "reason/rank.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace nightjar::reason {
namespace {

// Above every Ochiai score, so that the crash line is first; callers get a part of it.
constexpr double kCrashScore = 1.25;
constexpr double kCallerRaise = 0.1;
constexpr double kClosenessMax = 0.05;
constexpr int kClosenessLines = 25;

}  // namespace

Scores ochiai(const std::vector<Spectrum>& spectra) {
  Scores scores;
  const auto failed =
      std::count_if(spectra.begin(), spectra.end(), [](const Spectrum& one) { return one.failed; });
  if (spectra.empty() || failed == 0) return scores;
  scores.resize(spectra.front().hits.size());
  for (std::size_t file = 0; file < scores.size(); ++file) {
    scores[file].assign(spectra.front().hits[file].size(), 0.0);
    for (std::size_t line = 0; line < scores[file].size(); ++line) {
      double in_failed = 0;
      double in_passed = 0;
      for (const Spectrum& spectrum : spectra) {
        if (spectrum.hits[file][line] == 0) continue;
        (spectrum.failed ? in_failed : in_passed) += 1;
      }
      if (in_failed == 0) continue;
      scores[file][line] =
          in_failed / std::sqrt(static_cast<double>(failed) * (in_failed + in_passed));
    }
  }
  return scores;
}

void raise_crashes(const std::vector<std::vector<Place>>& stacks, Scores& scores) {
  const auto within = [&](const Place& place) {
    return place.file < scores.size() && place.line > 0 &&
           static_cast<std::size_t>(place.line) < scores[place.file].size();
  };
  for (const std::vector<Place>& stack : stacks) {
    for (std::size_t depth = 0; depth < stack.size(); ++depth) {
      if (!within(stack[depth])) continue;
      std::vector<double>& lines = scores[stack[depth].file];
      double& score = lines[static_cast<std::size_t>(stack[depth].line)];
      score = depth == 0 ? kCrashScore : std::min(1.1, score + kCallerRaise);
      if (depth > 0) continue;
      for (int away = 1; away < kClosenessLines; ++away) {
        for (const int line : {stack[0].line - away, stack[0].line + away}) {
          if (line < 1 || static_cast<std::size_t>(line) >= lines.size()) continue;
          double& near = lines[static_cast<std::size_t>(line)];
          const double share = 1.0 - static_cast<double>(away) / kClosenessLines;
          if (near > 0 && near <= 1.0) near += kClosenessMax * share;
        }
      }
    }
  }
}

std::vector<RankedPlace> ranked(const Scores& scores) {
  std::vector<RankedPlace> out;
  for (std::size_t file = 0; file < scores.size(); ++file) {
    for (std::size_t line = 1; line < scores[file].size(); ++line) {
      if (scores[file][line] <= 0) continue;
      out.push_back({{file, static_cast<int>(line)}, scores[file][line]});
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const RankedPlace& left, const RankedPlace& right) {
    return left.score > right.score;
  });
  return out;
}

}  // namespace nightjar::reason
