#include "workflow/step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace nightjar::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kTypes = {"check",   "environment", "build",    "engineer",
                                         "prove",   "inspect",     "baseline", "suites",
                                         "verdict", "branch",      "evidence", "note"};

RunState state_of(const std::string& dot) {
  auto graph = parse_graph(dot, "x.dot", kTypes);
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().message);
  RunState state;
  state.graph = std::make_shared<const Graph>(*std::move(graph));
  return state;
}

/// A run whose node `a` is being worked on; `edges` are those of a, to b, c and d.
RunState at_a(const std::string& edges) {
  RunState state = state_of(
      "digraph g { node [type=build] start [type=start] exit [type=exit] a; b; c; d\n"
      "start -> a; a -> b [condition=\"context.never=true\"]"
      " a -> c [condition=\"context.never=true\"] a -> d [condition=\"context.never=true\"]\n"
      "b -> exit; c -> exit; d -> exit\n" +
      edges + "}");
  step(state, RunStarted{});
  step(state, NodeFinished{.node = "start"});
  return state;
}

StartNode started(const std::vector<Effect>& effects) {
  EXPECT_EQ(effects.size(), 1U);
  const auto* start = std::get_if<StartNode>(&effects.front());
  EXPECT_NE(start, nullptr) << std::get<FinishRun>(effects.front()).why;
  return start == nullptr ? StartNode{} : *start;
}

FinishRun ended(const std::vector<Effect>& effects) {
  EXPECT_EQ(effects.size(), 1U);
  const auto* finish = std::get_if<FinishRun>(&effects.front());
  EXPECT_NE(finish, nullptr);
  return finish == nullptr ? FinishRun{} : *finish;
}

TEST(Step, BeginsAtTheStartAndEndsWhenTheExitHasFinished) {
  RunState state = state_of("digraph g { start [type=start] exit [type=exit] start -> exit }");

  const StartNode first = started(step(state, RunStarted{}));
  const StartNode second = started(step(state, NodeFinished{.node = "start"}));
  const FinishRun end = ended(step(state, NodeFinished{.node = "exit"}));

  EXPECT_EQ(first.node, "start");
  EXPECT_EQ(first.edge_rule, "start");
  EXPECT_EQ(second.node, "exit");
  EXPECT_EQ(second.edge_rule, "only edge");
  EXPECT_EQ(end.end, RunEnd::exit_reached);
  EXPECT_TRUE(state.finished);
}

TEST(Step, PrefersATrueConditionToLabelAndWeight) {
  RunState state = at_a("a -> b [label=yes, weight=9] a -> c [condition=\"outcome=success\"]");

  const StartNode next = started(step(state, NodeFinished{.node = "a", .preferred_label = "yes"}));

  EXPECT_EQ(next.node, "c");
  EXPECT_EQ(next.edge_rule, "condition outcome=success");
  EXPECT_THAT(next.others, ElementsAre("b (context.never=true)", "c (context.never=true)",
                                       "d (context.never=true)", "b (yes)"));
}

TEST(Step, PrefersTheHeavierOfTwoTrueConditionsThenTheName) {
  RunState heavier =
      at_a("a -> b [condition=\"outcome=success\"] a -> c [condition=\"outcome!=fail\", weight=1]");
  RunState named =
      at_a("a -> d [condition=\"outcome=success\"] a -> c [condition=\"outcome!=fail\"]");

  EXPECT_EQ(started(step(heavier, NodeFinished{.node = "a"})).node, "c");
  const StartNode next = started(step(named, NodeFinished{.node = "a"}));
  EXPECT_EQ(next.node, "c");
  EXPECT_EQ(next.edge_rule, "condition outcome!=fail, name");
}

TEST(Step, PrefersTheLabelToTheWeight) {
  for (const char* label : {"Approve", "  approve ", "[A] Approve", "A) APPROVE", "a - approve"}) {
    RunState state = at_a("a -> b [weight=9, label=reject] a -> c [label=\"[A] Approve\"]");

    const StartNode next =
        started(step(state, NodeFinished{.node = "a", .preferred_label = label}));

    EXPECT_EQ(next.node, "c") << label;
    EXPECT_EQ(next.edge_rule, "label [A] Approve");
  }
}

TEST(Step, NeverFollowsALabelPastAFalseCondition) {
  RunState state = at_a("a -> b [label=go, condition=\"outcome=fail\"] a -> c");

  const StartNode next = started(step(state, NodeFinished{.node = "a", .preferred_label = "go"}));

  EXPECT_EQ(next.node, "c");
  EXPECT_EQ(next.edge_rule, "no condition holds");
}

