#include "harness/session.h"

#include <gmock/gmock.h>

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = SessionEvent::Kind;

SessionEvent listed(std::string id) { return {.kind = Kind::listed, .id = std::move(id)}; }
SessionEvent started(std::string id) { return {.kind = Kind::started, .id = std::move(id)}; }
SessionEvent finished(std::string id, TestOutcome outcome) {
  return {.kind = Kind::finished, .id = std::move(id), .outcome = outcome};
}
SessionEvent ended() { return {.kind = Kind::ended}; }

Session session_of(std::vector<SessionEvent> events, int code) {
  Session session;
  session.events = std::move(events);
  session.outcome.code = code;
  return session;
}

std::vector<std::string> outcomes(const SuiteRun& run) {
  std::vector<std::string> out;
  for (const TestResult& test : run.tests) {
    out.push_back(test.id + " " + std::string(name_of(test.outcome)));
  }
  return out;
}

TEST(Session, BelievesATestThatWasListedStartedAndFinished) {
  const auto judged =
      judge(session_of({listed("a"), listed("b"), started("a"), finished("a", TestOutcome::passed),
                        started("b"), finished("b", TestOutcome::failed), ended()},
                       1));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a passed", "b failed"));
  EXPECT_TRUE(judged.run.complete);
  EXPECT_THAT(judged.run.doubts, IsEmpty());
  EXPECT_THAT(judged.run.judged_by, ElementsAre("listing", "event stream", "exit status"));
}

TEST(Session, SaysNotRunOfATestThatNeverStarted) {
  const auto judged = judge(session_of(
      {listed("a"), listed("b"), started("a"), finished("a", TestOutcome::passed), ended()}, 1));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a passed", "b not_run"));
  EXPECT_THAT(judged.undecided, IsEmpty());
}

TEST(Session, BlamesTheTestInWhichTheProcessEnded) {
  const auto judged = judge(session_of({listed("a"), listed("b"), listed("c"), started("a"),
                                        finished("a", TestOutcome::passed), started("b")},
                                       0));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a passed", "b error", "c not_run"));
  EXPECT_THAT(judged.run.tests[1].message, HasSubstr("the process ended in this test"));
  EXPECT_THAT(judged.run.tests[1].message, HasSubstr("exit status 0"));
  EXPECT_THAT(judged.died, ElementsAre("b"));
  EXPECT_THAT(judged.undecided, ElementsAre("c"));
  EXPECT_FALSE(judged.run.complete);
  EXPECT_THAT(judged.run.problem, HasSubstr("did not come to its end"));
}

TEST(Session, SaysTimedOutWhenALimitEndedTheProcess) {
  Session session = session_of({listed("a"), started("a")}, 9);
  session.outcome.ended = sandbox::Ended::wall_limit;

  const auto judged = judge(session);

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a timed_out"));
  EXPECT_FALSE(judged.run.complete);
}

TEST(Session, DoubtsAnExitStatusThatHidesAFailure) {
  const auto judged = judge(
      session_of({listed("a"), started("a"), finished("a", TestOutcome::failed), ended()}, 0));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a failed"));
  EXPECT_THAT(judged.run.doubts, ElementsAre("exit status 0 although 1 test failed"));
  EXPECT_TRUE(judged.run.complete);
}

TEST(Session, IsNotCompleteWhenItsStatusSaysMoreThanItsEvents) {
  const auto judged = judge(
      session_of({listed("a"), started("a"), finished("a", TestOutcome::passed), ended()}, 3));

  EXPECT_FALSE(judged.run.complete);
  EXPECT_EQ(judged.run.problem, "exit status 3 although no test failed");
}

TEST(Session, DoesNotBelieveEventsThatDoNotFit) {
  const auto judged = judge(session_of(
      {listed("twice"), listed("early"), started("twice"), finished("twice", TestOutcome::failed),
       finished("twice", TestOutcome::passed), finished("early", TestOutcome::passed),
       started("early"), finished("early", TestOutcome::passed), started("stranger"),
       finished("stranger", TestOutcome::passed), ended()},
      1));

  EXPECT_THAT(outcomes(judged.run),
              ElementsAre("twice unknown", "early unknown", "stranger unknown"));
  EXPECT_FALSE(judged.run.complete);
  EXPECT_EQ(judged.run.doubts.size(), 4U);
}

TEST(Session, DoesNotBelieveEventsAfterItsEnd) {
  const auto judged = judge(session_of(
      {listed("a"), started("a"), ended(), finished("a", TestOutcome::passed), ended()}, 0));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a unknown"));
  EXPECT_FALSE(judged.run.complete);
}

TEST(Session, NumbersTestsOfOneName) {
  const auto judged =
      judge(session_of({listed("a"), listed("a"), started("a"), finished("a", TestOutcome::passed),
                        started("a"), finished("a", TestOutcome::failed), ended()},
                       1));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a passed", "a#2 failed"));
  EXPECT_TRUE(judged.run.complete);
}

