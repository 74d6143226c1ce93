// What a person waits for before anything is done: the start of the program.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "bench/report.h"

extern char** environ;

namespace nightjar {
namespace {

Result<double> milliseconds_of_version(const std::string& program) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = program;
  std::string flag = "--version";
  char* argv[] = {name.data(), flag.data(), nullptr};
  pid_t child = -1;
  int failure = 0;
  int status = 0;
  const double seconds = bench::seconds_of([&] {
    failure = posix_spawn(&child, program.c_str(), &actions, nullptr, argv, environ);
    if (failure == 0) waitpid(child, &status, 0);
  });
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return errno_error("start " + program, failure);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error{ErrorCode::unavailable, program + " --version did not end with 0"};
  }
  return seconds * 1000;
}

}  // namespace

void bench_startup(bench::Report& report) {
  const std::string program = std::string(NIGHTJAR_BINARY_DIR) + "/nightjar";
  report.figure({.name = "`nightjar --version`, start to exit",
                 .unit = "ms",
                 .limit = bench::at_most(15),
                 .rounds = 51},
                [&] { return milliseconds_of_version(program); });
}

}  // namespace nightjar
