// The whole orchestration rule: which node comes next, and why.
//
// Pure: no I/O, clock, thread or random number. The factory, the replay after a crash and the
// simulation call the same function. Cost per call does not grow with the run's length.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "workflow/graph.h"

namespace nightjar::workflow {

struct RunState {
  std::shared_ptr<const Graph> graph;
  std::string current;         // the node that is being worked on; empty before the start
  std::size_t current_at = 0;  // where `current` is in graph->nodes
  std::vector<int> visits;     // how often each node was started, in the order of graph->nodes
  std::map<std::string, std::string> context;  // what nodes told: conditions read it
  bool finished = false;
};

// What happened.
struct RunStarted {};
struct NodeFinished {
  std::string node;
  NodeOutcome outcome = NodeOutcome::success;
  std::string preferred_label{};                 // chooses among edges by label, may be empty
  std::map<std::string, std::string> context{};  // merged into the run's context
};
using Event = std::variant<RunStarted, NodeFinished>;

inline constexpr std::size_t kOthersMax = 16;

// What to do next.
struct StartNode {
  std::string node;
  int visit = 1;
  /// "start", "condition outcome=success", "label Approve", "only edge", "weight 2", "name".
  std::string edge_rule;
  /// The other edges, at most kOthersMax: "fix (outcome=fail)".
  std::vector<std::string> others;
};
enum class RunEnd { exit_reached, no_edge, visits_exceeded };
struct FinishRun {
  RunEnd end = RunEnd::exit_reached;
  std::string why;
};
using Effect = std::variant<StartNode, FinishRun>;

/// Edge choice follows attractor-spec §3.3: edges whose condition is true come first, then the edge
/// without condition that has the preferred label, then edges without condition; among equals the
/// highest weight, then the target's name. An edge whose condition is false is never taken: when
/// nothing is left the run ends with no_edge. The start and the exit are nodes like others; the run
/// ends when the exit has finished. Before the first event and after FinishRun, and for an event of
/// another node than the current one: our bug (CHECK). Returns exactly one effect.
std::vector<Effect> step(RunState& state, const Event& event);

}  // namespace nightjar::workflow
