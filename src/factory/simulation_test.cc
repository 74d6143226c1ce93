// Crashes at every boundary between the five steps of the gate, for every effect kind.
//
// The world outside is a set of marks: a keyed effect leaves the mark of its key, a rerunnable one
// leaves none. A crash is the end of the engine; what follows is a new engine on the same journal.
#include <gmock/gmock.h>

#include <cstdlib>
#include <random>
#include <set>

#include "factory/engine.h"
#include "store/memory/memory_journal.h"

namespace nightjar::factory {
namespace {

constexpr const char* kGraph = R"(digraph line {
  start [shape=Mdiamond, type="start"]
  exit [shape=Msquare, type="exit"]
  run_command [type="effect"]
  run_search [type="effect"]
  run_trials [type="effect"]
  write_branch [type="effect"]
  apply_patch [type="effect"]
  prepare_environment [type="effect"]
  inspect_change [type="effect"]
  run_suites [type="effect"]
  sign_evidence [type="effect"]
  write_note [type="effect"]
  start -> run_command -> run_search -> run_trials -> write_branch -> apply_patch
  apply_patch -> prepare_environment -> inspect_change -> run_suites -> sign_evidence
  sign_evidence -> write_note -> exit
})";

NextAction perform_own_kind(const workflow::Node& node, const RunView& view) {
  if (view.effects.empty()) {
    return event::Effect{.kind = *event::effect_kind_from(node.id),
                         .arguments = Json::object({{"key", node.id}}),
                         .worst_case = {.cpu_ms = 10, .wall_ms = 60'000}};
  }
  const EffectRecord& record = view.effects.back();
  if (record.outcome != EffectRecord::Outcome::done) {
    return NodeResult{
        .outcome = workflow::NodeOutcome::fail, .why = record.why, .fingerprint = "x"};
  }
  return NodeResult{};
}

const HandlerTable& effect_handlers() {
  static const HandlerTable kTable({{"effect", perform_own_kind}});
  return kTable;
}

/// Where a simulated process dies.
enum class Boundary {
  before_record,  // decided and reserved, the commit never reached the disk
  after_record,   // recorded, not performed
  after_perform,  // performed, its outcome not recorded
  after_settle,   // the settling commit reached the disk, the process died before it knew
};
constexpr std::array kBoundaries = {Boundary::before_record, Boundary::after_record,
                                    Boundary::after_perform, Boundary::after_settle};

struct Plan {
  Boundary boundary = Boundary::before_record;
  int at = -1;  // the how-manieth commit or effect of this life; -1: no crash
};

struct World {
  std::map<std::string, int> applied;    // key → how often the mark was really made
  std::map<std::string, int> performed;  // kind → how often a performer ran to its end
};

/// A journal whose process dies at a commit: before it, nothing is kept; after it, the caller hears
/// no answer.
class DyingJournal final : public store::Journal {
 public:
  DyingJournal(store::Journal& below, const Plan& plan) : below_(below), plan_(plan) {}

  Result<std::vector<event::Envelope>> commit(const store::Transaction& transaction) override {
    const bool now = commits_++ == plan_.at;
    if (now && plan_.boundary == Boundary::before_record) return dead();
    TRY_INTO(auto recorded, below_.commit(transaction));
    const bool after =
        plan_.boundary == Boundary::after_record || plan_.boundary == Boundary::after_settle;
    if (now && after) return dead();
    return recorded;
  }
  Result<> read_run(const RunId& run, std::uint64_t from,
                    const std::function<Result<>(const event::Envelope&)>& visit) const override {
    return below_.read_run(run, from, visit);
  }
  Result<std::vector<store::RunHead>> runs(std::size_t count_max) const override {
    return below_.runs(count_max);
  }
  Result<std::vector<store::Posting>> postings(const RunId& run) const override {
    return below_.postings(run);
  }
  Result<std::optional<store::WorkItem>> work_item(const WorkId& id) const override {
    return below_.work_item(id);
  }
  Result<bool> has_idempotency_key(const std::string& key) const override {
    return below_.has_idempotency_key(key);
  }
  Result<store::Lease> acquire_lease(const RunId& run, const std::string& holder, std::int64_t now,
                                     std::int64_t until) override {
    return below_.acquire_lease(run, holder, now, until);
  }
  Result<> release_lease(const store::Lease& lease) override { return below_.release_lease(lease); }
  Result<std::vector<store::Damage>> verify() const override { return below_.verify(); }

 private:
  static Error dead() { return {ErrorCode::unavailable, "the simulated process died"}; }
  store::Journal& below_;
  Plan plan_;
  int commits_ = 0;
};

class WorldPerformer final : public Performer {
 public:
  WorldPerformer(World& world, const Plan& plan, std::stop_source& process, int& count)
      : world_(world), plan_(plan), process_(process), count_(count) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token) override {
    const std::string kind(event::name_of(request.kind));
    const bool keyed = event::repeat_class_of(request.kind) == event::RepeatClass::keyed;
    const std::string key = request.arguments.string_or("key", "");
    if (keyed && world_.applied[key] == 0) ++world_.applied[key];  // The other side deduplicates.
    ++world_.performed[kind];
    if (plan_.boundary == Boundary::after_perform && count_++ == plan_.at) {
      process_.request_stop();
      return {ErrorCode::cancelled, "the simulated process died"};
    }
    return Performed{.result = Json::object({{"kind", kind}}), .cost = {.cpu_ms = 1, .wall_ms = 1}};
  }

 private:
  World& world_;
  Plan plan_;
  std::stop_source& process_;
  int& count_;
};

RunCreated created_run() {
  RunCreated created;
  created.work = WorkId::make(1);
  created.project = ProjectId::make(1);
  created.graph_name = "line.dot";
  created.graph_text = kGraph;
  created.budget = {
      .cpu_ms_max = 1'000, .wall_ms_max = 600'000, .nano_usd_max = 0, .attempts_max = 3};
  return created;
}

/// One process: starts or resumes the run and works until it ends or dies. True: the run is
/// finished.
bool live(store::Journal& disk, const RunId& run, World& world, const Plan& plan) {
  DyingJournal journal(disk, plan);
  std::stop_source process;
  int effects = 0;
  Performers performers;
  for (const event::EffectKind kind : event::kEffectKinds) {
    performers[kind] = std::make_unique<WorldPerformer>(world, plan, process, effects);
  }
  const SystemClock clock;
  Engine engine(journal, clock, effect_handlers(), performers, {.workers = 1});
  const Result<RunView> known = replay(disk, run, effect_handlers());
  if (known && known->finished) return true;
  const Result<> begun = known ? engine.resume(run) : engine.start(run, created_run());
  if (!begun || !engine.work(process.get_token())) return false;
  const Result<RunView> view = replay(disk, run, effect_handlers());
  return view && view->finished.has_value();
}

/// What must hold at the end, whatever happened on the way.
void expect_whole(const store::Journal& disk, const RunId& run, const World& world) {
  const Result<RunView> view = replay(disk, run, effect_handlers());
  ASSERT_TRUE(view) << view.error().message;
  ASSERT_TRUE(view->finished);
  EXPECT_EQ(view->ledger.reserved(), event::Cost{});
  for (const event::EffectKind kind : event::kEffectKinds) {
    const std::string node(event::name_of(kind));
    EXPECT_EQ(view->outcomes.at(node), "success") << node;
    EXPECT_GE(world.performed.at(node), 1) << node;
    if (event::repeat_class_of(kind) == event::RepeatClass::keyed) {
      EXPECT_EQ(world.applied.at(node), 1) << node;
    }
  }
  const auto damage = disk.verify();
  ASSERT_TRUE(damage);
  EXPECT_TRUE(damage->empty());
  std::map<std::string, std::int64_t> balance;
  for (const store::Posting& posting : disk.postings(run).value_or({})) {
    balance[posting.debit] -= posting.amount;
    balance[posting.credit] += posting.amount;
  }
  EXPECT_EQ(balance["reserved"], 0);
  EXPECT_EQ(balance["budget"] + balance["spent"], 0);
}

class SimulationTest : public testing::TestWithParam<Boundary> {};

// Goal: no boundary loses a run, repeats a keyed effect's trace or leaves money reserved.
// Method: die at the n-th commit or effect for every n, then live on without dying.
TEST_P(SimulationTest, EveryCrashIsFollowedByTheSameEnd) {
  constexpr int kEffects = static_cast<int>(event::kEffectKinds.size());
  for (int at = 0; at < kEffects + 3; ++at) {
    SCOPED_TRACE(at);
    const auto disk = store::make_memory_journal();
    const RunId run = RunId::make(1);
    World world;

    const bool finished_at_once = live(*disk, run, world, {.boundary = GetParam(), .at = at});
    EXPECT_EQ(finished_at_once,
              at >= (GetParam() == Boundary::after_perform ? kEffects : kEffects + 1))
        << at;
    EXPECT_TRUE(live(*disk, run, world, {}));

    expect_whole(*disk, run, world);
  }
}
INSTANTIATE_TEST_SUITE_P(Boundaries, SimulationTest, testing::ValuesIn(kBoundaries),
                         [](const testing::TestParamInfo<Boundary>& tested) -> std::string {
                           switch (tested.param) {
                             case Boundary::before_record: return "BeforeRecord";
                             case Boundary::after_record: return "AfterRecord";
                             case Boundary::after_perform: return "AfterPerform";
                             case Boundary::after_settle: return "AfterSettle";
                           }
                           return "";
                         });

// Goal: lives that die again and again still end. Method: random deaths from a seed, printed.
TEST(Simulation, ManyDeathsInOneRunStillEnd) {
  const char* given = std::getenv("NIGHTJAR_SIM_SEED");
  const unsigned seed =
      given == nullptr ? 42U : static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  const int runs = given == nullptr ? 30 : 300;
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  for (int i = 0; i < runs; ++i) {
    SCOPED_TRACE(i);
    const auto disk = store::make_memory_journal();
    const RunId run = RunId::make(i + 1);
    World world;
    int lives = 0;
    const auto next_plan = [&]() -> Plan {
      if (lives > 40) return {};
      return {.boundary = kBoundaries.at(random() % kBoundaries.size()),
              .at = static_cast<int>(random() % 4)};
    };
    while (!live(*disk, run, world, next_plan())) ASSERT_LT(++lives, 100);
    expect_whole(*disk, run, world);
  }
}

// An effect of class `once` in flight at a crash cannot be known: charged at its worst case, not
// repeated.
TEST(Simulation, AnEffectOfClassOnceIsNeverPerformedTwice) {
  RunView view;
  const auto disk = store::make_memory_journal();
  const RunId run = RunId::make(1);
  store::Transaction transaction;
  const auto draft = [](std::string_view type, Json payload) {
    return event::Draft{
        .type = std::string(type), .principal = "factory", .payload = std::move(payload)};
  };
  transaction.appends.push_back(
      {.run = run,
       .expected_run_seq = 0,
       .drafts = {
           draft(kRunCreated, to_json(created_run())),
           draft(kNodeStarted, Json::object({{"node", "start"},
                                             {"visit", 1},
                                             {"rule", "start"},
                                             {"others", Json::array()}})),
           draft(kNodeFinished,
                 Json::object({{"node", "start"}, {"outcome", "success"}, {"fingerprint", ""}})),
           draft(kNodeStarted, Json::object({{"node", "run_command"},
                                             {"visit", 1},
                                             {"rule", "start"},
                                             {"others", Json::array()}})),
           draft(kEffectIntended,
                 Json::object({{"node", "run_command"},
                               {"kind", "run_command"},
                               {"repeat", "once"},
                               {"arguments", Json::object()},
                               {"reserved", event::to_json({.cpu_ms = 10, .wall_ms = 20})},
                               {"rule", "test"}}))}});
  ASSERT_TRUE(disk->commit(transaction));
  World world;

  EXPECT_TRUE(live(*disk, run, world, {}));

  EXPECT_EQ(world.performed["run_command"], 0);
  const Result<RunView> after = replay(*disk, run, effect_handlers());
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(after->last_failure->outcome, EffectRecord::Outcome::unknown);
  EXPECT_EQ(after->last_failure->cost.wall_ms, 20);
}

// A person's hold stops the run before the next effect, and nothing of it is lost.
TEST(Gate, PerformsNothingWhileAPersonHoldsTheRun) {
  for (int free_effects = 0; free_effects < 4; ++free_effects) {
    SCOPED_TRACE(free_effects);
    const auto disk = store::make_memory_journal();
    const RunId run = RunId::make(1);
    World world;
    Performers performers;
    std::stop_source process;
    int count = 0;
    for (const event::EffectKind kind : event::kEffectKinds) {
      performers[kind] = std::make_unique<WorldPerformer>(world, Plan{}, process, count);
    }
    const SystemClock clock;
    // The start asks once, then each effect.
    int asked = 0;
    const HeldBy later = [&](const RunId&, const ProjectId&) {
      return ++asked > free_effects + 1 ? std::optional<std::string>("held by ada") : std::nullopt;
    };
    {
      Engine engine(*disk, clock, effect_handlers(), performers, {.workers = 1, .held_by = later});
      ASSERT_TRUE(engine.start(run, created_run()));
      ASSERT_TRUE(engine.work({}));
    }
    const Result<RunView> held = replay(*disk, run, effect_handlers());
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_FALSE(held->finished);
    EXPECT_EQ(held->held, "held by ada");
    EXPECT_LE(static_cast<int>(world.performed.size()), free_effects);
    EXPECT_EQ(held->ledger.reserved(), event::Cost{});

    Engine refused(*disk, clock, effect_handlers(), performers, {.workers = 1, .held_by = later});
    EXPECT_EQ(refused.resume(run).error().code, ErrorCode::denied);
    EXPECT_TRUE(live(*disk, run, world, {}));
    expect_whole(*disk, run, world);
  }
}

// The budget does not cover the worst case: nothing is performed, the run says why.
TEST(Gate, RefusesWhatTheBudgetDoesNotCover) {
  const auto disk = store::make_memory_journal();
  const RunId run = RunId::make(1);
  World world;
  Performers performers;
  std::stop_source process;
  int count = 0;
  for (const event::EffectKind kind : event::kEffectKinds) {
    performers[kind] = std::make_unique<WorldPerformer>(world, Plan{}, process, count);
  }
  const SystemClock clock;
  Engine engine(*disk, clock, effect_handlers(), performers, {.workers = 1});
  RunCreated created = created_run();
  created.budget.cpu_ms_max = 9;

  ASSERT_TRUE(engine.start(run, created));
  ASSERT_TRUE(engine.work({}));

  EXPECT_TRUE(world.performed.empty());
  const Result<RunView> view = replay(*disk, run, effect_handlers());
  ASSERT_TRUE(view && view->finished);
  EXPECT_EQ(view->finished->state, "exhausted");
  EXPECT_THAT(view->finished->why, testing::HasSubstr("cpu_ms"));
}

}  // namespace
}  // namespace nightjar::factory
