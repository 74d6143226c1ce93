#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "repo/repository.h"

namespace nightjar::repo {
namespace {

TEST(CreateRepository, CommitsEverythingOnMain) {
  std::string folder = testing::TempDir() + "nightjar_create_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directories(folder + "/sub");
  std::ofstream(folder + "/sub/a.txt") << "a\n";

  const Result<> created = create_repository(folder, "Start", 1'700'000'000'000'000'000);

  ASSERT_TRUE(created) << created.error().message;
  const Result<Repository> repository = Repository::open(folder);
  ASSERT_TRUE(repository) << repository.error().message;
  EXPECT_EQ(repository->current_branch().value_or(""), "main");
  EXPECT_EQ(repository->dirty_paths(10).value_or({"?"}), std::vector<std::string>{});
  EXPECT_EQ(repository->read_file(*repository->head_commit(), "sub/a.txt", 10).value_or(""), "a\n");
  EXPECT_EQ(create_repository(folder, "Again", 0).error().code, ErrorCode::conflict);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace nightjar::repo
