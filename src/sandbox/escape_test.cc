// Attacks on the walls. Each is run three times: outside, where it must get through (else it would
// prove nothing); in a sandbox, where it must be refused; and in a sandbox that lacks just the
// walls it is about, where it must get through again.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "sandbox/launcher.h"
#include "sandbox/testing/fixture.h"
#include "sandbox/tree.h"

namespace nightjar::sandbox {
namespace {

using testing::run;
using testing::spec_with;

constexpr const char* kProgram = NIGHTJAR_BINARY_DIR "/sandbox_attacks";
constexpr const char* kAbstractName = "nightjar-escape-test";

enum class Outside { succeeds, succeeds_as_root, not_shown };

struct Attack {
  std::string name;
  // $secret, $tool, $port, $victim stand for what the test has set up, $first for the sandbox's
  // first process and, outside, for the test itself.
  std::vector<std::string> arguments;
  Outside outside = Outside::succeeds;
  std::string gap =
      {};  // walls that must go for it to succeed inside; empty: no single set is enough
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

std::vector<Attack> all_attacks() {
  const auto plain = Outside::succeeds;
  const auto root = Outside::succeeds_as_root;
  const auto unknown = Outside::not_shown;  // This kernel or user may lack the thing itself.
  return {
      // Files.
      {"ShadowFile", {"read", "/etc/shadow"}, root},
      {"SecretOfTheHost", {"read", "$secret"}},
      {"SecretIfTheRootWereLeft",
       {"read", "$secret", "/host$secret"},
       plain,
       "private_root-landlock"},
      {"SecretThroughALink", {"follow-link", "$secret"}},
      {"SecretByClimbing", {"climb", "$secret"}},
      {"SecretThroughTheFirstProcess", {"read", "/proc/$first/root$secret"}},
      {"EnvironmentOfTheFirstProcess", {"read", "/proc/$first/environ"}},
      {"MemoryOfTheFirstProcess", {"read", "/proc/$first/maps", "/proc/$first/mem"}},
      {"SystemFiles",
       {"read", "/proc/sys/kernel/core_pattern", "/proc/kallsyms", "/proc/keys", "/proc/cmdline"},
       plain,
       "hidden_proc"},
      {"ControlGroups", {"list", "/sys/fs/cgroup"}},
      {"DeviceFiles",
       {"read", "/dev/kmsg", "/dev/mem", "/dev/kvm", "/dev/vda", "/dev/sda"},
       unknown},
      {"FolderOutsideTheRules", {"list", "/"}, plain, "landlock"},
      {"ToolchainWrite", {"write", "/usr/bin/nightjar-attack"}, unknown},
      {"MountedToolWrite", {"write", "$tool"}, unknown, "read_only-landlock"},
      {"DeviceCreation", {"device", "./nightjar-device"}, root},
      {"ChangeOfRoot", {"chroot"}, root},
      {"LeftDescriptors", {"descriptors"}, unknown},
      // Processes.
      {"SignalToTheHost", {"signal", "$victim"}},
      {"ListOfProcesses", {"see-processes"}, plain, "hidden_proc"},
      {"TraceOfTheParent", {"trace-parent"}, root},
      {"ForkBomb", {"fork-many", "100"}, plain, "resource_limits"},
      {"NewPrivileges", {"privileges"}, plain, "no_new_privileges-landlock-seccomp"},
      {"Capabilities", {"capabilities"}, plain, "no_capabilities"},
      // Network.
      {"LoopbackOfTheHost", {"tcp", "$port"}, plain, "network_namespace"},
      {"AbstractSocketOfTheHost", {"abstract", "$abstract"}, plain, "network_namespace-landlock"},
      {"RouteToTheWorld", {"udp"}, unknown},
      {"Vsock", {"socket", "40", "1", "0"}, plain, "seccomp"},
      {"PacketSocket", {"socket", "17", "3", "0"}, root},
      {"AlgorithmSocket", {"socket", "38", "5", "0"}, plain, "seccomp"},
      {"OtherNetlink", {"socket", "16", "3", "15"}, plain, "seccomp"},
      // Calls.
      {"IoUring", {"io-uring"}, plain, "seccomp"},
      {"NestedUserNamespace", {"unshare-user"}, plain, "seccomp"},
      {"NestedUserNamespaceByClone", {"clone-user"}, plain, "seccomp"},
      {"NestedUserNamespaceByClone3", {"clone3-user"}, plain, "seccomp"},
      {"MountInANestedNamespace", {"mount-in-namespace"}, plain, "seccomp-landlock"},
      {"Mount", {"mount"}, root},
      {"NewMountInterface", {"fsopen"}, root},
      {"NamespaceEntry", {"setns"}, plain, "seccomp"},
      {"Keyring", {"keyctl"}, plain, "seccomp"},
      {"KeyringEntry", {"add-key"}, plain, "seccomp"},
      {"Bpf", {"bpf"}, root},
      {"UserFaults", {"userfaultfd"}, plain, "seccomp"},
      {"PerfEvents", {"perf"}, unknown},
      {"FileHandleName", {"name-to-handle"}, plain, "seccomp"},
      {"FileHandle", {"open-handle"}, root},
      {"MemoryOfOthers", {"process-vm"}, plain, "seccomp"},
      {"DescriptorOfOthers", {"pidfd-getfd"}, plain, "seccomp"},
      {"Personality", {"personality"}, plain, "seccomp"},
      {"Kexec", {"kexec"}, unknown},
      {"Module", {"module"}, unknown},
      {"TypingIntoTheTerminal", {"tiocsti"}, plain, "seccomp"},
      {"TypingWithHighBits", {"tiocsti-high"}, plain, "seccomp"},
      {"PastingIntoTheConsole", {"tioclinux"}, plain, "seccomp"},
      {"ForeignArchitecture", {"ia32"}, unknown},
      {"ForeignNumbers", {"x32"}, unknown},
  };
}

/// A process, a secret and services of the host, for attacks to aim at.
class Host {
 public:
  Host() {
    EXPECT_TRUE(write_file_atomically(secret(), "secret", 0644));
    const std::string sleeper = "sleep";
    const std::string time = "600";
    std::array<char*, 3> argv = {const_cast<char*>(sleeper.c_str()),
                                 const_cast<char*>(time.c_str()), nullptr};
    EXPECT_EQ(::posix_spawnp(&victim_, "sleep", nullptr, nullptr, argv.data(), environ), 0);
    tcp_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(tcp_.get(), 64), 0);
    ::getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    // Down in an empty network namespace, such as an offline machine's tests may run in.
    const UniqueFd trial(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    loopback_works_ = ::connect(trial.get(), reinterpret_cast<sockaddr*>(&address), size) == 0;
    abstract_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strcpy(name.sun_path + 1, abstract_name().c_str());
    const auto name_size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract_name().size());
    EXPECT_EQ(::bind(abstract_.get(), reinterpret_cast<sockaddr*>(&name), name_size), 0);
    EXPECT_EQ(::listen(abstract_.get(), 64), 0);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    ::kill(victim_, SIGKILL);
    ::waitpid(victim_, nullptr, 0);
  }

