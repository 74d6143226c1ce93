// What every journal promises, run on each implementation.
#include "store/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "store/memory/memory_journal.h"
#include "store/sqlite/sqlite_journal.h"
#include "store/testing/samples.h"

namespace nightjar::store {
namespace {

using store::testing::read_all;
using store::testing::run_number;
using store::testing::sample_append;
using store::testing::sample_draft;
using store::testing::sample_posting;
using store::testing::sample_transaction;
using store::testing::sample_work_item;
using store::testing::ScratchDir;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class Kind { memory, sqlite };

class JournalTest : public ::testing::TestWithParam<Kind> {
 protected:
  JournalTest() {
    if (GetParam() == Kind::memory) {
      journal_ = make_memory_journal();
      return;
    }
    Result<std::unique_ptr<Journal>> opened =
        open_sqlite_journal(folder_.file("journal.db"), OpenMode::read_write, {.wal_bytes = 0});
    CHECK(opened);
    journal_ = *std::move(opened);
  }
  ErrorCode code_of(const Transaction& transaction) {
    const auto committed = journal_->commit(transaction);
    CHECK(!committed);
    return committed.error().code;
  }

  ScratchDir folder_;
  std::unique_ptr<Journal> journal_;
};

TEST_P(JournalTest, ReturnsTheEventsAsRecordedInTheOrderGiven) {
  Transaction transaction;
  transaction.appends = {sample_append(run_number(1), 0, 2), sample_append(run_number(2), 0, 1)};

  const auto recorded = journal_->commit(transaction);

  ASSERT_TRUE(recorded) << recorded.error().message;
  ASSERT_THAT(*recorded, SizeIs(3));
  EXPECT_EQ((*recorded)[0].seq, 1U);
  EXPECT_EQ((*recorded)[1].seq, 2U);
  EXPECT_EQ((*recorded)[2].seq, 3U);
  EXPECT_EQ((*recorded)[1].run_seq, 2U);
  EXPECT_EQ((*recorded)[2].run, run_number(2));
  EXPECT_EQ((*recorded)[2].run_seq, 1U);
  EXPECT_EQ((*recorded)[0].payload, "{\"text\":\"event 1\"}");
  EXPECT_EQ(*read_all(*journal_, run_number(2)), std::vector{(*recorded)[2]});
}

TEST_P(JournalTest, ChainsTheEventsOfEachRunByTheirHashes) {
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(1), 0, 2)));
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(2), 0, 1)));
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(1), 2, 1)));

  const auto events = *read_all(*journal_, run_number(1));

  ASSERT_THAT(events, SizeIs(3));
  EXPECT_TRUE(events[0].prev_hash.is_zero());
  EXPECT_EQ(events[1].prev_hash, event::hash_of(events[0]));
  EXPECT_EQ(events[2].prev_hash, event::hash_of(events[1]));
  EXPECT_EQ(events[2].seq, 4U);
  EXPECT_EQ((*journal_->runs(10))[1].hash, event::hash_of(events[2]));
}

TEST_P(JournalTest, KeepsNothingOfATransactionWhoseHeadIsNotTheNewest) {
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(1), 0, 2)));
  Transaction late = sample_transaction(run_number(2), 0, 1);
  late.appends.push_back(sample_append(run_number(1), 1, 1));
  late.work_items.push_back(sample_work_item(1));
  late.idempotency_keys = {"key"};
  late.postings = {sample_posting(run_number(1), 5)};

  EXPECT_EQ(code_of(late), ErrorCode::conflict);
  EXPECT_EQ(code_of(sample_transaction(run_number(1), 3, 1)), ErrorCode::conflict);

  EXPECT_EQ(read_all(*journal_, run_number(2)).error().code, ErrorCode::not_found);
  EXPECT_THAT(*read_all(*journal_, run_number(1)), SizeIs(2));
  EXPECT_EQ(*journal_->work_item(sample_work_item(1).id), std::nullopt);
  EXPECT_FALSE(*journal_->has_idempotency_key("key"));
  EXPECT_THAT(*journal_->postings(run_number(1)), IsEmpty());
}

