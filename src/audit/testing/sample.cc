#include "audit/testing/sample.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/file.h"

namespace nightjar::audit::testing {

Evidence sample_evidence(const std::string& run) {
  const std::string base_tree(40, 'a');
  const std::string change_tree(40, 'b');
  const std::string commit(40, 'c');
  Evidence evidence;
  evidence.subjects = {{.name = "change", .digest = {{"gitTree", change_tree}}}};
  evidence.summary = {
      .time_verified = "2026-11-27T08:00:00.000Z",
      .resource_uri = "urn:nightjar:project:" + commit,
      .policy = {{"sha256", sha256_hex("policy")}},
      .compared_with = {{.name = "base", .digest = {{"gitTree", base_tree}}}},
      .tool_version = "1.2.3",
      .run = run,
      .change = "branch fix-rounding",
      .verdict = "PROVEN",
      .reasons = {"test_a fails without the change and passes with it"},
      .walls = {"seccomp"},
      .not_enforced = {"memory total: no delegated cgroup"},
      .toolchains = {"python 3.11.2"},
      .journal_head = "blake3:" + std::string(64, 'd'),
      .environment_digest = "blake3:" + std::string(64, 'e'),
      .holdouts = {.root = commit_to({"holdout"}, "salt"), .salt = "", .count = 1},
      .scenarios = Json::object({{"visible_total", 3}}),
      .recheck = {.root_commit = commit,
                  .project = "",
                  .base_commit = commit,
                  .change_commit = std::string(40, 'f'),
                  .changes = {{"src/a.py", "sha256:" + sha256_hex("a")}, {"src/gone.py", ""}},
                  .recipe = Json::object({{"build", "make"}})}};
  const auto result = [&](const char* tree, const char* suite) {
    return TestResult{.tree = tree, .suite = suite, .runner = "pytest", .run = run};
  };
  TestResult base = result("base", "pytest");
  base.passed = {"test_b"};
  base.failed = {"test_a"};
  TestResult change = result("change", "pytest");
  change.passed = {"test_a", "test_b"};
  change.skipped = {"test_c"};
  TestResult other = result("change", "ctest");
  other.passed = {"adds"};
  other.warned = {"races"};
  evidence.results = {base, change, other};
  return evidence;
}

SigningKey new_key() {
  Result<SigningKey> key = SigningKey::generate();
  CHECK(key.has_value());
  return *std::move(key);
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "audit-XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

void Folder::put(const std::string& name, const std::string& content) const {
  CHECK(write_file_atomically(path_ + "/" + name, content, 0600).has_value());
}

Folder::Ran Folder::run(const std::string& command) const {
  std::array<std::string, 3> arguments = {"sh", "-c", "exec >out 2>&1; " + command};
  std::array<char*, 4> argv = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                               nullptr};
  posix_spawn_file_actions_t actions{};
  CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  CHECK(::posix_spawn_file_actions_addchdir_np(&actions, path_.c_str()) == 0);
  pid_t pid = -1;
  CHECK(::posix_spawnp(&pid, "sh", &actions, nullptr, argv.data(), environ) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  CHECK(::waitpid(pid, &status, 0) == pid);
  return {.status = status, .output = read_file(path_ + "/out", 100'000).value_or("")};
}

Folder::~Folder() { (void)remove_tree(path_); }

}  // namespace nightjar::audit::testing
