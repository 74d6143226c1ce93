#include "workflow/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "workflow/dot_reader.h"

namespace nightjar::workflow {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kTypes = {"start",    "exit",   "check",   "environment", "build",
                                         "engineer", "prove",  "inspect", "baseline",    "suites",
                                         "verdict",  "branch", "evidence"};

Result<Graph> parse(std::string_view dot) { return parse_graph(dot, "line.dot", kTypes); }

/// A whole graph around some statements: start -> a -> exit, with a as a build.
Result<Graph> parse_with(const std::string& statements) {
  return parse(
      "digraph g {\nstart [shape=Mdiamond]\nexit [shape=Msquare]\na [type=build]\n"
      "start -> a -> exit\n" +
      statements + "\n}");
}

std::string message_of(const Result<Graph>& graph) {
  return graph ? "it was accepted" : graph.error().message;
}

TEST(ParseGraph, ReadsNodesEdgesDefaultsAndSubgraphs) {
  auto graph = parse(R"(
    // A line comment.
    digraph Line {
      graph [goal="Reach \"it\"\n", rankdir=LR]
      label = "shown"; node [fontname="Sans", max_visits=9] edge [weight=2]
      start [shape=Mdiamond, label="Start"]
      exit [shape=Msquare];
      subgraph cluster_inner { /* a block
        comment */
        label="Inner"
        node [max_visits=4]
        a [type="build", label="Build it"]
        b [type="prove", max_visits=2]
      }
      c [type=branch]
      start -> a -> b [label="go", color=red]
      b -> c [condition="outcome=success && context.ready=true", weight=7]
      b -> exit [condition="outcome!=success"]
      c -> exit
    })");

  ASSERT_TRUE(graph) << message_of(graph);
  EXPECT_EQ(graph->name, "Line");
  EXPECT_EQ(graph->goal, "Reach \"it\"\n");
  EXPECT_EQ(graph->start, "start");
  EXPECT_EQ(graph->exit, "exit");
  ASSERT_NE(graph->find("a"), nullptr);
  EXPECT_EQ(graph->find("a")->label, "Build it");
  EXPECT_EQ(graph->find("a")->visits_max, 4);
  EXPECT_EQ(graph->find("a")->attributes.at("fontname"), "Sans");
  EXPECT_EQ(graph->find("b")->visits_max, 2);
  EXPECT_EQ(graph->find("c")->visits_max, 9);
  EXPECT_EQ(graph->find("c")->label, "c");
  EXPECT_EQ(graph->find("nowhere"), nullptr);
  ASSERT_EQ(graph->edges.size(), 5U);
  EXPECT_EQ(graph->edges[1].from, "a");
  EXPECT_EQ(graph->edges[1].label, "go");
  EXPECT_EQ(graph->edges[1].weight, 2);
  const Edge& guarded = graph->edges[graph->edges_from("b")[0]];
  EXPECT_EQ(guarded.weight, 7);
  ASSERT_EQ(guarded.condition.clauses.size(), 2U);
  EXPECT_EQ(guarded.condition.clauses[1].key, "context.ready");
  EXPECT_TRUE(graph->edges_from("nowhere").empty());
}

TEST(ParseGraph, TakesTypesFromShapesAndTheEndsFromTheirIds) {
  auto graph = parse_graph(
      "digraph g { start; exit; t [shape=parallelogram] w [shape=hexagon, type=\"wait.human\"]"
      " start -> t -> w -> exit }",
      "x", {"tool", "wait.human"});

  ASSERT_TRUE(graph) << message_of(graph);
  EXPECT_EQ(graph->find("start")->type, "start");
  EXPECT_EQ(graph->find("t")->type, "tool");
  EXPECT_EQ(graph->find("w")->type, "wait.human");
}

TEST(ParseGraph, AcceptsABareMentionBeforeTheDeclaration) {
  auto graph = parse_with("subgraph s { rank=same; b; a }\nb [type=prove]\na -> b -> exit");

  ASSERT_TRUE(graph) << message_of(graph);
  EXPECT_EQ(graph->find("b")->type, "prove");
}

TEST(ParseGraph, ReadsTheBuiltInLine) {
  std::ifstream file(std::filesystem::path(NIGHTJAR_SOURCE_DIR) / "workflows/repair.dot");
  const std::string text(std::istreambuf_iterator<char>(file), {});

  auto graph = parse(text);

  ASSERT_TRUE(graph) << message_of(graph);
  EXPECT_EQ(graph->nodes.size(), 13U);
  EXPECT_EQ(graph->find("engineer")->visits_max, 3);
  for (const Node& node : graph->nodes) EXPECT_FALSE(node.label.empty());
}

struct Refusal {
  std::string statements;
  std::string place;
  std::string says;
};

// Each of these would change what the run does, so none may be passed over.
TEST(ParseGraph, RefusesWhatItDoesNotSupportWithLineAndName) {
  const std::vector<Refusal> cases = {
      {"x [type=buld]\na -> x -> exit",
       "line.dot:6:", "'buld'; this type is not supported; did you mean 'build'?"},
      {"x [prompt=\"p\"]\na -> x -> exit", "line.dot:6:", "'prompt' of node 'x' is not supported"},
      {"x [type=build, fidelity=full]", "line.dot:6:", "'fidelity' of node 'x'"},
      {"x [type=build,\n  \n human.default_choice=\"y\"]", "line.dot:8:", "'human.default_choice'"},
      {"x [type=build, max_retries=3]", "line.dot:6:", "'max_retries'"},
      {"x [type=build, goal_gate=true]", "line.dot:6:", "'goal_gate'"},
      {"x [type=build, timeout=900s]", "line.dot:6:", "'timeout'"},
      {"x [type=build, max_visit=3]", "line.dot:6:", "did you mean 'max_visits'?"},
      {"graph [model_stylesheet=\"* { }\"]", "line.dot:6:", "'model_stylesheet' of the graph"},
      {"default_max_retry = 3", "line.dot:6:", "'default_max_retry' of the graph"},
      {"retry_target=a", "line.dot:6:", "'retry_target'"},
      {"subgraph s { thread_id=x }", "line.dot:6:", "'thread_id' of a subgraph"},
      {"a -> exit [loop_restart=true]", "line.dot:6:", "'loop_restart' of edge a -> exit"},
      {"edge [fidelity=full]\na -> exit", "line.dot:6:", "'fidelity'"},
      {"x [shape=hexagon]\na -> x -> exit",
       "line.dot:6:", "shape hexagon, which is type 'wait.human'"},
      {"x [shape=circle]\na -> x -> exit", "line.dot:6:", "shape 'circle' stands for none"},
      {"x\na -> x -> exit", "line.dot:6:", "shape box, which is type 'codergen'"},
      {"a -> b", "line.dot:6:", "names node 'b', which is not declared"},
      {"a -> exti", "line.dot:6:", "did you mean 'exit'?"},
      {"a -- exit", "line.dot:6:", "undirected"},
      {"a:n -> exit", "line.dot:6:", "ports"},
      {"x [label=<b>]", "line.dot:6:", "HTML"},
      {"x [label=\"a\" + \"b\"]", "line.dot:6:", "joined"},
      {"a -> subgraph s { exit }", "line.dot:6:", "found 'subgraph'"},
      {"a -> { exit }", "line.dot:6:", "found '{'"},
      {"{ a }", "line.dot:6:", "subgraph before"},
      {"subgraph s { a } -> exit", "line.dot:6:", "a subgraph cannot be the end"},
      {"\"a b\" [type=build]", "line.dot:6:", "bare name"},
      {"a [type=prove]", "line.dot:6:", "declared twice (first in line 4)"},
      {"x [type=build, type=prove]", "line.dot:6:", "'type' is set twice"},
      {"x [type=build, max_visits=0]", "line.dot:6:", "whole number from 1 to"},
      {"x [type=build, max_visits=1.5]", "line.dot:6:", "whole number"},
      {"a -> exit [weight=99999999999]", "line.dot:6:", "whole number"},
      {"x [label=\"a\\l\"]", "line.dot:6:", "no escape"},
      {"x [label=\"open", "line.dot:6:", "does not end"},
      {"/* open", "line.dot:6:", "comment does not end"},
      {"x [width=3..5]", "line.dot:6:", "no number"},
      {"x [type=build", "line.dot:7:", "expected KEY=VALUE or ']'"},
      {"node", "line.dot:7:", "cannot be the id"},
      {"a.b [type=build]", "line.dot:6:", "no node id"},
      {"#include", "line.dot:6:", "unexpected '#'"},
      {"start2 [shape=Mdiamond]", "line.dot:6:", "second start"},
      {"exit2 [type=exit]", "line.dot:6:", "second exit"},
      {"a -> start", "line.dot:6:", "back into the start"},
      {"exit -> a", "line.dot:6:", "out of the exit"},
      {"x [type=build]\nx -> exit", "line.dot:6:", "cannot be reached"},
      {"x [type=build]\na -> x -> x", "line.dot:6:", "no way leads from node 'x' to the exit"},
      {"a -> exit [condition=\"outcome=succes\"]", "line.dot:6:", "'succes' is no outcome"},
      {"a -> exit [condition=\"outcome=retry\"]", "line.dot:6:", "'retry' is no outcome"},
      {"a -> exit [condition=\"outcom=success\"]", "line.dot:6:", "did you mean outcome?"},
      {"a -> exit [condition=\"context.n > 3\"]", "line.dot:6:", "nothing to ask about"},
      {"a -> exit [condition=\"context.n>=3\"]", "line.dot:6:", "nothing to ask about"},
      {"a -> exit [condition=\"outcome=success || outcome=fail\"]", "line.dot:6:", "joined by &&"},
      {"a -> exit [condition=\"outcome=success &&\"]", "line.dot:6:", "one side of &&"},
      {"a -> exit [condition=\"outcome\"]", "line.dot:6:", "say which outcome"},
  };
  for (const Refusal& refusal : cases) {
    auto graph = parse_with(refusal.statements);
    ASSERT_FALSE(graph) << refusal.statements;
    EXPECT_EQ(graph.error().code, ErrorCode::invalid_input) << refusal.statements;
    EXPECT_TRUE(graph.error().message.starts_with(refusal.place)) << refusal.statements << "\n"
                                                                  << message_of(graph);
    EXPECT_THAT(graph.error().message, HasSubstr(refusal.says)) << refusal.statements;
  }
}

TEST(ParseGraph, RefusesWholeFilesThatAreNoWorkflow) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the file is empty"},
      {" \n\t", "the file is empty"},
      {"graph g {}", "undirected"},
      {"strict digraph g {}", "'strict'"},
      {"digraph {}", "needs a name"},
      {"digraph g", "expected '{'"},
      {"digraph g {", "'}' is missing"},
      {"digraph g {}", "no start node"},
      {"digraph g { start [shape=Mdiamond] }", "no exit node"},
      {"digraph g { start; exit; start -> exit } digraph h {}", "one digraph"},
      {"hello", "begins with `digraph"},
      {"\xFF\xFE", "not UTF-8"},
      {std::string("digraph\n\0", 9), "x.dot:2: not UTF-8"},
  };
  for (const auto& [text, says] : cases) {
    auto graph = parse_graph(text, "x.dot", kTypes);
    ASSERT_FALSE(graph) << text;
    EXPECT_EQ(graph.error().code, ErrorCode::invalid_input);
    EXPECT_THAT(graph.error().message, HasSubstr(says)) << text;
  }
}