TEST_P(JournalTest, AcceptsAnIdempotencyKeyOnce) {
  Transaction first;
  first.idempotency_keys = {"branch 7"};
  ASSERT_TRUE(journal_->commit(first));
  Transaction again = sample_transaction(run_number(1), 0, 1);
  again.idempotency_keys = {"other", "branch 7"};
  Transaction twice;
  twice.idempotency_keys = {"a", "a"};

  EXPECT_EQ(code_of(again), ErrorCode::conflict);
  EXPECT_EQ(code_of(twice), ErrorCode::conflict);
  EXPECT_TRUE(*journal_->has_idempotency_key("branch 7"));
  EXPECT_FALSE(*journal_->has_idempotency_key("other"));
  EXPECT_THAT(*journal_->runs(10), IsEmpty());
}

TEST_P(JournalTest, ChangesTheStateOfAWorkItemAndNothingElseOfIt) {
  const WorkItem item = sample_work_item(1);
  Transaction transaction;
  transaction.work_items = {item};
  ASSERT_TRUE(journal_->commit(transaction));

  transaction.work_items[0].state = "done";
  ASSERT_TRUE(journal_->commit(transaction));
  transaction.work_items[0].text = "make it differently";
  EXPECT_EQ(code_of(transaction), ErrorCode::conflict);

  const auto stored = *journal_->work_item(item.id);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->state, "done");
  EXPECT_EQ(stored->text, item.text);
  EXPECT_EQ(*journal_->work_item(sample_work_item(2).id), std::nullopt);
}

TEST_P(JournalTest, GivesThePostingsOfARunInTheOrderTheyWereMade) {
  Transaction transaction = sample_transaction(run_number(1), 0, 1);
  transaction.postings = {sample_posting(run_number(1), 5), sample_posting(run_number(2), 1),
                          sample_posting(run_number(1), 7)};
  ASSERT_TRUE(journal_->commit(transaction));
  transaction = {};
  transaction.postings = {sample_posting(run_number(1), 9)};
  ASSERT_TRUE(journal_->commit(transaction));

  const auto postings = *journal_->postings(run_number(1));

  EXPECT_EQ(postings,
            (std::vector{sample_posting(run_number(1), 5), sample_posting(run_number(1), 7),
                         sample_posting(run_number(1), 9)}));
  EXPECT_THAT(*journal_->postings(run_number(2)), SizeIs(1));
  EXPECT_THAT(*journal_->postings(run_number(3)), IsEmpty());
  EXPECT_THAT(*journal_->runs(10), SizeIs(1)) << "a run without events is none";
}

TEST_P(JournalTest, ReadsARunFromAnyOfItsEvents) {
  std::uint64_t head = 0;
  for (const std::size_t count : {3U, 1U, 4U}) {
    ASSERT_TRUE(journal_->commit(sample_transaction(run_number(1), head, count)));
    head += count;
  }
  const auto all = *read_all(*journal_, run_number(1));
  ASSERT_THAT(all, SizeIs(8));

  for (std::uint64_t from = 0; from <= 10; ++from) {
    const auto read = read_all(*journal_, run_number(1), from);
    ASSERT_TRUE(read) << read.error().message;
    const std::size_t skipped = std::min<std::size_t>(from == 0 ? 0 : from - 1, all.size());
    EXPECT_EQ(*read, std::vector(all.begin() + static_cast<long>(skipped), all.end())) << from;
  }
}

TEST_P(JournalTest, SaysThatARunNobodyRecordedIsNotThere) {
  const auto read = read_all(*journal_, run_number(9));

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::not_found);
  EXPECT_THAT(read.error().message, HasSubstr(run_number(9).str()));
}

