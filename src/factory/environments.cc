#include "factory/environments.h"

#include "base/bytes.h"

namespace nightjar::factory {

Result<harness::Environment> Environments::get(const Json& recipe, const Json& tree,
                                               const config::Limits& limits,
                                               const event::Cost& worst_case,
                                               std::stop_token stop) {
  Json base = tree;
  base.set("changes", "");
  const std::string key = recipe.dump() + '\0' + base.dump();
  harness::Environment known = ready_.with([&](auto& all) { return all[key]; });
  if (known.ready) {
    known.reused = true;
    known.wall_ms = known.cpu_ms = 0;
    return known;
  }
  TRY_INTO(harness::Recipe wanted, harness::recipe_from(recipe));
  TRY_INTO(const std::string source, workspaces_.source(base));
  TRY_INTO(harness::Environment environment,
           harness::prepare(launcher_,
                            {.recipe = std::move(wanted),
                             .source_dir = source,
                             .layers_dir = options_.layers_dir,
                             .layers_bytes_max = options_.layers_bytes_max,
                             .host = options_.host,
                             .limits = sandbox_limits(limits),
                             .command_limits = suite_limits(limits, worst_case),
                             .mounts = options_.mounts},
                            stop));
  if (environment.ready) ready_.with([&](auto& all) { all[key] = environment; });
  return environment;
}

Result<harness::Environment> Environments::recorded(const Json& recipe, const std::string& digest,
                                                    const Json& tree, const config::Limits& limits,
                                                    const event::Cost& worst_case,
                                                    std::stop_token stop) {
  if (recipe.is_null() || digest.empty()) {
    harness::Environment plain;
    plain.mounts = options_.mounts;
    return plain;
  }
  TRY_INTO(harness::Environment environment, get(recipe, tree, limits, worst_case, stop));
  if (!environment.ready) return {ErrorCode::unavailable, environment.problem};
  if (environment.digest != digest) {
    return {ErrorCode::conflict, "the environment changed since the run began: it was " +
                                     digest.substr(0, 20) + ", this machine makes " +
                                     environment.digest.substr(0, 20) +
                                     " now (another toolchain or package); start a new run"};
  }
  return environment;
}

}  // namespace nightjar::factory
