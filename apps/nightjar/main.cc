// The composition root: the only place that knows the concrete classes.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cli/command.h"
#include "cli/version.h"
#include "config/config.h"
#include "factory/service.h"

namespace nightjar {
namespace {

std::optional<std::string> environment_value(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

config::Environment read_environment() {
  return {.home = environment_value("HOME"),
          .xdg_data_home = environment_value("XDG_DATA_HOME"),
          .xdg_config_home = environment_value("XDG_CONFIG_HOME"),
          .nightjar_data_dir = environment_value("NIGHTJAR_DATA_DIR"),
          .limit_wall = environment_value("NIGHTJAR_LIMIT_WALL"),
          .limit_memory = environment_value("NIGHTJAR_LIMIT_MEMORY")};
}

/// The helper is installed beside the program.
std::string helper_path() {
  std::error_code failure;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? "nightjar-helper" : (self.parent_path() / "nightjar-helper").string();
}

/// The first Ctrl-C stops in order (nothing recorded is lost), the second at once. Called before
/// any thread is made, so that all of them inherit the blocked signals and only this one receives
/// them.
void watch_signals(std::stop_source stop) {
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGINT);
  sigaddset(&watched, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &watched, nullptr);
  static std::jthread watcher([stop, watched](const std::stop_token& ended) mutable {
    const timespec tick{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!ended.stop_requested()) {
      const int number = sigtimedwait(&watched, nullptr, &tick);
      if (number <= 0) continue;
      if (stop.stop_requested()) ::_exit(128 + number);
      stop.request_stop();
    }
  });
}

std::unique_ptr<api::Service> make_service(const std::optional<std::string>& data_dir,
                                           const std::stop_source& stop) {
  config::Environment environment = read_environment();
  if (data_dir) environment.nightjar_data_dir = data_dir;
  Result<config::Settings> settings = config::load_settings(environment);
  if (!settings) {
    std::fprintf(stderr, "nightjar: %s\n", settings.error().message.c_str());
    std::exit(cli::kWrongUsage);
  }
  return factory::open_service({.settings = *std::move(settings),
                                .helper_path = helper_path(),
                                .scratch_parent = environment_value("TMPDIR").value_or("/tmp"),
                                .version = std::string(cli::kVersion),
                                .host = {.path = environment_value("PATH").value_or(""),
                                         .home = environment_value("HOME").value_or("")},
                                .helper_started = [stop] { watch_signals(stop); }});
}

}  // namespace
}  // namespace nightjar

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::stop_source stop;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto make_service = [&](const std::optional<std::string>& data_dir) {
    return nightjar::make_service(data_dir, stop);
  };
  return nightjar::cli::run_command_line(words, make_service, stop.get_token());
}
