// In real sandboxes: what a set-up sees, and what is kept of it.
#include "harness/environment.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/check.h"
#include "base/file.h"
#include "harness/suite.h"
#include "sandbox/launcher.h"
#include "sandbox/testing/fixture.h"

namespace nightjar::harness {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() {
    std::string pattern = "/var/tmp/nightjar_home_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    home_ = pattern;
  }
  ~EnvironmentTest() override { (void)remove_tree(home_).has_value(); }

  void SetUp() override {
    auto started =
        sandbox::start_helper({.helper_path = NIGHTJAR_BINARY_DIR "/nightjar-helper", .spares = 1});
    ASSERT_TRUE(started) << started.error().message;
    launcher_ = std::move(*started);
  }

  void source(const std::map<std::string, std::string>& files) {
    (void)remove_tree(scratch_.path() + "/source");
    source_ = scratch_.lower_dir(*launcher_, "source", files);
  }
  void write(const std::string& below, const std::string& text, int mode = 0644) const {
    const std::string path = home_ + "/" + below;
    CHECK(make_directories(std::filesystem::path(path).parent_path(), 0755));
    CHECK(write_file_atomically(path, text, mode));
  }

  EnvironmentInput input(const Recipe& recipe) const {
    return {
        .recipe = recipe,
        .source_dir = source_,
        .layers_dir = scratch_.path() + "/layers",
        .host = {.path = home_ + "/tool/bin:/usr/bin:/bin", .home = home_, .toolchain_dirs = {}},
        .limits = {.memory_bytes_max = std::uint64_t{1} << 30,
                   .disk_bytes_max = std::uint64_t{1} << 28,
                   .processes_max = 64},
        .command_limits = {.wall_max = std::chrono::seconds(60),
                           .cpu_max = std::chrono::seconds(60),
                           .output_bytes_max = 1 << 20}};
  }

  Environment prepared(const EnvironmentInput& from) {
    Result<Environment> environment = prepare(*launcher_, from, {});
    EXPECT_TRUE(environment) << (environment ? "" : environment.error().message);
    return environment ? *std::move(environment) : Environment{};
  }
  Environment prepared(const Recipe& recipe) { return prepared(input(recipe)); }

  std::string kept(const Environment& environment, const std::string& path) const {
    return read_file(environment.layer_dir + "/" + path, 1 << 20).value_or("absent");
  }

  sandbox::testing::ScratchFolder scratch_;
  std::unique_ptr<sandbox::Launcher> launcher_;
  std::string home_;
  std::string source_;
};

TEST_F(EnvironmentTest, IsReadyAtOnceWhereNothingIsToDo) {
  source({{"a", "1"}});

  const Environment environment = prepared(Recipe{});

  EXPECT_TRUE(environment.ready) << environment.problem;
  EXPECT_EQ(environment.layer_dir, "");
  EXPECT_THAT(environment.digest, StartsWith("blake3:"));
  ASSERT_EQ(environment.mounts.size(), 1U);
  EXPECT_EQ(environment.mounts[0].inside_path, kReportersPath);
}

TEST_F(EnvironmentTest, KeepsWhatTheSetUpAdded) {
  source({{"lock", "1"}, {"folder/old", "1"}});
  const Recipe recipe = {
      .setup = {"mkdir -p deps folder && echo made > deps/new && chmod +x deps/new && "
                "touch -d 2001-01-01T00:00:00Z deps/new",
                "ln -s new deps/link && echo beside > folder/new && echo changed > folder/old"},
      .cache_files = {"lock"}};

  const Environment environment = prepared(recipe);

  ASSERT_TRUE(environment.ready) << environment.problem << environment.output;
  EXPECT_FALSE(environment.reused);
  EXPECT_EQ(kept(environment, "deps/new"), "made\n");
  EXPECT_EQ(kept(environment, "folder/new"), "beside\n");
  EXPECT_EQ(kept(environment, "folder/old"), "absent");
  EXPECT_EQ(kept(environment, "lock"), "absent");
  EXPECT_TRUE(std::filesystem::is_symlink(environment.layer_dir + "/deps/link"));
  struct stat info{};
  ASSERT_EQ(::stat((environment.layer_dir + "/deps/new").c_str(), &info), 0);
  EXPECT_NE(info.st_mode & S_IXUSR, 0U);
  EXPECT_EQ(info.st_mtim.tv_sec, 978'307'200);
}

TEST_F(EnvironmentTest, RunsAnEqualSetUpOnce) {
  source({{"lock", "1"}, {"code", "a"}});
  const Recipe recipe = {.setup = {"cat lock > made"}, .cache_files = {"lock"}};
  const Environment first = prepared(recipe);
  source({{"lock", "1"}, {"code", "b"}});

  const Environment same = prepared(recipe);
  source({{"lock", "2"}, {"code", "b"}});
  const Environment other = prepared(recipe);

  ASSERT_TRUE(first.ready && same.ready && other.ready);
  EXPECT_TRUE(same.reused);
  EXPECT_EQ(same.layer_dir, first.layer_dir);
  EXPECT_EQ(same.digest, first.digest);
  EXPECT_FALSE(other.reused);
  EXPECT_NE(other.digest, first.digest);
  EXPECT_EQ(kept(other, "made"), "2");
}

