// A workflow: a checked graph, read from the Attractor dialect of DOT
// (strongdm/attractor, attractor-spec.md, commit fb57a55).
//
// What the dialect knows and this reader does not support is an error with line and name, never
// silently ignored. Values; any thread. Errors: invalid_input (file:line: what, what next), exhausted.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nightjar::workflow {

inline constexpr std::size_t kGraphBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kNodesMax = 20'000;

/// How a node ended. The words are Attractor's and Fabro's.
enum class NodeOutcome { success, partial_success, fail, skipped };
std::string_view name_of(NodeOutcome outcome);
std::optional<NodeOutcome> node_outcome_from(std::string_view name);

struct Node {
  std::string id;
  std::string type;   // what handles it: "start", "exit", "check", "build", "engineer", "prove", "branch"
  std::string label;
  std::map<std::string, std::string> attributes;  // as written, without those above
  int visits_max = 0;  // `max_visits`; 0: only the run's breakers bound it
  int line = 0;
};

/// outcome=success && context.key=value …; empty: always true.
struct Condition {
  struct Clause {
    std::string key;
    bool equals = true;
    std::string value;
  };
  std::vector<Clause> clauses;
  std::string text;
};

struct Edge {
  std::string from;
  std::string to;
  std::string label;
  Condition condition;
  int weight = 0;
  int line = 0;
};

struct Graph {
  std::string name;
  std::string goal;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::string start;  // id of the one start node
  std::string exit;   // id of the one exit node

  const Node* find(std::string_view id) const;                 // O(log n)
  const std::vector<std::size_t>& edges_from(std::string_view id) const;  // indices into edges; O(log n)
  /// Fills the look-up tables; parse_graph does it.
  void index();

 private:
  std::map<std::string, std::size_t, std::less<>> node_at_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> edges_from_;
};

/// Reads and checks: one start, one exit, all reachable, exit reachable from everywhere, edges name
/// nodes that exist, conditions parse, node types are among `known_types`.
Result<Graph> parse_graph(std::string_view dot, std::string_view file_name,
                          const std::vector<std::string>& known_types);

}  // namespace nightjar::workflow
