// Control groups on a pretended file system, so that both versions are tested on every machine.
// What really counts and kills is shown by sandbox_test.cc where the machine has groups.
#include "sandbox/cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/testing/fixture.h"

namespace nightjar::sandbox {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GroupsTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    const std::string path = scratch_.path() + "/" + name;
    ASSERT_TRUE(make_directories(std::filesystem::path(path).parent_path().string(), 0755));
    ASSERT_TRUE(write_file_atomically(path, text, 0644));
  }
  std::string read(const std::string& path) const { return read_file(path, 1000).value_or(""); }
  std::unique_ptr<Groups> find() const {
    return Groups::find(scratch_.path() + "/mountinfo", scratch_.path() + "/own");
  }
  std::string top() const { return scratch_.path(); }

  testing::ScratchFolder scratch_;
};

TEST_F(GroupsTest, AreMissingWhereNothingIsMounted) {
  write("mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n");
  write("own", "0::/\n");

  const auto groups = find();
  const auto group = groups->make();

  EXPECT_EQ(groups->what_is_missing().size(), 2U);
  EXPECT_THAT(groups->what_is_missing()[0], HasSubstr("memory total"));
  ASSERT_TRUE(group);
  EXPECT_FALSE(group->counts_memory());
  EXPECT_TRUE(group->limit_memory(1));
  EXPECT_EQ(group->cpu_ns(), 0U);
}

TEST_F(GroupsTest, OfVersionOneLieBelowOurOwn) {
  write("memory/mine/x", "");
  write("cpuacct/x", "");
  write("mountinfo", "30 29 0:25 / " + top() + "/memory rw - cgroup cgroup rw,memory\n" +
                         "31 29 0:26 / " + top() + "/cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  write("own", "4:memory:/mine\n2:cpu,cpuacct:/\n0::/\n");

  const auto groups = find();
  const auto group = groups->make();

  EXPECT_THAT(groups->what_is_missing(), IsEmpty());
  ASSERT_TRUE(group);
  const std::string name = "nightjar-" + std::to_string(::getpid()) + "-1";
  EXPECT_EQ(group->folders().memory, top() + "/memory/mine/" + name);
  EXPECT_EQ(group->folders().cpu, top() + "/cpuacct/" + name);
}

TEST_F(GroupsTest, OfVersionOneAreReadAndLimited) {
  write("memory/memory.limit_in_bytes", "");
  write("memory/memory.stat", "rss 5\ntotal_rss 77\n");
  write("memory/memory.max_usage_in_bytes", "99\n");
  write("memory/memory.oom_control", "under_oom 0\noom_kill 3\n");
  write("memory/cpuacct.usage", "1234\n");
  const Group group(GroupVersion::one, {.memory = top() + "/memory", .cpu = top() + "/memory"});

  EXPECT_TRUE(group.limit_memory(4096));

  EXPECT_EQ(read(top() + "/memory/memory.limit_in_bytes"), "4096");
  EXPECT_EQ(group.private_bytes(), 77U);
  EXPECT_EQ(group.peak_bytes(), 99U);
  EXPECT_EQ(group.oom_kills(), 3U);
  EXPECT_EQ(group.cpu_ns(), 1234U);
}

TEST_F(GroupsTest, OfVersionTwoAreReadAndLimited) {
  write("g/memory.max", "");
  write("g/memory.swap.max", "");
  write("g/memory.stat", "file 5\nanon 77\n");
  write("g/memory.peak", "99\n");
  write("g/memory.events", "oom 1\noom_kill 3\n");
  write("g/cpu.stat", "usage_usec 12\nuser_usec 9\n");
  const Group group(GroupVersion::two, {.memory = top() + "/g", .cpu = top() + "/g"});

  EXPECT_TRUE(group.limit_memory(4096));

  EXPECT_EQ(read(top() + "/g/memory.max"), "4096");
  EXPECT_EQ(read(top() + "/g/memory.swap.max"), "0");
  EXPECT_EQ(group.private_bytes(), 77U);
  EXPECT_EQ(group.peak_bytes(), 99U);
  EXPECT_EQ(group.oom_kills(), 3U);
  EXPECT_EQ(group.cpu_ns(), 12'000U);
}

TEST_F(GroupsTest, OfVersionTwoAreTakenWhenMemoryIsHandedOn) {
  write("unified/me/cgroup.controllers", "cpu memory pids\n");
  write("unified/me/cgroup.subtree_control", "");
  write("mountinfo", "30 29 0:25 / " + top() + "/unified rw - cgroup2 cgroup2 rw\n");
  write("own", "0::/me\n");

  const auto groups = find();

  EXPECT_THAT(groups->what_is_missing(), IsEmpty());
  EXPECT_EQ(read(top() + "/unified/me/cgroup.subtree_control"), "+memory");
  EXPECT_EQ(groups->make().value().version(), GroupVersion::two);
}

TEST_F(GroupsTest, OutsideOfWhatIsMountedAreMissing) {
  write("unified/cgroup.controllers", "memory\n");
  write("mountinfo", "30 29 0:25 /.. " + top() + "/unified rw - cgroup2 cgroup2 rw\n");
  write("own", "0::/../other\n");

  EXPECT_EQ(find()->what_is_missing().size(), 2U);
}

TEST_F(GroupsTest, OfAProcessThatWasKilledAreRemoved) {
  // No process has the highest number; the other group is ours.
  const std::string stale = top() + "/memory/nightjar-4194304-1";
  const std::string ours = top() + "/memory/nightjar-" + std::to_string(::getpid()) + "-9";
  ASSERT_TRUE(make_directories(stale, 0755));
  ASSERT_TRUE(make_directories(ours, 0755));
  write("mountinfo", "30 29 0:25 / " + top() + "/memory rw - cgroup cgroup rw,memory\n");
  write("own", "4:memory:/\n");

  const auto groups = find();

  EXPECT_FALSE(path_exists(stale));
  EXPECT_TRUE(path_exists(ours));
}

TEST_F(GroupsTest, AreGoneWhenTheirMakerEnds) {
  write("memory/x", "");
  write("mountinfo", "30 29 0:25 / " + top() + "/memory rw - cgroup cgroup rw,memory\n");
  write("own", "4:memory:/\n");
  auto groups = find();
  const std::string folder = groups->make().value().folders().memory;
  ASSERT_TRUE(path_exists(folder));

  groups.reset();

  EXPECT_FALSE(path_exists(folder));
}

}  // namespace
}  // namespace nightjar::sandbox
