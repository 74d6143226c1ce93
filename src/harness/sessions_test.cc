#include "harness/sessions.h"

#include <gmock/gmock.h>

#include "base/guarded.h"
#include "sandbox/testing/local_sandbox.h"

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = SessionEvent::Kind;

using namespace std::chrono_literals;

/// A suite whose tests may end their process, told without any process.
struct Fake {
  std::vector<std::string> tests;
  std::set<std::string> killers;
  int sessions = 0;

  SessionOutcome run(const SessionPart& part) {
    ++sessions;
    Session session;
    SessionOutcome out;
    std::vector<std::string> mine;
    for (std::size_t i = 0; i < tests.size(); ++i) {
      out.listing.push_back(tests[i]);
      const bool wanted = !part.only || std::find(part.only->begin(), part.only->end(), tests[i]) !=
                                            part.only->end();
      const bool here = static_cast<int>(i) % part.shards == part.shard;
      session.events.push_back({.kind = Kind::listed, .id = tests[i], .selected = wanted && here});
      if (wanted && here) mine.push_back(tests[i]);
    }
    bool died = false;
    for (const std::string& id : mine) {
      session.events.push_back({.kind = Kind::started, .id = id});
      died = killers.contains(id);
      if (died) break;
      session.events.push_back({.kind = Kind::finished, .id = id, .outcome = TestOutcome::passed});
    }
    if (!died) session.events.push_back({.kind = Kind::ended});
    out.judgement = judge(session);
    return out;
  }
};

SuiteRun run(Fake fake, int parallel, int* sessions = nullptr) {
  sandbox::testing::LocalLauncher launcher;
  const Workshop workshop = {.launcher = launcher,
                             .spec = {.lower_dirs = {},
                                      .mounts = {},
                                      .limits = {.memory_bytes_max = 1 << 20,
                                                 .disk_bytes_max = 1 << 20,
                                                 .processes_max = 4}},
                             .env = {}};
  const SuiteRequest request = {.suite = {.runner = "fake"},
                                .limits = {.wall_max = 60s, .cpu_max = 60s, .output_bytes_max = 1},
                                .parallel = parallel};
  Guarded<Fake> shared(std::move(fake));
  Result<SuiteRun> result = run_sessions(
      workshop, request,
      [&](sandbox::Sandbox&, const SessionPart& part, std::stop_token) -> Result<SessionOutcome> {
        return shared.with([&](Fake& one) { return one.run(part); });
      },
      {});
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  if (sessions != nullptr) *sessions = shared.with([](Fake& one) { return one.sessions; });
  return result ? *std::move(result) : SuiteRun{};
}

std::vector<std::string> outcomes(const SuiteRun& run) {
  std::vector<std::string> out;
  for (const TestResult& test : run.tests) {
    out.push_back(test.id + " " + std::string(name_of(test.outcome)));
  }
  return out;
}

TEST(Sessions, AreSpreadAndPutTogether) {
  int sessions = 0;

  const SuiteRun result = run({.tests = {"b", "a", "c"}, .killers = {}}, 2, &sessions);

  EXPECT_THAT(outcomes(result), ElementsAre("a passed", "b passed", "c passed"));
  EXPECT_TRUE(result.complete);
  EXPECT_THAT(result.doubts, IsEmpty());
  EXPECT_EQ(sessions, 2);
}

TEST(Sessions, RunWhatADeadOneLeftInOneProcessEach) {
  int sessions = 0;

  const SuiteRun result =
      run({.tests = {"a", "k", "c", "l", "e"}, .killers = {"k", "l"}}, 1, &sessions);

  EXPECT_THAT(outcomes(result),
              ElementsAre("a passed", "c passed", "e passed", "k error", "l error"));
  EXPECT_TRUE(result.complete) << result.problem;
  EXPECT_THAT(result.doubts, ElementsAre(HasSubstr("did not come to its end")));
  EXPECT_THAT(result.judged_by, testing::Contains("one process each"));
  EXPECT_EQ(sessions, 4);
}

TEST(Sessions, GoOnWithoutTheDeadTestWhenManyAreLeft) {
  Fake fake;
  for (int i = 0; i < 200; ++i) fake.tests.push_back("t" + std::to_string(i));
  fake.killers = {"t10", "t20"};
  int sessions = 0;

  const SuiteRun result = run(fake, 1, &sessions);

  EXPECT_EQ(result.tests.size(), 200U);
  EXPECT_EQ(result.find("t20")->outcome, TestOutcome::error);
  EXPECT_EQ(result.find("t199")->outcome, TestOutcome::passed);
  EXPECT_TRUE(result.complete);
  EXPECT_LE(sessions, 4);
}

TEST(Sessions, StopAtTheFirstErrorOfASandbox) {
  sandbox::testing::LocalLauncher launcher;
  const Workshop workshop = {.launcher = launcher, .spec = {}, .env = {}};

  const Result<SuiteRun> result =
      run_sessions(workshop, {.suite = {.runner = "fake"}, .limits = {}, .parallel = 2},
                   [](sandbox::Sandbox&, const SessionPart&,
                      std::stop_token) -> Result<SessionOutcome> { return SessionOutcome{}; },
                   {});

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace nightjar::harness
