// prepare_environment: toolchains of this machine, and the recipe's set-up, run once.
#include "factory/performers.h"

namespace nightjar::factory {
namespace {

class PrepareEnvironment final : public Performer {
 public:
  explicit PrepareEnvironment(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token stop) override {
    const Json& arguments = request.arguments;
    TRY_INTO(const config::Limits limits, limits_from(*arguments.find("limits")));
    const Json& recipe = *arguments.find("recipe");
    const std::vector<std::string> setup = recipe.get_strings("setup").value_or({});
    if (!setup.empty()) request.progress("setting up: " + setup.front());
    TRY_INTO(
        const harness::Environment environment,
        world_.environments.get(recipe, *arguments.find("tree"), limits, request.worst_case, stop));
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    Json result = harness::to_json(environment);
    result.set("output", environment.output);
    return Performed{.result = std::move(result),
                     .cost = {.cpu_ms = environment.cpu_ms, .wall_ms = environment.wall_ms}};
  }

 private:
  World& world_;
};

}  // namespace

std::unique_ptr<Performer> make_prepare_environment(World& world) {
  return std::make_unique<PrepareEnvironment>(world);
}

}  // namespace nightjar::factory