TEST(Session, ComparesTheRunnersOwnCount) {
  Session session =
      session_of({listed("a"), started("a"), finished("a", TestOutcome::passed), ended()}, 0);
  session.counted = 2;

  const auto judged = judge(session);

  EXPECT_FALSE(judged.run.complete);
  EXPECT_THAT(judged.run.problem, HasSubstr("counted 2 tests, and 1 results came"));
}

TEST(Session, TakesAReportWithoutStarts) {
  Session session =
      session_of({finished("a", TestOutcome::passed), finished("b", TestOutcome::skipped),
                  finished("a", TestOutcome::passed)},
                 0);
  session.tells_starts = false;
  session.tells_end = false;

  const auto judged = judge(session);

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a passed", "b skipped", "a#2 passed"));
  EXPECT_TRUE(judged.run.complete);
  EXPECT_THAT(judged.run.judged_by, ElementsAre("report", "exit status"));
}

TEST(Session, HoldsAReportAgainstASeparateListing) {
  Session session =
      session_of({finished("a", TestOutcome::passed), finished("a", TestOutcome::passed),
                  finished("c", TestOutcome::passed)},
                 0);
  session.tells_starts = false;
  session.tells_end = false;
  session.listed = {"a", "b"};

  const auto judged = judge(session);

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a unknown", "b not_run", "c unknown"));
}

TEST(Session, CountsTroubleAsAnError) {
  Session session = session_of({listed("a"), started("a"), finished("a", TestOutcome::passed)}, 1);
  session.events.insert(session.events.begin(),
                        {.kind = Kind::trouble, .id = "b.py", .message = "SyntaxError"});
  session.events.push_back(ended());
  session.counted = 1;

  const auto judged = judge(session);

  EXPECT_THAT(outcomes(judged.run), ElementsAre("b.py error", "a passed"));
  EXPECT_TRUE(judged.run.complete);
}

TEST(Session, OnlyExpectsWhatItIsToRun) {
  SessionEvent elsewhere = listed("b");
  elsewhere.selected = false;

  const auto judged = judge(session_of(
      {listed("a"), elsewhere, started("a"), finished("a", TestOutcome::passed), ended()}, 0));

  EXPECT_THAT(outcomes(judged.run), ElementsAre("a passed"));
  EXPECT_TRUE(judged.run.complete);
}

TEST(Conclude, SortsAndRefusesARunWithoutTests) {
  SuiteRun run;
  run.complete = true;
  run.tests = {{.id = "b"}, {.id = "a"}, {.id = "b"}};
  conclude(run);
  EXPECT_THAT(outcomes(run), ElementsAre("a unknown", "b unknown", "b#2 unknown"));
  EXPECT_TRUE(run.complete);

  SuiteRun none;
  none.complete = true;
  conclude(none);
  EXPECT_FALSE(none.complete);
  EXPECT_EQ(none.problem, "no test was found");
}

TEST(Merge, PutsPartsOfASuiteTogether) {
  SuiteRun run = {.tests = {{.id = "a"}}, .complete = true, .doubts = {"x"}};
  run.coverage.files["a.py"] = {.executable = {1, 2}, .executed = {1}};
  SuiteRun other = {.tests = {{.id = "b"}}, .complete = false, .problem = "p", .doubts = {"x"}};
  other.coverage.files["a.py"] = {.executable = {2, 3}, .executed = {3}};

  merge(run, other);

  EXPECT_EQ(run.tests.size(), 2U);
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.problem, "p");
  EXPECT_THAT(run.doubts, ElementsAre("x"));
  EXPECT_THAT(run.coverage.files["a.py"].executable, ElementsAre(1, 2, 3));
  EXPECT_THAT(run.coverage.files["a.py"].executed, ElementsAre(1, 3));
}

TEST(BoundedId, KeepsLongIdsApart) {
  EXPECT_EQ(bounded_id("t::é"), "t::é");
  const std::string long_id(5'000, 'x');
  EXPECT_LE(bounded_id(long_id).size(), kTestIdBytesMax);
  EXPECT_NE(bounded_id(long_id + "1"), bounded_id(long_id + "2"));
  EXPECT_NE(bounded_id("\xff"), bounded_id("\\xff"));
  EXPECT_LE(bounded_id(std::string(5'000, '\xff')).size(), kTestIdBytesMax);
  EXPECT_LE(bounded_message(std::string(9'000, '\xff')).size(), kMessageBytesMax);
}

TEST(Ending, NamesTheSignal) {
  sandbox::Outcome outcome;
  outcome.ended = sandbox::Ended::signalled;
  outcome.code = 11;
  EXPECT_EQ(ending_of(outcome), "killed by SIGSEGV (signal 11)");
}

}  // namespace
}  // namespace nightjar::harness
