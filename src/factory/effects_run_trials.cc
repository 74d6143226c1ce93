// run_trials: visible scenarios by name; of sealed ones only counts and requirement ids.
#include <algorithm>
#include <set>
#include <thread>

#include "base/bytes.h"
#include "base/hash.h"
#include "factory/intake.h"
#include "factory/performers.h"
#include "harness/services.h"
#include "scenario/trial.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kFailureBytesMax = 300;
constexpr std::size_t kFailureBytesManyMax = 60;  // when there are many rows: a record has 1 MiB
constexpr std::size_t kManyRows = 400;
constexpr int kFlakyTrials = 3;  // of what held only sometimes before

Json row_of(const scenario::ScenarioResult& result, std::size_t failure_bytes_max) {
  return Json::object(
      {{"name", result.name},
       {"requirements", Json::strings(result.requirements)},
       {"trials", result.trials},
       {"trials_satisfied", result.trials_satisfied},
       {"satisfied", result.satisfied()},
       {"flaky", result.flaky},
       {"failure", printable(result.worst.failure, failure_bytes_max)},
       {"fingerprint", result.satisfied() ? std::string()
                                          : blake3(result.worst.fingerprint).hex().substr(0, 16)}});
}

class RunTrials final : public Performer {
 public:
  explicit RunTrials(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token stop) override {
    const auto start = world_.clock.monotonic();
    const Json& arguments = request.arguments;
    TRY_INTO(const Workspaces::BuildRequest build, build_request_of(world_, request, stop));
    const config::Limits& limits = build.limits;
    TRY_INTO(const std::string built,
             world_.workspaces.built(build, Workspaces::Make::missing, stop));
    TRY_INTO(std::vector<scenario::Scenario> visible, visible_scenarios(build.tree));
    repeat_flaky(visible, arguments.get_strings("flaky").value_or({}));
    TRY_INTO(Holdouts sealed, sealed_scenarios(arguments));
    const sandbox::Spec spec = spec_of(built, build);
    harness::ServiceLauncher launcher(world_.launcher, build.environment.services);
    const harness::CommandLimits commands = command_limits(limits, request.worst_case);
    scenario::RunOptions options{
        .limits = {.wall_max = narrowed(commands.wall_max, arguments.int_or("step_wall_ms", 0)),
                   .cpu_max = narrowed(commands.cpu_max, arguments.int_or("step_cpu_ms", 0)),
                   .output_bytes_max = static_cast<std::uint64_t>(limits.output_bytes_max)},
        .parallel = static_cast<int>(std::max(1U, std::thread::hardware_concurrency())),
        .flake_trials = static_cast<int>(arguments.int_or("flake_trials", 0)),
        .cpu_total_max = std::chrono::milliseconds(request.worst_case.cpu_ms)};
    request.progress("trying " + std::to_string(visible.size() + sealed.scenarios.size()) +
                     " scenarios");
    TRY_INTO(const auto visible_results,
             scenario::run_scenarios(launcher, spec, visible, options, stop));
    std::int64_t spent_ms = 0;
    for (const scenario::ScenarioResult& one : visible_results) spent_ms += one.cpu_ms_total;
    options.cpu_total_max -= std::chrono::milliseconds(spent_ms);
    if (options.cpu_total_max.count() < 1) options.cpu_total_max = std::chrono::milliseconds(1);
    const auto sealed_results =
        scenario::run_scenarios(launcher, spec, sealed.scenarios, options, stop);
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    if (!sealed_results) return unseen(sealed_results.error());
    Performed performed = report(visible_results, *sealed_results, elapsed_ms(world_.clock, start));
    const scenario::StepLimits adapted = scenario::adapt_limits(visible_results, options.limits);
    performed.result.set("step_wall_ms", adapted.wall_max.count());
    performed.result.set("step_cpu_ms", adapted.cpu_max.count());
    return performed;
  }

 private:
  /// What is said of sealed scenarios may hold their names or lines: only the kind of error leaves
  /// here.
  static Error unseen(const Error& error) {
    return {error.code, "the sealed scenarios could not be tried (" +
                            std::string(name_of(error.code)) +
                            "); `nightjar holdout list` looks at them"};
  }

  /// What the baseline took tells how long a step may take now; 0: there was none.
  static std::chrono::milliseconds narrowed(std::chrono::milliseconds limit,
                                            std::int64_t adapted_ms) {
    return adapted_ms == 0 ? limit : std::min(limit, std::chrono::milliseconds(adapted_ms));
  }

  static void repeat_flaky(std::vector<scenario::Scenario>& scenarios,
                           const std::vector<std::string>& names) {
    for (scenario::Scenario& one : scenarios) {
      const bool flaky = std::find(names.begin(), names.end(), one.name) != names.end();
      if (flaky) one.trials = std::max(one.trials, kFlakyTrials);
    }
  }

  Result<std::vector<scenario::Scenario>> visible_scenarios(const Json& tree) {
    TRY_INTO(const repo::Repository repository, open_repository(tree));
    return load_scenarios(repository, tree.string_or("commit", ""));
  }

  Result<Holdouts> sealed_scenarios(const Json& arguments) {
    TRY_INTO(const std::string project, arguments.get_string("project"));
    TRY_INTO(const ProjectId id, ProjectId::parse(project));
    Result<Holdouts> loaded = world_.holdouts.load(id);
    if (!loaded) return unseen(loaded.error());
    Holdouts sealed = *std::move(loaded);
    if (sealed.digest != arguments.string_or("holdout_digest", "")) {
      return {ErrorCode::conflict,
              "the sealed scenarios changed since the run began; start a new run"};
    }
    return sealed;
  }

  static Performed report(const std::vector<scenario::ScenarioResult>& visible,
                          const std::vector<scenario::ScenarioResult>& sealed,
                          std::int64_t wall_ms) {
    Performed performed{.result = Json::object(), .cost = {.wall_ms = wall_ms}};
    Json rows = Json::array();
    for (const scenario::ScenarioResult& result : visible) {
      rows.push(
          row_of(result, visible.size() > kManyRows ? kFailureBytesManyMax : kFailureBytesMax));
      performed.cost.cpu_ms += result.cpu_ms_total;
    }
    std::set<std::string> failing;
    for (const scenario::ScenarioResult& result : sealed) {
      performed.cost.cpu_ms += result.cpu_ms_total;
      if (!result.satisfied())
        failing.insert(result.requirements.begin(), result.requirements.end());
    }
    const scenario::Count count = scenario::count_of(sealed);
    performed.result.set("visible", std::move(rows));
    performed.result.set(
        "holdout",
        Json::object({{"total", count.total},
                      {"satisfied", count.satisfied},
                      {"requirements", Json::strings({failing.begin(), failing.end()})}}));
    return performed;
  }

  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_run_trials(World& world) {
  return std::make_unique<RunTrials>(world);
}

}  // namespace nightjar::factory
