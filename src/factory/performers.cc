#include "factory/performers.h"

namespace nightjar::factory {

Result<repo::Repository> open_repository(const Json& tree) {
  const std::string folder = tree.string_or("folder", "");
  const std::string top = tree.string_or("top", "");
  return repo::Repository::open(folder.empty() ? top : top + "/" + folder);
}

Result<Workspaces::BuildRequest> build_request_of(World& world, const PerformRequest& request,
                                                  std::stop_token stop) {
  const Json& arguments = request.arguments;
  const Json* limits = arguments.find("limits");
  const Json* tree = arguments.find("tree");
  if (limits == nullptr || tree == nullptr) {
    return {ErrorCode::corrupt, "an effect on a tree without its tree or limits"};
  }
  Workspaces::BuildRequest out;
  out.tree = *tree;
  out.build_command = arguments.string_or("build", "");
  out.worst_case = request.worst_case;
  TRY_INTO(out.limits, limits_from(*limits));
  const Json* recipe = arguments.find("recipe");
  TRY_INTO(out.environment,
           world.environments.recorded(recipe == nullptr ? Json() : *recipe,
                                       arguments.string_or("environment", ""), *tree, out.limits,
                                       request.worst_case, stop));
  if (arguments.string_or("limit", "") == "suite") {
    out.limit = Workspaces::BuildRequest::Limit::suite;
  }
  return out;
}

Performers make_performers(World& world) {
  Performers performers;
  performers[event::EffectKind::run_command] = make_run_command(world);
  performers[event::EffectKind::run_search] = make_run_search(world);
  performers[event::EffectKind::run_trials] = make_run_trials(world);
  performers[event::EffectKind::write_branch] = make_write_branch(world);
  performers[event::EffectKind::apply_patch] = make_apply_patch(world);
  performers[event::EffectKind::write_note] = make_write_note(world);
  performers[event::EffectKind::prepare_environment] = make_prepare_environment(world);
  performers[event::EffectKind::inspect_change] = make_inspect_change(world);
  performers[event::EffectKind::run_suites] = make_run_suites(world);
  performers[event::EffectKind::sign_evidence] = make_sign_evidence(world);
  return performers;
}

}  // namespace nightjar::factory
