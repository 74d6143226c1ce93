// The loop that advances runs: one thread decides and records, a bounded pool performs.
//
// A run that waits holds no thread. What becomes ready at the same time is recorded in one durable
// transaction (group commit). Stopping is like a crash that was announced: effects in flight are
// told to stop and stay without an outcome, so that `resume` performs them again by their repeat
// class. Threads: one at a time calls the public functions; the engine's workers are joined by the
// destructor.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "factory/effects.h"
#include "factory/handlers.h"
#include "store/journal.h"

namespace nightjar::factory {

/// Told on the loop's thread, after the events are durable.
using EventListener = std::function<void(const event::Envelope&)>;
/// Lines of progress that are not recorded; called on worker threads.
using ProgressListener = std::function<void(const RunId&, const std::string&)>;

struct EngineOptions {
  std::size_t workers = 1;
  std::size_t runs_max = 4096;  // active at one time; more are refused
  /// Asked before every effect and about once a second while one is performed.
  HeldBy held_by = [](const RunId&, const ProjectId&) { return std::optional<std::string>(); };
};

class Engine {
 public:
  Engine(store::Journal& journal, const Clock& clock, const HandlerTable& handlers,
         const Performers& performers, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void listen(EventListener on_event, ProgressListener on_progress);

  /// Records the new run and its first decisions. exhausted: runs_max are active; denied: a person
  /// holds its project.
  Result<> start(const RunId& run, const RunCreated& created);
  /// Replays the run and goes on with it. conflict: it is finished; denied: a person holds it.
  Result<> resume(const RunId& run);
  /// Works until no run is active or `stop`. An error means that recording failed: the runs are as
  /// the journal says, and can be resumed.
  Result<> work(std::stop_token stop);

  /// The view of a run that was started or resumed here.
  const RunView* view(const RunId& run) const;

 private:
  struct Work {
    PerformRequest request;
    std::stop_token stop;
    std::shared_ptr<std::atomic<std::int64_t>> begun_ns;
  };
  struct Done {
    RunId run;
    std::uint64_t run_seq = 0;
    Settlement settlement;
  };
  struct Flight {  // an effect that a worker performs
    std::stop_source stop;
    std::shared_ptr<std::atomic<std::int64_t>> begun_ns;  // monotonic; 0: no worker has it yet
    std::chrono::milliseconds wall_max{0};
    std::string held;  // why it was told to stop by a person's hold

    bool is_late(std::chrono::nanoseconds now) const;
  };

  Result<> check_room() const;
  void perform_until_closed();
  Result<> commit(std::vector<std::pair<RunId, Decisions>>& batch);
  enum class After { go_on, stop };
  Result<> settle(std::vector<Done> done, After after);
  Result<> decide_more(const std::vector<RunId>& runs);
  void dispatch(const RunId& run);
  void enforce_deadlines();
  void enforce_holds();

  store::Journal& journal_;
  const Clock& clock_;
  const HandlerTable& handlers_;
  const Performers& performers_;
  EngineOptions options_;
  EventListener on_event_;
  ProgressListener on_progress_;
  std::map<RunId, RunView> runs_;
  std::map<RunId, Flight> flights_;
  std::chrono::nanoseconds holds_asked_{0};
  BoundedQueue<Work> to_perform_;
  BoundedQueue<Done> performed_;
  std::vector<std::jthread> workers_;  // last: they die first
};

/// Replays a run from the journal. not_found: no such run.
Result<RunView> replay(const store::Journal& journal, const RunId& run,
                       const HandlerTable& handlers);

}  // namespace nightjar::factory
