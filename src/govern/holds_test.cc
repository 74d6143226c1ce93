#include "govern/holds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/file.h"

namespace nightjar::govern {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kNow = 1'795'773'600'000'000'000;

class HoldsOnDisk : public ::testing::Test {
 protected:
  HoldsOnDisk() {
    folder_ = (fs::temp_directory_path() / "nightjar-holds-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    folder_ += "/data/holds";
  }
  ~HoldsOnDisk() override {
    static_cast<void>(remove_tree(fs::path(folder_).parent_path().parent_path().string()));
  }
  Holds holds() const { return Holds(folder_); }
  Hold place(const HoldScope& scope, std::int64_t at = kNow) const {
    auto placed =
        holds().place({.scope = scope, .reason = "the tests lie", .who = "ada", .at_utc_ns = at});
    EXPECT_TRUE(placed) << placed.error().message;
    return placed ? *placed : Hold{};
  }
  /// The name of the hold that stops the run of the test, "" when none does, "error" when asking
  /// failed.
  std::string found() const {
    auto hold = holds().find(run_, project_);
    if (!hold) return "error";
    return *hold ? (*hold)->name : "";
  }
  std::string path_of(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, std::string_view content) const {
    fs::create_directories(folder_);
    std::ofstream(path_of(name), std::ios::binary) << content;
  }

  std::string folder_;
  const RunId run_ = RunId::make(kNow);
  const ProjectId project_ = ProjectId::make(kNow);
};

TEST_F(HoldsOnDisk, HoldNothingUntilSomebodyPlacesOne) {
  EXPECT_EQ(found(), "");

  auto all = holds().list();

  ASSERT_TRUE(all);
  EXPECT_THAT(*all, IsEmpty());
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(HoldsOnDisk, StopTheRunsOfTheirScopeAlone) {
  for (const HoldScope& scope : {HoldScope(Everything{}), HoldScope(project_), HoldScope(run_)}) {
    const Hold hold = place(scope);
    EXPECT_EQ(found(), hold.name);
    ASSERT_TRUE(holds().lift(hold.name));
    EXPECT_EQ(found(), "");
  }
  place(RunId::make(kNow + 1));
  place(ProjectId::make(kNow + 1));
  EXPECT_EQ(found(), "");
}

TEST_F(HoldsOnDisk, KeepWhoWhyAndSinceWhen) {
  const Hold placed = place(project_);

  auto all = holds().list();

  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(1));
  const Hold& hold = all->front();
  EXPECT_EQ(hold.name, placed.name);
  EXPECT_EQ(hold.scope, HoldScope(project_));
  EXPECT_EQ(hold.reason, "the tests lie");
  EXPECT_EQ(hold.who, "ada");
  EXPECT_EQ(hold.since_utc_ns, kNow);
  EXPECT_EQ(hold.damage, "");
  EXPECT_EQ(describe(hold), "project " + project_.str() +
                                " is held by ada since 2026-11-27T10:00:00.000Z: the tests lie"
                                " (hold " +
                                placed.name + ")");
}

TEST_F(HoldsOnDisk, AreForTheirOwnerAlone) {
  const Hold hold = place(run_);

  struct stat folder{};
  struct stat file{};
  ASSERT_EQ(::stat(folder_.c_str(), &folder), 0);
  ASSERT_EQ(::stat(path_of(hold.name + ".json").c_str(), &file), 0);
  EXPECT_EQ(folder.st_mode & 07777U, 0700U);
  EXPECT_EQ(file.st_mode & 07777U, 0600U);
}

TEST_F(HoldsOnDisk, AreListedOldestFirstAndEachHasToBeLifted) {
  const Hold second = place(run_, kNow + 2);
  const Hold first = place(Everything{}, kNow + 1);

  auto all = holds().list();
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_EQ(all->front().name, first.name);
  EXPECT_EQ(found(), first.name);
  ASSERT_TRUE(holds().lift(first.name));
  EXPECT_EQ(found(), second.name);
  ASSERT_TRUE(holds().lift(second.name));
  EXPECT_EQ(found(), "");
}

TEST_F(HoldsOnDisk, CannotBeLiftedTwiceOrByAPath) {
  const Hold hold = place(run_);
  write("../key", "kept");

  for (const std::string& name : {std::string("../key"), std::string(".."), std::string(),
                                  std::string("a\0b", 3), RunId::make(kNow).str()}) {
    auto lifted = holds().lift(name);
    ASSERT_FALSE(lifted) << name;
    EXPECT_EQ(lifted.error().code, ErrorCode::not_found);
  }
  ASSERT_TRUE(holds().lift(hold.name));
  EXPECT_FALSE(holds().lift(hold.name));
  EXPECT_TRUE(fs::exists(path_of("../key")));
}

TEST_F(HoldsOnDisk, NeedAReasonAndAPersonOfBoundedLength) {
  for (const auto& [reason, who] : {std::pair<std::string, std::string>{"", "ada"},
                                    {" \n", "ada"},
                                    {"why", ""},
                                    {std::string(kHoldReasonBytesMax + 1, 'x'), "ada"},
                                    {"why", std::string(kHoldWhoBytesMax + 1, 'x')},
                                    {"\xFF", "ada"}}) {
    auto placed = holds().place({.scope = run_, .reason = reason, .who = who, .at_utc_ns = kNow});
    ASSERT_FALSE(placed);
    EXPECT_EQ(placed.error().code, ErrorCode::invalid_input);
  }
  EXPECT_EQ(found(), "");
}

// Goal: the longest text that may be placed can be read again. Method: bytes that JSON escapes.
TEST_F(HoldsOnDisk, ReadTheLongestReasonAgain) {
  auto placed = holds().place({.scope = run_,
                               .reason = "x" + std::string(kHoldReasonBytesMax - 1, '\x01'),
                               .who = "x" + std::string(kHoldWhoBytesMax - 1, '\x01'),
                               .at_utc_ns = kNow});
  ASSERT_TRUE(placed);

  auto hold = holds().find(run_, project_);

  ASSERT_TRUE(hold);
  ASSERT_TRUE(*hold);
  EXPECT_EQ((*hold)->damage, "");
  EXPECT_EQ((*hold)->reason, placed->reason);
}

// Goal: no damage lets a run go on that a person has stopped. Method: every prefix of a hold and
// every flipped bit of it; the hold is on another run, so that only the damage can stop this one.
TEST_F(HoldsOnDisk, HoldEverythingWhenTheirFileIsDamaged) {
  const std::string file = place(RunId::make(kNow + 1)).name + ".json";
  auto text = read_file(path_of(file), 4096);
  ASSERT_TRUE(text);
  ASSERT_EQ(found(), "");

  for (std::size_t size = 0; size < text->size(); ++size) {
    write(file, text->substr(0, size));
    EXPECT_EQ(found(), file) << size;
  }
  for (std::size_t bit = 0; bit < text->size() * 8; ++bit) {
    std::string flipped = *text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    write(file, flipped);
    EXPECT_EQ(found(), file) << bit;
  }
  auto hold = holds().find(run_, project_);
  ASSERT_TRUE(hold);
  EXPECT_THAT(describe(**hold), HasSubstr("everything is held: the hold " + file));
  ASSERT_TRUE(holds().lift((*hold)->name));
  EXPECT_EQ(found(), "");
}

TEST_F(HoldsOnDisk, HoldEverythingWhenSomethingElseLiesThere) {
  const std::string id = RunId::make(kNow).str() + ".json";
  write("note.txt", "x");
  EXPECT_EQ(found(), "note.txt");
  fs::remove(path_of("note.txt"));
  write(id, std::string(100'000, ' '));
  EXPECT_EQ(found(), id);
  fs::remove(path_of(id));
  fs::create_symlink("/dev/zero", path_of(id));
  EXPECT_EQ(found(), id);
  fs::remove(path_of(id));
  ASSERT_EQ(::mkfifo(path_of(id).c_str(), 0600), 0);  // Reading it would wait for ever.
  EXPECT_EQ(found(), id);
  fs::remove(path_of(id));
  fs::create_directory(path_of(id));
  EXPECT_EQ(found(), id);
}

TEST_F(HoldsOnDisk, IgnoreAPlacementThatACrashCutShort) {
  write(RunId::make(kNow).str() + ".json.a1B2c3", "{");

  EXPECT_EQ(found(), "");
}

TEST_F(HoldsOnDisk, AnswerWithAnErrorWhenTheyCannotBeRead) {
  fs::create_directories(fs::path(folder_).parent_path());
  std::ofstream(folder_) << "a file in place of the folder";

  EXPECT_EQ(found(), "error");
  EXPECT_FALSE(holds().place({.scope = run_, .reason = "r", .who = "w", .at_utc_ns = kNow}));
}

TEST_F(HoldsOnDisk, AreBoundedInNumber) {
  fs::create_directories(folder_);
  for (std::size_t i = 0; i < kHoldsMax; ++i) write("x" + std::to_string(i), "");

  auto one_more = holds().place({.scope = run_, .reason = "r", .who = "w", .at_utc_ns = kNow});
  write("y", "");
  write("z", "");

  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::exhausted);
  EXPECT_EQ(found(), "error");
}

}  // namespace
}  // namespace nightjar::govern
