// Cost per node of the step function, in runs of 10 and of 10,000 nodes.
#include "bench/report.h"
#include "workflow/step.h"

namespace nightjar {
namespace {

constexpr int kNodesShort = 10;
constexpr int kNodesLong = 10'000;
constexpr int kNodesMeasured = 200'000;  // of each length, in one round
constexpr int kRounds = 9;

Result<std::shared_ptr<const workflow::Graph>> chain_of(int count) {
  std::string dot = "digraph chain { node [type=build] start [type=start] exit [type=exit]\n";
  std::string edges = "start";
  for (int i = 0; i + 2 < count; ++i) {
    const std::string id = "node_" + std::to_string(i);
    dot += id + "\n";
    edges += " -> " + id;
  }
  TRY_INTO(workflow::Graph graph,
           workflow::parse_graph(dot + edges + " -> exit }", "chain.dot", {"build"}));
  return std::make_shared<const workflow::Graph>(std::move(graph));
}

/// Nanoseconds per node.
Result<double> walk(const std::shared_ptr<const workflow::Graph>& graph, int count) {
  int nodes = 0;
  const double seconds = bench::cpu_seconds_of([&] {
    while (nodes < kNodesMeasured) {
      workflow::RunState state;
      state.graph = graph;
      workflow::Effect effect = workflow::step(state, workflow::RunStarted{}).front();
      while (const auto* start = std::get_if<workflow::StartNode>(&effect)) {
        ++nodes;
        effect = workflow::step(state, workflow::NodeFinished{.node = start->node}).front();
      }
    }
  });
  if (nodes < kNodesMeasured || nodes % count != 0) {
    return {ErrorCode::corrupt, "the chain ended after " + std::to_string(nodes) + " nodes"};
  }
  return seconds * 1e9 / nodes;
}

}  // namespace

void bench_step(bench::Report& report) {
  constexpr std::string_view kName = "cost per node, 10,000 nodes in one run";
  auto few = chain_of(kNodesShort);
  auto many = chain_of(kNodesLong);
  if (!few) return report.failed(kName, few.error());
  if (!many) return report.failed(kName, many.error());
  report.ratio(
      {.name = std::string(kName),
       .floor = "10 nodes in one run",
       .unit = "ns",
       .limit = bench::at_most(1.2),
       .rounds = kRounds},
      [&] { return walk(*few, kNodesShort); }, [&] { return walk(*many, kNodesLong); });
}

}  // namespace nightjar