TEST_F(EnvironmentTest, NamesWhatFailedAndTheWayOut) {
  source({{"a", "1"}});

  const Environment environment =
      prepared(Recipe{.setup = {"true", "echo no matching crate >&2; exit 7 # cargo fetch"}});

  EXPECT_FALSE(environment.ready);
  EXPECT_THAT(environment.problem, HasSubstr("ended with status 7"));
  EXPECT_THAT(environment.problem, HasSubstr("run `cargo fetch` once"));
  EXPECT_THAT(environment.output, HasSubstr("no matching crate"));
  EXPECT_EQ(environment.layer_dir, "");
}

TEST_F(EnvironmentTest, NamesTheToolchainThatIsMissing) {
  source({{"a", "1"}});

  const Environment environment = prepared(Recipe{.toolchains = {"pyton"}});

  EXPECT_FALSE(environment.ready);
  EXPECT_THAT(environment.problem, HasSubstr("this machine has no pyton"));
  EXPECT_THAT(environment.problem, HasSubstr("did you mean python?"));
  EXPECT_THAT(environment.problem, HasSubstr("[toolchains] pyton = "));
}

// Goal: a toolchain in a home that is closed to others works inside, and nothing else of that home
// is there. Method: the helper's user is not the owner, so only the mount can give access.
TEST_F(EnvironmentTest, ShowsAToolchainOfAClosedHomeAndNothingElse) {
  CHECK(::chmod(home_.c_str(), 0700) == 0);
  write("tool/bin/go", "#!/bin/sh\necho go version go1.99.3 linux/amd64\n", 0755);
  write("secret", "mine");
  write("go/pkg/mod/cached", "module");
  source({{"a", "1"}});
  const Recipe recipe = {.setup = {"go > out", "cat \"$GOMODCACHE/cached\" >> out", "! ls " + home_,
                                   "! cat " + home_ + "/secret", "! touch " + home_ + "/tool/new"},
                         .toolchains = {"go"}};

  const Environment environment = prepared(recipe);

  ASSERT_TRUE(environment.ready) << environment.problem << environment.output;
  EXPECT_THAT(environment.toolchains, ElementsAre("go 1.99.3"));
  EXPECT_EQ(kept(environment, "out"), "go version go1.99.3 linux/amd64\nmodule");
}

TEST_F(EnvironmentTest, LetsCargoWriteBesideTheRegistryItReads) {
  write("tool/bin/cargo", "#!/bin/sh\necho cargo 1.2.3\n", 0755);
  write(".cargo/registry/cache/x/a.crate", "crate");
  write(".cargo/registry/index/x/config.json", "{}");
  write(".cargo/credentials.toml", "token");
  source({{"a", "1"}});
  const Recipe recipe = {
      .setup = {"cat \"$CARGO_HOME/registry/cache/x/a.crate\" > out",
                "mkdir -p \"$CARGO_HOME/registry/src/x\" && touch \"$CARGO_HOME/.package-cache\"",
                "! touch \"$CARGO_HOME/registry/cache/new\"",
                "! grep -rq token \"$CARGO_HOME\" /opt/nightjar/caches"},
      .toolchains = {"rust"}};

  const Environment environment = prepared(recipe);

  ASSERT_TRUE(environment.ready) << environment.problem << environment.output;
  EXPECT_EQ(kept(environment, "out"), "crate");
  EXPECT_TRUE(path_exists(environment.layer_dir + "/.nightjar/cargo/registry/src/x"));
}

TEST_F(EnvironmentTest, LetsNpmAndMavenWriteBesideTheirCaches) {
  write("tool/bin/npm", "#!/bin/sh\necho 10.1.2\n", 0755);
  write("tool/bin/mvn", "#!/bin/sh\necho Apache Maven 3.8.7\n", 0755);
  write(".npm/_cacache/content-v2/a", "package");
  write(".npm/_cacache/index-v5/b", "index");
  write(".m2/repository/org/x/x.jar", "jar");
  write(".m2/settings.xml", "password");
  source({{"a", "1"}});
  const Recipe recipe = {
      .setup = {"cat $npm_config_cache/_cacache/content-v2/a > out",
                "touch $npm_config_cache/_cacache/tmp/x",
                "cat /work/.nightjar/m2/org/x/x.jar >> out && touch /work/.nightjar/m2/org/x/new",
                "! grep -rq password /opt/nightjar/caches"},
      .toolchains = {"npm", "maven"}};

  const Environment environment = prepared(recipe);

  ASSERT_TRUE(environment.ready) << environment.problem << environment.output;
  EXPECT_EQ(kept(environment, "out"), "packagejar");
}

