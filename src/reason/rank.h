// Which lines are likely to hold the fault: Ochiai (Abreu, 2006) over what each scenario executed.
// Pure functions of values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace nightjar::reason {

/// What one scenario executed. hits[file][line] is 1 for an executed statement's lines.
struct Spectrum {
  bool failed = false;
  std::vector<std::vector<std::uint8_t>> hits;
};

struct Place {
  std::size_t file = 0;
  int line = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

using Scores = std::vector<std::vector<double>>;  // [file][line], 0..1

/// ef / sqrt(failed * (ef + ep)): 1 for a line that all failing and no passing scenarios execute.
Scores ochiai(const std::vector<Spectrum>& spectra);

/// The seam for other rankings.
using Ranking = std::function<Scores(const std::vector<Spectrum>&)>;

/// Where failing scenarios crashed goes first, then the callers on the way there; lines that score
/// the same are parted by how close they are to a crash.
void raise_crashes(const std::vector<std::vector<Place>>& stacks, Scores& scores);

/// All lines with a score above zero, the most suspicious first; ties by file and line.
struct RankedPlace {
  Place place;
  double score = 0;
};
std::vector<RankedPlace> ranked(const Scores& scores);

}  // namespace nightjar::reason
