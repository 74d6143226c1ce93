// What a benchmark tells: rows of a table, each with a limit that it meets or misses.
//
// A file `x_bench.cc`, anywhere in src/ or bench/, defines one function in namespace nightjar:
//   void bench_x(bench::Report& report);
// Its name is its registration (bench/CMakeLists.txt makes the table). `./dev bench x` runs it
// alone. Such a file may `#include "bench/report.h"`; nothing else in src/ may.
//
// Floor and ours are measured in turn, round by round, in one process, so that a change of the
// machine's speed meets both; a row shows medians. A measurement that cannot be made is a row that
// misses. Threads: one.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::bench {

struct Limit {
  enum class Kind { at_most, at_least, none } kind = Kind::none;
  double value = 0;
};
inline Limit at_most(double value) { return {Limit::Kind::at_most, value}; }
inline Limit at_least(double value) { return {Limit::Kind::at_least, value}; }
inline Limit no_limit() { return {}; }

/// One round: does the work and returns the measured quantity (seconds, rate, cost per node; the
/// same quantity for floor and ours).
using Measure = std::function<Result<double>()>;

struct Row {
  std::string name;
  std::string floor;  // what it is compared with; empty: nothing
  double floor_value = 0;
  double value = 0;     // the median of ours
  std::string unit;     // of floor_value and value: "ms", "us", "1/s", "CPU-s"
  double ratio = 0;     // value / floor_value; 0: not a ratio
  Limit limit;          // on the ratio if there is a floor, else on the value
  std::string failure;  // why it could not be measured
};

struct Comparison {
  std::string name;   // what is measured, at most 60 columns
  std::string floor;  // name of the floor or peer
  std::string unit;
  Limit limit;  // on ours / floor
  int rounds;   // odd; the medians are reported
};

struct Figure {
  std::string name;
  std::string unit;
  Limit limit;
  int rounds;
};

bool meets(const Row& row);

class Report {
 public:
  /// Runs floor, ours, floor, ours …; the row holds both medians and ours / floor.
  void ratio(const Comparison& comparison, const Measure& floor, const Measure& ours);
  /// The median of `rounds` measurements.
  void figure(const Figure& figure, const Measure& ours);
  /// A row for what could not even be set up.
  void failed(std::string_view name, const Error& error);

  const std::vector<Row>& rows() const { return rows_; }

 private:
  void add(Row row);
  std::vector<Row> rows_;
};

/// Wall-clock seconds that `work` takes.
double seconds_of(const std::function<void()>& work);
/// CPU seconds of this process (all threads, user and system) that `work` takes.
double cpu_seconds_of(const std::function<void()>& work);
/// The middle value; 0 when there is none.
double median(std::vector<double> values);

/// At most 80 columns, a title line and a line or two for each row.
std::string table_for_terminal(const std::vector<Row>& rows);
std::string table_for_document(const std::vector<Row>& rows);
/// `document` with the text between the two marker lines replaced. not_found: it has no markers.
Result<std::string> with_table(std::string_view document, std::string_view table);

/// A benchmark, as bench/CMakeLists.txt lists it from the file names.
struct Entry {
  const char* name;
  void (*run)(Report& report);
};
const std::vector<Entry>& entries();

}  // namespace nightjar::bench
