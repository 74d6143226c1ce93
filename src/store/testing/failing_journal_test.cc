#include "store/testing/failing_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory/memory_journal.h"
#include "store/testing/samples.h"

namespace nightjar::store::testing {
namespace {

using ::testing::SizeIs;

TEST(FailingJournal, RefusesOneCommitAndGoesOn) {
  const auto memory = make_memory_journal();
  FailingJournal journal(*memory);
  journal.fail_at(2, Fault::refuse);

  EXPECT_TRUE(journal.commit(sample_transaction(run_number(1), 0, 1)));
  EXPECT_EQ(journal.commit(sample_transaction(run_number(1), 1, 1)).error().code,
            ErrorCode::exhausted);
  EXPECT_TRUE(journal.commit(sample_transaction(run_number(1), 1, 1)));
  EXPECT_EQ(journal.commit_count(), 3U);
}

TEST(FailingJournal, KeepsWhatWasCommittedBeforeACrashAndNothingElse) {
  const auto memory = make_memory_journal();
  FailingJournal journal(*memory);
  ASSERT_TRUE(journal.commit(sample_transaction(run_number(1), 0, 1)));
  journal.fail_at(1, Fault::crash_before);

  EXPECT_FALSE(journal.commit(sample_transaction(run_number(1), 1, 1)));
  EXPECT_TRUE(journal.crashed());
  EXPECT_EQ(read_all(journal, run_number(1)).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(journal.commit(sample_transaction(run_number(1), 1, 1)));
  EXPECT_FALSE(journal.acquire_lease(run_number(1), "a", 1, 2));
  EXPECT_FALSE(journal.verify());

  journal.restart();
  EXPECT_THAT(*read_all(journal, run_number(1)), SizeIs(1));
}

TEST(FailingJournal, KeepsACommitWhoseAnswerWasLostInACrash) {
  const auto memory = make_memory_journal();
  FailingJournal journal(*memory);
  journal.fail_at(1, Fault::crash_after);

  EXPECT_FALSE(journal.commit(sample_transaction(run_number(1), 0, 1)));

  journal.restart();
  EXPECT_THAT(*read_all(journal, run_number(1)), SizeIs(1));
}

}  // namespace
}  // namespace nightjar::store::testing