TEST(Step, PrefersTheWeightThenTheName) {
  RunState heavier = at_a("a -> b a -> d [weight=2] a -> c [weight=1]");
  RunState named = at_a("a -> d a -> c");

  const StartNode by_weight = started(step(heavier, NodeFinished{.node = "a"}));
  const StartNode by_name = started(step(named, NodeFinished{.node = "a"}));

  EXPECT_EQ(by_weight.node, "d");
  EXPECT_EQ(by_weight.edge_rule, "weight 2");
  EXPECT_EQ(by_name.node, "c");
  EXPECT_EQ(by_name.edge_rule, "name");
}

TEST(Step, ReadsTheContextWithItsPrefixAndWithout) {
  RunState state = at_a("a -> b [condition=\"context.work=none && context.other\"] a -> c");
  RunState missing = at_a("a -> b [condition=\"context.work!=none && context.other!=\"] a -> c");

  EXPECT_EQ(
      started(step(state, NodeFinished{.node = "a",
                                       .context = {{"context.work", "none"}, {"other", "x"}}}))
          .node,
      "b");
  EXPECT_EQ(started(step(missing, NodeFinished{.node = "a"})).node, "c");
  EXPECT_EQ(state.context.at("outcome"), "success");
}

TEST(Step, EndsTheRunWithNodeAndOutcomeWhenNoEdgeApplies) {
  RunState state = at_a("a -> b [condition=\"outcome=success\"]");

  const FinishRun end = ended(step(state, NodeFinished{.node = "a", .outcome = NodeOutcome::fail}));

  EXPECT_EQ(end.end, RunEnd::no_edge);
  EXPECT_THAT(end.why, HasSubstr("'a' ended with fail"));
  EXPECT_THAT(end.why, HasSubstr("b (outcome=success)"));
  EXPECT_TRUE(state.finished);
}

TEST(Step, EndsALoopAtMaxVisits) {
  RunState state = state_of(
      "digraph g { start [type=start] exit [type=exit] e [type=engineer, max_visits=3] p "
      "[type=prove]\n"
      "start -> e -> p; p -> e [condition=\"outcome=fail\"] p -> exit "
      "[condition=\"outcome=success\"] }");
  step(state, RunStarted{});
  int visit = started(step(state, NodeFinished{.node = "start"})).visit;

  for (int expected = 1; expected <= 3; ++expected) {
    EXPECT_EQ(visit, expected);
    step(state, NodeFinished{.node = "e"});
    const auto effects = step(state, NodeFinished{.node = "p", .outcome = NodeOutcome::fail});
    if (expected < 3) {
      visit = started(effects).visit;
      continue;
    }
    const FinishRun end = ended(effects);
    EXPECT_EQ(end.end, RunEnd::visits_exceeded);
    EXPECT_THAT(end.why, HasSubstr("'e' was visited 3 times"));
  }
}

TEST(Step, SaysAtMostAFewOfManyOtherEdges) {
  std::string edges;
  for (int i = 0; i < 1000; ++i) edges += "a -> b [weight=" + std::to_string(i) + "]\n";
  RunState state = at_a(edges);

  EXPECT_EQ(started(step(state, NodeFinished{.node = "a"})).others.size(), kOthersMax);
}

TEST(StepDeathTest, StopsOnAnEventOfAnotherNode) {
  RunState state = at_a("a -> b");

  EXPECT_DEATH(step(state, NodeFinished{.node = "b"}), "finished.node == state.current");
}

class RepairLine : public ::testing::Test {
 protected:
  RepairLine() {
    std::ifstream file(std::filesystem::path(NIGHTJAR_SOURCE_DIR) / "workflows/repair.dot");
    state_ = state_of(std::string(std::istreambuf_iterator<char>(file), {}));
    effect_ = step(state_, RunStarted{}).front();
  }
  /// Finishes the current node; the name of the next one, or "" at the end.
  /// As the factory tells it: `machine` is always there, "none" unless this machine failed.
  std::string after(NodeOutcome outcome, std::map<std::string, std::string> context = {}) {
    context.emplace("machine", "none");
    effect_ = step(state_,
                   NodeFinished{
                       .node = state_.current, .outcome = outcome, .context = std::move(context)})
                  .front();
    const auto* start = std::get_if<StartNode>(&effect_);
    return start == nullptr ? "" : start->node;
  }
  void reach_build() {
    ASSERT_EQ(after(NodeOutcome::success), "check");
    ASSERT_EQ(after(NodeOutcome::success), "environment");
    ASSERT_EQ(after(NodeOutcome::success), "build");
  }
  void reach_engineer() {
    reach_build();
    ASSERT_EQ(after(NodeOutcome::success, {{"work", "open"}}), "engineer");
  }
  void reach_verdict() {
    reach_engineer();
    for (const char* node : {"prove", "inspect", "baseline", "suites", "verdict"}) {
      ASSERT_EQ(after(NodeOutcome::success), node);
    }
  }
  RunState state_;
  Effect effect_;
};

