// Proofs: the part of the service behind `nightjar prove` and `nightjar init --detect`.
#include "base/bytes.h"
#include "base/file.h"
#include "factory/local_service.h"
#include "factory/prove.h"

namespace nightjar::factory {

Result<std::optional<api::ProveReply>> LocalService::proven_meanwhile(
    const Factory& factory, const std::string& key, std::int64_t since_utc_ns) const {
  if (!waited_) return std::optional<api::ProveReply>();
  const Result<std::string> name = read_file(options_.settings.data_dir + "/proofs/" + key, 256);
  if (!name) return std::optional<api::ProveReply>();
  TRY_INTO(const RunId id, RunId::parse(trim(*name)));
  TRY_INTO(const RunView view, replay(*factory.home.journal, id, builtin_handlers()));
  if (!view.finished || view.last_at_utc_ns < since_utc_ns) return std::optional<api::ProveReply>();
  TRY_INTO(api::ProveReply reply, prove_reply(view, *factory.home.blobs));
  return std::optional(std::move(reply));
}

Result<api::ProveReply> LocalService::prove(const api::ProveRequest& request,
                                            const api::Listener& listener, std::stop_token stop) {
  const std::int64_t asked_at_utc_ns = clock_.utc_ns();
  TRY_INTO(const repo::Repository repository, repo::Repository::open(request.folder));
  TRY_INTO(const repo::ResolvedChange change,
           repo::resolve_change(
               repository,
               {.change = request.change, .base = request.base, .patch_text = request.patch_text}));
  TRY_INTO(Factory factory, open_factory(listener, stop));
  TRY_INTO(const LoadedProject project,
           load_project_at(request.folder, change.base_commit, options_.settings, paths()));
  note(listener, change.label + " against " + change.base_commit.substr(0, 12) + " (" +
                     change.base_why + ")");
  TRY_INTO(const std::string graph, builtin_graph("prove.dot"));
  RunCreated created =
      created_from(project, "prove.dot", graph, factory.launcher->walls(), clock_.utc_ns());
  TRY(add_proof_inputs(project, HoldoutStore(paths().holdouts_dir), created));
  TRY(add_change(change, request, *factory.home.blobs, created));
  TRY_INTO(const harness::Recipe recipe, harness::recipe_from(created.recipe));
  created.build_command = recipe.build;
  created.test_command.clear();  // Suites are run per test, by their own station.
  for (const std::string& reason : recipe.reasons) note(listener, reason);

  TRY_INTO(const std::string key, proof_key(project, created, options_.version));
  TRY_INTO(std::optional<api::ProveReply> known, proven_meanwhile(factory, key, asked_at_utc_ns));
  if (known) {
    note(listener, "proven meanwhile by run " + known->run);
    return *std::move(known);
  }
  const RunId id = RunId::make(clock_.utc_ns());
  TRY(drive(factory, id, listener, stop, created));
  TRY_INTO(const RunView view, replay(*factory.home.journal, id, builtin_handlers()));
  if (view.finished) {
    TRY(make_directories(options_.settings.data_dir + "/proofs", 0700));
    TRY(write_file_atomically(options_.settings.data_dir + "/proofs/" + key, id.str() + "\n",
                              0600));
  }
  return prove_reply(view, *factory.home.blobs);
}

Result<api::InitReply> LocalService::init_detected(const std::string& folder) {
  TRY_INTO(const repo::Repository repository, repo::Repository::open(folder));
  TRY_INTO(const std::string commit, repository.head_commit());
  const std::string path = folder + "/nightjar.toml";
  if (path_exists(path)) return api::InitReply{.created = {}, .kept = {"nightjar.toml"}};
  TRY_INTO(const LoadedProject project,
           load_project_at(folder, commit, options_.settings, paths()));
  TRY_INTO(const harness::Recipe recipe, recipe_of(project));
  TRY(write_file_atomically(
      path, "[project]\nname = \"" + project.config.name + "\"\n\n" + harness::recipe_toml(recipe),
      0644));
  return api::InitReply{.created = {"nightjar.toml"}, .kept = {}};
}

}  // namespace nightjar::factory
