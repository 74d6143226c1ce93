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
  std::string current;                  // the node that is being worked on; empty before the start
  std::map<std::string, int> visits;    // node → how often it was started
  std::map<std::string, std::string> context;  // what nodes told: conditions read it
  bool finished = false;
};

// What happened.
struct RunStarted {};
struct NodeFinished {
  std::string node;
  NodeOutcome outcome = NodeOutcome::success;
  std::string preferred_label;                  // chooses among edges by label, may be empty
  std::map<std::string, std::string> context;   // merged into the run's context
};
using Event = std::variant<RunStarted, NodeFinished>;

// What to do next.
struct StartNode {
  std::string node;
  int visit = 1;
  std::string edge_rule;             // "condition outcome=success", "label", "weight", "only edge", "start"
  std::vector<std::string> others;   // what else was possible: "fix (outcome=fail)"
};
enum class RunEnd { exit_reached, no_edge, visits_exceeded };
struct FinishRun {
  RunEnd end = RunEnd::exit_reached;
  std::string why;
};
using Effect = std::variant<StartNode, FinishRun>;

/// Edge choice follows attractor-spec §3.3: true conditions first, then preferred label, then weight,
/// then the target's name. An event for another node than the current one is our bug (CHECK).
std::vector<Effect> step(RunState& state, const Event& event);

}  // namespace nightjar::workflow
