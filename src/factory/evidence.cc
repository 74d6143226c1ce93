#include "factory/evidence.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "factory/handlers_proof.h"
#include "factory/node_parts.h"
#include "factory/performers.h"
#include "factory/suite_runs.h"
#include "repo/change_spec.h"

namespace nightjar::factory {
namespace {

constexpr std::size_t kResultsBytesMax = std::size_t{256} << 20;
constexpr std::size_t kReasonsMax = 200;

audit::Subject tree_subject(const std::string& name, const std::string& tree) {
  return {.name = name, .digest = {{"gitTree", tree}}};
}

audit::TestResult result_of(const std::string& tree, const SuiteOnTree& one, const RunView& view) {
  audit::TestResult out{.tree = tree,
                        .suite = one.suite.id(),
                        .runner = one.suite.runner,
                        .run = view.id.str(),
                        .complete = one.run.complete,
                        .problem = printable(one.run.problem, 1000),
                        .recipe = {{"sha256", audit::sha256_hex(view.created.recipe.dump())}}};
  for (const harness::TestResult& test : one.run.tests) {
    if (test.flaky) {
      out.warned.push_back(test.id);
    } else if (harness::is_good(test.outcome)) {
      out.passed.push_back(test.id);
    } else if (test.outcome == harness::TestOutcome::skipped) {
      out.skipped.push_back(test.id);
    } else {
      out.failed.push_back(test.id);
    }
  }
  return out;
}

class Collector {
 public:
  explicit Collector(const EvidenceInput& input) : input_(input), view_(input.view) {}

  Result<audit::Evidence> run() {
    TRY_INTO(const repo::Repository repository, open_repository(tree_of(view_, "")));
    TRY_INTO(const repo::Changes changes, load_changes(input_.blobs, candidate_of(view_)));
    TRY_INTO(const std::string base_tree, tree_with(repository, ""));
    TRY_INTO(const std::string change_tree, tree_with(repository, candidate_of(view_)));
    out_.subjects = {tree_subject("change", change_tree)};
    out_.summary.compared_with = {tree_subject("base", base_tree)};
    TRY(summarise());
    TRY(add_recheck(repository, changes));
    TRY(add_results(repository));
    return std::move(out_);
  }

 private:
  Result<std::string> tree_with(const repo::Repository& repository,
                                const std::string& candidate) const {
    TRY_INTO(const repo::Changes changes, load_changes(input_.blobs, candidate));
    return repo::tree_id(repository, view_.created.base_commit, changes);
  }

  Result<> summarise() {
    const RunCreated& created = view_.created;
    audit::Summary& summary = out_.summary;
    TRY_INTO(const proof::Facts facts, proof_facts(view_));
    const proof::Judgement judgement = proof::judge(facts);
    summary.time_verified = rfc3339(input_.at_utc_ns);
    summary.policy = {{"sha256", audit::sha256_hex("nightjar " + input_.version)}};
    summary.tool_version = input_.version;
    summary.run = view_.id.str();
    summary.change = created.change.string_or("label", "the engineer's change");
    summary.verdict = std::string(proof::name_of(judgement.verdict));
    for (const proof::Reason& reason : judgement.reasons) {
      if (summary.reasons.size() < kReasonsMax) {
        summary.reasons.push_back(reason.code + ": " + reason.what);
      }
    }
    summary.walls = created.walls;
    summary.not_enforced = created.not_enforced;
    if (const Json* facts_of_environment = view_.facts_of("environment")) {
      if (const Json* found = facts_of_environment->find("environment")) {
        summary.toolchains = found->get_strings("toolchains").value_or({});
        summary.environment_digest = found->string_or("digest", "");
      }
    }
    summary.journal_head = input_.journal_head.name();
    summary.holdouts = {.root = created.change.string_or("holdout_root", ""),
                        .salt = "",
                        .count = created.holdouts};
    summary.scenarios = proof::to_json(facts.scenarios);
    return ok;
  }

  Result<> add_recheck(const repo::Repository& repository, const repo::Changes& changes) {
    audit::RecheckInputs& recheck = out_.summary.recheck;
    TRY_INTO(recheck.root_commit, repository.root_commit(view_.created.base_commit));
    recheck.project = view_.created.folder;
    recheck.base_commit = view_.created.base_commit;
    recheck.change_commit = view_.created.change.string_or("commit", "");
    if (const Json* branch = view_.facts_of("branch")) {
      recheck.change_commit = branch->string_or("commit", "");
    }
    for (const auto& [path, change] : changes) {
      recheck.changes[path] =
          change.content ? "sha256:" + audit::sha256_hex(*change.content) : std::string();
    }
    recheck.recipe = view_.created.recipe;
    out_.summary.resource_uri = audit::resource_uri(recheck);
    return ok;
  }

  Result<Json> results_named(const char* node) const {
    const Json* facts = view_.facts_of(node);
    const std::string name = facts == nullptr ? "" : facts->string_or("runs", "");
    if (name.empty()) return Json();
    TRY_INTO(const Digest digest, parse_digest(name));
    TRY_INTO(const std::string text, input_.blobs.get(digest, kResultsBytesMax));
    return parse_json(text);
  }

  Result<> add_tree(const std::string& name, const Json* results) {
    if (results == nullptr || results->is_null()) return ok;
    TRY_INTO(const std::vector<SuiteOnTree> suites, suites_on_tree_from(*results));
    for (const SuiteOnTree& one : suites) out_.results.push_back(result_of(name, one, view_));
    return ok;
  }

  Result<> add_results(const repo::Repository& repository) {
    TRY_INTO(const Json base, results_named("baseline"));
    TRY(add_tree("base", &base));
    TRY_INTO(const Json sides, results_named("suites"));
    TRY(add_tree("change", sides.find("change")));
    // The base with tests of the change, the change with tests of the base.
    for (const char* name : {"restored", "demanded"}) {
      const Json* side = sides.find(name);
      if (side == nullptr || side->is_null()) continue;
      TRY_INTO(const std::string tree, tree_with(repository, side->string_or("candidate", "")));
      out_.summary.compared_with.push_back(tree_subject(name, tree));
      TRY(add_tree(name, side));
    }
    return ok;
  }

  const EvidenceInput& input_;
  const RunView& view_;
  audit::Evidence out_;
};

}  // namespace

Result<audit::Evidence> evidence_of(const EvidenceInput& input) { return Collector(input).run(); }

}  // namespace nightjar::factory
