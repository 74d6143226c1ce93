// Against the real PostgreSQL, Redis and MariaDB of this machine.
#include "harness/services.h"

#include <gmock/gmock.h>

#include "sandbox/launcher.h"
#include "sandbox/testing/fixture.h"

namespace nightjar::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ServicesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started =
        sandbox::start_helper({.helper_path = NIGHTJAR_BINARY_DIR "/nightjar-helper", .spares = 1});
    ASSERT_TRUE(started) << started.error().message;
    launcher_ = std::move(*started);
    source_ = scratch_.lower_dir(*launcher_, "source", {{"a", "1"}});
  }

  Environment prepared(const Recipe& recipe) {
    Result<Environment> environment =
        prepare(*launcher_,
                {.recipe = recipe,
                 .source_dir = source_,
                 .layers_dir = scratch_.path() + "/layers",
                 .host = {.path = "/usr/bin:/bin", .home = scratch_.path(), .toolchain_dirs = {}},
                 .limits = kLimits,
                 .command_limits = {.wall_max = std::chrono::seconds(60),
                                    .cpu_max = std::chrono::seconds(60),
                                    .output_bytes_max = 1 << 20}},
                {});
    EXPECT_TRUE(environment) << (environment ? "" : environment.error().message);
    return environment ? *std::move(environment) : Environment{};
  }

  sandbox::Spec spec(const Environment& environment) const {
    return {.lower_dirs = {source_, environment.layer_dir},
            .mounts = environment.mounts,
            .limits = kLimits,
            .env = environment.env};
  }

  /// What the command says, on both streams.
  static std::string said(sandbox::Sandbox& sandbox, const std::string& command) {
    const auto outcome = sandbox.run(sandbox::testing::shell(command + " 2>&1"), {});
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? outcome->stdout_bytes + outcome->stderr_bytes : "";
  }

  static constexpr sandbox::Limits kLimits = {.memory_bytes_max = std::uint64_t{2} << 30,
                                              .disk_bytes_max = std::uint64_t{1} << 30,
                                              .processes_max = 200};
  sandbox::testing::ScratchFolder scratch_;
  std::unique_ptr<sandbox::Launcher> launcher_;
  std::string source_;
};

TEST_F(ServicesTest, AnswerBesideACommand) {
  const Environment environment = prepared({.services = {"postgresql", "redis", "mysql"},
                                            .env = {{"POSTGRES_USER", "app"},
                                                    {"POSTGRES_DB", "shop"},
                                                    {"MYSQL_USER", "app"},
                                                    {"MYSQL_PASSWORD", "secret"},
                                                    {"MYSQL_DATABASE", "shop"}}});
  ASSERT_TRUE(environment.ready) << environment.problem;
  EXPECT_THAT(environment.toolchains,
              ElementsAre(StartsWith("postgresql 1"), StartsWith("redis "), StartsWith("mysql 1")));
  ServiceLauncher launcher(*launcher_, environment.services);
  const auto sandbox = launcher.open(spec(environment));
  ASSERT_TRUE(sandbox);

  EXPECT_EQ(said(**sandbox, "psql -XAtc 'select current_user, current_database()'"), "app|shop\n");
  EXPECT_EQ(said(**sandbox, "redis-cli -u $REDIS_URL ping"), "PONG\n");
  EXPECT_EQ(said(**sandbox, "mariadb -h $MYSQL_HOST -uapp -psecret shop -Ne 'select database()'"),
            "shop\n");
  EXPECT_FALSE(launcher.problem());
}

TEST_F(ServicesTest, LeaveACommandItsStreamsAndItsStatus) {
  const Environment environment = prepared({.services = {"redis"}});
  ServiceLauncher launcher(*launcher_, environment.services);
  const auto sandbox = launcher.open(spec(environment));
  ASSERT_TRUE(sandbox);
  sandbox::Command command = sandbox::testing::shell("cat; echo no >&2; echo yes >&3; exit 7");
  command.stdin_bytes = "in";
  command.report = sandbox::Command::Report::pipe;
  command.report_bytes_max = 100;

  const auto outcome = (*sandbox)->run(command, {});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->code, 7);
  EXPECT_EQ(outcome->stdout_bytes, "in");
  EXPECT_EQ(outcome->stderr_bytes, "no\n");
  EXPECT_EQ(outcome->report_bytes, "yes\n");
}

TEST_F(ServicesTest, KeepTheirDataForALayersCommandsAlone) {
  const Environment environment = prepared({.services = {"postgresql"}});
  ServiceLauncher launcher(*launcher_, environment.services);
  const auto one = launcher.open(spec(environment));
  const auto other = launcher.open(spec(environment));
  ASSERT_TRUE(one && other);
  const std::string tables = "psql -XAtc '\\dt' | cut -d '|' -f 2";

  ASSERT_TRUE((*one)->begin_layer());
  EXPECT_EQ(said(**one, "psql -XAqtc 'create table made (x int)'"), "");
  EXPECT_EQ(said(**one, tables), "made\n");
  ASSERT_TRUE((*one)->end_layer());

  EXPECT_THAT(said(**one, tables), testing::Not(HasSubstr("made")));
  EXPECT_THAT(said(**other, tables), testing::Not(HasSubstr("made")));
}

TEST_F(ServicesTest, AreThereForTheSetUp) {
  const Environment environment =
      prepared({.setup = {"redis-cli ping >pong"}, .services = {"redis"}});

  ASSERT_TRUE(environment.ready) << environment.problem;
  EXPECT_EQ(read_file(environment.layer_dir + "/pong", 10).value_or(""), "PONG\n");
}

TEST_F(ServicesTest, ThatDoNotStartAreTheMachinesProblem) {
  const Environment environment = prepared({.services = {"postgresql"}});
  auto sandbox = launcher_->open(spec(environment));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(said(**sandbox, "mkdir -p -m 700 /tmp/nightjar-services/postgresql"), "");
  ServiceLauncher launcher(*launcher_, environment.services);

  const auto outcome =
      launcher.serve(*std::move(sandbox))->run(sandbox::testing::shell("true"), {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  EXPECT_THAT(launcher.problem().value_or(""), StartsWith("postgresql ended while it started"));
}

TEST_F(ServicesTest, ThatAreNotInstalledAreNamed) {
  EXPECT_FALSE(find_service("redis", scratch_.path()));
  EXPECT_THAT(lack_of_service("redis"), HasSubstr("install it (Debian: redis-server)"));
  EXPECT_THAT(prepared({.services = {"postgres"}}).problem, HasSubstr("did you mean postgresql?"));
}

}  // namespace
}  // namespace nightjar::harness
