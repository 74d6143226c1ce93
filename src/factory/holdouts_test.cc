#include "factory/holdouts.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace nightjar::factory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kTwo =
    "# first\nscenario: one\nsteps:\n  - run: \"true\"\n---\nscenario: two\nsteps:\n  - run: "
    "\"true\"\n";

class HoldoutsTest : public testing::Test {
 protected:
  HoldoutsTest() : folder_(testing::TempDir() + "nightjar_holdouts_XXXXXX") {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  ~HoldoutsTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  ProjectId project_ = ProjectId::make(1);
};

TEST_F(HoldoutsTest, KeepWhatWasSealedAndNameItByContent) {
  HoldoutStore store(folder_);

  ASSERT_TRUE(store.add(project_, kTwo, "a.yaml"));
  ASSERT_TRUE(store.add(project_, kTwo, "a.yaml"));  // The same text again is fine.

  const Result<Holdouts> sealed = store.load(project_);
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_EQ(sealed->scenarios.size(), 2U);
  EXPECT_THAT(sealed->digest, HasSubstr("blake3:"));
  EXPECT_TRUE(store.load(ProjectId::make(2))->scenarios.empty());
}

TEST_F(HoldoutsTest, RefuseANameThatIsTaken) {
  HoldoutStore store(folder_);
  ASSERT_TRUE(store.add(project_, kTwo, "a.yaml"));

  const Result<> again =
      store.add(project_, "scenario: two\nsteps:\n  - run: \"false\"\n", "b.yaml");

  EXPECT_EQ(again.error().code, ErrorCode::invalid_input);
}

TEST(TakeScenarios, PartsAFileWithoutLosingALine) {
  const Result<PartedFile> parted = take_scenarios(kTwo, "a.yaml", {"two"});

  ASSERT_TRUE(parted) << parted.error().message;
  EXPECT_EQ(parted->kept, "# first\nscenario: one\nsteps:\n  - run: \"true\"\n");
  EXPECT_EQ(parted->taken, "scenario: two\nsteps:\n  - run: \"true\"\n");
  EXPECT_THAT(parted->taken_names, ElementsAre("two"));
}

}  // namespace
}  // namespace nightjar::factory
