#include "workflow/step.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "workflow/condition.h"

namespace nightjar::workflow {
namespace {

constexpr std::size_t kWhyOthersMax = 6;

/// attractor-spec §3.3: lower case, without blanks around it and without an accelerator such as
/// "[Y] ", "Y) " or "Y - ".
std::string normalized(std::string_view label) {
  std::string out(trim(label));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto cut = [&](std::size_t bytes) {
    out = std::string(trim(std::string_view(out).substr(bytes)));
  };
  const std::string_view text = out;
  if (text.starts_with('[') && text.find(']') != std::string_view::npos && text.find(']') <= 4) {
    cut(text.find(']') + 1);
  } else if (text.size() > 2 && text[1] == ')' && text[2] == ' ') {
    cut(2);
  } else if (text.size() > 3 && text.substr(1, 3) == " - ") {
    cut(4);
  }
  return out;
}

std::string described(const Edge& edge) {
  if (!edge.condition.text.empty()) return edge.to + " (" + edge.condition.text + ")";
  if (!edge.label.empty()) return edge.to + " (" + edge.label + ")";
  return edge.to;
}

struct Choice {
  const Edge* edge = nullptr;  // in the graph's own list
  std::string rule;
};

/// The highest weight, then the target's name, then the file's order.
Choice best_of(const std::vector<const Edge*>& edges) {
  const Edge* best = edges.front();
  const Edge* second = nullptr;
  for (std::size_t i = 1; i < edges.size(); ++i) {
    const Edge* edge = edges[i];
    const bool better =
        edge->weight != best->weight ? edge->weight > best->weight : edge->to < best->to;
    if (better) std::swap(edge, best);
    if (second == nullptr || edge->weight > second->weight) second = edge;
  }
  if (second == nullptr) return {best, "only edge"};
  if (second->weight != best->weight) return {best, "weight " + std::to_string(best->weight)};
  return {best, "name"};
}

Choice choose(const Graph& graph, std::span<const std::size_t> edges, const NodeFinished& finished,
              const std::map<std::string, std::string>& context) {
  std::vector<const Edge*> conditional;
  std::vector<const Edge*> plain;
  for (const std::size_t i : edges) {
    const Edge& edge = graph.edges[i];
    if (edge.condition.clauses.empty()) {
      plain.push_back(&edge);
    } else if (holds(edge.condition, finished, context)) {
      conditional.push_back(&edge);
    }
  }
  if (!conditional.empty()) {
    Choice choice = best_of(conditional);
    const std::string tie = choice.rule == "only edge" ? "" : ", " + choice.rule;
    choice.rule = "condition " + choice.edge->condition.text + tie;
    return choice;
  }
  if (!finished.preferred_label.empty()) {
    const std::string wanted = normalized(finished.preferred_label);
    for (const Edge* edge : plain) {
      if (!edge->label.empty() && normalized(edge->label) == wanted)
        return {edge, "label " + edge->label};
    }
  }
  if (plain.empty()) return {};
  Choice choice = best_of(plain);
  // "only edge" is said of a node that has no other edge at all.
  if (choice.rule == "only edge" && edges.size() > 1) choice.rule = "no condition holds";
  return choice;
}

std::vector<std::string> others_of(const Graph& graph, std::span<const std::size_t> edges,
                                   const Edge* chosen, std::size_t count_max) {
  std::vector<std::string> out;
  for (const std::size_t i : edges) {
    if (&graph.edges[i] != chosen && out.size() < count_max)
      out.push_back(described(graph.edges[i]));
  }
  return out;
}

Effect finish(RunState& state, RunEnd end, std::string why) {
  state.finished = true;
  return FinishRun{end, std::move(why)};
}

Effect enter(RunState& state, std::size_t at, std::string rule, std::vector<std::string> others) {
  const Node& node = state.graph->nodes[at];
  int& visits = state.visits[at];
  if (node.visits_max > 0 && visits >= node.visits_max) {
    return finish(state, RunEnd::visits_exceeded,
                  "node '" + node.id + "' was visited " + std::to_string(visits) +
                      " times, which is its max_visits; it was"
                      " to be entered again from '" +
                      state.current + "' by " + rule);
  }
  ++visits;
  state.current = node.id;
  state.current_at = at;
  return StartNode{node.id, visits, std::move(rule), std::move(others)};
}

Effect after(RunState& state, const NodeFinished& finished) {
  CHECK(!state.finished && finished.node == state.current);
  const Graph& graph = *state.graph;
  for (const auto& [key, value] : finished.context) state.context[key] = value;
  state.context["outcome"] = name_of(finished.outcome);
  state.context["preferred_label"] = finished.preferred_label;

  if (finished.node == graph.exit)
    return finish(state, RunEnd::exit_reached, "the exit was reached");
  const std::span<const std::size_t> edges = graph.edges_from(state.current_at);
  const Choice choice = choose(graph, edges, finished, state.context);
  if (choice.edge == nullptr) {
    const auto others = others_of(graph, edges, nullptr, kWhyOthersMax);
    return finish(state, RunEnd::no_edge,
                  "node '" + finished.node + "' ended with " +
                      std::string(name_of(finished.outcome)) +
                      ", and none of its edges applies: " + join(others, ", "));
  }
  const auto edge_at = static_cast<std::size_t>(choice.edge - graph.edges.data());
  return enter(state, graph.target_of(edge_at), choice.rule,
               others_of(graph, edges, choice.edge, kOthersMax));
}

}  // namespace

std::vector<Effect> step(RunState& state, const Event& event) {
  CHECK(state.graph != nullptr);
  if (const auto* finished = std::get_if<NodeFinished>(&event)) return {after(state, *finished)};
  CHECK(state.current.empty() && !state.finished);
  state.visits.assign(state.graph->nodes.size(), 0);
  return {enter(state, state.graph->position_of(state.graph->start), "start", {})};
}

}  // namespace nightjar::workflow
