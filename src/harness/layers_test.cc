#include "harness/layers.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "base/check.h"

namespace nightjar::harness {
namespace {

class LayersTest : public testing::Test {
 protected:
  LayersTest() {
    std::string pattern = testing::TempDir() + "nightjar_layers_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    dir_ = pattern;
  }
  ~LayersTest() override { (void)remove_tree(dir_).has_value(); }

  Layers layers(std::uint64_t bytes_max = 1000) const { return *Layers::open(dir_, bytes_max); }

  static Layers::Draft draft(const Layers& layers, const std::string& text) {
    Layers::Draft draft = *layers.begin();
    CHECK(make_directories(draft.dir + "/tree", 0755));
    CHECK(write_file_atomically(draft.dir + "/tree/file", text, 0644));
    return draft;
  }
  static Layers::Entry keep(const Layers& layers, char name, std::int64_t bytes) {
    return *layers.publish(std::string(64, name), draft(layers, std::string(1, name)),
                           Json::object({{"bytes", bytes}}), Layers::Keep::over_restarts);
  }
  bool kept(char name) const { return path_exists(dir_ + "/" + std::string(64, name)); }

  std::size_t drafts() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
      count += entry.path().filename().string().starts_with("new-") ? 1U : 0U;
    }
    return count;
  }

  std::string dir_;
};

TEST_F(LayersTest, FindWhatWasPublished) {
  EXPECT_FALSE(*layers().find(std::string(64, 'a')));

  keep(layers(), 'a', 10);

  const auto entry = *layers().find(std::string(64, 'a'));
  ASSERT_TRUE(entry);
  EXPECT_EQ(*read_file(entry->tree_dir + "/file", 10), "a");
  EXPECT_EQ(entry->info.int_or("bytes", 0), 10);
  EXPECT_EQ(drafts(), 0U);
}

TEST_F(LayersTest, ForgetADraftThatWasNotPublished) {
  { const Layers::Draft dropped = draft(layers(), "x"); }

  EXPECT_EQ(drafts(), 0U);
}

TEST_F(LayersTest, GiveTheLayerOfWhoWasFaster) {
  const Layers::Entry first = keep(layers(), 'a', 10);

  const auto second = layers().publish(std::string(64, 'a'), draft(layers(), "other"),
                                       Json::object({{"bytes", 10}}), Layers::Keep::over_restarts);

  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(*read_file(second->tree_dir + "/file", 10), "a");
  EXPECT_EQ(drafts(), 0U);
}

TEST_F(LayersTest, DeleteTheLongestUnusedWhenThereIsNoRoom) {
  keep(layers(), 'a', 400);
  keep(layers(), 'b', 400);
  (void)*layers().find(std::string(64, 'a'));

  keep(layers(), 'c', 400);

  EXPECT_TRUE(kept('a'));
  EXPECT_FALSE(kept('b'));
  EXPECT_TRUE(kept('c'));
}

TEST_F(LayersTest, KeepWhatSomebodyUses) {
  const Layers::Entry used = keep(layers(), 'a', 900);

  keep(layers(), 'b', 900);
  EXPECT_TRUE(kept('a'));

  keep(layers(), 'c', 900);
  EXPECT_TRUE(kept('a'));
  EXPECT_FALSE(kept('b'));
}

TEST_F(LayersTest, SweepDraftsOfMakersThatAreGone) {
  CHECK(make_directories(dir_ + "/new-1-1/tree", 0755));
  const Layers::Draft alive = draft(layers(), "x");

  keep(layers(), 'a', 10);

  EXPECT_EQ(drafts(), 1U);
  EXPECT_TRUE(path_exists(alive.dir));
}

TEST_F(LayersTest, TakeNoDamagedLayer) {
  keep(layers(), 'a', 10);
  CHECK(write_file_atomically(dir_ + "/" + std::string(64, 'a') + "/info.json", "{", 0644));

  EXPECT_FALSE(*layers().find(std::string(64, 'a')));
  keep(layers(), 'a', 10);

  EXPECT_TRUE(*layers().find(std::string(64, 'a')));
}

TEST_F(LayersTest, DropAfterARestartWhatMayNotHaveReachedTheDisk) {
  const std::string key(64, 'a');
  const std::string info = dir_ + "/" + key + "/info.json";
  const auto keep_while_up = [&] {
    return layers().publish(key, draft(layers(), "a"), Json::object({{"bytes", 10}}),
                            Layers::Keep::while_up);
  };
  ASSERT_TRUE(keep_while_up());
  EXPECT_TRUE(*layers().find(key));

  Json other = *parse_json(*read_file(info, 1000));
  other.set("boot", "00000000-0000-0000-0000-000000000000");
  ASSERT_TRUE(write_file_atomically(info, other.dump(), 0644));
  EXPECT_FALSE(*layers().find(key));

  EXPECT_TRUE(keep_while_up());
  EXPECT_TRUE(*layers().find(key));
}

TEST_F(LayersTest, KeepNotes) {
  EXPECT_TRUE(layers().read_note("versions.json").is_null());

  ASSERT_TRUE(layers().write_note("versions.json", Json::object({{"go", "1.26"}})));

  EXPECT_EQ(layers().read_note("versions.json").string_or("go", ""), "1.26");
}

}  // namespace
}  // namespace nightjar::harness
