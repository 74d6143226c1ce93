#include "harness/files.h"

#include <gmock/gmock.h>

#include "sandbox/testing/local_sandbox.h"

namespace nightjar::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Globs, KnowStarsAndDoubleStars) {
  EXPECT_TRUE(matches("*.xml", "a.xml"));
  EXPECT_FALSE(matches("*.xml", "out/a.xml"));
  EXPECT_TRUE(matches("**/*.xml", "a.xml"));
  EXPECT_TRUE(matches("**/*.xml", "x/y/a.xml"));
  EXPECT_TRUE(matches("out/**", "out/x/y"));
  EXPECT_TRUE(matches("a?c/T*-*.x", "abc/TEST-a-b.x"));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_TRUE(matches("./out//a", "out/a"));
  // Must not take for ever.
  EXPECT_FALSE(
      matches("**/**/**/**/**/**/**/**/*a*a*a*a*a*a*b", "x/x/x/x/x/x/x/aaaaaaaaaaaaaaaaaaa"));
}

TEST(FindFiles, FollowsNoLinkAndLooksIntoNoGit) {
  sandbox::testing::LocalLauncher launcher;
  const auto sandbox = launcher.open(
      {.lower_dirs = {},
       .mounts = {},
       .limits = {.memory_bytes_max = 1 << 20, .disk_bytes_max = 1 << 20, .processes_max = 8}});
  ASSERT_TRUE(sandbox);
  ASSERT_TRUE(
      (*sandbox)->run({.argv = {"/bin/sh", "-c",
                                "mkdir -p out/d .git; touch out/a.xml out/d/b.xml .git/c.xml; "
                                "ln -s a.xml out/l.xml; ln -s /etc out/e; mkfifo out/f.xml"},
                       .wall_max = std::chrono::seconds(10),
                       .cpu_max = std::chrono::seconds(10),
                       .output_bytes_max = 1000},
                      {}));

  EXPECT_THAT(*find_files(**sandbox, {"**/*.xml"}, 10), ElementsAre("out/a.xml", "out/d/b.xml"));
  EXPECT_THAT(*find_files(**sandbox, {"out/*.xml", "none/*.x"}, 10), ElementsAre("out/a.xml"));
  EXPECT_THAT(*find_files(**sandbox, {"out/e/passwd", "../*", "/etc/passwd"}, 10), IsEmpty());
  EXPECT_THAT(*find_files(**sandbox, {"**/*.xml"}, 1), ElementsAre("out/a.xml"));
}

}  // namespace
}  // namespace nightjar::harness