TEST_P(JournalTest, StopsReadingAtTheVisitorsErrorAndReturnsIt) {
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(1), 0, 5)));
  int visited = 0;

  const Result<> read = journal_->read_run(run_number(1), 1, [&](const auto&) -> Result<> {
    if (++visited == 2) return Error{ErrorCode::cancelled, "enough"};
    return ok;
  });

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "enough");
  EXPECT_EQ(visited, 2);
}

TEST_P(JournalTest, LetsTheVisitorUseTheJournal) {
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(1), 0, 2)));

  const Result<> read = journal_->read_run(run_number(1), 1, [&](const auto& event) -> Result<> {
    TRY(journal_->commit(sample_transaction(run_number(2), event.run_seq - 1, 1)));
    TRY(read_all(*journal_, run_number(2)));
    return ok;
  });

  EXPECT_TRUE(read);
  EXPECT_THAT(*read_all(*journal_, run_number(2)), SizeIs(2));
}

TEST_P(JournalTest, ListsTheRunThatBeganLastFirst) {
  for (const unsigned number : {5U, 3U, 4U}) {
    ASSERT_TRUE(journal_->commit(sample_transaction(run_number(number), 0, 1)));
  }
  ASSERT_TRUE(journal_->commit(sample_transaction(run_number(5), 1, 1)));

  const auto all = *journal_->runs(10);

  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].run, run_number(4));
  EXPECT_EQ(all[1].run, run_number(3));
  EXPECT_EQ(all[2].run, run_number(5));
  EXPECT_EQ(all[2].run_seq, 2U);
  EXPECT_THAT(*journal_->runs(2), SizeIs(2));
  EXPECT_THAT(*journal_->runs(0), IsEmpty());
}

TEST_P(JournalTest, GivesTheLeaseToOneHolderAtATime) {
  const auto first = journal_->acquire_lease(run_number(1), "process 7", 100, 200);
  ASSERT_TRUE(first);

  const auto other = journal_->acquire_lease(run_number(1), "process 8", 199, 300);

  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::conflict);
  EXPECT_THAT(other.error().message, HasSubstr("process 7"));
  EXPECT_TRUE(journal_->acquire_lease(run_number(2), "process 8", 199, 300));
}

TEST_P(JournalTest, FencesAHolderWhoseLeaseWasTakenOver) {
  const Lease first = *journal_->acquire_lease(run_number(1), "process 7", 100, 200);
  const Lease renewed = *journal_->acquire_lease(run_number(1), "process 7", 150, 250);
  const Lease second = *journal_->acquire_lease(run_number(1), "process 8", 250, 300);

  EXPECT_LT(first.token, renewed.token);
  EXPECT_LT(renewed.token, second.token);
  EXPECT_EQ(journal_->release_lease(renewed).error().code, ErrorCode::conflict);
  EXPECT_TRUE(journal_->release_lease(second));
  EXPECT_LT(second.token, journal_->acquire_lease(run_number(1), "process 9", 251, 300)->token);
}

TEST_P(JournalTest, RefusesALeaseThatIsOverBeforeItBegins) {
  EXPECT_EQ(journal_->acquire_lease(run_number(1), "a", 100, 100).error().code,
            ErrorCode::invalid_input);
  EXPECT_EQ(journal_->acquire_lease(run_number(1), "", 100, 200).error().code,
            ErrorCode::invalid_input);
  EXPECT_EQ(journal_->release_lease({.run = run_number(1), .holder = "a", .token = 1}).error().code,
            ErrorCode::conflict);
}

