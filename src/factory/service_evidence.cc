// Evidence and keys: the part of the service behind `nightjar evidence` and `nightjar key`.
#include "audit/bundle.h"
#include "base/bytes.h"
#include "base/file.h"
#include "factory/local_service.h"
#include "factory/prove.h"

namespace nightjar::factory {
namespace {

std::vector<std::string> sentences(const std::vector<audit::Finding>& findings) {
  std::vector<std::string> out;
  for (const audit::Finding& finding : findings) {
    out.push_back((finding.line > 0 ? "line " + std::to_string(finding.line) + ": " : "") +
                  std::string(audit::name_of(finding.kind)) + ": " + finding.why);
  }
  return out;
}

/// What a person wants to know of evidence before believing it.
std::vector<std::string> facts_of(const audit::Evidence& evidence) {
  const audit::Summary& summary = evidence.summary;
  std::size_t passed = 0, failed = 0;
  for (const audit::TestResult& result : evidence.results) {
    if (result.tree != "change") continue;
    passed += result.passed.size();
    failed += result.failed.size();
  }
  std::vector<std::string> facts = {
      "base commit " + summary.recheck.base_commit,
      "change " + (summary.recheck.change_commit.empty()
                       ? std::to_string(summary.recheck.changes.size()) + " files, in no commit"
                       : "commit " + summary.recheck.change_commit),
      "tree " + evidence.subjects.front().digest.begin()->second,
      "tests on the change: " + std::to_string(passed) + " passed, " + std::to_string(failed) +
          " failed",
      "signed at " + summary.time_verified + " by nightjar " + summary.tool_version + ", run " +
          summary.run};
  if (!summary.not_enforced.empty()) {
    facts.push_back("not enforced there: " + join(summary.not_enforced, "; "));
  }
  return facts;
}

/// Finds the recorded change in the verifier's repository. invalid_input: it is another repository;
/// not_found: it is not there.
Result<> fill_recheck(const audit::Summary& summary, api::ProveRequest& request) {
  const audit::RecheckInputs& recorded = summary.recheck;
  TRY_INTO(const repo::Repository repository, repo::Repository::open(request.folder));
  if (repository.project_folder() != recorded.project) {
    return {ErrorCode::invalid_input,
            "the evidence is about the project in \"" +
                (recorded.project.empty() ? std::string(".") : printable(recorded.project, 200)) +
                "\" of its repository; name that folder with --project"};
  }
  Result<std::string> root = repository.root_commit(recorded.base_commit);
  if (!root || *root != recorded.root_commit) {
    return {ErrorCode::not_found,
            "this repository has no base commit " + recorded.base_commit +
                " as the evidence means it; fetch it, or name another clone with --project"};
  }
  request.base = recorded.base_commit;
  request.change = recorded.change_commit.empty() ? "working-tree" : recorded.change_commit;
  TRY_INTO(const repo::ResolvedChange found,
           repo::resolve_change(
               repository, {.change = request.change, .base = request.base, .patch_text = {}}));
  std::map<std::string, std::string> digests;
  for (const auto& [path, change] : found.changes) {
    digests[path] = change.content ? "sha256:" + audit::sha256_hex(*change.content) : std::string();
  }
  if (digests == recorded.changes) return ok;
  return {ErrorCode::not_found,
          recorded.change_commit.empty()
              ? "the evidence is about a change in no commit; check out " + recorded.base_commit +
                    ", apply exactly that change to the working tree, and ask again"
              : "commit " + recorded.change_commit +
                    " differs from its base in other files than the evidence says"};
}

}  // namespace

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

Result<api::EvidenceReply> LocalService::evidence(const std::string& run) {
  TRY_INTO(const RunId id, RunId::parse(run));
  TRY_INTO(const Home home, open_home(options_.settings.data_dir, HomeMode::reader));
  TRY_INTO(const RunView view, replay(*home.journal, id, builtin_handlers()));
  api::EvidenceReply reply;
  TRY_INTO(reply.text, evidence_of_run(view, *home.blobs));
  if (reply.text.empty()) {
    return {ErrorCode::not_found,
            "run " + run + " signed no evidence; `nightjar evidence log` lists those that did"};
  }
  TRY_INTO(const std::vector<std::string> keys, own_keys());
  TRY_INTO(const audit::Checked checked, audit::check_evidence(reply.text, keys));
  if (!checked.evidence) {
    return {ErrorCode::corrupt,
            "the stored evidence of run " + run + ": " + join(sentences(checked.findings), "; ")};
  }
  reply.content = audit::to_json(*checked.evidence);
  return reply;
}

Result<std::vector<std::string>> LocalService::own_keys() const {
  return audit::KeyRing(options_.settings.data_dir + "/keys").public_keys_pem();
}

Result<api::VerifyReply> LocalService::verify_evidence(const api::VerifyRequest& request,
                                                       const api::Listener& listener,
                                                       std::stop_token stop) {
  std::vector<std::string> keys = request.public_keys_pem;
  if (keys.empty()) {
    TRY_INTO(keys, own_keys());
    if (keys.empty()) {
      return {ErrorCode::invalid_input,
              "there is no key to verify with: this factory has none yet; name the signer's public "
              "key with --key FILE (`nightjar key show` prints it there)"};
    }
  }
  TRY_INTO(const audit::Checked checked, audit::check_evidence(request.evidence, keys));
  api::VerifyReply reply{.key_id = checked.key_id, .refused = sentences(checked.findings)};
  if (!checked.evidence) return reply;
  const audit::Summary& summary = checked.evidence->summary;
  reply.verified = true;
  reply.verdict = summary.verdict;
  reply.change = summary.change;
  reply.facts = facts_of(*checked.evidence);
  if (!request.recheck_folder) return reply;
  api::ProveRequest again{.folder = *request.recheck_folder};
  TRY(fill_recheck(summary, again));
  TRY_INTO(const api::ProveReply proof, prove(again, listener, stop));
  if (proof.evidence.empty()) {
    return {ErrorCode::unavailable, "the proof could not be repeated here: " + proof.why};
  }
  TRY_INTO(keys, own_keys());
  TRY_INTO(const audit::Evidence repeated, audit::verify_evidence(proof.evidence, keys));
  const audit::Comparison comparison = audit::compare_evidence(*checked.evidence, repeated);
  reply.rechecked = true;
  reply.differences = comparison.differences;
  if (repeated.summary.recheck.recipe != summary.recheck.recipe) {
    reply.differences.push_back("set-up, build or suites are found to be other ones here");
  }
  reply.notes = comparison.notes;
  reply.facts.push_back(std::to_string(comparison.tests_compared) + " test results compared");
  return reply;
}

Result<api::KeyReply> LocalService::signing_key() {
  audit::KeyRing ring(options_.settings.data_dir + "/keys");
  TRY(make_directories(options_.settings.data_dir, 0700));
  TRY_INTO(const audit::SigningKey key, ring.signing_key());
  TRY_INTO(const std::vector<std::string> retired, ring.retired_key_ids());
  return api::KeyReply{.key_id = key.key_id(), .public_pem = key.public_pem(), .retired = retired};
}

Result<api::KeyReply> LocalService::rotate_key() {
  audit::KeyRing ring(options_.settings.data_dir + "/keys");
  TRY(ring.rotate());
  return signing_key();
}

}  // namespace nightjar::factory
