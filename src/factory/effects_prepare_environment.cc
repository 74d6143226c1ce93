// prepare_environment: toolchains of this machine, and the recipe's set-up, run once.
#include "base/file.h"
#include "factory/performers.h"
#include "harness/environment.h"

namespace nightjar::factory {
namespace {

class PrepareEnvironment final : public Performer {
 public:
  explicit PrepareEnvironment(World& world) : world_(world) {}

  Result<Performed> perform(const PerformRequest& request, std::stop_token stop) override {
    const Json& arguments = request.arguments;
    TRY_INTO(const config::Limits limits, limits_from(*arguments.find("limits")));
    TRY_INTO(harness::Recipe recipe, harness::recipe_from(*arguments.find("recipe")));
    TRY_INTO(const std::string source, world_.workspaces.source(*arguments.find("tree")));
    if (!recipe.setup.empty()) request.progress("setting up: " + recipe.setup.front());
    TRY_INTO(const harness::Environment environment,
             harness::prepare(world_.launcher,
                              {.recipe = std::move(recipe),
                               .source_dir = source,
                               .layers_dir = world_.data_dir + "/layers",
                               .host = world_.host,
                               .limits = sandbox_limits(limits),
                               .command_limits = suite_limits(limits, request.worst_case),
                               .mounts = world_.mounts},
                              stop));
    if (stop.stop_requested()) return {ErrorCode::cancelled, "stopped"};
    return Performed{.result = harness::to_json(environment),
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