TEST_P(JournalTest, RefusesWhatIsOverItsLimits) {
  Transaction drafts = sample_transaction(run_number(1), 0, kDraftsMax + 1);
  Transaction twice = sample_transaction(run_number(1), 0, 1);
  twice.appends.push_back(twice.appends[0]);
  Transaction key;
  key.idempotency_keys = {std::string(kNameBytesMax + 1, 'k')};
  Transaction amount;
  amount.postings = {sample_posting(run_number(1), 0)};
  Transaction text;
  text.work_items = {sample_work_item(1)};
  text.work_items[0].text = std::string(kWorkTextBytesMax + 1, 'x');
  Transaction bytes = sample_transaction(run_number(1), 0, 0);
  bytes.appends[0].drafts.assign(9, sample_draft(std::string((1 << 20) - 20, 'x')));
  Transaction draft = sample_transaction(run_number(1), 0, 1);
  draft.appends[0].drafts[0].type = "No";

  EXPECT_EQ(code_of(drafts), ErrorCode::exhausted);
  EXPECT_EQ(code_of(twice), ErrorCode::invalid_input);
  EXPECT_EQ(code_of(key), ErrorCode::invalid_input);
  EXPECT_EQ(code_of(amount), ErrorCode::invalid_input);
  EXPECT_EQ(code_of(text), ErrorCode::exhausted);
  EXPECT_EQ(code_of(bytes), ErrorCode::exhausted);
  EXPECT_EQ(code_of(draft), ErrorCode::invalid_input);
  EXPECT_THAT(*journal_->runs(10), IsEmpty());
}

TEST_P(JournalTest, TakesAnyTextThatUtf8CanHold) {
  WorkItem item = sample_work_item(1);
  item.text = std::string("null \0 byte, größer, 雪", 26);
  Transaction transaction;
  transaction.work_items = {item};
  transaction.idempotency_keys = {std::string("a\0b", 3)};

  ASSERT_TRUE(journal_->commit(transaction));

  EXPECT_EQ((*journal_->work_item(item.id))->text, item.text);
  EXPECT_TRUE(*journal_->has_idempotency_key(std::string("a\0b", 3)));
  EXPECT_FALSE(*journal_->has_idempotency_key("a"));
}

// Goal: threads that meet lose nothing and see each conflict. Method: all advance the same few
// runs.
TEST_P(JournalTest, AdvancesARunOnceWhenManyThreadsTryTheSameStep) {
  constexpr int kThreads = 8;
  constexpr std::uint64_t kSteps = 10;
  std::atomic<int> won = 0;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (std::uint64_t step = 0; step < kSteps; ++step) {
          const auto shared = journal_->commit(sample_transaction(run_number(1), step, 1));
          if (shared) ++won;
          if (!shared && shared.error().code != ErrorCode::conflict) ++wrong;
          const RunId own = run_number(10 + static_cast<unsigned>(i));
          if (!journal_->commit(sample_transaction(own, step * 2, 2))) {
            ++wrong;
          }
        }
      });
    }
  }

  EXPECT_EQ(wrong, 0);
  const auto shared = read_all(*journal_, run_number(1));
  ASSERT_TRUE(shared);
  EXPECT_EQ(static_cast<std::size_t>(won.load()), shared->size());
  std::uint64_t events = shared->size();
  for (unsigned i = 0; i < kThreads; ++i) {
    const auto own = read_all(*journal_, run_number(10 + i));
    ASSERT_TRUE(own);
    EXPECT_THAT(*own, SizeIs(kSteps * 2));
    events += own->size();
  }
  const auto last = journal_->commit(sample_transaction(run_number(99), 0, 1));
  EXPECT_EQ(last->front().seq, events + 1) << "positions have no gaps";
  EXPECT_THAT(*journal_->verify(), IsEmpty());
}

TEST_P(JournalTest, FindsNothingWrongWithWhatItWrote) {
  Transaction transaction = sample_transaction(run_number(1), 0, 3);
  transaction.postings = {sample_posting(run_number(1), 5)};
  transaction.work_items = {sample_work_item(1)};
  transaction.idempotency_keys = {"key"};
  ASSERT_TRUE(journal_->commit(transaction));
  ASSERT_TRUE(journal_->acquire_lease(run_number(1), "a", 1, 2));

  EXPECT_THAT(*journal_->verify(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, JournalTest, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& suite) {
                           return suite.param == Kind::memory ? "memory" : "sqlite";
                         });

}  // namespace
}  // namespace nightjar::store
