#include "program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/bytes.h"

namespace nightjar::e2e {
namespace {

constexpr std::chrono::minutes kProgramMax{4};

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

pid_t spawn(const Program& program, const std::string& out, const std::string& err) {
  std::map<std::string, std::string> env = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
      {"HOME", "/nonexistent"},
      {"LANG", "C.UTF-8"},
      {"GIT_CONFIG_GLOBAL", "/dev/null"},
      {"GIT_CONFIG_SYSTEM", "/dev/null"},
      {"TERM", "dumb"}};
  for (const auto& [name, value] : program.env) env[name] = value;
  std::vector<std::string> pairs;
  for (const auto& [name, value] : env) pairs.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& pair : pairs) envp.push_back(pair.data());
  envp.push_back(nullptr);
  std::vector<std::string> words = program.argv;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!program.folder.empty())
    posix_spawn_file_actions_addchdir_np(&actions, program.folder.c_str());
  pid_t pid = -1;
  const int failure = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(failure, 0) << program.argv[0];
  return pid;
}

}  // namespace

Json Ended::last_json() const {
  const std::vector<std::string> lines = split_lines(out);
  return lines.empty() ? Json() : parse_json(lines.back()).value_or(Json());
}

Ended run_program(const Program& program) {
  std::string base = testing::TempDir() + "nightjar_e2e_output_XXXXXX";
  const int fd = ::mkstemp(base.data());
  ::close(fd);
  const pid_t pid = spawn(program, base + ".out", base + ".err");
  int status = 0;
  const auto until = std::chrono::steady_clock::now() + kProgramMax;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << "did not end in time: " << join(program.argv, " ");
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::yield();
    ::usleep(5'000);
  }
  Ended ended{.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
              .out = slurp(base + ".out"),
              .err = slurp(base + ".err")};
  for (const char* suffix : {"", ".out", ".err"}) ::unlink((base + suffix).c_str());
  return ended;
}

pid_t start_program(const Program& program) { return spawn(program, "/dev/null", "/dev/null"); }

Scratch::Scratch() : path_(testing::TempDir() + "nightjar_e2e_XXXXXX") {
  EXPECT_NE(::mkdtemp(path_.data()), nullptr);
}

Scratch::~Scratch() {
  std::error_code ignored;  // A test that left something unremovable has failed already.
  std::filesystem::remove_all(path_, ignored);
}

Bench::Bench() { std::filesystem::create_directories(repository()); }

void Bench::copy(const std::string& source_folder, const std::string& target) {
  const std::filesystem::path to = std::filesystem::path(repository()) / target;
  std::filesystem::create_directories(to);
  std::filesystem::copy(source_dir() + "/" + source_folder, to,
                        std::filesystem::copy_options::recursive |
                            std::filesystem::copy_options::overwrite_existing |
                            std::filesystem::copy_options::copy_symlinks);
}

void Bench::write(const std::string& path, const std::string& content) {
  const std::filesystem::path target = std::filesystem::path(repository()) / path;
  std::filesystem::create_directories(target.parent_path());
  std::ofstream(target, std::ios::binary) << content;
}

std::string Bench::read(const std::string& path) const { return slurp(repository() + "/" + path); }

void Bench::commit_all() {
  git({"init", "-q", "-b", "main"});
  git({"add", "-A"});
  git({"-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "Start"});
}

std::string Bench::git(const std::vector<std::string>& words) const {
  std::vector<std::string> argv = {"git", "-C", repository()};
  argv.insert(argv.end(), words.begin(), words.end());
  const Ended ended = run_program({.argv = argv, .folder = {}, .env = {}});
  EXPECT_EQ(ended.status, 0) << join(argv, " ") << "\n" << ended.err;
  return std::string(trim(ended.out));
}

Program Bench::nightjar_program(std::vector<std::string> words) const {
  words.insert(words.begin(), std::string(NIGHTJAR_BINARY_DIR) + "/nightjar");
  return {.argv = std::move(words),
          .folder = repository(),
          .env = {{"NIGHTJAR_DATA_DIR", data()}, {"TMPDIR", scratch()}, {"HOME", scratch()}}};
}

Ended Bench::nightjar(std::vector<std::string> words) const {
  return run_program(nightjar_program(std::move(words)));
}

std::string source_dir() { return NIGHTJAR_SOURCE_DIR; }

std::vector<std::string> processes_naming(const std::string& text) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (pid == std::to_string(::getpid())) continue;
    std::string line = slurp(entry.path().string() + "/cmdline");
    if (line.find(text) != std::string::npos) {
      std::replace(line.begin(), line.end(), '\0', ' ');
      found.push_back(pid + " " + line);
    }
  }
  return found;
}

}  // namespace nightjar::e2e
