#include "factory/prove.h"

#include "audit/bundle.h"
#include "base/bytes.h"
#include "factory/conclude.h"
#include "factory/handlers_proof.h"
#include "factory/node_parts.h"
#include "factory/workspaces.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kOutsideShownMax = 20;
constexpr std::size_t kFilesShownMax = 2000;

std::string problem_of(const repo::ResolvedChange& change) {
  if (!change.changes.empty()) return {};
  if (change.outside.empty()) return "the change is empty: it is the same as its base";
  return "the change touches nothing in this project's folder; it touches " +
         printable(change.outside.front(), 200);
}

}  // namespace

Result<> add_proof_inputs(const LoadedProject& project, const HoldoutStore& holdouts,
                          RunCreated& created) {
  TRY_INTO(const harness::Recipe recipe, recipe_of(project));
  created.recipe = harness::to_json(recipe);
  std::vector<std::string> ids;
  for (const govern::Requirement& one : project.requirements) ids.push_back(one.id);
  Json change = Json::object({{"requirement_ids", Json::strings(ids)}});
  if (!project.holdouts.scenarios.empty()) {
    TRY_INTO(const std::vector<std::string> contents, holdouts.contents(project.id));
    TRY_INTO(const std::string salt, audit::new_salt());
    change.set("holdout_root", audit::commit_to(contents, salt));
    change.set("holdout_salt", salt);
  }
  created.change = std::move(change);
  return ok;
}

Result<> add_change(const repo::ResolvedChange& change, const api::ProveRequest& request,
                    store::Blobs& blobs, RunCreated& created) {
  if (request.note && change.change_commit.empty()) {
    return {ErrorCode::invalid_input, "a git note belongs to a commit, and " + change.label +
                                          " is none: commit it first, or leave --note out"};
  }
  TRY_INTO(const Digest candidate, store_changes(blobs, change.changes));
  std::vector<std::string> outside = change.outside;
  if (outside.size() > kOutsideShownMax) outside.resize(kOutsideShownMax);
  std::vector<std::string> files;
  for (const auto& [path, one] : change.changes) {
    if (files.size() < kFilesShownMax) files.push_back(path);
  }
  Json& out = created.change;
  out.set("candidate", candidate.name());
  out.set("label", change.label);
  out.set("commit", change.change_commit);
  out.set("base_why", change.base_why);
  out.set("files", Json::strings(files));
  out.set("outside", Json::strings(outside));
  out.set("same_behaviour", request.claim == api::ProveRequest::Claim::same_behaviour);
  out.set("note", request.note);
  out.set("problem", problem_of(change));
  created.work_text = "prove " + change.label;
  return ok;
}

Result<std::string> proof_key(const LoadedProject& project, const RunCreated& created,
                              std::string_view version) {
  TRY_INTO(const std::string tree, repo::tree_id(project.repository, created.base_commit, {}));
  const Json key = Json::object({{"version", version},
                                 {"project", created.project.str()},
                                 {"tree", tree},
                                 {"candidate", created.change.string_or("candidate", "")},
                                 {"same", created.change.bool_or("same_behaviour", false)},
                                 {"note", created.change.bool_or("note", false)},
                                 {"recipe", created.recipe},
                                 {"holdouts", created.holdout_digest},
                                 {"limits", to_json(created.limits)}});
  return blake3(key.dump()).hex();
}

Result<proof::Proof> proof_of_run(const RunView& view) {
  if (view.facts_of("verdict") == nullptr) {
    return {ErrorCode::not_found, "run " + view.id.str() + " judged no change"};
  }
  const RunCreated& created = view.created;
  proof::Proof out{.run = view.id.str(),
                   .change = created.change.string_or("label", "candidate of the engineer"),
                   .base_commit = created.base_commit,
                   .change_commit = created.change.string_or("commit", ""),
                   .facts = {},
                   .judgement = {},
                   .walls = created.walls,
                   .not_enforced = created.not_enforced,
                   .wall_ms = (view.last_at_utc_ns - view.started_at_utc_ns) / 1'000'000};
  TRY_INTO(out.facts, proof_facts(view));
  // Judged again from the same facts: what is told is what was decided.
  out.judgement = proof::judge(out.facts);
  if (const Json* reasons = created.recipe.find("reasons")) {
    for (const Json& reason : reasons->as_array()) {
      if (reason.is_string()) out.recipe_reasons.push_back(reason.as_string());
    }
  }
  if (const Json* facts = view.facts_of("environment")) {
    if (const Json* found = facts->find("environment")) {
      out.toolchains = found->get_strings("toolchains").value_or({});
    }
  }
  return out;
}

Result<std::string> evidence_of_run(const RunView& view, const store::Blobs& blobs) {
  const Json* facts = view.facts_of("evidence");
  const std::string name = facts == nullptr ? "" : facts->string_or("evidence", "");
  if (name.empty()) return std::string();
  TRY_INTO(const Digest digest, parse_digest(name));
  return blobs.get(digest, audit::kEvidenceBytesMax);
}

Result<api::ProveReply> prove_reply(const RunView& view, const store::Blobs& blobs) {
  const api::RunReply run = reply_of(view);
  api::ProveReply out{.run = run.run,
                      .state = run.state,
                      .verdict = run.verdict,
                      .why = run.why,
                      .machine_failed = run.machine_failed};
  if (view.facts_of("verdict") == nullptr) return out;
  TRY_INTO(const proof::Proof proof, proof_of_run(view));
  out.proof = proof::verdict_json(proof);
  out.junit = proof::junit_xml(proof);
  out.sarif = proof::sarif_json(proof).dump_pretty() + "\n";
  out.markdown = proof::markdown(proof);
  TRY_INTO(out.evidence, evidence_of_run(view, blobs));
  if (const Json* facts = view.facts_of("evidence")) out.key_id = facts->string_or("key", "");
  return out;
}

}  // namespace nightjar::factory
