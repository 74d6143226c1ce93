#include "factory/workspaces.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/file.h"
#include "repo/testing/scratch_repository.h"
#include "sandbox/testing/local_sandbox.h"
#include "store/memory/memory_blobs.h"

namespace nightjar::factory {
namespace {

using testing::Not;
using testing::StartsWith;

class SourceTest : public testing::Test {
 protected:
  SourceTest() : blobs_(store::make_memory_blobs()) {}

  void commit_files(int count) {
    for (int at = 0; at < count; ++at) {
      repository_.write("d" + std::to_string(at % 10) + "/" + std::to_string(at), "1\n");
    }
    commit_ = repository_.commit_all();
  }
  /// As another run would: with a scratch folder of its own.
  std::string source(const std::string& changes = "") {
    Workspaces workspaces({.scratch_dir = folder_.path() + "/scratch" + std::to_string(++runs_),
                           .layers_dir = layers(),
                           .layers_bytes_max = 1U << 30U,
                           .kept_files_min = 20},
                          *blobs_, launcher_);
    const auto found = workspaces.source(Json::object(
        {{"top", repository_.path()}, {"folder", ""}, {"commit", commit_}, {"changes", changes}}));
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or("");
  }
  std::string layers() const { return folder_.path() + "/layers"; }

  repo::testing::ScratchFolder folder_;
  repo::testing::ScratchRepository repository_;
  std::unique_ptr<store::Blobs> blobs_;
  sandbox::testing::LocalLauncher launcher_;
  std::string commit_;
  int runs_ = 0;
};

TEST_F(SourceTest, OfALargeProjectIsThereForTheNextRun) {
  commit_files(20);

  const std::string first = source();
  const std::string second = source();

  EXPECT_THAT(first, StartsWith(layers()));
  EXPECT_EQ(first, second);
  EXPECT_EQ(read_file(second + "/d7/7", 10).value_or(""), "1\n");
}

TEST_F(SourceTest, WithChangesIsAnotherOne) {
  commit_files(20);
  const auto changes = store_changes(
      *blobs_, {{"d7/7", {.content = "2\n"}}, {"d8/18", {.content = {}}}, {"x", {.content = "x"}}});
  ASSERT_TRUE(changes);

  const std::string base = source();
  const std::string changed = source(changes->name());

  EXPECT_NE(base, changed);
  EXPECT_EQ(changed, source(changes->name()));
  EXPECT_EQ(read_file(base + "/d7/7", 10).value_or(""), "1\n");
  EXPECT_EQ(read_file(changed + "/d7/7", 10).value_or(""), "2\n");
  EXPECT_EQ(read_file(changed + "/x", 10).value_or(""), "x");
  EXPECT_FALSE(path_exists(changed + "/d8/18"));
}

TEST_F(SourceTest, OfASmallProjectIsScratch) {
  commit_files(10);

  EXPECT_THAT(source(), Not(StartsWith(layers())));
}

}  // namespace
}  // namespace nightjar::factory
