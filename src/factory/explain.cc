#include "factory/explain.h"

#include <array>
#include <functional>

#include "base/bytes.h"
#include "event/effect.h"
#include "factory/records.h"

namespace nightjar::factory {
namespace {

using api::Explanation;

std::string limits_text(const Json& cost) {
  return human_duration_ms(cost.int_or("cpu_ms", 0)) + " of processor, " +
         human_duration_ms(cost.int_or("wall_ms", 0)) + " of time";
}

void explain_created(const Json& payload, Explanation& out) {
  out.what = "run created for " + payload.string_or("project_name", "") + " at commit " +
             payload.string_or("base_commit", "").substr(0, 12) + ", engineer " +
             payload.string_or("engineer", "");
  out.rule = "asked for by a person: " + (payload.string_or("work_text", "").empty()
                                              ? "make the scenarios hold"
                                              : payload.string_or("work_text", ""));
}

void explain_node_started(const Json& payload, Explanation& out) {
  out.what = payload.string_or("node", "") + " started (visit " +
             std::to_string(payload.int_or("visit", 0)) + ")";
  out.rule = payload.string_or("rule", "");
  out.others = payload.get_strings("others").value_or({});
}

void explain_node_finished(const Json& payload, Explanation& out) {
  out.what =
      payload.string_or("node", "") + " ended: " + payload.string_or("outcome", "") +
      (payload.string_or("why", "").empty() ? "" : " (" + payload.string_or("why", "") + ")");
  out.rule = "what its effects found";
}

void explain_intended(const Json& payload, Explanation& out) {
  out.what = payload.string_or("kind", "") + " admitted for " + payload.string_or("node", "");
  out.rule = payload.string_or("rule", "");
  const Json* reserved = payload.find("reserved");
  if (reserved != nullptr) out.rule += "; reserved " + limits_text(*reserved);
  out.others = {"refuse it (budget or breaker)"};
}

void explain_refused(const Json& payload, Explanation& out) {
  out.what = payload.string_or("kind", "") + " refused for " + payload.string_or("node", "");
  out.rule = payload.string_or("why", "");
}

void explain_settled(const Json& payload, Explanation& out) {
  out.what = payload.string_or("kind", "") + " " + payload.string_or("outcome", "") +
             (payload.string_or("why", "").empty() ? "" : ": " + payload.string_or("why", ""));
  out.rule = "settled at its true cost; the rest of the reservation went back";
  if (const Json* cost = payload.find("cost")) out.cost = *cost;
}

void explain_resumed(const Json&, Explanation& out) {
  out.what = "run resumed after an interruption";
  out.rule = "an effect without an outcome is treated by its repeat class";
}

void explain_held(const Json& payload, Explanation& out) {
  out.what = "run held by a person before " + payload.string_or("node", "") + " went on";
  out.rule = payload.string_or("why", "");
}

void explain_finished(const Json& payload, Explanation& out) {
  out.what =
      "run ended: " + payload.string_or("state", "") + ", " + payload.string_or("verdict", "");
  out.rule = payload.string_or("why", "");
}

struct Row {
  std::string_view type;
  void (*explain)(const Json&, Explanation&);
};
constexpr std::array<Row, 9> kRows = {{{kRunCreated, explain_created},
                                       {kRunHeld, explain_held},
                                       {kRunResumed, explain_resumed},
                                       {kRunFinished, explain_finished},
                                       {kNodeStarted, explain_node_started},
                                       {kNodeFinished, explain_node_finished},
                                       {kEffectIntended, explain_intended},
                                       {kEffectRefused, explain_refused},
                                       {kEffectSettled, explain_settled}}};

}  // namespace

Result<std::vector<Explanation>> explain(const std::vector<event::Envelope>& events) {
  std::vector<Explanation> out;
  for (const event::Envelope& envelope : events) {
    TRY_INTO(const Json payload, parse_json(envelope.payload));
    Explanation explanation;
    explanation.at = rfc3339(envelope.at_utc_ns);
    explanation.event = envelope.type;
    for (const Row& row : kRows) {
      if (row.type == envelope.type) row.explain(payload, explanation);
    }
    out.push_back(std::move(explanation));
  }
  return out;
}

}  // namespace nightjar::factory
