#include "bench/report.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <utility>

namespace nightjar::bench {
namespace {

constexpr std::string_view kBegin = "<!-- table: written by ./dev bench --publish -->\n";
constexpr std::string_view kEnd = "<!-- end of table -->\n";

std::string number(double value) {
  char text[64];
  const double size = value < 0 ? -value : value;
  const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string limit_text(const Row& row) {
  if (row.limit.kind == Limit::Kind::none) return "-";
  const std::string sign = row.limit.kind == Limit::Kind::at_most ? "<= " : ">= ";
  return sign + number(row.limit.value) + (row.floor.empty() ? " " + row.unit : "x");
}

std::string outcome_text(const Row& row) {
  if (!row.failure.empty()) return "failed";
  if (row.limit.kind == Limit::Kind::none) return "-";
  return meets(row) ? "pass" : "MISS";
}

std::string ours_text(const Row& row) { return number(row.value) + " " + row.unit; }
std::string floor_text(const Row& row) {
  return row.floor.empty() ? "-" : number(row.floor_value) + " " + row.unit;
}
std::string ratio_text(const Row& row) { return row.floor.empty() ? "-" : number(row.ratio) + "x"; }

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

bool meets(const Row& row) {
  if (!row.failure.empty()) return false;
  const double measured = row.floor.empty() ? row.value : row.ratio;
  switch (row.limit.kind) {
    case Limit::Kind::at_most: return measured <= row.limit.value;
    case Limit::Kind::at_least: return measured >= row.limit.value;
    case Limit::Kind::none: return true;
  }
  return false;
}

void Report::ratio(const Comparison& comparison, const Measure& floor, const Measure& ours) {
  Row row{.name = comparison.name,
          .floor = comparison.floor,
          .unit = comparison.unit,
          .limit = comparison.limit,
          .failure = {}};
  std::vector<double> floors;
  std::vector<double> values;
  for (int round = 0; round < comparison.rounds && row.failure.empty(); ++round) {
    const auto floor_value = floor();
    if (!floor_value) {
      row.failure = comparison.floor + ": " + floor_value.error().message;
      break;
    }
    const auto value = ours();
    if (!value) {
      row.failure = value.error().message;
      break;
    }
    floors.push_back(*floor_value);
    values.push_back(*value);
  }
  row.floor_value = median(std::move(floors));
  row.value = median(std::move(values));
  if (row.failure.empty() && row.floor_value <= 0) row.failure = "the floor measured nothing";
  if (row.floor_value > 0) row.ratio = row.value / row.floor_value;
  add(std::move(row));
}

void Report::figure(const Figure& figure, const Measure& ours) {
  Row row{
      .name = figure.name, .floor = {}, .unit = figure.unit, .limit = figure.limit, .failure = {}};
  std::vector<double> values;
  for (int round = 0; round < figure.rounds; ++round) {
    const auto value = ours();
    if (!value) {
      row.failure = value.error().message;
      break;
    }
    values.push_back(*value);
  }
  if (row.failure.empty() && values.empty()) row.failure = "no round was asked for";
  row.value = median(std::move(values));
  add(std::move(row));
}

void Report::failed(std::string_view name, const Error& error) {
  add({.name = std::string(name), .floor = {}, .unit = {}, .limit = {}, .failure = error.message});
}

void Report::add(Row row) { rows_.push_back(std::move(row)); }

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

std::string table_for_terminal(const std::vector<Row>& rows) {
  std::string out = padded("", 2) + padded("ours", 16) + padded("floor", 16) + padded("ratio", 12) +
                    padded("must reach", 16) + "outcome\n";
  for (const Row& row : rows) {
    out += row.name;
    if (!row.floor.empty()) out += " (floor: " + row.floor + ")";
    out += '\n';
    if (!row.failure.empty()) {
      out += "  failed: " + row.failure + "\n";
      continue;
    }
    out += "  " + padded(ours_text(row), 16) + padded(floor_text(row), 16) +
           padded(ratio_text(row), 12) + padded(limit_text(row), 16) + outcome_text(row) + "\n";
  }
  return out;
}

std::string table_for_document(const std::vector<Row>& rows) {
  std::string out =
      "| what | floor or peer | floor | ours | ratio | must reach | outcome |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    const bool measured = row.failure.empty();
    out += "| " + row.name + " | " + (row.floor.empty() ? "-" : row.floor) + " | " +
           (measured ? floor_text(row) : "-") + " | " + (measured ? ours_text(row) : "-") + " | " +
           (measured ? ratio_text(row) : "-") + " | " + limit_text(row) + " | " +
           outcome_text(row) + (measured ? "" : ": " + row.failure) + " |\n";
  }
  return out;
}

Result<std::string> with_table(std::string_view document, std::string_view table) {
  const std::size_t begin = document.find(kBegin);
  const std::size_t end = document.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return Error{ErrorCode::not_found,
                 "docs/benchmarks.md lacks its marker lines: " + std::string(kBegin)};
  }
  return std::string(document.substr(0, begin + kBegin.size())) + std::string(table) +
         std::string(document.substr(end));
}

}  // namespace nightjar::bench
