#include "reason/pool.h"

#include <gmock/gmock.h>
#include <set>

#include <thread>

#include "base/guarded.h"

namespace nightjar::reason {
namespace {

using std::chrono::milliseconds;

struct Script {
  std::set<std::size_t> satisfying;
  std::set<std::size_t> overfitted;
  std::map<std::size_t, int> partial;
  std::optional<std::size_t> fails_at;
  Guarded<std::set<std::size_t>> tried;
};

// Answers from a script; the candidate's line is its index.
class FakeExecutor final : public CandidateExecutor {
 public:
  explicit FakeExecutor(Script& script) : script_(script) {}
  Result<std::vector<CandidateOutcome>> try_candidates(
      const std::vector<const Candidate*>& candidates) override {
    std::vector<CandidateOutcome> outcomes;
    for (const Candidate* candidate : candidates) {
      TRY_INTO(const CandidateOutcome outcome, try_candidate(*candidate));
      outcomes.push_back(outcome);
    }
    return outcomes;
  }

 private:
  Result<CandidateOutcome> try_candidate(const Candidate& candidate) {
    const auto index = static_cast<std::size_t>(candidate.edit.line);
    script_.tried.with([&](std::set<std::size_t>& tried) { tried.insert(index); });
    if (script_.fails_at == index) return Error{ErrorCode::unavailable, "no sandbox"};
    CandidateOutcome outcome{.built = true};
    outcome.overfitted = script_.overfitted.contains(index);
    outcome.satisfies = script_.satisfying.contains(index) || outcome.overfitted;
    if (script_.partial.contains(index)) outcome.fixed = script_.partial[index];
    return outcome;
  }

  Script& script_;
};

struct Bench {
  explicit Bench(int candidates_max = 10'000)
      : budget({.wall_max = milliseconds(60'000),
                .cpu_max = milliseconds(60'000),
                .candidates_max = candidates_max,
                .workers = 1},
               {}) {
    task.files.push_back(*read_source("a.c", "int a;\n"));
    task.budget = &budget;
    for (int at = 0; at < 400; ++at) {
      Candidate candidate;
      candidate.edit.line = at;
      candidate.edit.replacement = "x";
      candidate.cost = 0.001 * at;
      candidates.push_back(std::move(candidate));
    }
    input.task = &task;
    input.candidates = &candidates;
  }

  PoolResult run(Script& script, int workers) {
    std::vector<std::unique_ptr<CandidateExecutor>> executors;
    for (int at = 0; at < workers; ++at)
      executors.push_back(std::make_unique<FakeExecutor>(script));
    return run_pool(input, executors);
  }

  Budget budget;
  Task task;
  std::vector<Candidate> candidates;
  PoolInput input;
};

TEST(Pool, TriesAllWhenNothingSatisfies) {
  Bench bench;
  Script script;

  const PoolResult result = bench.run(script, 3);

  EXPECT_TRUE(result.satisfying.empty());
  EXPECT_EQ(result.next, 400U);
  EXPECT_EQ(script.tried.with([](auto& tried) { return tried.size(); }), 400U);
}

TEST(Pool, ReturnsTheSameWhateverTheWorkersDo) {
  for (const int workers : {1, 2, 5}) {
    for (std::size_t batch_max = 1; batch_max < 60; batch_max += 13) {
      Bench bench;
      bench.input.batch_max = batch_max;
      Script script;
      script.satisfying = {100, 110, 130, 399};

      const PoolResult result = bench.run(script, workers);

      EXPECT_THAT(result.satisfying, testing::ElementsAre(100, 110));
      EXPECT_EQ(result.next, 125U);
    }
  }
}

TEST(Pool, PrefersTheSmallerEditInTheWindow) {
  Bench bench;
  bench.candidates[100].edit.replacement = "x + y";
  Script script;
  script.satisfying = {100, 110};

  const PoolResult result = bench.run(script, 2);

  EXPECT_THAT(result.satisfying, testing::ElementsAre(110, 100));
}

TEST(Pool, GoesOnAfterAnOverfittedCandidate) {
  Bench bench;
  Script script;
  script.overfitted = {10, 20};
  script.satisfying = {200};

  const PoolResult result = bench.run(script, 2);

  EXPECT_THAT(result.satisfying, testing::ElementsAre(200));
  EXPECT_EQ(result.overfitted, 2);
}

TEST(Pool, KeepsTheBestPartialCandidate) {
  Bench bench;
  Script script;
  script.partial = {{30, 1}, {50, 2}, {60, 2}};

  const PoolResult result = bench.run(script, 2);

  ASSERT_TRUE(result.partial);
  EXPECT_EQ(result.partial->index, 50U);
  EXPECT_EQ(result.partial->fixed, 2);
}

TEST(Pool, StopsAtTheLimitOfCandidates) {
  Bench bench(25);
  Script script;

  bench.run(script, 2);

  EXPECT_EQ(script.tried.with([](auto& tried) { return tried.size(); }), 25U);
  EXPECT_EQ(bench.budget.candidates(), 25);
  EXPECT_THAT(bench.budget.why(), testing::HasSubstr("25 candidates"));
}

TEST(Pool, SkipsWhatIsNotWorthATry) {
  Bench bench;
  Script script;
  bench.input.skipped = [](const Candidate& candidate) { return candidate.edit.line % 2 == 0; };

  bench.run(script, 2);

  EXPECT_EQ(script.tried.with([](auto& tried) { return tried.size(); }), 200U);
}

TEST(Pool, HandsOverAFailureOfTheSandbox) {
  Bench bench;
  Script script;
  script.fails_at = 5;

  const PoolResult result = bench.run(script, 2);

  ASSERT_FALSE(result.errors.empty());
  EXPECT_EQ(result.errors.front().message, "no sandbox");
}

}  // namespace
}  // namespace nightjar::reason
