#include "factory/decide.h"

#include "api/service.h"
#include "base/check.h"
#include "factory/conclude.h"
#include "factory/effects.h"

namespace nightjar::factory {
namespace {

/// Collects drafts and applies each to the view at once, exactly as a replay will.
class Recorder {
 public:
  Recorder(RunView& view, const HandlerTable& handlers, std::int64_t now_utc_ns)
      : view_(view), types_(handlers.types()), now_utc_ns_(now_utc_ns) {}

  Result<> add(std::string_view type, Json payload) {
    event::Draft draft{.type = std::string(type),
                       .at_utc_ns = now_utc_ns_,
                       .principal = "factory",
                       .cause = view_.run_seq,
                       .payload = std::move(payload)};
    TRY_INTO(const event::Envelope envelope,
             event::seal(draft, view_.id, view_.run_seq + 1, Digest{}));
    TRY(apply(view_, envelope, types_));
    decisions_.drafts.push_back(std::move(draft));
    return ok;
  }

  void post(const std::vector<govern::Ledger::Entry>& entries, std::uint64_t intent) {
    for (const govern::Ledger::Entry& entry : entries) {
      decisions_.postings.push_back({.run = view_.id,
                                     .debit = entry.debit,
                                     .credit = entry.credit,
                                     .unit = entry.unit,
                                     .amount = entry.amount,
                                     .memo = std::to_string(intent)});
    }
  }

  void set_work_state(const std::string& state) {
    decisions_.work_items = {work_item(view_, state)};
  }

  bool full() const { return decisions_.drafts.size() >= kDraftsMax; }
  Decisions take() { return std::move(decisions_); }