TEST_F(RepairLine, RepairsProvesAndWritesTheBranch) {
  reach_verdict();
  EXPECT_EQ(after(NodeOutcome::success), "branch");
  EXPECT_EQ(after(NodeOutcome::success), "evidence");
  EXPECT_EQ(after(NodeOutcome::success), "exit");
  EXPECT_EQ(after(NodeOutcome::success), "");
  EXPECT_EQ(std::get<FinishRun>(effect_).end, RunEnd::exit_reached);
}

TEST_F(RepairLine, EndsWhenThereIsNothingToRepair) {
  reach_build();
  EXPECT_EQ(after(NodeOutcome::success, {{"work", "none"}}), "exit");
}

TEST_F(RepairLine, EndsWhenTheProjectIsWrongOrDoesNotBuildOrHasNoRepair) {
  after(NodeOutcome::success);
  RunState at_check = state_;
  EXPECT_EQ(after(NodeOutcome::fail), "exit");
  state_ = at_check;
  after(NodeOutcome::success);
  after(NodeOutcome::success);
  EXPECT_EQ(after(NodeOutcome::fail), "exit");
  state_ = at_check;
  after(NodeOutcome::success);
  after(NodeOutcome::success);
  after(NodeOutcome::success, {{"work", "open"}});
  EXPECT_EQ(after(NodeOutcome::fail), "exit");
}

TEST_F(RepairLine, EndsWhenTheMachineFailsAndBlamesNoCandidate) {
  reach_engineer();
  EXPECT_EQ(after(NodeOutcome::success), "prove");
  EXPECT_EQ(after(NodeOutcome::fail, {{"machine", "unavailable"}}), "exit");
}

TEST_F(RepairLine, GoesBackToTheEngineerWithWhatTheSuitesRefute) {
  reach_verdict();
  EXPECT_EQ(after(NodeOutcome::fail), "engineer");
}

TEST_F(RepairLine, EndsWithoutABuildWhereTheEnvironmentCannotBeMade) {
  after(NodeOutcome::success);
  after(NodeOutcome::success);
  EXPECT_EQ(after(NodeOutcome::fail, {{"machine", "unavailable"}}), "exit");
}

/// `nightjar prove`: every way ends in a verdict.
class ProveLine : public RepairLine {
 protected:
  ProveLine() {
    std::ifstream file(std::filesystem::path(NIGHTJAR_SOURCE_DIR) / "workflows/prove.dot");
    state_ = state_of(std::string(std::istreambuf_iterator<char>(file), {}));
    effect_ = step(state_, RunStarted{}).front();
  }
};

TEST_F(ProveLine, LooksFromAllSidesBeforeItJudges) {
  for (const char* node : {"inspect", "environment", "build", "baseline", "prove", "suites",
                           "verdict", "evidence", "exit"}) {
    EXPECT_EQ(after(NodeOutcome::success), node);
  }
}

TEST_F(ProveLine, WritesANoteWhenAsked) {
  for (int node = 0; node < 8; ++node) after(NodeOutcome::success);

  EXPECT_EQ(after(NodeOutcome::success, {{"note", "asked"}}), "note");
  EXPECT_EQ(after(NodeOutcome::success), "exit");
}

TEST_F(ProveLine, JudgesWhatItCouldNotSetUpOrRead) {
  ASSERT_EQ(after(NodeOutcome::success), "inspect");
  const RunState at_inspect = state_;
  EXPECT_EQ(after(NodeOutcome::fail), "verdict");
  state_ = at_inspect;
  ASSERT_EQ(after(NodeOutcome::success), "environment");
  EXPECT_EQ(after(NodeOutcome::fail, {{"machine", "unavailable"}}), "verdict");
}

TEST_F(ProveLine, JudgesAChangeThatDoesNotBuild) {
  for (int node = 0; node < 4; ++node) after(NodeOutcome::success);
  ASSERT_EQ(after(NodeOutcome::success), "prove");
  EXPECT_EQ(after(NodeOutcome::fail), "suites");
  EXPECT_EQ(after(NodeOutcome::success), "verdict");
  EXPECT_EQ(after(NodeOutcome::fail), "evidence");
}

TEST_F(RepairLine, LetsACommandEngineerMakeItBuild) {
  reach_build();
  EXPECT_EQ(after(NodeOutcome::fail, {{"work", "open"}}), "engineer");
}

