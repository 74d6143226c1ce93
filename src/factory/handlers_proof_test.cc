// The stations of the proof, without a world: views are made by hand.
#include "factory/handlers_proof.h"

#include <gmock/gmock.h>

#include "factory/conclude.h"

namespace nightjar::factory {
namespace {

using testing::HasSubstr;
using workflow::NodeOutcome;

Json recipe() {
  return Json::object(
      {{"suites", Json::array().push(Json::object({{"runner", "command"}, {"command", "true"}}))}});
}

RunView view_at(const std::string& node) {
  RunView view;
  view.node = node;
  view.last_node = node;
  view.created.engineer = "none";
  view.created.recipe = recipe();
  view.created.change = Json::object({{"candidate", "blake3:c"}, {"label", "branch fix"}});
  view.created.limits = {.wall_ms_max = 1000, .cpu_ms_max = 1000, .suite_ms_max = 5000};
  view.created.budget = {
      .cpu_ms_max = 100'000, .wall_ms_max = 100'000, .nano_usd_max = 0, .attempts_max = 3};
  view.ledger = govern::Ledger(caps_of(view.created.budget));
  view.flow.graph = std::make_shared<const workflow::Graph>();
  return view;
}

EffectRecord done(event::EffectKind kind, Json result) {
  EffectRecord record;
  record.kind = kind;
  record.result = std::move(result);
  record.outcome = EffectRecord::Outcome::done;
  return record;
}

NextAction handle(const std::string& type, const RunView& view) {
  return builtin_handlers().find(type)(workflow::Node{}, view);
}

Json suite_row(const char* transition, const std::vector<std::string>& demonstrated) {
  proof::SuiteEvidence suite{.id = "command",
                             .runner = "command",
                             .why = "",
                             .ran_base = true,
                             .ran_change = true,
                             .complete_base = true,
                             .complete_change = true,
                             .tests_base = 2,
                             .tests_change = 2};
  harness::TestChange change;
  change.suite = "command";
  change.test = "t";
  for (const harness::Transition one : {harness::Transition::fixed, harness::Transition::broken}) {
    if (harness::name_of(one) == transition) change.transition = one;
  }
  suite.changes.push_back(std::move(change));
  suite.demonstrated = demonstrated;
  return proof::to_json(suite);
}

/// A run whose stations before the verdict all did their work.
RunView judged_view(const char* transition, const std::vector<std::string>& demonstrated) {
  RunView view = view_at("verdict");
  view.facts["environment"] =
      Json::object({{"environment", Json::object({{"ready", true}, {"digest", "blake3:e"}})}});
  view.facts["build"] = Json::object({{"built", true}});
  view.facts["prove"] = Json::object({{"built", true}});
  proof::Inspection inspection;
  inspection.touches_source = true;
  view.facts["inspect"] = Json::object({{"inspection", proof::to_json(inspection)}});
  view.facts["suites"] = Json::object(
      {{"built", true}, {"suites", Json::array().push(suite_row(transition, demonstrated))}});
  return view;
}

TEST(EnvironmentNode, IsAskedForOnceAndTold) {
  RunView view = view_at("environment");
  const auto effect = std::get<event::Effect>(handle("environment", view));
  EXPECT_EQ(effect.kind, event::EffectKind::prepare_environment);
  EXPECT_EQ(*effect.arguments.find("recipe"), recipe());

  view.effects.push_back(
      done(event::EffectKind::prepare_environment,
           Json::object({{"ready", true}, {"toolchains", Json::strings({"python 3.11.2"})}})));

  EXPECT_THAT(std::get<NodeResult>(handle("environment", view)).why, HasSubstr("python 3.11.2"));
}

// What this machine lacks is this machine's fault, in a run and in a proof.
TEST(EnvironmentNode, BlamesTheMachineForWhatItLacks) {
  RunView view = view_at("environment");
  view.effects.push_back(
      done(event::EffectKind::prepare_environment,
           Json::object({{"ready", false}, {"problem", "this machine has no go"}})));

  const auto result = std::get<NodeResult>(handle("environment", view));

  EXPECT_EQ(result.outcome, NodeOutcome::fail);
  EXPECT_EQ(result.context.at("machine"), "unavailable");
  view.facts["environment"] = result.facts;
  const Result<proof::Facts> facts = proof_facts(view);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_THAT(facts->problem, HasSubstr("this machine has no go"));
  EXPECT_EQ(proof::judge(*facts).verdict, proof::Verdict::undecided);
}

TEST(InspectNode, StopsAtAChangeThatIsEmpty) {
  RunView view = view_at("inspect");
  view.created.change.set("problem", "the change is empty");

  EXPECT_EQ(std::get<NodeResult>(handle("inspect", view)).outcome, NodeOutcome::fail);
}

TEST(BaselineNode, IsNotRunAgainForTheNextCandidate) {
  RunView view = view_at("baseline");
  EXPECT_EQ(std::get<event::Effect>(handle("baseline", view)).kind, event::EffectKind::run_suites);
  view.facts["baseline"] =
      Json::object({{"built", true}, {"runs", "blake3:r"}, {"why", "2 tests"}});

  EXPECT_EQ(std::get<NodeResult>(handle("baseline", view)).facts.string_or("runs", ""), "blake3:r");
}

TEST(SuitesNode, IsToldWhereTheBaselineIs) {
  RunView view = view_at("suites");
  view.facts["baseline"] = Json::object({{"runs", "blake3:r"}});

  const auto effect = std::get<event::Effect>(handle("suites", view));

  EXPECT_EQ(effect.arguments.string_or("baseline", ""), "blake3:r");
  EXPECT_EQ(effect.arguments.string_or("candidate", ""), "blake3:c");
  EXPECT_EQ(effect.worst_case.wall_ms, 35'000);  // Seven sessions of five seconds.
}

TEST(VerdictNode, ProvesWhatATestDemonstrates) {
  const RunView view = judged_view("fixed", {"t"});

  const auto result = std::get<NodeResult>(handle("verdict", view));

  EXPECT_EQ(result.facts.string_or("verdict", ""), "PROVEN") << result.why;
  EXPECT_EQ(result.outcome, NodeOutcome::success);
}

TEST(VerdictNode, FailsOnATestThatTheChangeBreaks) {
  RunView view = judged_view("broken", {});

  const auto result = std::get<NodeResult>(handle("verdict", view));

  EXPECT_EQ(result.facts.string_or("verdict", ""), "NOT_PROVEN") << result.why;
  EXPECT_EQ(result.outcome, NodeOutcome::fail);
  view.facts["verdict"] = result.facts;
  const RunFinished finished = conclude(view, {});
  EXPECT_EQ(finished.state, "not_satisfied");
  EXPECT_EQ(finished.verdict, "NOT_PROVEN");
}

TEST(VerdictNode, LeavesToAPersonWhatNothingDecides) {
  RunView view = judged_view("kept", {});
  view.facts.erase("suites");
  view.created.recipe = Json::object({{"suites", Json::array()}});

  const auto result = std::get<NodeResult>(handle("verdict", view));

  EXPECT_EQ(result.facts.string_or("verdict", ""), "UNDECIDED") << result.why;
  view.facts["verdict"] = result.facts;
  EXPECT_EQ(conclude(view, {}).state, "waiting");
}

// Sealed scenarios reach the verdict as counts and requirement ids alone.
TEST(VerdictNode, WeighsSealedScenariosByCount) {
  RunView view = judged_view("fixed", {"t"});
  view.facts["build"].set("holdout", Json::object({{"total", 2}, {"satisfied", 2}}));
  view.facts["prove"].set(
      "holdout",
      Json::object({{"total", 2}, {"satisfied", 1}, {"requirements", Json::strings({"R9"})}}));

  const auto result = std::get<NodeResult>(handle("verdict", view));

  EXPECT_EQ(result.facts.string_or("verdict", ""), "NOT_PROVEN");
  EXPECT_THAT(result.why, HasSubstr("R9"));
}

TEST(EvidenceNode, SignsTheCandidateThatWasJudged) {
  const RunView view = view_at("evidence");

  const auto effect = std::get<event::Effect>(handle("evidence", view));

  EXPECT_EQ(effect.kind, event::EffectKind::sign_evidence);
  EXPECT_EQ(effect.arguments.string_or("candidate", ""), "blake3:c");
}

}  // namespace
}  // namespace nightjar::factory