 private:
  RunView& view_;
  std::vector<std::string> types_;
  std::int64_t now_utc_ns_;
  Decisions decisions_;
};

Result<> record_finish(Recorder& recorder, const RunFinished& finished) {
  recorder.set_work_state(finished.state == "satisfied" ? "done" : "failed");
  return recorder.add(kRunFinished, Json::object({{"state", finished.state},
                                                  {"verdict", finished.verdict},
                                                  {"why", finished.why}}));
}

Json payload_of(const NodeResult& result, const RunView& view) {
  Json context = Json::object();
  context.set("machine", "none");  // Edges may ask; a handler that met a failure says which.
  for (const auto& [key, value] : result.context) context.set(key, value);
  return Json::object({{"node", view.node},
                       {"visit", view.visit},
                       {"outcome", workflow::name_of(result.outcome)},
                       {"why", result.why},
                       {"fingerprint", result.fingerprint},
                       {"context", std::move(context)},
                       {"facts", result.facts}});
}

/// The workflow's decision, recorded: the next node, or the end.
Result<> record_flow(Recorder& recorder, RunView& view) {
  const workflow::Effect effect = *view.next;
  if (const auto* start = std::get_if<workflow::StartNode>(&effect)) {
    return recorder.add(kNodeStarted, Json::object({{"node", start->node},
                                                    {"visit", start->visit},
                                                    {"rule", start->edge_rule},
                                                    {"others", Json::strings(start->others)}}));
  }
  return record_finish(recorder, conclude(view, std::get<workflow::FinishRun>(effect)));
}

Result<> record_hold(Recorder& recorder, const RunView& view, const std::string& why) {
  return recorder.add(kRunHeld, Json::object({{"node", view.node}, {"why", why}}));
}

/// The gate's first three steps for one effect: decide, reserve, record.
Result<> record_effect(Recorder& recorder, RunView& view, const event::Effect& effect,
                       const HeldBy& held_by) {
  if (const auto why = held_by(view.id, view.created.project)) {
    return record_hold(recorder, view, *why);
  }
  const Result<Admission> admission = admit(view, effect);
  if (!admission) {
    return recorder.add(kEffectRefused,
                        Json::object({{"node", view.node},
                                      {"kind", event::name_of(effect.kind)},
                                      {"worst_case", event::to_json(effect.worst_case)},
                                      {"error", name_of(admission.error().code)},
                                      {"why", admission.error().message}}));
  }
  recorder.post(admission->entries, view.run_seq + 1);
  return recorder.add(kEffectIntended,
                      Json::object({{"node", view.node},
                                    {"kind", event::name_of(effect.kind)},
                                    {"repeat", event::name_of(event::repeat_class_of(effect.kind))},
                                    {"arguments", effect.arguments},
                                    {"reserved", event::to_json(effect.worst_case)},
                                    {"rule", admission->rule}}));
}

Result<> go_on(Recorder& recorder, RunView& view, const HandlerTable& handlers,
               const HeldBy& held_by) {
  while (!view.finished && view.held.empty() && view.in_flight() == nullptr && !recorder.full()) {
    if (!view.refused.empty()) {
      TRY(record_finish(recorder, conclude_refused(view)));
    } else if (view.next) {
      TRY(record_flow(recorder, view));
    } else {
      const workflow::Node* node = view.flow.graph->find(view.node);
      if (node == nullptr) return {ErrorCode::corrupt, "the graph has no node " + view.node};
      const Handler handler = handlers.find(node->type);
      // Start and exit do nothing of their own.
      const NextAction action =
          handler == nullptr ? NextAction{NodeResult{}} : handler(*node, view);
      if (const auto* effect = std::get_if<event::Effect>(&action)) {
        TRY(record_effect(recorder, view, *effect, held_by));
      } else {
        TRY(recorder.add(kNodeFinished, payload_of(std::get<NodeResult>(action), view)));
      }
    }
  }
  return ok;
}

Result<> record_settlement(Recorder& recorder, RunView& view, const Settlement& settlement) {
  EffectRecord* record = view.in_flight();
  CHECK(record != nullptr);
  govern::Ledger ledger = view.ledger;
  recorder.post(ledger.settle(record->reserved, settlement.cost), record->run_seq);
  using Outcome = EffectRecord::Outcome;
  CHECK(settlement.outcome != Outcome::in_flight);
  const char* outcome = settlement.outcome == Outcome::done     ? "done"
                        : settlement.outcome == Outcome::failed ? "failed"
                                                                : "unknown";
  return recorder.add(kEffectSettled, Json::object({{"intent", record->run_seq},
                                                    {"node", record->node},
                                                    {"kind", event::name_of(record->kind)},
                                                    {"outcome", outcome},
                                                    {"result", settlement.result},
                                                    {"cost", event::to_json(settlement.cost)},
                                                    {"error", settlement.error_code},
                                                    {"why", settlement.why}}));
}

}  // namespace

store::WorkItem work_item(const RunView& view, const std::string& state) {
  return {.id = view.created.work,
          .project = view.created.project,
          .text = view.created.work_text,
          .source = "cli",
          .state = state,
          .created_at_utc_ns = view.started_at_utc_ns};
}

Result<Decisions> decide_next(RunView& view, const HandlerTable& handlers, const HeldBy& held_by,
                              std::int64_t now_utc_ns) {
  Recorder recorder(view, handlers, now_utc_ns);
  TRY(go_on(recorder, view, handlers, held_by));
  return recorder.take();
}

Result<Decisions> decide_settlement(RunView& view, const Settlement& settlement,
                                    const HandlerTable& handlers, const HeldBy& held_by,
                                    std::int64_t now_utc_ns) {
  Recorder recorder(view, handlers, now_utc_ns);
  TRY(record_settlement(recorder, view, settlement));
  TRY(go_on(recorder, view, handlers, held_by));
  return recorder.take();
}

Result<Decisions> decide_hold(RunView& view, const std::string& why, const HandlerTable& handlers,
                              std::int64_t now_utc_ns) {
  Recorder recorder(view, handlers, now_utc_ns);
  TRY(record_hold(recorder, view, why));
  return recorder.take();
}

Result<Decisions> decide_resume(RunView& view, const HandlerTable& handlers, const HeldBy& held_by,
                                std::int64_t now_utc_ns) {
  Recorder recorder(view, handlers, now_utc_ns);
  TRY(recorder.add(kRunResumed, Json::object()));
  const EffectRecord* record = view.in_flight();
  if (record != nullptr && record->repeat == event::RepeatClass::once) {
    TRY(record_settlement(
        recorder, view,
        {.outcome = EffectRecord::Outcome::unknown,
         .cost = record->reserved,
         .why = "the process ended while it was performed; whether it took effect "
                "is not known, so it is charged at its worst case",
         .error_code = std::string(name_of(ErrorCode::unavailable))}));
  }
  TRY(go_on(recorder, view, handlers, held_by));
  return recorder.take();
}

}  // namespace nightjar::factory
