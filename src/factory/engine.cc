#include "factory/engine.h"

#include <algorithm>

#include "base/check.h"

namespace nightjar::factory {
namespace {

constexpr std::chrono::milliseconds kTick{50};  // how late a deadline or a stop may be noticed
constexpr std::chrono::seconds kHoldsEvery{1};
constexpr std::chrono::milliseconds kStopGrace{10'000};  // for effects in flight to end
constexpr std::chrono::milliseconds kLateness{10'000};   // a performer holds its own limit before
// Outcomes recorded in one transaction: a few drafts and postings each, store::kDraftsMax in all.
constexpr std::size_t kBatchMax = 128;

}  // namespace

Engine::Engine(store::Journal& journal, const Clock& clock, const HandlerTable& handlers,
               const Performers& performers, const EngineOptions& options)
    : journal_(journal),
      clock_(clock),
      handlers_(handlers),
      performers_(performers),
      options_(options),
      on_event_([](const event::Envelope&) {}),
      on_progress_([](const RunId&, const std::string&) {}),
      // A run has at most one effect in flight, so neither queue can overflow.
      to_perform_(options.runs_max),
      performed_(options.runs_max) {
  for (std::size_t i = 0; i < options.workers; ++i) {
    workers_.emplace_back([this] { perform_until_closed(); });
  }
}

Engine::~Engine() {
  for (auto& [run, flight] : flights_) flight.stop.request_stop();
  to_perform_.close();
}

void Engine::listen(EventListener on_event, ProgressListener on_progress) {
  on_event_ = std::move(on_event);
  on_progress_ = std::move(on_progress);
}

void Engine::perform_until_closed() {
  while (true) {
    std::optional<Work> work = to_perform_.pop(std::chrono::milliseconds(1000));
    if (!work) {
      if (to_perform_.closed()) return;
      continue;
    }
    work->begun_ns->store(clock_.monotonic().count());
    Done done{.run = work->request.run,
              .run_seq = work->request.run_seq,
              .settlement = perform_recorded(performers_, work->request, clock_, work->stop)};
    CHECK(performed_.push(done));
  }
}

Result<> Engine::check_room() const {
  if (flights_.size() < options_.runs_max) return ok;
  return {ErrorCode::exhausted, std::to_string(options_.runs_max) + " runs are active already"};
}

Result<> Engine::start(const RunId& run, const RunCreated& created) {
  TRY(check_room());
  if (auto why = options_.held_by(run, created.project)) return {ErrorCode::denied, *why};
  RunView view;
  const std::int64_t now = clock_.utc_ns();
  event::Draft draft{.type = std::string(kRunCreated),
                     .at_utc_ns = now,
                     .principal = "factory",
                     .payload = to_json(created)};
  TRY_INTO(const event::Envelope envelope, event::seal(draft, run, 1, Digest{}));
  TRY(apply(view, envelope, handlers_.types()));
  TRY_INTO(Decisions decisions, decide_next(view, handlers_, options_.held_by, now));
  if (decisions.work_items.empty()) decisions.work_items = {work_item(view, "running")};
  decisions.drafts.insert(decisions.drafts.begin(), std::move(draft));
  runs_.insert_or_assign(run, std::move(view));
  std::vector<std::pair<RunId, Decisions>> batch;
  batch.emplace_back(run, std::move(decisions));
  TRY(commit(batch));
  return decide_more({run});
}

Result<> Engine::resume(const RunId& run) {
  TRY(check_room());
  TRY_INTO(RunView view, replay(journal_, run, handlers_));
  if (view.finished) {
    return {ErrorCode::conflict, "run " + run.str() + " is finished (" + view.finished->state +
                                     "); `nightjar show " + run.str() + "` shows it"};
  }
  if (auto why = options_.held_by(run, view.created.project)) return {ErrorCode::denied, *why};
  TRY_INTO(Decisions decisions, decide_resume(view, handlers_, options_.held_by, clock_.utc_ns()));
  runs_.insert_or_assign(run, std::move(view));
  std::vector<std::pair<RunId, Decisions>> batch;
  batch.emplace_back(run, std::move(decisions));
  TRY(commit(batch));
  return decide_more({run});
}

/// Step 3 of the gate: from here on the decisions are facts. Only then may anything be performed.
Result<> Engine::commit(std::vector<std::pair<RunId, Decisions>>& batch) {
  store::Transaction transaction;
  for (auto& [run, decisions] : batch) {
    const std::uint64_t ahead = runs_.at(run).run_seq;
    transaction.appends.push_back({.run = run,
                                   .expected_run_seq = ahead - decisions.drafts.size(),
                                   .drafts = std::move(decisions.drafts)});
    transaction.postings.insert(transaction.postings.end(), decisions.postings.begin(),
                                decisions.postings.end());
    transaction.work_items.insert(transaction.work_items.end(), decisions.work_items.begin(),
                                  decisions.work_items.end());
  }
  Result<std::vector<event::Envelope>> recorded = journal_.commit(transaction);
  if (!recorded) {
    // These views are ahead of the journal now: forget them, the journal is the truth.
    for (auto& [run, decisions] : batch) runs_.erase(run);
    return std::move(recorded).error();
  }
  for (const event::Envelope& envelope : *recorded) on_event_(envelope);
  return ok;
}

/// Goes on with runs whose decisions were cut at kDraftsMax, then hands out their effects.
Result<> Engine::decide_more(const std::vector<RunId>& runs) {
  std::vector<RunId> open = runs;
  while (!open.empty()) {
    std::vector<std::pair<RunId, Decisions>> batch;
    std::vector<RunId> again;
    for (const RunId& run : open) {
      RunView& view = runs_.at(run);
      if (view.finished || !view.held.empty() || view.in_flight() != nullptr) {
        dispatch(run);
        continue;
      }
      TRY_INTO(Decisions decisions,
               decide_next(view, handlers_, options_.held_by, clock_.utc_ns()));
      CHECK(!decisions.empty());
      batch.emplace_back(run, std::move(decisions));
      again.push_back(run);
    }
    if (!batch.empty()) TRY(commit(batch));
    open = std::move(again);
  }
  return ok;
}

/// Step 4: a worker performs what is recorded.
void Engine::dispatch(const RunId& run) {
  EffectRecord* record = runs_.at(run).in_flight();
  if (record == nullptr || !runs_.at(run).held.empty()) return;
  Flight& flight = flights_[run];
  flight = Flight{};
  flight.begun_ns = std::make_shared<std::atomic<std::int64_t>>(0);
  flight.wall_max = std::chrono::milliseconds(record->reserved.wall_ms);
  Work work{
      .request = {.run = run,
                  .run_seq = record->run_seq,
                  .kind = record->kind,
                  .arguments = record->arguments,
                  .worst_case = record->reserved,
                  .progress = [this, run](const std::string& line) { on_progress_(run, line); }},
      .stop = flight.stop.get_token(),
      .begun_ns = flight.begun_ns};
  CHECK(to_perform_.push(work));
}

bool Engine::Flight::is_late(std::chrono::nanoseconds now) const {
  const std::int64_t begun = begun_ns->load();
  return begun != 0 && now > std::chrono::nanoseconds(begun) + wall_max + kLateness;
}

/// A performer holds its own limits; this is the second lock, for one that does not.
void Engine::enforce_deadlines() {
  const auto now = clock_.monotonic();
  for (auto& [run, flight] : flights_) {
    if (flight.is_late(now)) flight.stop.request_stop();
  }
}

/// A hold stops what may be performed again; what may not be (class `once`) is left to its end.
void Engine::enforce_holds() {
  const auto now = clock_.monotonic();
  if (now - holds_asked_ < kHoldsEvery) return;
  holds_asked_ = now;
  for (auto& [run, flight] : flights_) {
    const auto found = runs_.find(run);
    if (found == runs_.end() || !flight.held.empty()) continue;
    const EffectRecord* record = found->second.in_flight();
    if (record == nullptr || record->repeat == event::RepeatClass::once) continue;
    if (const auto why = options_.held_by(run, found->second.created.project)) {
      flight.held = *why;
      flight.stop.request_stop();
    }
  }
}

/// Step 5, and the decisions that follow from it, in the same transaction.
Result<> Engine::settle(std::vector<Done> done, After after) {
  std::vector<std::pair<RunId, Decisions>> batch;
  std::vector<RunId> settled;
  for (Done& item : done) {
    const bool late = flights_.at(item.run).is_late(clock_.monotonic());
    const std::string held = flights_.at(item.run).held;
    flights_.erase(item.run);
    const auto found = runs_.find(item.run);
    if (found == runs_.end()) continue;
    RunView& view = found->second;
    if (item.settlement.error_code == name_of(ErrorCode::cancelled)) {
      if (!late && held.empty()) continue;  // Told to stop: no outcome, for `resume`.
      if (!late) {
        TRY_INTO(Decisions decisions, decide_hold(view, held, handlers_, clock_.utc_ns()));
        batch.emplace_back(item.run, std::move(decisions));
        continue;
      }
      item.settlement.error_code = name_of(ErrorCode::exhausted);
      item.settlement.why = "the wall-clock limit of the effect was reached";
    }
    Result<Decisions> decisions =
        decide_settlement(view, item.settlement, handlers_, options_.held_by, clock_.utc_ns());
    if (!decisions) {
      // What the effect returned cannot be recorded (too large): record that, and its cost.
      TRY_INTO(view, replay(journal_, item.run, handlers_));
      const Settlement failed{.outcome = EffectRecord::Outcome::failed,
                              .cost = item.settlement.cost,
                              .why = decisions.error().message,
                              .error_code = std::string(name_of(ErrorCode::corrupt))};
      decisions = decide_settlement(view, failed, handlers_, options_.held_by, clock_.utc_ns());
      if (!decisions) return std::move(decisions).error();
    }
    batch.emplace_back(item.run, *std::move(decisions));
    settled.push_back(item.run);
  }
  if (batch.empty()) return ok;
  TRY(commit(batch));
  return after == After::go_on ? decide_more(settled) : Result<>(ok);
}

Result<> Engine::work(std::stop_token stop) {
  while (!flights_.empty() && !stop.stop_requested()) {
    std::vector<Done> done = performed_.pop_all(kTick, kBatchMax);
    enforce_deadlines();
    enforce_holds();
    TRY(settle(std::move(done), stop.stop_requested() ? After::stop : After::go_on));
  }
  if (flights_.empty() && !stop.stop_requested()) return ok;

  for (auto& [run, flight] : flights_) flight.stop.request_stop();
  const auto until = clock_.monotonic() + kStopGrace;
  while (!flights_.empty() && clock_.monotonic() < until) {
    TRY(settle(performed_.pop_all(kTick, kBatchMax), After::stop));
  }
  return {ErrorCode::cancelled, "stopped; `nightjar resume RUN` goes on where it was"};
}

const RunView* Engine::view(const RunId& run) const {
  const auto found = runs_.find(run);
  return found == runs_.end() ? nullptr : &found->second;
}

Result<RunView> replay(const store::Journal& journal, const RunId& run,
                       const HandlerTable& handlers) {
  RunView view;
  const std::vector<std::string> types = handlers.types();
  TRY(journal.read_run(run, 1, [&](const event::Envelope& envelope) -> Result<> {
    return apply(view, envelope, types);
  }));
  if (view.run_seq == 0) {
    return {ErrorCode::not_found,
            "there is no run " + run.str() + "; `nightjar runs` lists those that exist"};
  }
  return view;
}

}  // namespace nightjar::factory
