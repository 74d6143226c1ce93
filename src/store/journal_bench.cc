// How fast transitions become durable, compared with what the disk itself needs, and how fast a run
// is read back. A transition is one commit of five events of 300 bytes.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"
#include "bench/report.h"
#include "store/sqlite/sqlite_journal.h"
#include "store/testing/samples.h"

namespace nightjar {
namespace {

using store::testing::run_number;
using store::testing::sample_draft;

constexpr std::size_t kEventsInTransition = 5;
constexpr std::size_t kPayloadBytes = 193;  // The record of such an event has 300 bytes.
constexpr int kRounds = 31;                 // Many and short: the disk changes its mind.
constexpr unsigned kRunsSideBySide = 64;

store::Append transition(const RunId& run, std::uint64_t head) {
  static const std::string text(kPayloadBytes - std::string_view("{\"text\":\"\"}").size(), 'x');
  return {.run = run,
          .expected_run_seq = head,
          .drafts = std::vector<event::Draft>(kEventsInTransition, sample_draft(text))};
}

/// What the disk needs to make a grown file durable: 4 KiB appended, then fdatasync. Mean seconds.
class Floor {
 public:
  explicit Floor(const std::string& path)
      : fd_(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {}

  Result<double> mean_seconds(int count) const {
    const std::string page(4096, 'x');
    bool failed = !fd_;
    const double seconds = bench::seconds_of([&] {
      for (int i = 0; i < count && !failed; ++i) {
        failed =
            ::write(fd_.get(), page.data(), page.size()) != 4096 || ::fdatasync(fd_.get()) != 0;
      }
    });
    if (failed) return errno_error("append to the floor's file", errno);
    return seconds / count;
  }

 private:
  UniqueFd fd_;
};

/// Runs that are advanced, each by its own head. What is to be recorded is made before: the journal
/// is measured, not its caller.
class Line {
 public:
  Line(store::Journal& journal, unsigned first_run, unsigned run_count) : journal_(journal) {
    for (unsigned i = 0; i < run_count; ++i) {
      all_.appends.push_back(transition(run_number(first_run + i), 0));
      each_.emplace_back().appends.push_back(all_.appends.back());
    }
  }

  Result<> advance(std::size_t index) {
    TRY(journal_.commit(each_[index]));
    each_[index].appends[0].expected_run_seq += kEventsInTransition;
    return ok;
  }
  Result<> advance_all_at_once() {
    TRY(journal_.commit(all_));
    for (store::Append& append : all_.appends) append.expected_run_seq += kEventsInTransition;
    return ok;
  }
  Result<> advance_by_threads(int times) {
    std::vector<Result<>> results(each_.size(), ok);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < each_.size(); ++i) {
        threads.emplace_back([this, i, times, &results] {
          for (int step = 0; step < times && results[i]; ++step) results[i] = advance(i);
        });
      }
    }
    for (const Result<>& result : results) TRY(result);
    return ok;
  }

 private:
  store::Journal& journal_;
  store::Transaction all_;
  std::vector<store::Transaction> each_;
};

void compare_alone(bench::Report& report, const Floor& floor, store::Journal& journal) {
  constexpr int kCount = 20;
  Line line(journal, 1, 1);
  report.ratio(
      {.name = "durable transition, one run alone",
       .floor = "4 KiB append to a growing file + fdatasync",
       .unit = "ms",
       .limit = bench::at_most(1.5),
       .rounds = kRounds},
      [&]() -> Result<double> {
        TRY_INTO(const double seconds, floor.mean_seconds(kCount));
        return seconds * 1e3;
      },
      [&]() -> Result<double> {
        Result<> done = ok;
        const double seconds = bench::seconds_of([&] {
          for (int i = 0; i < kCount && done; ++i) done = line.advance(0);
        });
        TRY(done);
        return seconds * 1e3 / kCount;
      });
}

void compare_side_by_side(bench::Report& report, const Floor& floor, store::Journal& journal) {
  constexpr int kCount = 20;  // for each run
  const auto syncs_a_second = [&]() -> Result<double> {
    TRY_INTO(const double seconds, floor.mean_seconds(20));
    return 1 / seconds;
  };
  const std::string floor_name = "4 KiB appends + fdatasync, one after the other";
  Line threads(journal, 100, kRunsSideBySide);
  report.ratio({.name = "durable transitions, 64 runs on 64 threads",
                .floor = floor_name,
                .unit = "1/s",
                .limit = bench::at_least(20),
                .rounds = kRounds},
               syncs_a_second, [&]() -> Result<double> {
                 Result<> done = ok;
                 const double seconds =
                     bench::seconds_of([&] { done = threads.advance_by_threads(kCount); });
                 TRY(done);
                 return kCount * kRunsSideBySide / seconds;
               });
  Line together(journal, 200, kRunsSideBySide);
  report.ratio({.name = "durable transitions, 64 runs in one transaction",
                .floor = floor_name,
                .unit = "1/s",
                .limit = bench::at_least(20),
                .rounds = kRounds},
               syncs_a_second, [&]() -> Result<double> {
                 Result<> done = ok;
                 const double seconds = bench::seconds_of([&] {
                   for (int i = 0; i < kCount && done; ++i) done = together.advance_all_at_once();
                 });
                 TRY(done);
                 return kCount * kRunsSideBySide / seconds;
               });
}

Result<> measure_replay(bench::Report& report) {
  constexpr std::uint64_t kEvents = 100'000;
  const store::testing::ScratchDir folder;  // Its disk does not matter: reading is measured.
  TRY_INTO(const auto journal,
           store::open_sqlite_journal(folder.file("journal.db"), store::OpenMode::read_write));
  Line line(*journal, 1, 1);
  for (std::uint64_t i = 0; i < kEvents / kEventsInTransition; ++i) TRY(line.advance(0));
  report.figure({.name = "replay of 100,000 events of 300 bytes",
                 .unit = "CPU-s",
                 .limit = bench::at_most(0.6),
                 .rounds = 3},
                [&]() -> Result<double> {
                  std::uint64_t count = 0;
                  Result<> done = ok;
                  const double seconds = bench::cpu_seconds_of([&] {
                    done = journal->read_run(run_number(1), 1, [&](const auto&) -> Result<> {
                      ++count;
                      return ok;
                    });
                  });
                  TRY(done);
                  if (count != kEvents) return Error{ErrorCode::corrupt, "events are missing"};
                  return seconds;
                });
  return ok;
}

}  // namespace

void bench_journal(bench::Report& report) {
  const std::string folder = std::string(NIGHTJAR_BINARY_DIR) + "/journal_bench";
  Result<> ready = remove_tree(folder);
  if (ready) ready = make_directories(folder, 0700);
  if (!ready) return report.failed("journal", ready.error());
  {
    const Floor floor(folder + "/floor");
    const auto journal =
        store::open_sqlite_journal(folder + "/journal.db", store::OpenMode::read_write);
    if (!journal) return report.failed("journal", journal.error());
    compare_alone(report, floor, **journal);
    compare_side_by_side(report, floor, **journal);
  }
  if (const Result<> removed = remove_tree(folder); !removed) {
    report.failed("journal", removed.error());
  }
  if (const Result<> replayed = measure_replay(report); !replayed) {
    report.failed("replay of 100,000 events of 300 bytes", replayed.error());
  }
}

}  // namespace nightjar