TEST(ParseGraph, StopsAtItsLimits) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "subgraph s {";
  std::string many = "digraph g {";
  for (std::size_t i = 0; i <= kNodesMax; ++i) many += "n" + std::to_string(i) + ";";
  std::string chain = "digraph g { a";
  for (std::size_t i = 0; i <= kEdgesMax; ++i) chain += "->a";
  std::string clauses = "outcome=fail";
  for (int i = 0; i < 64; ++i) clauses += "&&outcome=fail";

  EXPECT_EQ(parse(std::string(kGraphBytesMax + 1, ' ')).error().code, ErrorCode::exhausted);
  EXPECT_EQ(parse("digraph g {" + deep).error().code, ErrorCode::exhausted);
  EXPECT_EQ(parse(many).error().code, ErrorCode::exhausted);
  std::string spread = "digraph g { node [label=\"" + std::string(1 << 20, 'x') + "\"]";
  for (int i = 0; i < 100; ++i) spread += " n" + std::to_string(i);
  EXPECT_EQ(parse(spread).error().code, ErrorCode::exhausted);
  EXPECT_EQ(parse(chain).error().code, ErrorCode::exhausted);
  EXPECT_FALSE(parse_with("a -> exit [condition=\"" + clauses + "\"]"));
}

TEST(ParseGraph, ReadsFabrosWordsForOutcomes) {
  auto graph =
      parse_with("a -> exit [condition=\"outcome=succeeded && context.x=\\\"a && b\\\"\"]");

  ASSERT_TRUE(graph) << message_of(graph);
  const Condition& condition = graph->edges.back().condition;
  EXPECT_EQ(condition.clauses[0].value, "success");
  EXPECT_EQ(condition.clauses[1].value, "a && b");
}

// Goal: no text stops the reader other than by an error. Method: every prefix of a good file, and
// the file with each byte replaced by a few that mean something.
TEST(ParseGraph, SurvivesEveryCutAndManyChanges) {
  const std::string good =
      "digraph g { node [max_visits=3] start [shape=Mdiamond] exit [shape=Msquare]\n"
      "subgraph s { a [type=build, label=\"x\\\"y\"] } /* c */ start -> a [weight=-2]\n"
      "a -> exit [condition=\"outcome=success && context.a!=b\"] }";
  ASSERT_TRUE(parse(good));

  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_FALSE(parse(good.substr(0, i)));
    for (const char c : std::string_view("\"\\{}[]=->;,.*/\n\0a9", 18)) {
      std::string changed = good;
      changed[i] = c;
      static_cast<void>(parse(changed));
    }
  }
}

}  // namespace
}  // namespace nightjar::workflow
