// Any bytes as a workflow: an error or a graph that the engine can walk to an end.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "workflow/step.h"

namespace nightjar::workflow {
namespace {

constexpr int kStepsMax = 200;

void walk(Graph graph, const std::uint8_t* data, std::size_t size) {
  RunState state;
  state.graph = std::make_shared<const Graph>(std::move(graph));
  Effect effect = step(state, RunStarted{}).front();
  for (int i = 0; i < kStepsMax; ++i) {
    const auto* start = std::get_if<StartNode>(&effect);
    if (start == nullptr) break;
    CHECK(state.graph->find(start->node) != nullptr);
    const std::uint8_t byte = data[static_cast<std::size_t>(i) % size];
    effect = step(state,
                  NodeFinished{.node = start->node, .outcome = static_cast<NodeOutcome>(byte % 4)})
                 .front();
  }
}

}  // namespace
}  // namespace nightjar::workflow

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto graph = nightjar::workflow::parse_graph(
      text, "fuzz.dot",
      {"check", "environment", "build", "engineer", "prove", "inspect", "baseline", "suites",
       "verdict", "branch", "evidence"});
  if (graph) nightjar::workflow::walk(*std::move(graph), data, size);
  return 0;
}
