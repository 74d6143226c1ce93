// ./dev on machines that lack something. The script runs in a folder of its own, between made-up
// dpkg-query, apt-get, sudo and id that note how they were called.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/bytes.h"
#include "base/file.h"

namespace nightjar {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

struct Ended {
  int status = -1;
  std::string text;   // stdout and stderr
  std::string calls;  // of the made-up programs, one a line
};

std::string slurp(const std::string& path) { return read_file(path, 1 << 20).value_or(""); }

class DevTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "dev-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
    fs::create_directories(top_ + "/bin");
    fs::create_directories(top_ + "/deps");
    // Crates that are built and newer than what they are made of: nothing to fetch.
    put("build/deps/release/libnightjar_deps.a", "");
    put("build/deps/include/tree_sitter/api.h", "");
    fs::copy_file(NIGHTJAR_SOURCE_DIR "/dev", top_ + "/dev");
    program("apt-get", "exit 0");
    program("sudo", "[ \"$1\" = -n ] && shift; exec \"$@\"");
    user(0);
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(top_)); }

  void put(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(top_ + "/" + path).parent_path());
    std::ofstream(top_ + "/" + path) << text;
  }
  void program(const std::string& name, const std::string& body) {
    const std::string note = "echo \"" + name + " $*\" >>\"" + top_ + "/calls\"\n";
    put("bin/" + name, "#!/bin/bash\n" + note + body + "\n");
    ::chmod((top_ + "/bin/" + name).c_str(), 0755);
  }
  void user(int uid) {
    put("bin/id", "#!/bin/bash\n[ \"$1\" = -u ] && echo " + std::to_string(uid) + " || echo ann\n");
    ::chmod((top_ + "/bin/id").c_str(), 0755);
  }
  /// Everything is installed but the packages named.
  void missing(const std::string& packages) {
    program("dpkg-query",
            "for p in \"${@:4}\"; do case \" " + packages +
                " \" in *\" $p \"*) ;; *) echo \"$p installed\";; esac; done; exit 1");
  }

  Ended dev(const std::string& arguments) {
    const std::string command = "PATH=\"" + top_ + "/bin:$PATH\" \"" + top_ + "/dev\" " +
                                arguments + " >\"" + top_ + "/text\" 2>&1 </dev/null";
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/bash", "bash", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(top_ + "/text"),
            slurp(top_ + "/calls")};
  }

  std::string top_;
};

TEST_F(DevTest, InstallsNothingWhenEverythingIsThere) {
  missing("");

  const Ended ended = dev("setup");

  EXPECT_EQ(ended.status, 0) << ended.text;
  EXPECT_THAT(ended.calls, Not(HasSubstr("apt-get")));
}

TEST_F(DevTest, InstallsWhatIsMissingAndSaysWhy) {
  missing("cmake mold");

  const Ended ended = dev("setup");

  EXPECT_EQ(ended.status, 0) << ended.text;
  EXPECT_THAT(ended.calls, HasSubstr("update\n"));
  EXPECT_THAT(ended.calls, HasSubstr("install -y --no-install-recommends cmake mold\n"));
  EXPECT_THAT(ended.text, HasSubstr("cmake                 describes the build"));
  EXPECT_THAT(ended.text, Not(HasSubstr("ninja-build")));
}

TEST_F(DevTest, InstallsBySudoAsAPlainUser) {
  missing("mold");
  user(1000);

  const Ended ended = dev("setup");

  EXPECT_EQ(ended.status, 0) << ended.text;
  EXPECT_THAT(ended.calls, HasSubstr("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"));
}

TEST_F(DevTest, SaysWhatAnAdministratorHasToRunWhenItMayNotInstall) {
  missing("mold");
  user(1000);
  program("sudo", "exit 1");

  const Ended ended = dev("build");

  EXPECT_EQ(ended.status, 6);
  EXPECT_THAT(ended.calls, Not(HasSubstr("apt-get")));
  EXPECT_THAT(ended.text,
              HasSubstr("apt-get update && apt-get install -y --no-install-recommends mold"));
}

TEST_F(DevTest, ShowsTheEndOfTheLogWhenInstallingFails) {
  missing("mold");
  program("apt-get", "echo 'no space left on this machine'; exit 100");

  const Ended ended = dev("setup");

  EXPECT_EQ(ended.status, 6);
  EXPECT_THAT(ended.text, HasSubstr("no space left on this machine"));
}

TEST_F(DevTest, InstallsForAVerbWhatThatVerbNeeds) {
  missing("clang-format-19 bubblewrap");

  const Ended ended = dev("setup tidy");

  EXPECT_EQ(ended.status, 0) << ended.text;
  EXPECT_THAT(ended.calls, HasSubstr("install -y --no-install-recommends clang-format-19\n"));
}

TEST_F(DevTest, RefusesAWrongVerbWithTheHelp) {
  missing("");

  const Ended ended = dev("biuld");

  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.text, HasSubstr("no such verb: biuld"));
  EXPECT_EQ(dev("fuzz x y z").status, 2);
  EXPECT_EQ(dev("sim --seed x").status, 2);
  EXPECT_EQ(dev("setup everything").status, 2);
}

TEST_F(DevTest, HelpsOnOneScreen) {
  const Ended ended = dev("help");

  EXPECT_EQ(ended.status, 0);
  const auto lines = split_lines(ended.text);
  EXPECT_LE(lines.size(), 24U);
  for (const std::string& line : lines) EXPECT_LE(line.size(), 80U) << line;
}

TEST_F(DevTest, NamesTheUserWhoMayNotWriteTheBuildFolder) {
  missing("");
  fs::remove_all(top_ + "/build");
  put("build", "a file in the way");

  const Ended ended = dev("setup");

  EXPECT_EQ(ended.status, 6);
  EXPECT_THAT(ended.text, HasSubstr("is not writable for ann"));
}

}  // namespace
}  // namespace nightjar
