// A workflow: a checked graph, read from the Attractor dialect of DOT
// (strongdm/attractor, attractor-spec.md, commit fb57a55).
//
// What the dialect knows and this reader does not support is an error with line and name, never
// silently ignored. Values; any thread. Errors: invalid_input (file:line: what, what next),
// exhausted.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
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
  std::string
      type;  // what handles it: "start", "exit", "check", "build", "engineer", "prove", "branch"
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

struct IdHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
};

struct Graph {
  std::string name;
  std::string goal;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::string start;  // id of the one start node
  std::string exit;   // id of the one exit node

  const Node* find(std::string_view id) const;  // O(1)
  /// Indices into `edges`, in the order of the file; none for a node that does not exist. O(1).
  std::span<const std::size_t> edges_from(std::string_view id) const;
  std::span<const std::size_t> edges_from(std::size_t node_at) const;
  /// Where the edge leads, as an index into `nodes`.
  std::size_t target_of(std::size_t edge_at) const { return targets_[edge_at]; }
  /// Where the node is in `nodes`; its size when there is none.
  std::size_t position_of(std::string_view id) const;
  /// Fills the look-up tables; parse_graph does it.
  void index();

 private:
  std::unordered_map<std::string, std::size_t, IdHash, std::equal_to<>> node_at_;
  // Edges by the node they leave: those of nodes[i] are by_source_[first_[i]] to before first_[i +
  // 1].
  std::vector<std::size_t> first_;
  std::vector<std::size_t> by_source_;
  std::vector<std::size_t> targets_;  // by edge
};

/// Reads and checks: one start, one exit, all reachable, exit reachable from everywhere, edges name
/// nodes that exist, conditions parse, node types are among `known_types` (start and exit always
/// are), and no attribute says something that would not be done. docs/workflows.md has the dialect.
Result<Graph> parse_graph(std::string_view dot, std::string_view file_name,
                          const std::vector<std::string>& known_types);

}  // namespace nightjar::workflow