  /// Of this process alone: tests run side by side.
  static std::string abstract_name() { return kAbstractName + std::to_string(::getpid()); }

  std::vector<std::string> aim(const std::vector<std::string>& arguments, pid_t first) const {
    std::vector<std::string> aimed;
    for (std::string argument : arguments) {
      for (const auto& [mark, value] : {std::pair<std::string, std::string>{"$secret", secret()},
                                        {"$tool", "/opt/tools/tool"},
                                        {"$first", std::to_string(first)},
                                        {"$port", std::to_string(port_)},
                                        {"$abstract", abstract_name()},
                                        {"$victim", std::to_string(victim_)}}) {
        const std::size_t at = argument.find(mark);
        if (at != std::string::npos) argument.replace(at, mark.size(), value);
      }
      aimed.push_back(argument);
    }
    return aimed;
  }

  const testing::ScratchFolder& scratch() const { return scratch_; }
  /// Whether it makes sense to aim at it from the host.
  bool has_target(const Attack& attack) const {
    return loopback_works_ || attack.arguments.front() != "tcp";
  }

 private:
  std::string secret() const { return scratch_.path() + "/secret"; }

  testing::ScratchFolder scratch_;
  pid_t victim_ = -1;
  UniqueFd tcp_;
  UniqueFd abstract_;
  int port_ = 0;
  bool loopback_works_ = false;
};

class EscapeTest : public ::testing::TestWithParam<Attack> {
 protected:
  static void SetUpTestSuite() { host_ = new Host(); }
  static void TearDownTestSuite() {
    delete host_;
    host_ = nullptr;
  }

