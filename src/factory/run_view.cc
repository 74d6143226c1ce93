#include "factory/run_view.h"

#include <array>
#include <limits>

#include "base/check.h"

namespace nightjar::factory {
namespace {

/// Money is capped by the budget; what offline work does not use has no cap of its own.
constexpr std::int64_t kNoCap = std::numeric_limits<std::int64_t>::max() / 4;

Result<> apply_created(RunView& view, const event::Envelope& envelope, const Json& payload,
                       const std::vector<std::string>& known_types) {
  TRY_INTO(view.created, run_created_from(payload));
  view.id = envelope.run;
  view.started_at_utc_ns = envelope.at_utc_ns;
  TRY_INTO(workflow::Graph graph,
           workflow::parse_graph(view.created.graph_text, view.created.graph_name, known_types));
  view.flow.graph = std::make_shared<const workflow::Graph>(std::move(graph));
  view.ledger = govern::Ledger(caps_of(view.created.budget));
  view.breakers =
      govern::Breakers({.attempts_max = static_cast<int>(view.created.budget.attempts_max),
                        .wall_ms_max = view.created.budget.wall_ms_max});
  const auto effects = workflow::step(view.flow, workflow::RunStarted{});
  CHECK(effects.size() == 1);
  view.next = effects.front();
  return ok;
}

Result<> apply_node_started(RunView& view, const Json& payload) {
  TRY_INTO(view.node, payload.get_string("node"));
  TRY_INTO(const std::int64_t visit, payload.get_int("visit"));
  view.visit = static_cast<int>(visit);
  view.effects.clear();
  view.next.reset();
  view.breakers.node_started(view.node);
  return ok;
}

Result<> apply_node_finished(RunView& view, const Json& payload) {
  TRY_INTO(const std::string node, payload.get_string("node"));
  TRY_INTO(const std::string outcome_name, payload.get_string("outcome"));
  const auto outcome = workflow::node_outcome_from(outcome_name);
  if (!outcome) return {ErrorCode::corrupt, "unknown outcome \"" + outcome_name + "\""};
  TRY_INTO(const std::string fingerprint, payload.get_string("fingerprint"));
  if (node != view.flow.current || view.flow.finished) {
    return {ErrorCode::corrupt, "node " + node + " ends, but the run is at " + view.flow.current};
  }
  view.breakers.node_finished(node, fingerprint);
  view.outcomes[node] = outcome_name;
  const workflow::Graph& graph = *view.flow.graph;
  if (node != graph.start && node != graph.exit) view.last_node = node;
  if (const Json* facts = payload.find("facts")) view.facts[node] = *facts;

  workflow::NodeFinished finished{.node = node,
                                  .outcome = *outcome,
                                  .preferred_label = payload.string_or("label", ""),
                                  .context = {}};
  if (const Json* context = payload.find("context"); context != nullptr && context->is_object()) {
    for (const auto& [key, value] : context->as_object()) {
      if (value.is_string()) finished.context[key] = value.as_string();
    }
  }
  const auto effects = workflow::step(view.flow, finished);
  CHECK(effects.size() == 1);
  view.next = effects.front();
  return ok;
}

Result<> apply_intended(RunView& view, const event::Envelope& envelope, const Json& payload) {
  EffectRecord record{.run_seq = envelope.run_seq};
  TRY_INTO(record.node, payload.get_string("node"));
  TRY_INTO(const std::string kind, payload.get_string("kind"));
  const auto known = event::effect_kind_from(kind);
  if (!known) return {ErrorCode::corrupt, "unknown effect kind \"" + kind + "\""};
  record.kind = *known;
  TRY_INTO(const std::string repeat, payload.get_string("repeat"));
  const auto repeat_class = event::repeat_class_from(repeat);
  if (!repeat_class) return {ErrorCode::corrupt, "unknown repeat class \"" + repeat + "\""};
  record.repeat = *repeat_class;
  const Json* arguments = payload.find("arguments");
  const Json* reserved = payload.find("reserved");
  if (arguments == nullptr || reserved == nullptr) {
    return {ErrorCode::corrupt, "an intent without arguments or reservation"};
  }
  record.arguments = *arguments;
  TRY_INTO(record.reserved, event::cost_from(*reserved));
  TRY_INTO(record.rule, payload.get_string("rule"));
  // The reservation was admitted when it was recorded; replay only repeats the arithmetic.
  TRY(view.ledger.reserve(record.reserved));
  view.effects.push_back(std::move(record));
  return ok;
}

Result<> apply_settled(RunView& view, const Json& payload) {
  TRY_INTO(const std::int64_t intent, payload.get_int("intent"));
  EffectRecord* record = view.in_flight();
  if (record == nullptr || record->run_seq != static_cast<std::uint64_t>(intent)) {
    return {ErrorCode::corrupt, "an outcome without its intent " + std::to_string(intent)};
  }
  TRY_INTO(const std::string outcome, payload.get_string("outcome"));
  const Json* cost = payload.find("cost");
  if (cost == nullptr) return {ErrorCode::corrupt, "an outcome without its cost"};
  TRY_INTO(record->cost, event::cost_from(*cost));
  if (const Json* result = payload.find("result")) record->result = *result;
  record->why = payload.string_or("why", "");
  record->error_code = payload.string_or("error", "");
  using Outcome = EffectRecord::Outcome;
  if (outcome == "done") {
    record->outcome = Outcome::done;
  } else if (outcome == "failed") {
    record->outcome = Outcome::failed;
  } else if (outcome == "unknown") {
    record->outcome = Outcome::unknown;
  } else {
    return {ErrorCode::corrupt, "unknown effect outcome \"" + outcome + "\""};
  }
  if (record->outcome != Outcome::done) view.last_failure = *record;
  view.ledger.settle(record->reserved, record->cost);
  return ok;
}

Result<> apply_finished(RunView& view, const Json& payload) {
  RunFinished finished;
  TRY_INTO(finished.state, payload.get_string("state"));
  TRY_INTO(finished.verdict, payload.get_string("verdict"));
  TRY_INTO(finished.why, payload.get_string("why"));
  view.finished = std::move(finished);
  view.next.reset();
  return ok;
}

Result<> apply_payload(RunView& view, const event::Envelope& envelope, const Json& payload,
                       const std::vector<std::string>& known_types) {
  if (envelope.type == kRunCreated) return apply_created(view, envelope, payload, known_types);
  if (envelope.type == kRunResumed) {
    view.held.clear();
    return ok;
  }
  if (envelope.type == kRunHeld) {
    TRY_INTO(view.held, payload.get_string("why"));
    return ok;
  }
  if (envelope.type == kRunFinished) return apply_finished(view, payload);
  if (envelope.type == kNodeStarted) return apply_node_started(view, payload);
  if (envelope.type == kNodeFinished) return apply_node_finished(view, payload);
  if (envelope.type == kEffectIntended) return apply_intended(view, envelope, payload);
  if (envelope.type == kEffectSettled) return apply_settled(view, payload);
  if (envelope.type == kEffectRefused) {
    TRY_INTO(view.refused, payload.get_string("why"));
    TRY_INTO(view.refused_code, payload.get_string("error"));
    return ok;
  }
  return {ErrorCode::corrupt, "unknown event type \"" + envelope.type +
                                  "\"; a newer Nightjar wrote it: update this one"};
}

}  // namespace

EffectRecord* RunView::in_flight() {
  if (effects.empty() || effects.back().outcome != EffectRecord::Outcome::in_flight) return nullptr;
  return &effects.back();
}

const Json* RunView::facts_of(const std::string& node_id) const {
  const auto found = facts.find(node_id);
  return found == facts.end() ? nullptr : &found->second;
}

event::Cost caps_of(const config::Budget& budget) {
  return {.nano_usd = budget.nano_usd_max,
          .tokens = kNoCap,
          .cpu_ms = budget.cpu_ms_max,
          .wall_ms = budget.wall_ms_max,
          .bytes = kNoCap};
}

Result<> apply(RunView& view, const event::Envelope& envelope,
               const std::vector<std::string>& known_types) {
  const std::string where = "event " + std::to_string(envelope.run_seq) + " (" + envelope.type +
                            ") of run " + envelope.run.str();
  if (envelope.run_seq != view.run_seq + 1) {
    return {ErrorCode::corrupt, where + ": expected event " + std::to_string(view.run_seq + 1)};
  }
  if (envelope.version != 1) {
    return {ErrorCode::corrupt, where + ": version " + std::to_string(envelope.version) +
                                    " is newer than this Nightjar knows; update it"};
  }
  TRY_INTO(const Json payload, parse_json(envelope.payload).with_context(where));
  TRY(apply_payload(view, envelope, payload, known_types).with_context(where));
  view.run_seq = envelope.run_seq;
  view.last_at_utc_ns = envelope.at_utc_ns;
  return ok;
}

}  // namespace nightjar::factory