TEST_F(EnvironmentTest, MakesAPythonProjectLookInstalled) {
  source(
      {{"pyproject.toml",
        "[project]\nname = \"Made-Up\"\ndynamic = [\"version\"]\n"
        "[project.scripts]\nmade-up = \"made_up:main\"\n"
        "[project.entry-points.\"made.plugins\"]\none = \"made_up\"\n"
        "[tool.setuptools_scm]\nversion_file = \"src/made_up/_version.py\"\n"},
       {"src/made_up/__init__.py",
        "__version__ = '1.5'\nfrom ._version import version\ndef main():\n    print(version)\n"}});
  const std::string check =
      "from importlib.metadata import version, entry_points as e; "
      "print(version('made-up'), [p.load().__name__ for p in e(group='made.plugins')])";
  const Recipe recipe = {.setup = {"python3 /opt/nightjar/reporters/python_project.py",
                                   "python3 -c \"" + check + "\" > out", "made-up >> out"},
                         .toolchains = {"python"},
                         .env = {{"PYTHONPATH", "/work/src:/work/.nightjar/python"}}};

  const Environment environment = prepared(recipe);

  ASSERT_TRUE(environment.ready) << environment.problem << environment.output;
  EXPECT_EQ(kept(environment, "out"), "1.5 ['made_up']\n1.5\n");
}

TEST_F(EnvironmentTest, SaysWhichPythonPackagesAreMissing) {
  source({{"setup.cfg",
           "[metadata]\nname = x\nversion = 1\n[options]\ninstall_requires =\n"
           "    no-such-package-at-all>=2\n    other; python_version < '3'\n"}});
  Recipe recipe = {.setup = {"python3 /opt/nightjar/reporters/python_project.py"},
                   .toolchains = {"python"}};

  const Environment needed = prepared(recipe);
  source({{"setup.py",
           "from setuptools import setup\n"
           "setup(name='x', extras_require={'test': ['no-such-package-at-all']})\n"}});
  recipe.cache_files = {"setup.py"};
  const Environment wished = prepared(recipe);
  const Environment again = prepared(recipe);

  EXPECT_FALSE(needed.ready);
  EXPECT_THAT(needed.output, HasSubstr("no-such-package-at-all>=2"));
  EXPECT_THAT(needed.output, Not(HasSubstr("other")));
  EXPECT_THAT(needed.problem, HasSubstr("not installed: no-such-package-at-all>=2"));
  EXPECT_THAT(needed.problem, HasSubstr("wheels = "));
  EXPECT_TRUE(wished.ready) << wished.problem << wished.output;
  EXPECT_THAT(wished.warnings, Contains(HasSubstr("no-such-package-at-all")));
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(again.warnings, wished.warnings);
}

TEST_F(EnvironmentTest, KeepsALayerWhileItIsUsed) {
  source({{"lock", "1"}});
  EnvironmentInput first_input =
      input(Recipe{.setup = {"head -c 100000 /dev/zero > big"}, .cache_files = {}});
  first_input.layers_bytes_max = 150'000;
  EnvironmentInput second_input = first_input;
  second_input.recipe.setup = {"head -c 100001 /dev/zero > big"};

  Environment first = prepared(first_input);
  const Environment second = prepared(second_input);
  const bool stays = path_exists(first.layer_dir + "/big");
  const std::string dir = first.layer_dir;
  first = {};
  second_input.recipe.setup = {"head -c 100002 /dev/zero > big"};
  const Environment third = prepared(second_input);

  EXPECT_TRUE(stays);
  EXPECT_FALSE(path_exists(dir));
  EXPECT_TRUE(path_exists(second.layer_dir + "/big"));
  EXPECT_TRUE(path_exists(third.layer_dir + "/big"));
}

TEST_F(EnvironmentTest, StopsWhenAsked) {
  source({{"a", "1"}});
  std::stop_source stop;
  stop.request_stop();

  const auto environment =
      prepare(*launcher_, input(Recipe{.setup = {"sleep 60"}}), stop.get_token());

  ASSERT_FALSE(environment);
  EXPECT_EQ(environment.error().code, ErrorCode::cancelled);
}

TEST_F(EnvironmentTest, RefusesMoreMountsThanASandboxTakes) {
  source({{"a", "1"}});
  EnvironmentInput many = input(Recipe{});
  for (int i = 0; i < 16; ++i) {
    many.mounts.push_back({.host_path = "/usr/share", .inside_path = "/opt/m" + std::to_string(i)});
  }

  const Environment environment = prepared(many);

  EXPECT_FALSE(environment.ready);
  EXPECT_THAT(environment.problem, HasSubstr("at most 16"));
}

}  // namespace
}  // namespace nightjar::harness