  /// 0: it got through.
  static int run_outside(const Attack& attack) {
    std::vector<std::string> arguments = host_->aim(attack.arguments, ::getpid());
    arguments.insert(arguments.begin(), kProgram);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    EXPECT_EQ(::posix_spawn(&pid, kProgram, &actions, nullptr, argv.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  static Outcome run_inside(const Attack& attack, const std::string& helper) {
    auto launcher = start_helper({.helper_path = helper, .spares = 0});
    EXPECT_TRUE(launcher) << launcher.error().message;
    if (!launcher) return {};
    const std::string program = read_file(kProgram, std::size_t{64} << 20U).value();
    const std::string lower =
        host_->scratch().lower_dir(**launcher, "lower", {{"attack", program}});
    Spec spec = spec_with({lower});
    const std::string tools = host_->scratch().lower_dir(**launcher, "tools", {{"tool", "x"}});
    spec.mounts = {{.host_path = tools, .inside_path = "/opt/tools"}};
    auto sandbox = (*launcher)->open(spec);
    EXPECT_TRUE(sandbox) << sandbox.error().message;
    if (!sandbox) return {};
    std::vector<std::string> argv = host_->aim(attack.arguments, 1);
    argv.insert(argv.begin(), "./attack");
    return run(**sandbox, testing::command_of(argv));
  }

  static Host* host_;
};

Host* EscapeTest::host_ = nullptr;

TEST_P(EscapeTest, IsRefusedInASandbox) {
  const Outcome outcome = run_inside(GetParam(), NIGHTJAR_BINARY_DIR "/nightjar-helper");

  const bool killed = outcome.ended == Ended::signalled && outcome.code == SIGSYS;
  EXPECT_TRUE(killed || (outcome.ended == Ended::exited && outcome.code == 1))
      << name_of(outcome.ended) << " " << outcome.code << " " << outcome.stdout_bytes
      << outcome.stderr_bytes;
}

TEST_P(EscapeTest, WorksOutside) {
  const Outside outside = host_->has_target(GetParam()) ? GetParam().outside : Outside::not_shown;
  const bool expected =
      outside == Outside::succeeds || (outside == Outside::succeeds_as_root && ::geteuid() == 0);
  const int status = run_outside(GetParam());

  if (expected) {
    EXPECT_EQ(status, 0);
  } else {
    EXPECT_NE(status, 2) << "the attack was not tried";
  }
}

TEST_P(EscapeTest, SucceedsWhenItsWallIsMissing) {
  // Without a gap several walls stand in its way, and WorksOutside alone is the control.
  if (GetParam().gap.empty() || !host_->has_target(GetParam())) return;
  const std::string helper = host_->scratch().path() + "/without-" + GetParam().gap;
  std::error_code failure;
  std::filesystem::create_symlink(NIGHTJAR_BINARY_DIR "/sandbox_gap_helper", helper, failure);

  const Outcome outcome = run_inside(GetParam(), helper);

  EXPECT_EQ(outcome.code, 0) << outcome.stdout_bytes << outcome.stderr_bytes;
  EXPECT_EQ(outcome.ended, Ended::exited);
}

INSTANTIATE_TEST_SUITE_P(Attacks, EscapeTest, ::testing::ValuesIn(all_attacks()),
                         [](const auto& tested) { return tested.param.name; });

// The seam for the tests above must not be in the program that is shipped.
TEST(ShippedHelper, KnowsNothingOfMissingWalls) {
  const testing::ScratchFolder scratch;
  const std::string helper = scratch.path() + "/without-landlock";
  std::filesystem::create_symlink(NIGHTJAR_BINARY_DIR "/nightjar-helper", helper);
  auto launcher = start_helper({.helper_path = helper, .spares = 0});
  ASSERT_TRUE(launcher) << launcher.error().message;
  auto sandbox = (*launcher)->open(spec_with({}));
  ASSERT_TRUE(sandbox) << sandbox.error().message;

  const Outcome outcome = run(**sandbox, testing::shell("ls /"));

  EXPECT_FALSE(outcome.succeeded());
}

}  // namespace
}  // namespace nightjar::sandbox
