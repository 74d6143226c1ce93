#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "harness/environment.h"

namespace nightjar::harness {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

/// A made-up home folder, closed to others as homes are. Not below /tmp, which no mount may hide.
class Home {
 public:
  Home() {
    std::string pattern = "/var/tmp/nightjar_home_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  ~Home() { (void)remove_tree(path_).has_value(); }

  std::string at(const std::string& below) const { return path_ + "/" + below; }
  void program(const std::string& below) const { write(below, "#!/bin/sh\n", 0755); }
  void write(const std::string& below, const std::string& text, int mode = 0644) const {
    CHECK(make_directories(std::filesystem::path(at(below)).parent_path(), 0755));
    CHECK(write_file_atomically(at(below), text, mode));
  }
  void folder(const std::string& below) const { CHECK(make_directories(at(below), 0755)); }
  void link(const std::string& target, const std::string& below) const {
    CHECK(make_directories(std::filesystem::path(at(below)).parent_path(), 0755));
    CHECK(::symlink(target.c_str(), at(below).c_str()) == 0);
  }
  HostView host(const std::string& first_path) const {
    return {.path = at(first_path) + ":/usr/bin:/bin", .home = path_, .toolchain_dirs = {}};
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::optional<Toolchain> found(const std::string& name, const HostView& host) {
  Result<std::optional<Toolchain>> toolchain = find_toolchain(name, host);
  EXPECT_TRUE(toolchain) << (toolchain ? "" : toolchain.error().message);
  return toolchain ? *std::move(toolchain) : std::nullopt;
}

std::vector<std::string> shown(const Toolchain& toolchain) {
  std::vector<std::string> out;
  for (const sandbox::Mount& mount : toolchain.mounts) out.push_back(mount.host_path);
  return out;
}

TEST(FindToolchain, SeesThroughPyenv) {
  const Home home;
  home.program(".pyenv/shims/python3");
  home.write(".pyenv/version", "3.11.7\n");
  home.program(".pyenv/versions/3.11.7/bin/python3");
  home.program(".pyenv/versions/3.12.1/bin/python3");

  const auto python = found("python", home.host(".pyenv/shims"));

  ASSERT_TRUE(python);
  EXPECT_THAT(shown(*python), ElementsAre(home.at(".pyenv/versions/3.11.7")));
  EXPECT_THAT(python->path_dirs, ElementsAre(home.at(".pyenv/versions/3.11.7/bin")));
  EXPECT_THAT(python->env, Contains(Pair("PIP_NO_INDEX", "1")));
}

TEST(FindToolchain, TakesTheNewestWhereTheUserChoseNone) {
  const Home home;
  home.program(".pyenv/shims/python3");
  home.program(".pyenv/versions/3.9.18/bin/python3");
  home.program(".pyenv/versions/3.12.1/bin/python3");

  const auto python = found("python", home.host(".pyenv/shims"));

  ASSERT_TRUE(python);
  EXPECT_THAT(shown(*python), ElementsAre(home.at(".pyenv/versions/3.12.1")));
}

TEST(FindToolchain, SeesThroughRustupAndShowsTheRegistryWithoutCredentials) {
  const Home home;
  home.program(".cargo/bin/rustup");
  home.link("rustup", ".cargo/bin/cargo");
  home.write(".cargo/credentials.toml", "token");
  home.folder(".cargo/registry/cache");
  home.write(".rustup/settings.toml", "version = \"12\"\ndefault_toolchain = \"stable-x\"\n");
  home.program(".rustup/toolchains/stable-x/bin/cargo");

  const auto rust = found("rust", home.host(".cargo/bin"));

  ASSERT_TRUE(rust);
  EXPECT_THAT(shown(*rust),
              ElementsAre(home.at(".rustup/toolchains/stable-x"), home.at(".cargo/registry")));
  EXPECT_EQ(rust->mounts[1].inside_path, "/opt/nightjar/caches/cargo-registry");
  EXPECT_THAT(rust->env, Contains(Pair("CARGO_NET_OFFLINE", "true")));
  EXPECT_THAT(rust->prelude, HasSubstr("cargo-registry/cache"));
}

TEST(FindToolchain, SeesThroughLinksOfVersionManagers) {
  const Home home;
  home.program(".sdkman/candidates/java/17.0.9/bin/java");
  home.link("17.0.9", ".sdkman/candidates/java/current");
  home.program(".nvm/versions/node/v20.1.0/bin/node");
  home.program(".asdf/shims/ruby");
  home.program(".asdf/installs/ruby/3.2.1/bin/ruby");
  home.program(".asdf/installs/ruby/3.3.0/bin/ruby");
  home.write(".tool-versions", "ruby 3.2.1\n");

  const auto java = found("java", home.host(".sdkman/candidates/java/current/bin"));
  const auto node = found("node", home.host(".nvm/versions/node/v20.1.0/bin"));
  const auto ruby = found("ruby", home.host(".asdf/shims"));

  ASSERT_TRUE(java && node && ruby);
  EXPECT_THAT(shown(*java), ElementsAre(home.at(".sdkman/candidates/java/17.0.9")));
  EXPECT_THAT(shown(*node), ElementsAre(home.at(".nvm/versions/node/v20.1.0")));
  EXPECT_THAT(shown(*ruby), ElementsAre(home.at(".asdf/installs/ruby/3.2.1")));
}

TEST(FindToolchain, ShowsAVirtualEnvironmentWithItsPython) {
  const Home home;
  home.program("base/bin/python3");
  home.write("venv/pyvenv.cfg", "home = " + home.at("base/bin") + "\n");
  home.link(home.at("base/bin/python3"), "venv/bin/python3");

  const auto python = found("python", home.host("venv/bin"));

  ASSERT_TRUE(python);
  EXPECT_THAT(shown(*python), ElementsAre(home.at("venv"), home.at("base")));
  EXPECT_THAT(python->path_dirs, ElementsAre(home.at("venv/bin")));
}

TEST(FindToolchain, ShowsNothingThatSandboxesShowAnyway) {
  const Home home;

  const auto c = found("c", home.host("bin"));

  ASSERT_TRUE(c);
  EXPECT_THAT(c->mounts, IsEmpty());
  EXPECT_THAT(c->path_dirs, IsEmpty());
}

TEST(FindToolchain, NeverShowsTheHomeOrAFolderWithCredentials) {
  const Home home;
  home.program("bin/go");         // its prefix is the home itself
  home.program(".local/bin/go");  // shared by everything
  home.program("tools/bin/go");   // with somebody's keys beside it
  home.write("tools/.netrc", "secret");

  for (const char* folder : {"bin", ".local/bin", "tools/bin"}) {
    const auto go =
        found("go", {.path = home.at(folder), .home = home.path(), .toolchain_dirs = {}});
    EXPECT_FALSE(go) << folder;
  }
}

TEST(FindToolchain, TakesTheFolderThatTheUserNames) {
  const Home home;
  home.program("python-x/bin/python3");
  home.folder("wheels");
  HostView host = home.host("none");
  host.toolchain_dirs = {{"python", home.at("python-x")}, {"wheels", home.at("wheels")}};
  host.discover = false;

  const auto python = found("python", host);

  ASSERT_TRUE(python);
  EXPECT_THAT(shown(*python), ElementsAre(home.at("python-x"), home.at("wheels")));
  EXPECT_THAT(python->env, Contains(Pair("PIP_FIND_LINKS", "/opt/nightjar/caches/wheels")));
  EXPECT_THAT(python->warnings, IsEmpty());
}

TEST(FindToolchain, WarnsOfCredentialsInTheFolderThatTheUserNames) {
  const Home home;
  home.program("sdk/bin/go");
  home.write("sdk/.netrc", "secret");
  HostView host = home.host("none");
  host.toolchain_dirs = {{"go", home.at("sdk")}};

  const auto go = found("go", host);

  ASSERT_TRUE(go);
  EXPECT_THAT(go->warnings, ElementsAre(HasSubstr("sdk/.netrc")));
}

TEST(FindToolchain, RefusesFoldersThatCannotBeShown) {
  const Home home;
  const auto refusal = [&](const std::string& folder) {
    HostView host = home.host("none");
    host.toolchain_dirs = {{"go", folder}};
    const auto toolchain = find_toolchain("go", host);
    return toolchain ? std::string("shown") : toolchain.error().message;
  };

  EXPECT_THAT(refusal(home.path()), HasSubstr("holds your home folder"));
  EXPECT_THAT(refusal("/"), HasSubstr("holds your home folder"));
  EXPECT_THAT(refusal(home.at("absent")), HasSubstr("there is no folder"));
  EXPECT_THAT(refusal("/tmp"), HasSubstr("keeps for itself"));
}

TEST(FindToolchain, HidesThePersonsCachesWithoutDiscovery) {
  const Home home;
  home.folder("go/pkg/mod");
  home.program("sdk/bin/go");
  HostView host = home.host("none");
  host.toolchain_dirs = {{"go", home.at("sdk")}};

  const auto open = found("go", host);
  host.discover = false;
  const auto closed = found("go", host);

  ASSERT_TRUE(open && closed);
  EXPECT_THAT(shown(*open), ElementsAre(home.at("sdk"), home.at("go/pkg/mod")));
  EXPECT_THAT(open->env, Contains(Pair("GOMODCACHE", "/opt/nightjar/caches/go-mod")));
  EXPECT_THAT(shown(*closed), ElementsAre(home.at("sdk")));
  EXPECT_THAT(closed->env, Contains(Pair("GOPROXY", "off")));
}

TEST(FindToolchain, TakesTheGradleThatAWrapperDownloaded) {
  const Home home;
  const HostView host = {.path = home.path(), .home = home.path()};
  EXPECT_FALSE(found("gradle", host));
  home.folder(".gradle/wrapper/dists");
  home.folder(".gradle/caches/modules-2");
  home.write(".gradle/gradle.properties", "password");

  const auto gradle = found("gradle", host);

  ASSERT_TRUE(gradle);
  EXPECT_THAT(shown(*gradle), ElementsAre(home.at(".gradle/caches"), home.at(".gradle/wrapper")));
  EXPECT_THAT(gradle->env, Contains(Pair("GRADLE_RO_DEP_CACHE", "/opt/nightjar/caches/gradle")));
}

TEST(FindToolchain, SaysThatThereIsNone) {
  const Home home;

  EXPECT_FALSE(found("rust", {.path = home.path(), .home = home.path(), .toolchain_dirs = {}}));
  EXPECT_FALSE(found("no-such-tool", home.host("none")));
  EXPECT_THAT(known_toolchains(), Contains("python"));
}

TEST(Toolchain, IsEvidenceAsJson) {
  const Json json = to_json(Toolchain{.name = "go", .version = "1.26"});

  EXPECT_EQ(json.string_or("name", ""), "go");
  EXPECT_EQ(json.string_or("version", ""), "1.26");
}

}  // namespace
}  // namespace nightjar::harness