TEST_F(RepairLine, GoesBackToTheEngineerThreeTimesAtMost) {
  reach_engineer();
  for (int visit = 1; visit <= 2; ++visit) {
    EXPECT_EQ(after(NodeOutcome::success), "prove");
    EXPECT_EQ(after(NodeOutcome::fail), "engineer");
  }
  EXPECT_EQ(after(NodeOutcome::success), "prove");
  EXPECT_EQ(after(NodeOutcome::fail), "");
  EXPECT_EQ(std::get<FinishRun>(effect_).end, RunEnd::visits_exceeded);
}

/// A random graph in which every node has a way to the exit.
std::string random_graph(std::mt19937& random, int count) {
  std::string dot = "digraph g { start [type=start] exit [type=exit]\nstart -> n0\n";
  const auto node = [](int i) { return "n" + std::to_string(i); };
  for (int i = 0; i < count; ++i) {
    dot += node(i) + " [type=build, max_visits=" + std::to_string(1 + random() % 4) + "]\n";
    dot += node(i) + " -> " + (i + 1 == count ? "exit" : node(i + 1)) +
           " [condition=\"outcome=success\"]\n";
    for (unsigned edge = 0; edge < random() % 4; ++edge) {
      const char* const conditions[] = {"outcome=fail", "outcome!=success", "context.k=1",
                                        "context.k!=1", ""};
      dot += node(i) + " -> " + node(static_cast<int>(random() % static_cast<unsigned>(count))) +
             " [weight=" + std::to_string(random() % 3) + ", label=l" +
             std::to_string(random() % 3) + ", condition=\"" + conditions[random() % 5] + "\"]\n";
    }
  }
  return dot + "}";
}

// Goal: what holds for every graph. Method: random graphs and outcomes from fixed seeds; the same
// events give the same effects; a run ends; no node is started more often than it allows; every
// start follows an edge.
TEST(StepProperties, HoldForRandomGraphs) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    RunState state = state_of(random_graph(random, 2 + static_cast<int>(random() % 12)));
    RunState twin = state;
    std::map<std::string, int> starts;
    Effect effect = step(state, RunStarted{}).front();
    step(twin, RunStarted{});
    int steps = 0;
    while (const auto* start = std::get_if<StartNode>(&effect)) {
      ASSERT_LT(++steps, 100) << seed;
      EXPECT_EQ(start->visit, ++starts[start->node]);
      const Node* node = state.graph->find(start->node);
      EXPECT_TRUE(node->visits_max == 0 || start->visit <= node->visits_max);
      const NodeFinished event{.node = start->node,
                               .outcome = static_cast<NodeOutcome>(random() % 4),
                               .preferred_label = "l" + std::to_string(random() % 4),
                               .context = {{"k", std::to_string(random() % 2)}}};
      effect = step(state, event).front();
      const Effect same = step(twin, event).front();
      ASSERT_EQ(effect.index(), same.index());
      const auto* next = std::get_if<StartNode>(&effect);
      if (next == nullptr) continue;
      EXPECT_EQ(next->edge_rule, std::get<StartNode>(same).edge_rule);
      EXPECT_EQ(next->node, std::get<StartNode>(same).node);
      const auto& edges = state.graph->edges_from(event.node);
      EXPECT_TRUE(std::any_of(edges.begin(), edges.end(), [&](std::size_t i) {
        return state.graph->edges[i].to == next->node;
      }));
    }
    EXPECT_TRUE(state.finished);
    EXPECT_EQ(state.visits, twin.visits);
    EXPECT_EQ(state.context, twin.context);
  }
}

TEST(StepProperties, AChainOfTenThousandNodesIsWalkedNodeByNode) {
  constexpr int kCount = 10'000;
  std::string dot = "digraph g { node [type=build] start [type=start] exit [type=exit]\nstart";
  for (int i = 0; i < kCount; ++i) dot += " -> n" + std::to_string(i);
  dot += " -> exit\n";
  for (int i = 0; i < kCount; ++i) dot += "n" + std::to_string(i) + "\n";
  RunState state = state_of(dot + "}");

  Effect effect = step(state, RunStarted{}).front();
  int started_count = 0;
  while (const auto* start = std::get_if<StartNode>(&effect)) {
    ++started_count;
    effect = step(state, NodeFinished{.node = start->node}).front();
  }

  EXPECT_EQ(started_count, kCount + 2);
  EXPECT_EQ(std::get<FinishRun>(effect).end, RunEnd::exit_reached);
}

}  // namespace
}  // namespace nightjar::workflow
