#include "repo/testing/scratch_repository.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/check.h"
#include "base/file.h"

namespace nightjar::repo::testing {
namespace {

namespace fs = std::filesystem;

/// An anonymous file that a child may read or write; no pipe that could fill up and block.
UniqueFd anonymous_file(std::string_view content) {
  std::string name = fs::temp_directory_path().string() + "/nightjar-git-XXXXXX";
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  CHECK(static_cast<bool>(fd));
  ::unlink(name.c_str());
  CHECK(::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  CHECK(::lseek(fd.get(), 0, SEEK_SET) == 0);
  return fd;
}

std::string all_of(int fd) {
  std::string out;
  std::array<char, 4096> piece{};
  CHECK(::lseek(fd, 0, SEEK_SET) == 0);
  for (ssize_t count = 0; (count = ::read(fd, piece.data(), piece.size())) > 0;) {
    out.append(piece.data(), static_cast<std::size_t>(count));
  }
  return out;
}

}  // namespace

ScratchFolder::ScratchFolder() {
  path_ = fs::temp_directory_path().string() + "/nightjar-test-XXXXXX";
  CHECK(::mkdtemp(path_.data()) != nullptr);
  path_ = fs::canonical(path_).string();
}

ScratchFolder::~ScratchFolder() { static_cast<void>(remove_tree(path_)); }

GitOutput run_git(const std::string& folder, const std::vector<std::string>& arguments,
                  std::string_view input) {
  const UniqueFd in = anonymous_file(input);
  const UniqueFd out = anonymous_file({});
  std::vector<std::string> words = {"git", "-c", "protocol.file.allow=always", "-C", folder};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                          "HOME=/nonexistent",
                                          "GIT_CONFIG_NOSYSTEM=1",
                                          "GIT_CONFIG_GLOBAL=/dev/null",
                                          "GIT_TERMINAL_PROMPT=0",
                                          "LC_ALL=C",
                                          "GIT_AUTHOR_NAME=Ada",
                                          "GIT_AUTHOR_EMAIL=ada@localhost",
                                          "GIT_COMMITTER_NAME=Ada",
                                          "GIT_COMMITTER_EMAIL=ada@localhost",
                                          "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
                                          "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"};
  std::vector<char*> envp;
  for (std::string& variable : environment) envp.push_back(variable.data());
  envp.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, out.get(), 2);
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, "git", &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  CHECK(failure == 0);
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, all_of(out.get())};
}

void write_text(const std::string& path, std::string_view content) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  CHECK(file.good());
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::map<std::string, std::string> snapshot_of(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto status = entry.symlink_status();
    std::string text = std::to_string(static_cast<unsigned>(status.permissions())) + " ";
    if (fs::is_symlink(status)) {
      text += "-> " + fs::read_symlink(entry.path()).string();
    } else if (fs::is_regular_file(status)) {
      text += read_text(entry.path().string());
    }
    out[fs::relative(entry.path(), folder).string()] = text;
  }
  return out;
}

ScratchRepository::ScratchRepository(const std::vector<std::string>& init_arguments)
    : path_(folder_.path() + "/work") {
  fs::create_directory(path_);
  std::vector<std::string> arguments = {"init", "-q", "-b", "main"};
  arguments.insert(arguments.end(), init_arguments.begin(), init_arguments.end());
  git(arguments);
}

std::string ScratchRepository::git(const std::vector<std::string>& arguments,
                                   std::string_view input) const {
  GitOutput result = run_git(path_, arguments, input);
  if (result.exit_code != 0) std::fprintf(stderr, "git: %s\n", result.output.c_str());
  CHECK(result.exit_code == 0);
  if (result.output.ends_with('\n')) result.output.pop_back();
  return std::move(result.output);
}

std::string ScratchRepository::commit_all(const std::string& message) const {
  git({"add", "-A"});
  git({"commit", "-q", "--allow-empty", "-m", message});
  return git({"rev-parse", "HEAD"});
}

}  // namespace nightjar::repo::testing
