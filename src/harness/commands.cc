#include "harness/commands.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/guarded.h"

namespace nightjar::harness {
namespace {

constexpr std::size_t kTailBytes = 8 * 1024;
constexpr int kParallelMax = 64;
constexpr int kAbsentStatus = 127;

std::string_view end_of(std::string_view text, std::size_t bytes) {
  std::size_t begin = text.size() > bytes ? text.size() - bytes : 0;
  while (begin > 0 && begin < text.size() &&
         (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) {
    ++begin;
  }
  return text.substr(begin);
}

/// One worker: a sandbox, and jobs until there are none.
class Worker {
 public:
  Worker(const Workshop& workshop, Between between, const Job& job)
      : workshop_(workshop), between_(between), job_(job) {}

  Result<> work(std::atomic<std::size_t>& next, std::size_t count, std::stop_token stop) {
    TRY_INTO(const std::unique_ptr<sandbox::Sandbox> sandbox,
             workshop_.launcher.open(workshop_.spec));
    for (std::size_t index = next++; index < count; index = next++) {
      if (stop.stop_requested()) return Error{ErrorCode::cancelled, "the suite was stopped"};
      TRY(one(*sandbox, index, stop));
    }
    return ok;
  }

 private:
  Result<> one(sandbox::Sandbox& sandbox, std::size_t index, std::stop_token stop) {
    if (between_ == Between::kept) return job_(sandbox, index, stop);
    TRY(sandbox.begin_layer());
    Result<> done = job_(sandbox, index, stop);
    Result<> dropped = sandbox.end_layer();
    if (!done) return done;
    return dropped;
  }

  const Workshop& workshop_;
  Between between_;
  const Job& job_;
};

}  // namespace

sandbox::Command command_in(const Workshop& workshop, const Suite& suite,
                            const CommandLimits& limits, std::vector<std::string> argv) {
  sandbox::Command out;
  out.argv = std::move(argv);
  out.env = workshop.env;
  out.cwd = suite.root;
  out.wall_max = limits.wall_max;
  out.cpu_max = limits.cpu_max;
  out.output_bytes_max = limits.output_bytes_max;
  return out;
}

Result<sandbox::Outcome> run_command(sandbox::Sandbox& sandbox, const sandbox::Command& command,
                                     std::stop_token stop) {
  TRY_INTO(sandbox::Outcome outcome, sandbox.run(command, stop));
  if (outcome.ended == sandbox::Ended::cancelled) {
    return Error{ErrorCode::cancelled, "the suite was stopped"};
  }
  return outcome;
}

bool is_absent(const sandbox::Outcome& outcome) {
  return outcome.ended == sandbox::Ended::exited && outcome.code == kAbsentStatus &&
         outcome.stdout_bytes.empty() && outcome.stderr_bytes.starts_with("nightjar: ");
}

std::string output_tail(const sandbox::Outcome& outcome) {
  const std::string_view err = end_of(outcome.stderr_bytes, kTailBytes / 2);
  std::string tail(end_of(outcome.stdout_bytes, kTailBytes - err.size()));
  if (!tail.empty() && !err.empty() && tail.back() != '\n') tail += '\n';
  tail += err;
  return printable_block(tail, kTailBytes - std::string_view("…").size());
}

std::string in_root(const Suite& suite, std::string_view path) {
  return suite.root.empty() ? std::string(path) : suite.root + "/" + std::string(path);
}

TimeLeft::TimeLeft(const CommandLimits& limits)
    : limits_(limits), start_(std::chrono::steady_clock::now()) {}

std::int64_t TimeLeft::used_ms() const {
  const auto used = std::chrono::steady_clock::now() - start_;
  return std::chrono::duration_cast<std::chrono::milliseconds>(used).count();
}

CommandLimits TimeLeft::limits(std::chrono::milliseconds command_wall_max) const {
  CommandLimits out = limits_;
  out.wall_max = std::max(limits_.wall_max - std::chrono::milliseconds(used_ms()),
                          std::chrono::milliseconds(1));
  if (command_wall_max.count() > 0) out.wall_max = std::min(out.wall_max, command_wall_max);
  return out;
}

bool TimeLeft::is_over() const { return used_ms() >= limits_.wall_max.count(); }

Result<> in_sandboxes(const Workshop& workshop, int parallel, std::size_t count, Between between,
                      const Job& job, std::stop_token stop) {
  if (count == 0) return ok;
  const std::size_t workers =
      std::min<std::size_t>(static_cast<std::size_t>(std::clamp(parallel, 1, kParallelMax)), count);
  std::atomic<std::size_t> next = 0;
  if (workers == 1) return Worker(workshop, between, job).work(next, count, stop);
  std::stop_source all;
  const std::stop_callback on_stop(stop, [&all] { all.request_stop(); });
  Guarded<std::optional<Error>> first;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers; ++i) {
      threads.emplace_back([&] {
        Result<> done = Worker(workshop, between, job).work(next, count, all.get_token());
        if (done) return;
        first.with([&](std::optional<Error>& error) {
          if (!error) error = std::move(done).error();
        });
        all.request_stop();
      });
    }
  }
  std::optional<Error> error = first.with([](std::optional<Error>& value) { return value; });
  if (error) return *std::move(error);
  return ok;
}

}  // namespace nightjar::harness
