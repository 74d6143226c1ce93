// Proofs, evidence and keys: the part of the service behind `nightjar prove`, `evidence`, `key`.
#include <filesystem>

#include "audit/bundle.h"
#include "base/bytes.h"
#include "base/file.h"
#include "factory/local_service.h"
#include "factory/prove.h"
#include "factory/recheck.h"

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
           repo::resolve_change(repository, {.change = request.change,
                                             .base = request.base,
                                             .patch_text = request.patch_text}));
  TRY_INTO(Factory factory, open_factory(listener, stop));
  TRY_INTO(const LoadedProject project, load_project_at(request.folder, change.base_commit,
                                                        options_.settings, paths()));
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

Result<std::vector<api::EvidenceLine>> LocalService::evidence_log(std::size_t count_max) {
  std::vector<api::EvidenceLine> lines;
  if (!path_exists(options_.settings.data_dir + "/format")) return lines;
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::reader));
  TRY_INTO(const std::vector<store::RunHead> heads, home.journal->runs(count_max));
  for (const store::RunHead& head : heads) {
    const Result<RunView> view = replay(*home.journal, head.run, builtin_handlers());
    if (!view) continue;  // `nightjar runs` names the damage.
    const Json* evidence = view->facts_of("evidence");
    const Json* verdict = view->facts_of("verdict");
    if (evidence == nullptr || verdict == nullptr) continue;
    const Json* branch = view->facts_of("branch");
    lines.push_back({.run = view->id.str(),
                     .project = view->created.project_name,
                     .change = view->created.change.string_or("label", view->created.work_text),
                     .base_commit = view->created.base_commit,
                     .change_commit = view->created.change.string_or("commit", ""),
                     .branch = branch == nullptr ? "" : branch->string_or("branch", ""),
                     .verdict = verdict->string_or("verdict", ""),
                     .at = rfc3339(view->last_at_utc_ns)});
  }
  return lines;
}

Result<std::string> LocalService::evidence(const std::string& run) {
  TRY_INTO(const RunId id, RunId::parse(run));
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::reader));
  TRY_INTO(const RunView view, replay(*home.journal, id, builtin_handlers()));
  TRY_INTO(std::string text, evidence_of_run(view, *home.blobs));
  if (text.empty()) {
    return {ErrorCode::not_found,
            "run " + run + " signed no evidence; `nightjar evidence log` lists those that did"};
  }
  return text;
}

Result<api::KeyReply> LocalService::signing_key() {
  audit::KeyRing ring(options_.settings.data_dir + "/keys");
  TRY(make_directories(options_.settings.data_dir, 0700));
  TRY_INTO(const audit::SigningKey key, ring.signing_key());
  TRY_INTO(const std::vector<std::string> retired, ring.retired_key_ids());
  return api::KeyReply{
      .key_id = key.key_id(), .public_pem = key.public_pem(), .retired = retired};
}

Result<api::KeyReply> LocalService::rotate_key() {
  audit::KeyRing ring(options_.settings.data_dir + "/keys");
  TRY(ring.rotate());
  return signing_key();
}

}  // namespace nightjar::factory
