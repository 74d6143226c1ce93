#include "config/config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "config/keys.h"
#include "config/units.h"

namespace nightjar::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Project project_of(std::string_view text) {
  Result<Project> project = parse_project(text, "nightjar.toml");
  EXPECT_TRUE(project) << (project ? "" : project.error().message);
  return project ? *project : Project{};
}

std::string refusal_of(std::string_view text) {
  const Result<Project> project = parse_project(text, "nightjar.toml");
  EXPECT_FALSE(project) << text;
  return project ? "" : project.error().message;
}

/// A scratch home folder with a user file.
class Home {
 public:
  explicit Home(std::string_view user_file) {
    std::string pattern = testing::TempDir() + "nightjar_config_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    CHECK(make_directories(path_ + "/.config/nightjar", 0700));
    CHECK(write_file_atomically(file(), user_file, 0600));
  }
  ~Home() { (void)remove_tree(path_).has_value(); }
  std::string file() const { return path_ + "/.config/nightjar/config.toml"; }
  const std::string& path() const { return path_; }
  Environment environment() const {
    Environment environment;
    environment.home = path_;
    return environment;
  }

 private:
  std::string path_;
};

TEST(Project, TakesEveryKey) {
  const Project project = project_of(
      "[project]\nname = \"median\"\n[build]\ncommand = \"make\"\n[test]\ncommand = \"make "
      "check\"\n"
      "[engineer]\ndefault = \"command\"\ncommand = \"./fix\"\n"
      "[limits]\nwall = \"20s\"\ncpu = \"500ms\"\nmemory = \"512MiB\"\ndisk = \"10MB\"\n"
      "output = \"64KiB\"\nprocesses = 32\n"
      "[budget]\ncpu = \"1.5h\"\nwall = \"10min\"\nusd = 2.5\nattempts = 3\n");

  EXPECT_EQ(project.name, "median");
  EXPECT_EQ(project.build_command, "make");
  EXPECT_EQ(project.test_command, "make check");
  EXPECT_EQ(project.engineer, "command");
  EXPECT_EQ(project.engineer_command, "./fix");
  EXPECT_EQ(project.wall_ms_max, 20'000);
  EXPECT_EQ(project.cpu_ms_max, 500);
  EXPECT_EQ(project.memory_bytes_max, 512 << 20);
  EXPECT_EQ(project.disk_bytes_max, 10'000'000);
  EXPECT_EQ(project.output_bytes_max, 64 << 10);
  EXPECT_EQ(project.processes_max, 32);
  EXPECT_EQ(project.budget_cpu_ms_max, 5'400'000);
  EXPECT_EQ(project.budget_wall_ms_max, 600'000);
  EXPECT_EQ(project.budget_nano_usd_max, 2'500'000'000);
  EXPECT_EQ(project.budget_attempts_max, 3);
}

TEST(Project, NamesTheReasonerWhenNoEngineerIsChosen) {
  const Project project = project_of("[project]\nname = \"x\"\n");

  EXPECT_EQ(project.engineer, "reasoner");
  EXPECT_EQ(project.wall_ms_max, std::nullopt);
}

TEST(Project, RefusesAnUnknownKeyWithLineAndNearestName) {
  EXPECT_EQ(refusal_of("[project]\nname = \"x\"\nbiuld = \"make\"\n"),
            "nightjar.toml:3: unknown key \"biuld\" in [project]; did you mean \"build\"?");
  EXPECT_EQ(refusal_of("[project]\nname = \"x\"\n\n[limits]\nmemroy = \"1GiB\"\n"),
            "nightjar.toml:5: unknown key \"memroy\" in [limits]; did you mean \"memory\"?");
  EXPECT_EQ(refusal_of("[biuld]\ncommand = \"make\"\n"),
            "nightjar.toml:1: unknown section [biuld]; did you mean [build]?");
  EXPECT_THAT(refusal_of("[project]\nquantum = 1\n"), HasSubstr("the keys there are name"));
  EXPECT_THAT(refusal_of("[quantum]\n"), HasSubstr("the sections are [project], [build]"));
  EXPECT_THAT(refusal_of("name = \"x\"\n"), HasSubstr("unknown key \"name\" outside of a section"));
}

TEST(Project, CannotSetWhatBelongsToTheUser) {
  const std::string message =
      refusal_of("[project]\nname = \"x\"\n[sandbox]\nmounts = [{host=\"/etc\",inside=\"/x\"}]\n");

  EXPECT_THAT(message, AllOf(StartsWith("nightjar.toml:3: "),
                             HasSubstr("belongs to the user's configuration file")));
}

TEST(Project, RefusesNumbersWithoutUnits) {
  EXPECT_EQ(
      refusal_of("[limits]\nwall = 20\n"),
      "nightjar.toml:2: limits.wall must be a text with a unit, like \"90s\", not an integer");
  EXPECT_EQ(refusal_of("[limits]\nmemory = 512\n"),
            "nightjar.toml:2: limits.memory must be a text with a unit, like \"512MiB\", "
            "not an integer");
  EXPECT_THAT(refusal_of("[limits]\nwall = \"20\"\n"), HasSubstr("ms, s, min, h"));
}

TEST(Project, RefusesWrongTypesAndRanges) {
  EXPECT_THAT(refusal_of("[project]\nname = 7\n"), HasSubstr("must be a text in quotes"));
  EXPECT_THAT(refusal_of("[project]\nname = \"../up\"\n"), HasSubstr("project.name"));
  EXPECT_THAT(refusal_of("[project]\nname = \" \"\n"), HasSubstr("is empty"));
  EXPECT_THAT(refusal_of("project = 1\n"), HasSubstr("is a section; write [project]"));
  EXPECT_THAT(refusal_of("[limits]\nprocesses = 0\n"), HasSubstr("0 is outside"));
  EXPECT_THAT(refusal_of("[limits]\nprocesses = 99999999999\n"), HasSubstr("1 to 1000000"));
  EXPECT_THAT(refusal_of("[limits]\nwall = \"0s\"\n"), HasSubstr("0s is outside"));
  EXPECT_THAT(refusal_of("[limits]\nwall = 1979-05-27\n"), HasSubstr("not a date or time"));
  EXPECT_THAT(refusal_of("[budget]\nusd = -1\n"), HasSubstr("-1 is outside"));
  EXPECT_THAT(refusal_of("[budget]\nusd = nan\n"), HasSubstr("must be a number"));
  EXPECT_THAT(refusal_of("[budget]\nusd = \"5\"\n"), HasSubstr("must be a number like 2.5"));
  EXPECT_THAT(refusal_of("[budget]\nattempts = true\n"), HasSubstr("whole number"));
  EXPECT_THAT(refusal_of("[engineer]\ndefault = \"resoner\"\n"),
              HasSubstr("did you mean \"reasoner\"?"));
  EXPECT_THAT(refusal_of("[project]\nname=\"x\"\n[engineer]\ndefault = \"command\"\n"),
              AllOf(StartsWith("nightjar.toml:4: "), HasSubstr("engineer.command is missing")));
}

TEST(Project, RefusesDamagedFilesWithTheLine) {
  EXPECT_THAT(refusal_of(""), StartsWith("nightjar.toml:1: the file is empty"));
  EXPECT_THAT(refusal_of("# nothing\n"), HasSubstr("the project has no name"));
  EXPECT_THAT(refusal_of(std::string_view("[project]\n\0", 11)),
              StartsWith("nightjar.toml:2: a control byte"));
  EXPECT_THAT(refusal_of("[project]\nname = \"\xff\"\n"), StartsWith("nightjar.toml:2: not UTF-8"));
  EXPECT_THAT(refusal_of("[project]\nname = \"a\"\nname = \"b\"\n"),
              StartsWith("nightjar.toml:3: "));
  EXPECT_THAT(refusal_of("[project]\nname = \"a\n"), StartsWith("nightjar.toml:2: "));
}

TEST(Project, RefusesDeepNestingWithoutRecursion) {
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) dotted += ".a";

  EXPECT_THAT(refusal_of(dotted + " = 1\n"), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal_of("[" + dotted + "]\n"), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal_of("a = " + std::string(100'000, '[')), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal_of("a = [\"\"\"x\"\"\"\"\", {" + dotted + " = 1}]\n"),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal_of("a = [[[[[[[[[[[[1]]]]]]]]]]]]\n"), HasSubstr("nested deeper than 8"));
}

TEST(Project, KeepsDotsAndBracketsInTexts) {
  const std::string command(1000, '.');

  const Project project =
      project_of("[project]\nname = \"x\" # " + std::string(200, '[') + "\n[build]\ncommand = \"" +
                 command + "[[{\\\"\"\n[test]\ncommand = '''" + command + "'''\n");

  EXPECT_EQ(project.build_command, command + "[[{\"");
  EXPECT_EQ(project.test_command, command);
}

TEST(Project, RefusesALargeFile) {
  const Result<Project> project =
      parse_project(std::string(kFileBytesMax + 1, '#'), "nightjar.toml");

  ASSERT_FALSE(project);
  EXPECT_EQ(project.error().code, ErrorCode::exhausted);
  EXPECT_THAT(project.error().message, HasSubstr("262144 bytes"));
}

TEST(Settings, HaveDefaultsWithoutAFile) {
  Environment environment;
  environment.home = "/nowhere/that/exists";

  const Result<Settings> settings = load_settings(environment);

  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->limits, (Limits{.wall_ms_max = 120'000,
                                      .cpu_ms_max = 120'000,
                                      .memory_bytes_max = std::int64_t{2} << 30,
                                      .disk_bytes_max = 1 << 30,
                                      .output_bytes_max = 1 << 20,
                                      .processes_max = 256,
                                      .suite_ms_max = 900'000}));
  EXPECT_EQ(settings->budget, (Budget{.cpu_ms_max = 7'200'000,
                                      .wall_ms_max = 3'600'000,
                                      .nano_usd_max = 0,
                                      .attempts_max = 5}));
  EXPECT_EQ(settings->data_dir, "/nowhere/that/exists/.local/share/nightjar");
  EXPECT_FALSE(settings->demand_enforced_totals);
}

TEST(Settings, TakeTheUsersFile) {
  const Home home(
      "[limits]\nmemory = \"4GiB\"\n[budget]\nusd = 3\n[data]\ndir = \"/srv/nightjar\"\n"
      "[sandbox]\ndemand_enforced_totals = true\n"
      "mounts = [\n  { host = \"/opt/tool\", inside = \"/opt/t\" },\n]\n");

  const Result<Settings> settings = load_settings(home.environment());

  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->limits.memory_bytes_max, std::int64_t{4} << 30);
  EXPECT_EQ(settings->budget.nano_usd_max, 3'000'000'000);
  EXPECT_EQ(settings->data_dir, "/srv/nightjar");
  EXPECT_TRUE(settings->demand_enforced_totals);
  ASSERT_EQ(settings->mounts.size(), 1u);
  EXPECT_EQ(settings->mounts[0].host_path, "/opt/tool");
  EXPECT_EQ(settings->mounts[0].inside_path, "/opt/t");
}

TEST(Settings, RefuseMountsThatCannotBe) {
  const auto refusal = [](std::string_view mounts) {
    const Home home("[sandbox]\nmounts = " + std::string(mounts) + "\n");
    const Result<Settings> settings = load_settings(home.environment());
    EXPECT_FALSE(settings) << mounts;
    return settings ? "" : settings.error().message;
  };

  EXPECT_THAT(refusal("[{host = \"opt\", inside = \"/opt\"}]"), HasSubstr("absolute path"));
  EXPECT_THAT(refusal("[{host = \"/opt/../etc\", inside = \"/opt\"}]"), HasSubstr("absolute path"));
  EXPECT_THAT(refusal("[{host = \"/opt\", inside = \"/\"}]"), HasSubstr("absolute path"));
  EXPECT_THAT(refusal("[{host = \"/opt\", inside = \"/work/x\"}]"), HasSubstr("/work itself"));
  EXPECT_THAT(refusal("[{host = \"/opt\"}]"), HasSubstr("needs both"));
  EXPECT_THAT(refusal("[{host = \"/opt\", inside = \"/o\", mode = \"rw\"}]"),
              HasSubstr("unknown key \"mode\""));
  EXPECT_THAT(refusal("[{host=\"/a\", inside=\"/o\"}, {host=\"/b\", inside=\"/o\"}]"),
              HasSubstr("two mounts at /o"));
  EXPECT_THAT(refusal("\"/opt\""), HasSubstr("must be a list of tables"));
  EXPECT_THAT(refusal("[\"/opt\"]"), HasSubstr("must be a list of tables"));
}

TEST(Settings, LetTheEnvironmentWin) {
  const Home home("[limits]\nwall = \"10s\"\n[data]\ndir = \"/srv/file\"\n");
  Environment environment = home.environment();
  environment.limit_wall = "3s";
  environment.limit_memory = "256MiB";
  environment.nightjar_data_dir = "/srv/environment";

  const Result<Settings> settings = load_settings(environment);

  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->limits.wall_ms_max, 3'000);
  EXPECT_EQ(settings->limits.memory_bytes_max, 256 << 20);
  EXPECT_EQ(settings->data_dir, "/srv/environment");
}

TEST(Settings, PreferXdgFoldersAndIgnoreRelativeOnes) {
  Environment environment;
  environment.home = "/home/a";
  environment.xdg_data_home = "/data";
  EXPECT_EQ(load_settings(environment)->data_dir, "/data/nightjar");

  environment.xdg_data_home = "data";
  EXPECT_EQ(load_settings(environment)->data_dir, "/home/a/.local/share/nightjar");
}

TEST(Settings, NameTheVariableThatIsWrong) {
  Environment environment;
  environment.home = "/home/a";
  environment.limit_wall = "20";
  EXPECT_THAT(load_settings(environment).error().message, StartsWith("NIGHTJAR_LIMIT_WALL: "));

  environment.limit_wall = std::nullopt;
  environment.nightjar_data_dir = "relative";
  EXPECT_THAT(load_settings(environment).error().message, StartsWith("NIGHTJAR_DATA_DIR: "));

  EXPECT_THAT(load_settings(Environment{}).error().message, HasSubstr("HOME is not set"));
}

TEST(Settings, RefuseAUserFileWithAProjectsKeys) {
  const Home home("[build]\ncommand = \"make\"\n");

  const Result<Settings> settings = load_settings(home.environment());

  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message,
              AllOf(StartsWith(home.file() + ":1: "), HasSubstr("a project's nightjar.toml")));
}

TEST(Settings, RefuseAUserFileThatIsAFolder) {
  const Home home("");
  std::filesystem::remove(home.file());
  std::filesystem::create_directory(home.file());

  EXPECT_FALSE(load_settings(home.environment()));
}

TEST(Narrow, TakesTheSmallerAndNamesWhatWasAskedBeyond) {
  Environment environment;
  environment.home = "/nowhere";
  const Settings settings = *load_settings(environment);
  const Project project = project_of(
      "[project]\nname = \"x\"\n[limits]\nwall = \"10min\"\nmemory = \"512MiB\"\n"
      "[budget]\nusd = 1.25\nattempts = 2\n");

  const Effective effective = narrow(settings, project);

  EXPECT_EQ(effective.limits.wall_ms_max, 120'000);
  EXPECT_EQ(effective.limits.memory_bytes_max, 512 << 20);
  EXPECT_EQ(effective.limits.cpu_ms_max, settings.limits.cpu_ms_max);
  EXPECT_EQ(effective.budget.attempts_max, 2);
  EXPECT_EQ(effective.budget.nano_usd_max, 0);
  EXPECT_THAT(effective.widened,
              ElementsAre("limits.wall: the project asks for 10min, this machine allows 2min",
                          "budget.usd: the project asks for 1.25, this machine allows 0"));
}

TEST(Keys, NarrowEveryKeyThatAProjectMayAskFor) {
  for (const Key& key : keys()) {
    if (key.place == KeyPlace::both) {
      EXPECT_TRUE(key.asked != nullptr && (key.limit != nullptr) != (key.budget != nullptr))
          << key.path();
    }
    EXPECT_FALSE(key.meaning.empty()) << key.path();
  }
}

// Goal: the page in docs/ is what the table says. UPDATE_GOLDEN=1 writes it anew.
TEST(Keys, AreDocumentedInTheConfigurationPage) {
  const std::string path = std::string(NIGHTJAR_SOURCE_DIR) + "/docs/configuration.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file_atomically(path, reference_page(), 0644));
  }

  const Result<std::string> page = read_file(path, kFileBytesMax);

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(*page, reference_page()) << "run the test with UPDATE_GOLDEN=1";
}

TEST(Units, ReadDurations) {
  EXPECT_EQ(*parse_duration_ms("500ms"), 500);
  EXPECT_EQ(*parse_duration_ms("90s"), 90'000);
  EXPECT_EQ(*parse_duration_ms("1.5s"), 1'500);
  EXPECT_EQ(*parse_duration_ms("10 min"), 600'000);
  EXPECT_EQ(*parse_duration_ms("2h"), 7'200'000);
  EXPECT_EQ(*parse_duration_ms("0s"), 0);
}

TEST(Units, ReadSizes) {
  EXPECT_EQ(*parse_size_bytes("17B"), 17);
  EXPECT_EQ(*parse_size_bytes("10MB"), 10'000'000);
  EXPECT_EQ(*parse_size_bytes("512MiB"), 512 << 20);
  EXPECT_EQ(*parse_size_bytes("0.5KiB"), 512);
}

TEST(Units, RefuseWhatIsNotExactOrOverflows) {
  for (const char* text : {"",
                           "s",
                           "1",
                           "-1s",
                           "+1s",
                           "1.s",
                           ".5s",
                           "1..5s",
                           "1e3s",
                           "1  s",
                           "1s ",
                           " 1s",
                           "1 S",
                           "1m",
                           "0x1s",
                           "1.0005s",
                           "99999999999999999999s",
                           "999999999999999h",
                           "1.5.2s",
                           "١s"}) {
    EXPECT_FALSE(parse_duration_ms(text)) << text;
  }
  for (const char* text :
       {"", "1", "1kb", "1.5B", "999999999999999TiB", "2000TiB", "0.3KiB", "-1B"}) {
    EXPECT_FALSE(parse_size_bytes(text)) << text;
  }
}

TEST(Units, WriteWhatTheyRead) {
  for (const std::int64_t number : {0, 1, 999, 1'000, 1'500, 60'000, 90'000, 3'600'000}) {
    EXPECT_EQ(*parse_duration_ms(duration_text(number)), number);
  }
  for (const std::int64_t number : {0, 1, 1023, 1024, 1 << 20, 1'000'000}) {
    EXPECT_EQ(*parse_size_bytes(size_text(number)), number);
  }
}

TEST(Project, NamesItsSuites) {
  const Project project = project_of(
      "[project]\nname = \"x\"\n"
      "[[suite]]\noptions = { build_dir = \"out\" }\nrunner = \"ctest\"\n"
      "[[suite]]\nrunner = \"junit\"\nroot = \"sub/web\"\ncommand = \"make junit\"\n");

  ASSERT_EQ(project.suites.size(), 2U);
  EXPECT_EQ(project.suites[0],
            (ProjectSuite{.runner = "ctest", .options = {{"build_dir", "out"}}}));
  EXPECT_EQ(project.suites[1],
            (ProjectSuite{.runner = "junit", .root = "sub/web", .command = "make junit"}));
}

TEST(Project, SaysHowItIsSetUp) {
  const Project project = project_of(
      "[project]\nname = \"x\"\n[environment]\nsetup = [\"npm ci\", \"make deps\"]\n"
      "cache = [\"package-lock.json\"]\ntoolchains = [\"node\"]\nenv = { A = \"\", B = \"c\" }\n");

  EXPECT_EQ(project.setup, (std::vector<std::string>{"npm ci", "make deps"}));
  EXPECT_EQ(project.cache_files, std::vector<std::string>{"package-lock.json"});
  EXPECT_EQ(project.toolchains, std::vector<std::string>{"node"});
  EXPECT_EQ(project.env, (std::map<std::string, std::string>{{"A", ""}, {"B", "c"}}));
}

TEST(Project, RefusesSuitesAndEnvironmentsThatMeanNothing) {
  const auto message = [](const std::string& rest) {
    const auto project = parse_project("[project]\nname = \"x\"\n" + rest, "n.toml");
    return project ? std::string() : project.error().message;
  };

  EXPECT_THAT(message("[[suite]]\nroot = \"a\"\n"), HasSubstr("n.toml:3: a [[suite]] needs"));
  EXPECT_THAT(message("[suite]\nrunner = \"a\"\n"), HasSubstr("write [[suite]]"));
  EXPECT_THAT(message("[[suite]]\nrunner = \"a\"\nroot = \"../a\"\n"),
              HasSubstr("n.toml:5: suite.root"));
  EXPECT_THAT(message("[[suite]]\nrunner = \"a\"\nrot = \"a\"\n"),
              HasSubstr("did you mean \"root\""));
  EXPECT_THAT(message("[[suite]]\nrunner = \"a\"\noptions = { a = 1 }\n"),
              HasSubstr("suite.options.a must be a text"));
  EXPECT_THAT(message("[environment]\nsetup = \"npm ci\"\n"), HasSubstr("a list of texts"));
  EXPECT_THAT(message("[environment]\ncache = [\"/etc/passwd\"]\n"),
              HasSubstr("environment.cache"));
  EXPECT_THAT(message("[environment]\ntoolchains = [\"../x\"]\n"),
              HasSubstr("environment.toolchains"));
  EXPECT_THAT(message("[environment]\nlayers_max_bytes = \"1GiB\"\n"),
              HasSubstr("belongs to the user's"));
  EXPECT_THAT(message("[toolchains]\npython = \"/opt/p\"\n"), HasSubstr("toolchains"));
}

TEST(Settings, SayWhereToolchainsAre) {
  const Home home(
      "[toolchains]\ndiscover = false\npython = \"/opt/python3.12\"\n"
      "[environment]\nlayers_max_bytes = \"1GiB\"\n");

  const Settings settings = *load_settings(home.environment());

  EXPECT_FALSE(settings.discover_toolchains);
  EXPECT_EQ(settings.toolchains,
            (std::map<std::string, std::string>{{"python", "/opt/python3.12"}}));
  EXPECT_EQ(settings.layers_bytes_max, std::int64_t{1} << 30);
  EXPECT_TRUE(load_settings(Home("").environment())->discover_toolchains);
}

}  // namespace
}  // namespace nightjar::config
