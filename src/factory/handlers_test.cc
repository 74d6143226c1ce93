// The rules of the built-in stations, without a world: views are made by hand.
#include "factory/handlers.h"

#include <gmock/gmock.h>

#include "factory/conclude.h"
#include "factory/findings.h"

namespace nightjar::factory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

RunView view_at(const std::string& node) {
  RunView view;
  view.node = node;
  view.last_node = node;
  view.created.engineer = "reasoner";
  view.created.scenarios = 2;
  view.created.limits = {.wall_ms_max = 1000, .cpu_ms_max = 1000};
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

Json row(const char* name, bool satisfied) {
  return Json::object({{"name", name},
                       {"satisfied", satisfied},
                       {"failure", satisfied ? "" : "wrong"},
                       {"fingerprint", satisfied ? "" : "f"},
                       {"requirements", Json::array().push("R1")}});
}

Json trials(bool first, int sealed_satisfied) {
  Json visible = Json::array();
  visible.push(row("one", first)).push(row("two", true));
  return Json::object({{"visible", visible},
                       {"holdout", Json::object({{"total", 2},
                                                 {"satisfied", sealed_satisfied},
                                                 {"requirements", Json::array().push("R9")}})}});
}

Json build_result(bool built) {
  return Json::object(
      {{"built", built}, {"tested", false}, {"tests_passed", true}, {"build_output", "boom"}});
}

TEST(CheckNode, FailsWhenNothingSaysWhatRightMeans) {
  RunView view = view_at("check");
  view.created.scenarios = 0;

  const auto result = std::get<NodeResult>(handle("check", view));

  EXPECT_EQ(result.outcome, workflow::NodeOutcome::fail);
  EXPECT_THAT(result.why, HasSubstr("nightjar init"));
}

TEST(BuildNode, BuildsThenTriesThenTellsWhetherThereIsWork) {
  RunView view = view_at("build");
  EXPECT_EQ(std::get<event::Effect>(handle("build", view)).kind, event::EffectKind::run_command);
  view.effects.push_back(done(event::EffectKind::run_command, build_result(true)));
  EXPECT_EQ(std::get<event::Effect>(handle("build", view)).kind, event::EffectKind::run_trials);

  view.effects.push_back(done(event::EffectKind::run_trials, trials(false, 2)));
  EXPECT_EQ(std::get<NodeResult>(handle("build", view)).context.at("work"), "open");
  view.effects.back() = done(event::EffectKind::run_trials, trials(true, 2));
  EXPECT_EQ(std::get<NodeResult>(handle("build", view)).context.at("work"), "none");
}

TEST(BuildNode, FailsWithTheCompilersWords) {
  RunView view = view_at("build");
  view.effects.push_back(done(event::EffectKind::run_command, build_result(false)));

  const auto result = std::get<NodeResult>(handle("build", view));

  EXPECT_EQ(result.outcome, workflow::NodeOutcome::fail);
  EXPECT_THAT(result.why, HasSubstr("boom"));
}

TEST(BuildNode, NeverReservesMoreThanIsLeft) {
  RunView view = view_at("build");
  view.created.budget.wall_ms_max = 300;
  view.ledger = govern::Ledger(caps_of(view.created.budget));

  EXPECT_EQ(std::get<event::Effect>(handle("build", view)).worst_case.wall_ms, 300);
}

// Sealed scenarios must not reach an engineer, not even as a count.
TEST(EngineerNode, IsToldNothingAboutHoldouts) {
  RunView view = view_at("engineer");
  view.created.holdouts = 2;
  view.created.holdout_digest = "blake3:secret";
  view.facts["build"] = trials(false, 1);
  view.facts["prove"] = trials(true, 1);

  const auto effect = std::get<event::Effect>(handle("engineer", view));

  const std::string told = effect.arguments.dump();
  for (const char* word : {"holdout", "sealed", "R9", "secret"})
    EXPECT_THAT(told, Not(HasSubstr(word)));
}

TEST(EngineerNode, RemembersWhatWasNotProven) {
  RunView view = view_at("engineer");
  view.facts["engineer"] =
      Json::object({{"candidate", "blake3:b"}, {"rejected", Json::strings({"blake3:a"})}});

  const auto effect = std::get<event::Effect>(handle("engineer", view));

  EXPECT_EQ(effect.arguments.get_strings("rejected").value_or({}),
            (std::vector<std::string>{"blake3:a", "blake3:b"}));
}

TEST(ProveNode, FailsWhenOnlyASealedScenarioFails) {
  RunView view = view_at("prove");
  view.facts["engineer"] =
      Json::object({{"candidate", "blake3:b"}, {"files", Json::strings({"a.c"})}});
  view.effects.push_back(done(event::EffectKind::run_command, build_result(true)));
  view.effects.push_back(done(event::EffectKind::run_trials, trials(true, 1)));

  EXPECT_EQ(std::get<NodeResult>(handle("prove", view)).outcome, workflow::NodeOutcome::fail);
}

TEST(Conclude, NothingToDoIsNotSatisfiedWhileSealedScenariosFail) {
  RunView view = view_at("exit");
  view.outcomes["build"] = "success";
  view.facts["build"] = trials(true, 1);

  const RunFinished finished = conclude(view, {});

  EXPECT_EQ(finished.state, "not_satisfied");
  EXPECT_THAT(finished.why, HasSubstr("R9"));
}

TEST(Conclude, AMachineThatCannotIsNotTheProgramsFault) {
  RunView view = view_at("build");
  view.facts["build"] = Json::object({{"machine", "unavailable"}, {"why", "no user namespaces"}});

  const RunFinished finished = conclude(view, {});

  EXPECT_EQ(finished.state, "failed");
  EXPECT_EQ(finished.why, "no user namespaces");
}

TEST(Findings, NameWhatDecidesHowAChangeIsJudged) {
  EXPECT_THAT(findings_on({"src/a.c", "lib/contest.py"}), IsEmpty());
  EXPECT_EQ(findings_on({"nightjar.toml", "specs/a.md", "scenarios/x.yaml", "sub/tests/a.py",
                         "a_test.go", ".github/workflows/ci.yml", "test_a.py", "Makefile"})
                .size(),
            8U);
  EXPECT_THAT(findings_on({"conftest.py"}), ElementsAre("conftest.py is a test"));
  EXPECT_THAT(findings_on({"package.json"}),
              ElementsAre("package.json is what steers builds and tests"));
}

}  // namespace
}  // namespace nightjar::factory
